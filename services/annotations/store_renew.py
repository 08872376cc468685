"""Renewing a lease, and taking one up again that ran out. In the caller's transaction; the order of locks is that of `store_leases`."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, literal_column, select, update

from services.annotations import tables as t
from services.annotations.domain import leases as rules
from services.annotations.domain.leases import Action, State
from services.annotations.store_assign import free_slot, take_place
from services.annotations.store_leases import allowed, find_lease
from services.annotations.store_turns import TAKEN, lock

_l, _rt, _r = t.leases.c, t.rater_tasks.c, t.raters.c
_PROJECT = select(t.projects.c.lease_seconds, t.projects.c.status).where(t.projects.c.id == bindparam("p"))
_RATER_TASK = select(_rt.state).where(_rt.rater_id == bindparam("r"), _rt.task_id == bindparam("t"))
_QUARANTINED = select(_r.quarantined).where(_r.project_id == bindparam("p"), _r.rater_id == bindparam("r"))
_SLOTS = select(_l.slot).where(
    _l.project_id == bindparam("p"), _l.rater_id == bindparam("r"), _l.state == literal_column("0")
)
_EXTEND = update(t.leases).where(_l.id == bindparam("b_lease")).values(expires_at=bindparam("b_expires"))
_REVIVE = _EXTEND.values(state=int(State.LIVE), slot=bindparam("b_slot"), closed_at=None, reason=None)


def renew(conn: Connection, lease_id: str, rater_id: str, now: int) -> int:
    """Let a lease run for its project's full time from `now`; answers its new end in microseconds.

    One that ran out is taken up again where the task still has a place, and the rater no newer lease on it and no answer: who was
    without a line is then not told that the work was for nothing. Raises what `domain.leases.check` raises; Gone where the place went.
    """
    lease = find_lease(conn, lease_id)
    allowed(lease, rater_id, Action.RENEW, now)
    project = conn.execute(_PROJECT, {"p": lease.project_id}).one()
    expires_at = now + int(project.lease_seconds) * 1_000_000
    task = lock(conn, lease.task_id, wait=True)
    lease = find_lease(conn, lease_id, lock=True)
    allowed(lease, rater_id, Action.RENEW, now)
    if State(lease.state) is State.LIVE:
        # Also where its time is over and no sweep has got to it: the place is still reserved.
        conn.execute(_EXTEND, {"b_lease": lease_id, "b_expires": expires_at})
        return expires_at
    who = {"p": lease.project_id, "r": rater_id}
    slot = free_slot(set(conn.execute(_SLOTS, who).scalars()))
    held = conn.execute(_RATER_TASK, {"r": rater_id, "t": lease.task_id}).scalar()
    stopped = project.status != "active" or bool(conn.execute(_QUARANTINED, who).scalar())
    if task is None or held in TAKEN or slot > rules.MAX_AHEAD or stopped:
        raise rules.refuse(State.EXPIRED, Action.RENEW)
    conn.execute(_REVIVE, {"b_lease": lease_id, "b_expires": expires_at, "b_slot": slot})
    take_place(conn, lease.project_id, rater_id, task)
    return expires_at
