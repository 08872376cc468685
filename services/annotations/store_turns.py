"""A task locked for being handed out, and the gold that comes next on a rater's round. In the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from services.annotations import tables as t
from services.annotations.domain import gold as gold_rules
from services.annotations.records import AnyRow

_tasks, _rt = t.tasks.c, t.rater_tasks.c
TAKEN = (t.HELD, t.DONE, t.SKIPPED)
#: Joins a task with what the rater `r` had to do with it.
MINE = and_(_rt.task_id == _tasks.id, _rt.rater_id == bindparam("r"))

_FOUND = (
    _tasks.id,
    _tasks.need,
    _tasks.leases,
    _tasks.is_gold,
    _tasks.image_json,
    _tasks.has_proposal,
    _tasks.stamp,
)
AVAILABLE = or_(_tasks.need > 0, and_(_tasks.is_gold, _tasks.is_practice.is_(False)))
_BY_ID = select(*_FOUND).where(_tasks.id == bindparam("t"), AVAILABLE)
_BY_ID_SKIP = _BY_ID.with_for_update(skip_locked=True)
_BY_ID_WAIT = _BY_ID.with_for_update()


def lock(conn: Connection, task_id: str, *, wait: bool) -> AnyRow | None:
    """The task, locked, if it still has a place. SQLite has no row locks and needs none: `begin` serialises writers."""
    if conn.dialect.name == "sqlite":
        return conn.execute(_BY_ID, {"t": task_id}).first()
    return conn.execute(_BY_ID_WAIT if wait else _BY_ID_SKIP, {"t": task_id}).first()


_GOLD = (
    select(_tasks.id, _tasks.stamp, _rt.state)
    .select_from(t.tasks.outerjoin(t.rater_tasks, MINE))
    .where(
        _tasks.project_id == bindparam("p"),
        _tasks.is_gold,
        _tasks.is_practice.is_(False),
        _tasks.stamp > bindparam("after"),
    )
    .order_by(_tasks.stamp)
    .limit(bindparam("n"))
)
_SPAN = select(func.max(_tasks.stamp)).where(_tasks.project_id == bindparam("p"), _tasks.is_gold)


def next_gold(
    conn: Connection, project_id: str, rater_id: str, rater: AnyRow | None
) -> tuple[AnyRow | None, dict[str, Any]]:
    """The next gold on the rater's way round that isn't done yet, and how far the rater is then.

    The way begins at a place of the rater's own, goes to the end and once more from the beginning; gold that is added later is at
    the end. What lies behind was answered, skipped or held, so no call walks over it again.
    """
    who = {"p": project_id, "r": rater_id}
    if rater is not None and rater.gold_stamp is not None:
        after, wrapped = rater.gold_stamp, bool(rater.gold_wrapped)
    else:
        span = conn.execute(_SPAN, {"p": project_id}).scalar()
        if span is None:
            return None, {}
        after, wrapped = gold_rules.starting_point(project_id, rater_id, span), False
    while True:
        rows = conn.execute(_GOLD, {**who, "after": after, "n": 16}).all()
        for row in rows:
            if row.state not in TAKEN:
                task = lock(conn, row.id, wait=True)
                if task is not None and task.is_gold:
                    return task, {"gold_stamp": after, "gold_wrapped": wrapped}
            after = row.stamp
        if len(rows) < 16:
            if wrapped:
                return None, {"gold_stamp": after, "gold_wrapped": wrapped}
            after, wrapped = 0, True
