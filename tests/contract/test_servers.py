"""The harness of real servers: it says what is missing, counts what is skipped, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import SERVERS, KafkaServer, ServerError
from tests.servers.base import is_open

ROOT = Path(__file__).resolve().parents[2]


def test_skipped_tests_are_counted() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "tests/contract/test_addresses.py",
            "-k",
            "real_broker or plain_kafka",
        ],
        env={**os.environ, "BRAMBLE_SKIP_REAL": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "BRAMBLE_SKIP_REAL: 1 tests against real servers were skipped" in done.stdout


def test_missing_java_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BRAMBLE_TOOLS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BRAMBLE_TEST_KAFKA", raising=False)
    with pytest.raises(ServerError, match=r"Java 17\+ and Maven.*BRAMBLE_TEST_KAFKA=host:port"):
        KafkaServer().start()


@pytest.mark.parametrize("name", SERVERS)
def test_given_server_is_not_started(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVERS[name].variable, "elsewhere:1")
    server = SERVERS[name]()
    assert server.address() == "elsewhere:1"
    assert server.process is None
    server.stop()


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's parent-death signal")
def test_server_ends_with_a_harness_that_was_killed() -> None:
    code = "import time; from tests.servers import PostgresServer as P; s = P(); s.start(); print(s.port, flush=True); time.sleep(60)"
    environment = {k: v for k, v in os.environ.items() if k != "BRAMBLE_TEST_POSTGRES_URL"}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as harness:
        assert harness.stdout is not None
        port = int(harness.stdout.readline())
        assert is_open(port)
        harness.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_open(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_open(port)
