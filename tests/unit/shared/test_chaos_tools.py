"""The fault suite's own tools do what they say: dialects of v1, a peer that vanishes, a clock that is stepped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.bus.topics import event_types
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusUpdated
from shared.db.outbox import envelope_for
from tests.chaos.proxy import Proxy
from tests.chaos.service import GAINED, newer, older
from tests.servers import Server


def test_an_older_release_does_not_write_what_v1_gained() -> None:
    message = ConsensusUpdated(image_id="i", version=3, status="accepted", expected_dice=0.9, escalated=True)
    value = envelope_for("consensus", "i", message, 1).SerializeToString()
    read = ConsensusUpdated.FromString(Envelope.FromString(older(value)).payload)
    assert read == ConsensusUpdated(image_id="i", version=3, escalated=True)
    for topic, names in GAINED.items():
        known = {field.name for field in event_types()[topic].DESCRIPTOR.fields}  # type: ignore[attr-defined]
        assert known >= set(names), topic


def test_a_later_release_writes_what_this_one_does_not_know() -> None:
    message = ConsensusUpdated(image_id="i", version=3)
    value = envelope_for("consensus", "i", message, 1).SerializeToString()
    envelope = Envelope.FromString(newer(value))
    read = ConsensusUpdated.FromString(envelope.payload)
    assert (read.image_id, read.version) == ("i", 3)
    assert len(envelope.payload) == len(message.SerializeToString()) + 3
    assert envelope.event_id == Envelope.FromString(value).event_id


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that answers with what it got."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(one: socket.socket) -> None:
        with one:
            while data := one.recv(100):
                one.sendall(data)

    def accept() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(one,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_vanished_peer_neither_answers_nor_hangs_up_and_new_connections_work(echo: int) -> None:
    proxy = Proxy(echo)
    with socket.create_connection(("127.0.0.1", proxy.port)) as old:
        old.sendall(b"a")
        assert old.recv(1) == b"a"
        assert proxy.vanish() == 1
        old.sendall(b"b")
        old.settimeout(0.3)
        with pytest.raises(TimeoutError):
            old.recv(1)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as new:
            new.sendall(b"c")
            assert new.recv(1) == b"c"
        proxy.close()
        old.settimeout(5)
        assert old.recv(1) == b""


def test_a_step_moves_all_of_a_process_clock_and_no_timeout(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.chaos.service import step_clock\n"
        "point = Path(sys.argv[1])\nreal, mono = time.time(), time.monotonic()\nstep_clock(point)\n"
        "assert abs(time.time() - real) < 60\npoint.write_text('+3600')\ntime.sleep(0.05)\n"
        "from shared.clock import SystemClock\n"
        "assert 3500 < SystemClock().now_us() / 1e6 - real < 3700\nassert 3500 < time.time() - real < 3700\n"
        "assert time.monotonic() - mono < 60\npoint.unlink()\ntime.sleep(0.05)\nassert abs(time.time() - real) < 60\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "clock")], check=True, timeout=60)


class Family(Server):
    """A process with a child, which both count up a file of their own."""

    name, variable = "family", "BRAMBLE_TEST_FAMILY"

    def install(self) -> None:
        pass

    def command(self) -> list[str]:
        child = "import time, pathlib, sys; p = pathlib.Path(sys.argv[1]); n = 0\nwhile True: n += 1; p.write_text(str(n)); time.sleep(.01)"
        parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}, 'b'], start_new_session=True)\n"
        return [sys.executable, "-c", parent + child.replace("sys.argv[1]", "'a'")]

    def is_ready(self) -> bool:
        return all((self.folder / name).exists() for name in "ab")

    def url(self) -> str:
        return ""

    def counts(self) -> list[str]:
        return [(self.folder / name).read_text() for name in "ab"]


def test_a_frozen_server_stands_still_with_its_children_and_goes_on() -> None:
    server = Family()
    server.start()
    try:
        server.freeze()
        children = server.family()
        assert len(children) == 2
        # A process that waits for its turn stops when it gets it.
        eventually(lambda: all(state(pid) in "Tt" for pid in children))
        before = server.counts()
        server.thaw()
        eventually(lambda: all(a != b for a, b in zip(server.counts(), before, strict=True)))
    finally:
        for pid in server.family():
            os.kill(pid, signal.SIGKILL)
        server.stop()


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(pid: int) -> str:
    """The kernel's letter for what a process does."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
