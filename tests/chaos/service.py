"""A service as `bramble serve` runs it, with points at which a test lets it die or dawdle. `python -m tests.chaos.service serve NAME`.

The points are files in the folder `CHAOS_POINTS`; a service that meets its file obeys:

| file | what happens |
|---|---|
| `<service>.after-effect` | kill -9 after a batch's effects are committed, before its offsets are; takes the file away |
| `<service>.after-publish` | kill -9 after the relay's events are in the broker, before their outbox rows go; takes the file away |
| `<service>.slow` | each batch takes half a second longer while the file is there |
| `<service>.older` | its events lack what v1 has gained since it was fixed, as an older release writes them |
| `<service>.newer` | its events carry a field that this release doesn't know, as a later one may write them |
| `clock` | holds seconds by which the clock of every service is off |

`CHAOS_SHARE` is the share of the time for the estimation of raters, where it isn't the services' own.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.cli import main
from services.consensus import estimator
from shared.bus import kafka
from shared.bus.topics import event_types
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.db.outbox import OutboxRelay

# What v1 gained after it was fixed: messages without it are still on the wire while an installation is upgraded.
GAINED = {
    "bramble.annotations.v1.ProjectCreated": ("overlap",),
    "bramble.annotations.v1.ProjectUpdated": ("overlap",),
    "bramble.consensus.v1.ConsensusUpdated": ("enough", "expected_dice", "predicted_gain", "status"),
}
UNKNOWN = b"\x80\x7d\x01"  # field 2000, a varint, 1
_LOOK_S = 0.02


def install(service: str, points: Path) -> None:
    """Put the points into this process."""

    def die_at(name: str) -> None:
        try:
            (points / f"{service}.{name}").unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    commit = kafka._KafkaConsumer.commit
    publish = OutboxRelay._publish

    def slow_commit(self: Any) -> None:
        die_at("after-effect")
        if (points / f"{service}.slow").exists():
            time.sleep(0.5)
        commit(self)

    def deadly_publish(self: Any, rows: Sequence[Any]) -> None:
        if (points / f"{service}.older").exists():
            rows = [_Row(row, older(row.value)) for row in rows]
        elif (points / f"{service}.newer").exists():
            rows = [_Row(row, newer(row.value)) for row in rows]
        publish(self, rows)
        if rows:
            die_at("after-publish")

    estimator.SHARE = float(os.environ.get("CHAOS_SHARE", estimator.SHARE))
    kafka._KafkaConsumer.commit = slow_commit  # type: ignore[method-assign]
    OutboxRelay._publish = deadly_publish  # type: ignore[method-assign]
    step_clock(points / "clock")


def step_clock(point: Path) -> None:
    """Have `time.time` and `time.time_ns`, from which all of Bramble's time comes, follow the offset in a file. Timeouts don't: they are
    measured on the monotonic clock, which no step moves."""
    real_ns = time.time_ns
    looked, offset = -1.0, 0

    def time_ns() -> int:
        nonlocal looked, offset
        now = time.monotonic()
        if now - looked > _LOOK_S:
            looked = now
            try:
                offset = int(float(point.read_text()) * 1e9)
            except (FileNotFoundError, ValueError):
                offset = 0
        return real_ns() + offset

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


def older(value: bytes) -> bytes:
    """An event as the first release of v1 wrote it."""
    envelope = Envelope.FromString(value)
    gained = GAINED.get(envelope.type, ())
    if not gained:
        return value
    message = event_types()[envelope.type].FromString(envelope.payload)  # type: ignore[attr-defined]
    for name in gained:
        message.ClearField(name)
    envelope.payload = message.SerializeToString(deterministic=True)
    return envelope.SerializeToString(deterministic=True)


def newer(value: bytes) -> bytes:
    """An event with fields that this release doesn't know, in itself and in its envelope."""
    envelope = Envelope.FromString(value)
    envelope.payload += UNKNOWN
    return envelope.SerializeToString(deterministic=True) + UNKNOWN


class _Row:
    """A row of the outbox with another value."""

    def __init__(self, row: Any, value: bytes) -> None:
        self.topic, self.key, self.value = row.topic, row.key, value


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "serve":
        install(sys.argv[2], Path(os.environ["CHAOS_POINTS"]))
    main.run()
