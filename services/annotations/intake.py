"""Group commit: submissions that arrive while the disk is busy share the next transaction, and one mask pack.

A thread takes all that wait, writes their masks as one blob, stores them in one transaction, and answers each. A disk that syncs
in 5 ms then takes hundreds of submissions a second, each of them on disk before it is acknowledged. With one client nothing
waits: a batch of one goes at once.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from prometheus_client import Counter, Histogram

from services.annotations.access import transact
from services.annotations.domain.answers import Answer, drawn
from services.annotations.packs import Pack, pack_key
from services.annotations.receipts import Outcome, Receipt, Submission
from services.annotations.store_submissions import commit_batch
from shared import telemetry, tracing
from shared.blobs import BlobStore
from shared.canary import Canary
from shared.clock import Clock
from shared.db.session import Database
from shared.errors import BrambleError, Unavailable
from shared.ids import new_id

log = logging.getLogger(__name__)

MAX_BATCH = 256
# Under load, wait this long for as many as came last time: the flushes of a batch cost the same for 3 as for 16.
LINGER_S, LINGER_STEP_S = 0.005, 0.001
MAX_WAITING = 10_000  # beyond, a client is better told to come back than kept waiting

SUBMISSIONS = Counter(
    "bramble_annotations_submissions_total",
    "Submissions by outcome: stored, repeated, refused, failed.",
    ["outcome"],
)
BATCH_SIZE = Histogram(
    "bramble_annotations_commit_batch",
    "Submissions that shared one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)

CLICKS = Histogram(
    "bramble_annotations_answer_clicks",
    "Strokes and clicks of an answer, by the version of the segmenter that its giver works with.",
    ["segmenter"],
    buckets=(0, 1, 2, 3, 5, 8, 13, 21, 34),
)
SECONDS = Histogram(
    "bramble_annotations_answer_seconds",
    "Active time of an answer, by the version of the segmenter that its giver works with.",
    ["segmenter"],
    buckets=(2, 5, 10, 20, 40, 80, 160, 320),
)

Waiting = tuple[Submission, asyncio.AbstractEventLoop, "asyncio.Future[Receipt]"]


class GroupCommitter:
    """The writer of submissions; one a process. `stop` it with the app; `submit` from an event loop."""

    def __init__(self, db: Database, blobs: BlobStore, clock: Clock, canary: Canary | None = None) -> None:
        self._db, self._blobs, self._clock = db, blobs, clock
        self._canary = canary or Canary()
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def start(self) -> None:
        """Start the writer thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="annotations-intake", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Take nothing more, commit what waits, and end the thread."""
        self._stopped = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout_s)

    async def submit(self, rater_id: str, lease_id: str, answer: Answer) -> Receipt:
        """Store an answer; returns when it is durable. Raises what the store refuses with, or Unavailable."""
        if self._stopped:
            raise Unavailable(
                "The service is stopping; send the submission again in a moment.", retry_after=2
            )
        if self._queue.qsize() > MAX_WAITING:
            raise Unavailable(
                "Too many submissions wait to be stored; send it again in a moment.", retry_after=5
            )
        self.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        submission = Submission(new_id(), rater_id, lease_id, answer, (), telemetry.current_context())
        self._queue.put((submission, loop, future))
        return await future

    def store(self, batch: Sequence[Submission]) -> list[Outcome]:
        """Store a batch in one transaction; when that fails for a reason that isn't the database's, one by one."""
        try:
            return self._store(batch)
        except BrambleError as error:  # the database or the disk: it would fail for each of them alike
            return [error] * len(batch)
        except Exception:
            if len(batch) == 1:
                log.exception("a submission could not be stored")
                return [
                    BrambleError(
                        "The submission could not be stored; the request id finds the reason in the logs."
                    )
                ]
            log.warning("a batch of %d failed; storing one by one", len(batch), exc_info=True)
            return [self.store([submission])[0] for submission in batch]

    def _store(self, batch: Sequence[Submission]) -> list[Outcome]:
        began = time.time_ns()
        pack = Pack(pack_key(new_id()))
        placed = [
            Submission(s.id, s.rater_id, s.lease_id, s.answer, pack.add(drawn(s.answer.masks)), s.context)
            for s in batch
        ]
        # Before the transaction: a crash in between leaves bytes that nothing refers to, never a row without its masks.
        pack.write(self._blobs)
        outcomes = transact(self._db, lambda conn: commit_batch(conn, pack.key, placed, self._clock.now_us()))
        if tracing.is_on():
            traces = [s.context.traceparent for s in batch]
            tracing.record("annotations.commit", traces, began, bramble_submissions=len(batch))
        return outcomes

    def _linger(self, last_size: int) -> None:
        """Give those who were just answered the time to come back; with a single client this doesn't wait at all."""
        waited = 0.0
        while self._queue.qsize() + 1 < last_size and waited < LINGER_S:
            time.sleep(LINGER_STEP_S)
            waited += LINGER_STEP_S

    def _run(self) -> None:
        last_size = 1
        while True:
            first = self._queue.get()
            if first is None:
                return
            self._linger(last_size)
            waiting, last = [first], False
            while len(waiting) < MAX_BATCH:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                    break
                waiting.append(item)
            BATCH_SIZE.observe(len(waiting))
            last_size = len(waiting)
            try:
                outcomes = self.store([submission for submission, _, _ in waiting])
            except Exception:
                # `store` answers every failure; whatever gets here must not end the thread that all submissions need.
                log.exception("intake failed")
                outcomes = [Unavailable("The submission could not be stored just now; send it again.")] * len(
                    waiting
                )
            self._count(waiting, outcomes)
            _answer(waiting, outcomes)
            if last:
                return

    def _count(self, waiting: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
        """What the answers cost their givers, by the segmenter that helped them. Before they are told: who asks then sees it counted."""
        for (submission, _, _), outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Receipt) and outcome.created:
                version = self._canary.of(submission.rater_id)
                CLICKS.labels(version).observe(submission.answer.clicks)
                SECONDS.labels(version).observe(submission.answer.duration_ms / 1000)


def _answer(waiting: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    """Wake the requests; one call a loop, because each call writes to the loop's self-pipe."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Outcome]]] = {}
    for (_, loop, future), outcome in zip(waiting, outcomes, strict=True):
        by_loop.setdefault(loop, []).append((future, outcome))
        SUBMISSIONS.labels(_word(outcome)).inc()
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:  # the loop is closed: its clients are gone, their submissions are stored
            log.debug("an event loop closed before its submissions were answered")


def _resolve(pairs: Sequence[tuple[asyncio.Future[Receipt], Outcome]]) -> None:
    for future, outcome in pairs:
        if future.done():  # the client went away
            continue
        if isinstance(outcome, Receipt):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


def _word(outcome: Outcome) -> str:
    if isinstance(outcome, Receipt):
        return "stored" if outcome.created else "repeated"
    return "failed" if outcome.status >= 500 else "refused"


class LeaseSweeper(threading.Thread):
    """Gives the places of expired leases back, also where nobody asks for a task."""

    def __init__(self, sweep: Callable[[], int], every_s: float) -> None:
        super().__init__(name="annotations-sweeper", daemon=True)
        self._sweep, self._every_s = sweep, every_s
        self._halt = threading.Event()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop after the sweep at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        while not self._halt.wait(self._every_s):
            try:
                self._sweep()
            except Exception:
                log.warning("sweeping expired leases failed; trying again", exc_info=True)
