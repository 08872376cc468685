"""`bramble up` in a process of its own, on an empty folder, that a test may kill and start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.client import Client
from services.cli.demo.platform import LAB, alive, free_port, make_accounts

ROOT = Path(__file__).resolve().parents[2]


class Up:
    """A platform that the test owns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> Up:
        environment = {
            **os.environ,
            "BRAMBLE_DATA_DIR": str(self.folder),
            "BRAMBLE_PORT": str(self.port),
            "BRAMBLE_RATE_LIMITS": "false",
            "BRAMBLE_JOB_LEASE_S": "3",
            "OMP_NUM_THREADS": "1",
            **env,
        }
        environment.pop("BRAMBLE_URL", None)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", "up"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        deadline = time.monotonic() + 60
        while not alive(self.url):
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, "did not start within 60 s"
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def lab(self) -> Client:
        client = Client(self.url)
        client.login(*LAB)
        return client


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    platform = Up(tmp_path)
    platform.start()
    make_accounts(str(tmp_path))
    yield platform
    platform.stop()
