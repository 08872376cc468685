"""What all tests share. The real servers come from `tests.servers`."""

pytest_plugins = ("tests.servers.plugin",)
