"""Merges images whose votes aren't counted yet, each once for however many votes came.

A vote's transaction only marks its image (`consensus_dirty`), so taking votes stays cheap, and a crash forgets no merge. This thread
takes the marks a few times a second. An image that has all its raters goes first; the merges of the others, which further votes will
make anew, get a share of the time, so that under load they step back and in quiet they follow within a second.

The result is the same as if each vote had been merged at once: a version depends on the set of votes, not on how often it was looked at.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from sqlalchemy import Row

from services.consensus import metrics, store_votes
from services.consensus.refresh import refresh
from shared import telemetry, tracing
from shared.deps import Deps
from shared.errors import BrambleError
from shared.pace import PACE

log = logging.getLogger(__name__)

EVERY_S = 0.25
# Images that still wait for raters are merged for at most this share of the time.
SHARE = 0.25
CHUNK = (
    16  # images a transaction: its commit costs as much for one as for many, and votes wait while it is open
)
HOLD_S = 0.05  # after so long a transaction takes no further image
ROUND_S = 0.25  # after so long in incomplete images, complete ones are looked for again
PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0  # before an image whose merge failed is tried again


class Merger(threading.Thread):
    """One a replica; locks on the marks keep two from merging one image."""

    def __init__(self, deps: Deps, every_s: float = EVERY_S) -> None:
        super().__init__(name="consensus-merger", daemon=True)
        self._deps, self._every_s = deps, every_s
        self._halt = threading.Event()
        self._not_before = 0.0
        self._failed: dict[str, tuple[float, float]] = {}  # image → (try again at, pause)

    def stop(self) -> None:
        """Stop after the images at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(10)

    def run(self) -> None:
        while not self._halt.wait(self._every_s):
            try:
                self.work(complete_only=time.perf_counter() < self._not_before)
            except Exception:
                # Nothing is lost: the marks are still there.
                log.warning("merging images failed; trying again", exc_info=True)
                self._halt.wait(PAUSE_S)

    def work(self, *, complete_only: bool = False) -> int:
        """Merge what waits; answers how many images that were."""
        with self._deps.db.read() as conn:
            waiting, since = store_votes.dirty_state(conn)
        age = (self._deps.clock.now_us() - since) / 1e6 if since else 0.0
        metrics.WAITING.set(waiting)
        metrics.OLDEST.set(max(0.0, age))
        if not waiting:
            return 0
        count = self._drain(complete=True)
        if not complete_only:
            started = time.perf_counter()
            count += self._drain(complete=False, until=started + ROUND_S)
            now = time.perf_counter()
            self._not_before = now + (now - started) * (1 / SHARE - 1)
        return count

    def _drain(self, *, complete: bool, until: float | None = None) -> int:
        count = 0
        while not self._halt.is_set() and (until is None or time.perf_counter() < until):
            started = time.perf_counter()
            done = self._chunk(complete, CHUNK)
            if not done:
                break
            count += done
            PACE.step_back(self._halt, time.perf_counter() - started)
        return count

    def _chunk(self, complete: bool, limit: int) -> int:
        """Merge up to `limit` images in one transaction; one by one where that fails. Answers how many marks were dealt with."""
        now = time.perf_counter()
        resting = [image for image, (again, _) in self._failed.items() if again > now]
        rows: list[Row[Any]] = []
        try:
            with self._deps.db.begin() as conn:
                rows = store_votes.take_dirty(conn, complete, limit, resting)
                opened, given = time.perf_counter(), rows
                rows = []
                for row in given:
                    if rows and time.perf_counter() - opened > HOLD_S:
                        break  # the others keep their marks
                    rows.append(row)
                    with (
                        telemetry.use_context(row.correlation_id, row.traceparent),
                        tracing.within("consensus.merge", bramble_image_id=row.image_id),
                    ):
                        refresh(
                            conn,
                            self._deps.blobs,
                            self._deps.clock,
                            row.image_id,
                            cause="vote",
                            correlation_us=row.since,
                        )
                if rows:
                    store_votes.clean(conn, [row.image_id for row in rows])
        except Exception as error:
            if not rows or (isinstance(error, BrambleError) and error.retryable):
                raise  # the database or the disk, not an image
            if len(rows) > 1:
                log.debug("%d images are merged one by one", len(rows), exc_info=True)
                return sum(self._chunk(complete, 1) for _ in rows)
            self._rest(rows[0].image_id)
            return 1
        for row in rows:
            self._failed.pop(row.image_id, None)
        return len(rows)

    def _rest(self, image_id: str) -> None:
        """Leave an image alone for a while, longer each time, so that the others aren't held up by it."""
        pause = min(2 * self._failed.get(image_id, (0.0, PAUSE_S / 2))[1], LONGEST_PAUSE_S)
        self._failed[image_id] = (time.perf_counter() + pause, pause)
        log.exception("the image %s could not be merged; trying again in %.0f s", image_id, pause)
