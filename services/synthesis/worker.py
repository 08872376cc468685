"""The worker process: claims jobs, beats while it works, ends them. `python -m services.synthesis.worker`.

It dies with the process that started it (``--parent``), gives its job back on SIGTERM after a checkpoint, and leaves everything else to the
lease: a job whose worker was killed is taken over when the lease runs out, and goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.synthesis import segmenters, work
from services.synthesis.parent import die_with
from services.synthesis.queue import Job, JobQueue, LostJob
from services.synthesis.store import Store
from services.synthesis.training.progress import RELEASED, Stopped
from shared import telemetry
from shared.blobs import BlobStore, create_blobs
from shared.clock import Clock, SystemClock
from shared.db.session import Database
from shared.errors import BrambleError, StorageFull, Unavailable
from shared.ids import new_id
from shared.settings import Settings

log = logging.getLogger(__name__)

_REPORT_S = 1.0
"""How often a report becomes a row: each is a durable write."""


class Worker:
    """One worker. `stop` may be called from a signal handler or another thread."""

    def __init__(
        self,
        db: Database,
        blobs: BlobStore,
        clock: Clock,
        lease_s: float,
        sd_path: Path | None = None,
        processes: int = 0,
        project_models: bool = False,
    ) -> None:
        self.name = f"{os.getpid()}-{new_id()[-8:]}"
        self.queue = JobQueue(db, clock, lease_s)
        self.store = Store(db, clock)
        self.blobs = blobs
        self._sd_path = sd_path
        self._processes = processes
        self._ask = segmenters.asker(self.queue) if project_models else None
        self._halt = threading.Event()

    def stop(self) -> None:
        """Give the job back at its next report, and end."""
        self._halt.set()

    def run(self, *, idle_exit_s: float = 0.0, once: bool = False, poll_s: float = 1.0) -> int:
        """Work until stopped, until nothing came for ``idle_exit_s`` (0: for ever), or for one job. Answers the jobs worked on."""
        done, idle_since = 0, time.monotonic()
        while not self._halt.is_set():
            try:
                job = self.queue.claim(self.name)
            except Unavailable as error:
                log.warning("the job table doesn't answer: %s", error)
                job = None
            if job is None:
                if once or (idle_exit_s and time.monotonic() - idle_since > idle_exit_s):
                    break
                self._halt.wait(poll_s)
                continue
            self._work(job)
            done, idle_since = done + 1, time.monotonic()
            if once:
                break
        return done

    def _work(self, job: Job) -> None:
        log.info("job %s (%s) of project %s, attempt %d", job.id, job.kind, job.project_id, job.attempts)
        beat = _Heartbeat(self.queue, job, self.name, self._halt)
        beat.start()
        context = work.Context(
            self.store,
            self.queue,
            self.blobs,
            job,
            self.name,
            beat.report,
            dict(job.state or {}),
            self._sd_path,
            self._processes,
            self._ask,
        )
        try:
            work.run(context)
            log.info("job %s succeeded", job.id)
        except (LostJob, Stopped) as reason:
            log.info("job %s is left: %s", job.id, reason)
            if self._halt.is_set():
                self._end(job, "release")
            elif isinstance(reason, Stopped) and reason.reason == RELEASED:
                # It gave way to another job; that was no failed attempt.
                self._end(job, "release", attempts=job.attempts - 1)
            else:
                self._tidy(context)
        except BrambleError as error:
            if isinstance(error, Unavailable) and not isinstance(error, StorageFull):
                log.warning("job %s waits: %s", job.id, error)
                self._end(job, "release")
                self._halt.wait(5.0)
            else:
                self._end(job, "fail", error=error.detail)
        except ImportError as error:
            sentence = f"This worker can't do that kind of job: {error.name or error} isn't installed. Install bramble[train] there."
            self._end(job, "fail", error=sentence)
        except MemoryError:
            self._end(job, "fail", error="The worker ran out of memory; use a smaller size or batch.")
        except Exception as error:
            log.exception("job %s broke", job.id)
            self._end(
                job,
                "fail",
                error=f"The job broke on our side ({type(error).__name__}); see the worker's log.",
            )
        finally:
            beat.stop()

    def _end(self, job: Job, event: str, **values: Any) -> None:
        if "error" in values:
            log.warning("job %s failed: %s", job.id, values["error"])
        # Cancelled or taken over since: then it isn't ours to end. A full disk: the lease runs out instead.
        with contextlib.suppress(LostJob, Unavailable, StorageFull):
            self.queue.finish(job.id, self.name, event, **values)

    def _tidy(self, context: work.Context) -> None:
        """A cancelled job leaves no blobs behind (one that was taken over keeps them: they are the other worker's)."""
        with contextlib.suppress(BrambleError):
            if self.queue.get(context.job.id).status == "cancelled":
                context.clear()


class _Heartbeat(threading.Thread):
    """Keeps the lease while the work computes, and carries its reports to the row, at most one a second."""

    def __init__(self, queue: JobQueue, job: Job, worker: str, halt: threading.Event) -> None:
        super().__init__(name=f"heartbeat-{job.id[-6:]}", daemon=True)
        self._queue, self._job, self._worker, self._halt = queue, job, worker, halt
        self._done = threading.Event()
        self._lost = threading.Event()
        self._lock = threading.Lock()
        self._news: dict[str, Any] = {}

    def report(self, fraction: float, stage: str, detail: str = "") -> None:
        """Note where the work stands. Raises Stopped when the job is no longer this worker's, or the worker must go."""
        with self._lock:
            progress = min(0.999, max(0.0, fraction))
            self._news = {"progress": progress, "stage": stage[:60], "detail": detail[:300]}
        if self._lost.is_set():
            raise Stopped("cancelled or taken over")
        if self._halt.is_set():
            raise Stopped(RELEASED)

    def run(self) -> None:
        last_beat = time.monotonic()
        while not self._done.wait(min(_REPORT_S, self._queue.lease_s / 4)):
            with self._lock:
                news, self._news = self._news, {}
            if not news and time.monotonic() - last_beat < self._queue.lease_s / 4:
                continue
            try:
                self._queue.beat(self._job.id, self._worker, **news)
                last_beat = time.monotonic()
            except LostJob:
                self._lost.set()
                return
            except Exception:
                log.warning("heart-beat of job %s failed; trying on", self._job.id, exc_info=True)

    def stop(self) -> None:
        self._done.set()
        self.join(5.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point: settings from the environment, as every Bramble process."""
    parser = argparse.ArgumentParser(prog="bramble worker", description="Work on heavy jobs until stopped.")
    parser.add_argument("--parent", type=int, default=0, help="End when this process ends.")
    parser.add_argument(
        "--idle-exit", type=float, default=0.0, help="End after so many seconds without a job; 0: never."
    )
    parser.add_argument("--once", action="store_true", help="Work on one job at most.")
    options = parser.parse_args(argv)
    if options.parent:
        die_with(options.parent)
    settings = Settings()
    telemetry.configure_logging(settings.log_level, settings.log_format)
    # The server answers people; training may wait for it.
    with contextlib.suppress(OSError):
        os.nice(5)
    db = Database(settings.database_url_for(work.SERVICE))
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    worker = Worker(
        db,
        blobs,
        SystemClock(),
        settings.job_lease_s,
        settings.sd_path,
        settings.train_processes,
        settings.project_models,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.run(idle_exit_s=options.idle_exit, once=options.once)
    finally:
        db.close()
        blobs.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
