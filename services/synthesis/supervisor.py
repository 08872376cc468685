"""Starts a worker process when there is work, and lets it go when there is none. Light: runs in the serving process."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time

from services.synthesis.queue import JobQueue
from shared.settings import Settings

log = logging.getLogger(__name__)


class WorkerSupervisor(threading.Thread):
    """One worker at a time for the embedded form. The worker ends by itself after ``idle_exit_s`` without work, and its memory with it."""

    def __init__(
        self, queue: JobQueue, settings: Settings, *, poll_s: float = 1.0, idle_exit_s: float = 20.0
    ) -> None:
        super().__init__(name="worker-supervisor", daemon=True)
        self._queue, self._settings = queue, settings
        self._poll_s, self._idle_exit_s = poll_s, idle_exit_s
        self._halt, self._wake = threading.Event(), threading.Event()
        self._worker: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id while one runs."""
        return self._worker.pid if self._worker is not None and self._worker.poll() is None else None

    def notify(self) -> None:
        """There may be work."""
        self._wake.set()

    def stop(self) -> None:
        """End the worker (its job goes back to the queue) and this thread."""
        self._halt.set()
        self._wake.set()
        if self.is_alive():
            self.join(15.0)

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._look()
            except Exception:
                log.warning("the worker supervisor could not look for work", exc_info=True)
            self._wake.wait(self._poll_s)
            self._wake.clear()
        self._end_worker()

    def _look(self) -> None:
        if self._worker is not None:
            code = self._worker.poll()
            if code is None:
                return
            self._worker = None
            if code != 0:
                log.warning(
                    "the worker ended with code %d; its job is taken over when its lease runs out", code
                )
                self._not_before = time.monotonic() + 2.0
        if time.monotonic() >= self._not_before and self._queue.has_work():
            self._worker = self._start_worker()

    def _start_worker(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        env = {
            # Threads that wait sleep instead of spinning: beside a serving process on few cores a spinning pair of threads gets
            # a third of the steps that a sleeping one gets.
            "OMP_WAIT_POLICY": "PASSIVE",
            **os.environ,
            "BRAMBLE_DATA_DIR": str(settings.data_dir.absolute()),
            "BRAMBLE_DATABASE_URL": settings.database_url,
            "BRAMBLE_BLOB_URL": settings.blob_url,
            "BRAMBLE_JOB_LEASE_S": str(settings.job_lease_s),
            "BRAMBLE_PROJECT_MODELS": str(settings.project_models).lower(),
            "BRAMBLE_LOG_LEVEL": settings.log_level,
            "BRAMBLE_LOG_FORMAT": settings.log_format,
        }
        command = [sys.executable, "-m", "services.synthesis.worker", "--parent", str(os.getpid())]
        command += ["--idle-exit", str(self._idle_exit_s)]
        started = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
        log.info("worker %d started", started.pid)
        return started

    def _end_worker(self) -> None:
        if self._worker is None or self._worker.poll() is not None:
            return
        self._worker.terminate()
        try:
            self._worker.wait(8.0)
        except subprocess.TimeoutExpired:
            # In the middle of a long step; the lease brings the job back.
            self._worker.kill()
            self._worker.wait(5.0)
