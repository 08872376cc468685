"""The `bramble` command. It speaks the public API, but for `up`, `serve`, `worker`, `admin` and the offline `consensus`."""
