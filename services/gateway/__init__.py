"""The only public door: accounts, sessions, API keys, limits, forwarding, live progress and the built web client."""
