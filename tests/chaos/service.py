"""A service as `bramble serve` runs it, with points at which a test lets it die or dawdle. `python -m tests.chaos.service serve NAME`.

The points are files in the folder `CHAOS_POINTS`; a service that meets its file takes it away and obeys:

| file | what happens |
|---|---|
| `<service>.after-effect` | kill -9 after a batch's effects are committed, before its offsets are |
| `<service>.after-publish` | kill -9 after the relay's events are in the broker, before their outbox rows are deleted |
| `<service>.slow` | each batch takes half a second longer while the file is there |
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from services.cli import main
from services.consensus import estimator
from shared.bus import kafka
from shared.db.outbox import OutboxRelay


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

    def deadly_publish(self: Any, rows: Any) -> None:
        publish(self, rows)
        if rows:
            die_at("after-publish")

    estimator.SHARE = float(os.environ.get("CHAOS_SHARE", estimator.SHARE))
    kafka._KafkaConsumer.commit = slow_commit  # type: ignore[method-assign]
    OutboxRelay._publish = deadly_publish  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "serve":
        install(sys.argv[2], Path(os.environ["CHAOS_POINTS"]))
    main.run()
