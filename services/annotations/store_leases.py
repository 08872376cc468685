"""Leases and drafts: who works on what just now. Every function works in the caller's transaction.

Locks are always taken in one order, task rows before rater rows before the counter row, so that PostgreSQL's transactions
can't wait for each other in a ring; SQLite runs one writer at a time. On PostgreSQL a task that another asker is just taking
is stepped over (SKIP LOCKED) and only waited for when nothing else is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    literal_column,
    select,
    update,
)

from services.annotations import tables as t
from services.annotations.domain import leases as rules
from services.annotations.domain import quorum as quorum_rules
from services.annotations.domain.leases import Action, State
from services.annotations.records import AnyRow
from services.annotations.store import bump
from shared.db.upsert import put, upsert
from shared.errors import NotFound

SWEEP = (
    200  # leases that one sweep closes; the rest waits for the next, so that no request pays for a thousand
)


IMAGE_DELETED = "image deleted"  # the reason of a lease that ended with its image

_tasks, _leases = t.tasks.c, t.leases.c
# Literal, not bound: a planner can't see that a bound value fits the condition of a partial index.
_live = _leases.state == literal_column("0")
_LEASE = select(t.leases).where(_leases.id == bindparam("lease"))
_DRAFT = select(t.drafts.c.masks, t.drafts.c.updated_at).where(
    t.drafts.c.rater_id == bindparam("r"), t.drafts.c.task_id == bindparam("t")
)


def find_lease(conn: Connection, lease_id: str, *, lock: bool = False) -> AnyRow:
    """The lease; NotFound where there is none."""
    row = conn.execute(_LEASE.with_for_update() if lock else _LEASE, {"lease": lease_id}).first()
    if row is None:
        raise NotFound("There is no such lease; ask for the next task.")
    return row


def allowed(lease: AnyRow, rater_id: str, action: Action, now: int) -> State:
    """The lease's state after `action` by `rater_id` at `now`; raises what `domain.leases.check` raises."""
    state = rules.effective(State(lease.state), lease.expires_at, now)
    if state is State.EXPIRED and lease.reason == IMAGE_DELETED and lease.rater_id == rater_id:
        if action is Action.GIVE_BACK:
            return state
        raise rules.image_deleted()
    return rules.check(state, action, owner=lease.rater_id == rater_id)


def close(
    conn: Connection, leases: Sequence[AnyRow], state: State, now: int, reason: str | None = None
) -> None:
    """End live leases of any projects with `state`, and give their places back.

    A skipped task isn't offered to that rater again. One that was given back or ran out is, and first, if it has a draft.
    """
    if not leases:
        return
    ids = [lease.id for lease in leases]
    task_ids = sorted({lease.task_id for lease in leases})
    locked = select(
        _tasks.id,
        _tasks.project_id,
        _tasks.quorum,
        _tasks.submissions,
        _tasks.leases,
        _tasks.is_gold,
        _tasks.status,
    )
    locked = locked.where(_tasks.id.in_(task_ids)).order_by(_tasks.id).with_for_update()
    task_rows = {row.id: row for row in conn.execute(locked)}
    # Only leases that are still live: on PostgreSQL another sweep may have been quicker between the read and the lock.
    ended = update(t.leases).where(_leases.id.in_(ids), _live)
    if state is State.EXPIRED and reason is None:  # or it was renewed meanwhile
        ended = ended.where(_leases.expires_at <= now)
    ended = ended.values(state=int(state), closed_at=now, reason=reason).returning(
        _leases.id, _leases.task_id, _leases.rater_id
    )
    done = conn.execute(ended).all()
    _forget(conn, done, state)
    freed: dict[str, int] = {}
    for row in done:
        freed[row.task_id] = freed.get(row.task_id, 0) + 1
    by_project: dict[str, list[str]] = {}
    for task_id in freed:
        by_project.setdefault(task_rows[task_id].project_id, []).append(task_id)
    changes = []
    for project_id in sorted(by_project):
        members = by_project[project_id]
        stamp = bump(conn, project_id, stamps=len(members), leases=-sum(freed[m] for m in members))
        for position, task_id in enumerate(members):
            changes.append(_freed_task(task_rows[task_id], freed[task_id], stamp + position))
    if changes:
        conn.execute(update(t.tasks).where(_tasks.id == bindparam("b_id")), changes)


