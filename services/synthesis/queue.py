"""The job table: create, claim by lease, beat, end. Every step is one conditional UPDATE, so that two workers never share a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, and_, case, or_, select, update

from services.synthesis.domain import jobs as life
from services.synthesis.tables import jobs
from shared.clock import Clock
from shared.db.session import Database
from shared.db.upsert import upsert
from shared.errors import Conflict, NotFound
from shared.ids import new_id

Job = Row[Any]
_LONG = ("params", "state", "result")


class LostJob(Exception):
    """The job isn't this worker's any more: cancelled, or taken over after the lease ran out."""


class JobQueue:
    """Jobs in the service's database. ``lease_s``: a running job without a heart-beat for so long is free again."""

    def __init__(self, db: Database, clock: Clock, lease_s: float) -> None:
        self._db, self._clock, self.lease_s = db, clock, lease_s

    def create(self, project_id: str, kind: str, params: Mapping[str, Any], created_by: str) -> Job:
        """A queued job with checked ``params``. Raises Conflict where there may be only one of its kind at once, and there is."""
        with self._db.begin() as conn:
            job_id = self.add(conn, project_id, kind, params, created_by)
            if job_id is None:
                raise Conflict(
                    "The project's segmenter is being trained already; wait for that job, or cancel it first."
                )
            return _one(conn, job_id)

    def add(
        self, conn: Connection, project_id: str, kind: str, params: Mapping[str, Any], created_by: str
    ) -> str | None:
        """The same in the caller's transaction: the new job's id; None where there may be only one of its kind at once, and there is."""
        job_id = new_id()
        new = upsert(conn.dialect.name, jobs).values(
            id=job_id,
            project_id=project_id,
            kind=kind,
            params=dict(params),
            status=life.QUEUED,
            progress=0.0,
            stage="",
            detail="",
            created_by=created_by,
            created_at_us=self._clock.now_us(),
            worker="",
            attempts=0,
            checkpoint_key="",
            checkpoint_step=0,
            state={},
        )
        return conn.execute(new.on_conflict_do_nothing().returning(jobs.c.id)).scalar()

    def get(self, job_id: str) -> Job:
        """The job. Raises NotFound."""
        with self._db.read() as conn:
            return _one(conn, job_id)

    def page(self, project_id: str, cursor: str | None, limit: int) -> list[Job]:
        """The newest jobs of a project, older than ``cursor``, without what may be long: parameters, results, what is finished."""
        query = select(*(c for c in jobs.c if c.name not in _LONG)).where(jobs.c.project_id == project_id)
        if cursor:
            query = query.where(jobs.c.id < cursor)
        with self._db.read() as conn:
            return list(conn.execute(query.order_by(jobs.c.id.desc()).limit(limit)).all())

    def cancel(self, job_id: str) -> Job:
        """End a queued or running job; its worker stops at its next report, and can't publish anything. Conflict when it has ended."""
        with self._db.begin() as conn:
            job = _one(conn, job_id)
            status = life.after(job.status, "cancel")
            values = {"status": status, "finished_at_us": self._clock.now_us(), "worker": ""}
            conn.execute(update(jobs).where(jobs.c.id == job_id).values(values))
            return _one(conn, job_id)

    def _free(self) -> Any:
        stale = self._clock.now_us() - int(self.lease_s * 1e6)
        return or_(
            jobs.c.status == life.QUEUED, and_(jobs.c.status == life.RUNNING, jobs.c.heartbeat_at_us < stale)
        )

    def has_work(self) -> bool:
        """Whether a job waits for a worker."""
        with self._db.read() as conn:
            return conn.execute(select(jobs.c.id).where(self._free()).limit(1)).first() is not None

    def has_other(self, job_id: str) -> bool:
        """Whether a job that somebody asked for waits while ``job_id`` is worked on."""
        free = and_(self._free(), jobs.c.id != job_id, jobs.c.kind != "segmenter")
        with self._db.read() as conn:
            return conn.execute(select(jobs.c.id).where(free).limit(1)).first() is not None

    def claim(self, worker: str) -> Job | None:
        """The oldest free job (a segmenter's training after all others), now ``worker``'s; None when there is none. One taken over too
        often is failed instead."""
        with self._db.begin() as conn:
            last = case((jobs.c.kind == "segmenter", 1), else_=0)
            row = conn.execute(
                select(jobs).where(self._free()).order_by(last, jobs.c.created_at_us).limit(1)
            ).first()
            if row is None:
                return None
            now = self._clock.now_us()
            if row.attempts >= life.MAX_ATTEMPTS:
                error = (
                    f"Given up after {row.attempts} workers stopped in the middle of it; most often they ran out of memory. "
                    "See the worker's log, then try smaller params."
                )
                values = {"status": life.after(life.RUNNING, "fail"), "error": error, "finished_at_us": now}
                conn.execute(update(jobs).where(jobs.c.id == row.id).values(values))
                return None
            values = {
                "status": life.after(row.status, "claim"),
                "worker": worker,
                "heartbeat_at_us": now,
                "started_at_us": row.started_at_us or now,
                "attempts": row.attempts + 1,
            }
            # Also conditional on what was read: on PostgreSQL another worker may have been here since.
            same = and_(jobs.c.id == row.id, jobs.c.status == row.status, jobs.c.attempts == row.attempts)
            if conn.execute(update(jobs).where(same).values(values)).rowcount != 1:
                return None
            return _one(conn, row.id)

    def beat(self, job_id: str, worker: str, **values: Any) -> None:
        """Keep the lease, and note ``progress``, ``stage``, ``detail``, ``state`` or the checkpoint. Raises LostJob."""
        with self._db.begin() as conn:
            self.hold(conn, job_id, worker, **values)

    def hold(self, conn: Connection, job_id: str, worker: str, **values: Any) -> None:
        """The same within a transaction: what is written in it counts only while the job is the worker's."""
        mine = and_(jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.status == life.RUNNING)
        ready = {"heartbeat_at_us": self._clock.now_us(), **values}
        if conn.execute(update(jobs).where(mine).values(ready)).rowcount != 1:
            raise LostJob(job_id)

    def end(self, conn: Connection, job_id: str, worker: str, event: str, **values: Any) -> None:
        """Succeed, fail or release the job in the transaction that writes its result. Raises LostJob."""
        status = life.after(life.RUNNING, event)
        finished = self._clock.now_us() if status in life.ENDED else None
        values = {"status": status, "finished_at_us": finished, **values}
        if event == "succeed":
            values = {"progress": 1.0, "stage": "done", **values}
        self.hold(conn, job_id, worker, **values)
        if status == life.QUEUED:
            conn.execute(update(jobs).where(jobs.c.id == job_id).values(worker=""))

    def finish(self, job_id: str, worker: str, event: str, **values: Any) -> None:
        """`end` in a transaction of its own."""
        with self._db.begin() as conn:
            self.end(conn, job_id, worker, event, **values)


def _one(conn: Connection, job_id: str) -> Job:
    row = conn.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise NotFound("There is no such job.")
    return row


__all__ = ["Conflict", "Job", "JobQueue", "LostJob"]
