"""A platform for the length of a demo: the one that runs already, or one of our own in a temporary folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.cli.client import ApiError

# The accounts that `bramble up --demo` makes; printed at its start, good for nothing else.
LAB = ("lab@demo.example", "pick-berries-02")


@contextmanager
def platform(url: str) -> Iterator[tuple[str, int | None]]:
    """The address and, where it is our own child, the process id. An address that is given must answer.

    Our own ends with the block, also when this process is told to end (SIGTERM); so use it in the main thread.
    """
    if url:
        if not alive(url):
            raise ApiError(
                0, "unreachable", f"{url} doesn't answer; start it with `make run`, or leave out --url.", {}
            )
        yield url, None
        return
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="bramble-demo-") as folder:
        log = Path(folder) / "log"
        env = {**os.environ, "BRAMBLE_DATA_DIR": folder, "BRAMBLE_PORT": str(port), "BRAMBLE_DEMO": "false"}
        env.pop("BRAMBLE_URL", None)
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", "up"],
                env=env,
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
            )
        before = signal.signal(signal.SIGTERM, _leave)
        try:
            deadline = time.monotonic() + 180  # a busy disk, not only a slow processor
            while not alive(address):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ApiError(0, "unreachable", _why_not(process.poll(), log.read_text()[-2000:]), {})
                time.sleep(0.1)
            make_accounts(folder)
            yield address, process.pid
        finally:
            signal.signal(signal.SIGTERM, before)
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def make_accounts(folder: str) -> None:
    """Make the demo's accounts in the data folder of a platform on the embedded default; it may be running."""
    from services.gateway.bootstrap import ensure_demo_accounts
    from shared.deps import Deps
    from shared.settings import Settings

    deps = Deps.create("gateway", Settings(data_dir=Path(folder)))
    try:
        ensure_demo_accounts(deps)
    finally:
        deps.db.close()
        deps.bus.close()


def alive(url: str) -> bool:
    """Whether a platform answers there."""
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _why_not(code: int | None, log: str) -> str:
    how = "did not answer within 180 s" if code is None else f"ended with exit code {code}"
    return f"The platform {how}:\n{log}"