def _freed_task(task: AnyRow, freed: int, stamp: int) -> dict[str, Any]:
    held = task.leases - freed
    need = quorum_rules.need(
        quorum=task.quorum,
        submissions=task.submissions,
        leases=held,
        is_gold=task.is_gold,
        status=task.status,
    )
    return {"b_id": task.id, "leases": held, "need": need, "stamp": stamp}


def _forget(conn: Connection, ended: Sequence[AnyRow], state: State) -> None:
    rt = t.rater_tasks.c
    pairs = [{"r": row.rater_id, "t": row.task_id} for row in ended]
    if not pairs:
        return
    mine = and_(rt.rater_id == bindparam("r"), rt.task_id == bindparam("t"))
    if state is State.SKIPPED:
        conn.execute(update(t.rater_tasks).where(mine).values(state=t.SKIPPED), pairs)
        return
    drafted = (
        select(t.drafts.c.task_id)
        .where(t.drafts.c.rater_id == rt.rater_id, t.drafts.c.task_id == rt.task_id)
        .exists()
    )
    conn.execute(update(t.rater_tasks).where(mine, drafted).values(state=t.LAPSED), pairs)
    conn.execute(delete(t.rater_tasks).where(mine, rt.state == t.HELD), pairs)


_EXPIRED = (
    select(_leases.id, _leases.task_id, _leases.rater_id)
    .where(_live, _leases.expires_at <= bindparam("now"))
    .order_by(_leases.expires_at)
    .limit(SWEEP)
)


_ANY_EXPIRED = select(_leases.id).where(_live, _leases.expires_at <= bindparam("now")).limit(1)


def any_expired(conn: Connection, now: int) -> bool:
    """Whether there is something to sweep; locks nothing."""
    return conn.execute(_ANY_EXPIRED, {"now": now}).first() is not None


def sweep(conn: Connection, now: int) -> int:
    """Close leases whose time is over (at most `SWEEP`); answers how many were found."""
    expired = conn.execute(_EXPIRED, {"now": now}).all()
    close(conn, expired, State.EXPIRED, now)
    return len(expired)


def end(
    conn: Connection, lease_id: str, rater_id: str, action: Action, now: int, reason: str | None = None
) -> bool:
    """Skip a task or give it back. A repeated request changes nothing, and is answered False."""
    lease = find_lease(conn, lease_id)
    after = allowed(lease, rater_id, action, now)
    if State(lease.state) is not State.LIVE:
        return False
    close(conn, [lease], after, now, reason)
    return True


# ------------------------------------------------------------------------------------------------------------------ drafts
def save_draft(conn: Connection, rater_id: str, task_id: str, masks: str, now: int) -> None:
    """Keep a rater's unfinished drawing of a task; the last one stands."""
    put(conn, t.drafts, {"rater_id": rater_id, "task_id": task_id}, {"masks": masks, "updated_at": now})


def mark_lapsed(conn: Connection, rater_id: str, task_id: str, project_id: str) -> None:
    """Note that the rater has a draft of a task that isn't theirs any more, so that it is offered first. Never undoes an answer."""
    values = {"rater_id": rater_id, "task_id": task_id, "project_id": project_id, "state": t.LAPSED}
    conn.execute(upsert(conn.dialect.name, t.rater_tasks).values(values).on_conflict_do_nothing())


def find_draft(conn: Connection, rater_id: str, task_id: str) -> tuple[str, int] | None:
    """(masks as JSON, updated_at) of the rater's draft of the task."""
    row = conn.execute(_DRAFT, {"r": rater_id, "t": task_id}).first()
    return (row.masks, row.updated_at) if row else None
