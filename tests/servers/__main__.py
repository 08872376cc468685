"""`python -m tests.servers install|up NAME...`: the servers without pytest."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.servers import SERVERS, Server, ServerError
from tests.servers.base import install_lock


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def up(servers: list[Server], env_file: Path | None) -> None:
    """Start all, print their addresses as shell exports, wait for Ctrl-C or SIGTERM, and stop all whatever
    happens."""
    signal.signal(signal.SIGTERM, _raise_interrupt)
    try:
        lines = []
        for server in servers:
            begin = time.monotonic()
            address = server.address()
            lines.append(f"export {server.variable}={address}")
            print(lines[-1], f"  # {time.monotonic() - begin:.1f} s", flush=True)
        if env_file is not None:
            env_file.write_text("\n".join(lines) + "\n")
        print("# ready; Ctrl-C stops them and removes their data", flush=True)
        while True:
            for server in servers:
                if server.process is not None and server.process.poll() is not None:
                    raise ServerError(f"{server.name} ended by itself:\n{server.log_tail()}")
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("# stopping", flush=True)
    finally:
        for server in reversed(servers):
            server.stop()
        if env_file is not None:
            env_file.unlink(missing_ok=True)


def main() -> int:
    """The command line; 1 where a server can't be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("action", choices=["install", "up"])
    parser.add_argument("names", nargs="+", choices=[*SERVERS, "all"], help="which servers")
    parser.add_argument("--env-file", type=Path, help="write the export lines there while the servers run")
    arguments = parser.parse_args()
    names = list(SERVERS) if "all" in arguments.names else arguments.names
    servers = [SERVERS[name]() for name in names]
    try:
        if arguments.action == "up":
            up(servers, arguments.env_file)
        else:
            for server in servers:
                begin = time.monotonic()
                with install_lock(server.name):
                    server.install()
                print(f"{server.name}: installed ({time.monotonic() - begin:.1f} s)", flush=True)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
