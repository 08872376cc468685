"""Handing out tasks: the queue of open tasks, gold, and the lease that comes of it. In the caller's transaction.

The order of locks is that of `store_leases`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, update

from services.annotations import tables as t
from services.annotations.domain import gold as gold_rules
from services.annotations.domain import leases as lease_rules
from services.annotations.domain import stats
from services.annotations.domain.leases import State
from services.annotations.records import AnyRow, Project
from services.annotations.store import bump, counts_of
from services.annotations.store_leases import any_expired, close, find_draft, find_lease, sweep
from services.annotations.store_practice import require_qualified
from services.annotations.store_turns import AVAILABLE, MINE, TAKEN, lock, next_gold
from shared.db.upsert import upsert
from shared.errors import Forbidden
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Assignment:
    """A lease with what the rater needs to work on it. `image_json` is the public ImageRef, serialised."""

    lease_id: str
    expires_at: int
    task_id: str
    project_id: str
    image_json: str
    has_proposal: bool
    draft: tuple[str, int] | None  # masks as JSON, updated_at
    slot: int


_tasks, _leases, _raters = t.tasks.c, t.leases.c, t.raters.c
_live = _leases.state == literal_column("0")
_LIVE_OF = (
    select(
        _leases.id, _leases.expires_at, _leases.task_id, _leases.slot, _tasks.image_json, _tasks.has_proposal
    )
    .join(t.tasks, _tasks.id == _leases.task_id)
    .where(_leases.project_id == bindparam("p"), _leases.rater_id == bindparam("r"), _live)
)
_RATER = select(t.raters).where(_raters.project_id == bindparam("p"), _raters.rater_id == bindparam("r"))


def _live_leases(
    conn: Connection, rows: Sequence[AnyRow], project_id: str, rater_id: str
) -> list[Assignment]:
    return [
        Assignment(
            row.id,
            row.expires_at,
            row.task_id,
            project_id,
            row.image_json,
            row.has_proposal,
            find_draft(conn, rater_id, row.task_id),
            row.slot,
        )
        for row in sorted(
            rows, key=lambda row: row.id
        )  # their ids rise with time: the first that was taken first
    ]


Find = Callable[[Connection], tuple[Project, bool]]
Run = Callable[[Callable[[Connection], Any]], Any]


def assign_many(run: Run, find: Find, rater_id: str, ahead: int, now: int) -> list[Assignment]:
    """The rater's live leases, filled up to one and `ahead` more as far as `leases.ahead_allowed` lets; empty: nothing for this rater.

    `run` runs a function of a connection in a transaction of its own (`access.transact`), `find` answers the project and whether the
    rater is exempt from practice; it is asked in each transaction. Each lease is a place of its task's quorum like any other, and
    **taken in a transaction of its own**: a transaction that holds the counter row and goes on to wait for another task would wait in
    a ring with a submission to that task. For the same reason leases whose time is over are closed in one before. Two requests of a
    rater at the same moment want the same slots, so one of them begins again and finds what the other took.

    Raises Forbidden where the project wants practice first, unless the rater is exempt; leases that are held are worked off.
    """

    def fill(conn: Connection) -> tuple[list[Assignment], bool] | None:
        # A look, so that the transaction of the sweep is paid only where there is something to sweep.
        if not swept and any_expired(conn, now):
            return None
        return _fill_one(conn, *find(conn), rater_id, ahead, now)

    swept = False
    while True:
        done = run(fill)
        if done is None:
            run(lambda conn: sweep(conn, now))
            swept = True
        elif not done[1]:
            return cast(list[Assignment], done[0])


def _fill_one(
    conn: Connection, project: Project, exempt: bool, rater_id: str, ahead: int, now: int
) -> tuple[list[Assignment], bool]:
    """One lease more, if there is one to take; True: ask again in a new transaction."""
    rows = conn.execute(_LIVE_OF, {"p": project.id, "r": rater_id}).all()
    over = [find_lease(conn, row.id) for row in rows if row.expires_at <= now]
    if over:  # the sweep hadn't come to them, and they'd keep their slots
        close(conn, over, State.EXPIRED, now)
        return [], True
    held = _live_leases(conn, rows, project.id, rater_id)
    if project.status != "active" or len(held) > ahead:
        return held, False
    try:
        if not exempt:
            require_qualified(conn, project, rater_id)
    except Forbidden:
        if held:
            return held, False
        raise
    if ahead:
        ahead = lease_rules.ahead_allowed(ahead, counts_of(conn, [project.id])[project.id]["open"])
    if len(held) > ahead:
        return held, False
    taken = _assign_one(conn, project, rater_id, free_slot({one.slot for one in held}), now)
    if taken is None:
        return held, False
    held.append(taken)
    return held, len(held) <= ahead


def _assign_one(conn: Connection, project: Project, rater_id: str, slot: int, now: int) -> Assignment | None:
    rater = conn.execute(_RATER, {"p": project.id, "r": rater_id}).first()
    progress: dict[str, Any] = {}
    task = None
    # A rater in quarantine goes on with gold only, and finds nothing when that is through: no place of a quorum is spent.
    quarantined = rater is not None and bool(rater.quarantined)
    turns = rater.turns if rater else 0
    if quarantined or gold_rules.is_gold_turn(project.id, rater_id, turns, _gold_share(project, rater)):
        task, progress = next_gold(conn, project.id, rater_id, rater)
    if task is None and not quarantined:
        task = _lapsed(conn, project.id, rater_id)
    cursors: dict[int, int] = {}
    if task is None and not quarantined:
        task, cursors = _next_open(conn, project, rater_id)
    _save_cursors(conn, project.id, rater_id, cursors)
    if task is None:
        return None
    return _take(conn, project, rater_id, slot, task, rater, progress, now)


def _gold_share(project: Project, rater: AnyRow | None) -> float:
    if not project.gold_adaptive:
        return project.gold_share
    seen = int(rater.gold_seen) if rater else 0
    interval = stats.gold_interval(seen, rater.gold_total, rater.gold_squares) if rater else None
    return gold_rules.share_for(project.gold_share, seen, interval["low"] if interval else None)


def free_slot(taken: set[int]) -> int:
    """The lowest slot that none of the rater's live leases has."""
    return next(slot for slot in range(len(taken) + 1) if slot not in taken)


# Built once: building a statement costs as much as running it.
_NEW_LEASE = insert(t.leases)
_NEW_RATER = insert(t.raters)
_GOLD_UNSEEN = {"gold_stamp": None, "gold_wrapped": False}
_MY_TURN = update(t.raters).where(
    _raters.project_id == bindparam("b_project"), _raters.rater_id == bindparam("b_rater")
)
_TURN = _MY_TURN.values(turns=_raters.turns + 1)
_GOLD_TURN = _MY_TURN.values(
    turns=_raters.turns + 1, gold_stamp=bindparam("b_gold_stamp"), gold_wrapped=bindparam("b_gold_wrapped")
)
_TAKE_GOLD = update(t.tasks).where(_tasks.id == bindparam("b_task")).values(leases=bindparam("b_leases"))
_TAKE = (
    update(t.tasks)
    .where(_tasks.id == bindparam("b_task"))
    .values(leases=bindparam("b_leases"), need=bindparam("b_need"), stamp=bindparam("b_stamp"))
)


@cache
def _hold(dialect: str) -> Any:
    key = [t.rater_tasks.c.rater_id, t.rater_tasks.c.task_id]
    return upsert(dialect, t.rater_tasks).on_conflict_do_update(index_elements=key, set_={"state": t.HELD})


@cache
def _move_cursor(dialect: str) -> Any:
    c, statement = t.cursors.c, upsert(dialect, t.cursors)
    return statement.on_conflict_do_update(
        index_elements=[c.project_id, c.rater_id, c.need], set_={"stamp": statement.excluded.stamp}
    )


def _take(
    conn: Connection,
    project: Project,
    rater_id: str,
    slot: int,
    task: AnyRow,
    rater: AnyRow | None,
    progress: dict[str, Any],
    now: int,
) -> Assignment:
    lease_id, expires_at = new_id(), now + project.lease_seconds * 1_000_000
    who = {"b_project": project.id, "b_rater": rater_id}
    lease = {
        "id": lease_id,
        "project_id": project.id,
        "task_id": task.id,
        "rater_id": rater_id,
        "state": int(State.LIVE),
        "slot": slot,
    }
    conn.execute(_NEW_LEASE, {**lease, "created_at": now, "expires_at": expires_at})
    if rater is None:
        conn.execute(
            _NEW_RATER,
            {"project_id": project.id, "rater_id": rater_id, "turns": 1, **_GOLD_UNSEEN, **progress},
        )
    elif progress:
        conn.execute(_GOLD_TURN, {**who, **{f"b_{name}": value for name, value in progress.items()}})
    else:
        conn.execute(_TURN, who)
    take_place(conn, project.id, rater_id, task)
    draft = find_draft(conn, rater_id, task.id)
    return Assignment(
        lease_id, expires_at, task.id, project.id, task.image_json, task.has_proposal, draft, slot
    )


def take_place(conn: Connection, project_id: str, rater_id: str, task: AnyRow) -> None:
    """Count one more live lease on the locked `task` (as `lock` answers it), and note that the rater holds it."""
    held = {"rater_id": rater_id, "task_id": task.id, "project_id": project_id, "state": t.HELD}
    conn.execute(_hold(conn.dialect.name), held)
    stamp = bump(conn, project_id, stamps=1, leases=1)
    if task.is_gold:  # which keeps its stamp: its place on the round
        conn.execute(_TAKE_GOLD, {"b_task": task.id, "b_leases": task.leases + 1})
    else:
        taken = {"b_task": task.id, "b_leases": task.leases + 1, "b_need": task.need - 1, "b_stamp": stamp}
        conn.execute(_TAKE, taken)


_rt = t.rater_tasks.c
_LAPSED = (
    select(_rt.task_id)
    .join(t.tasks, _tasks.id == _rt.task_id)
    .where(
        _rt.project_id == bindparam("p"),
        _rt.rater_id == bindparam("r"),
        _rt.state == literal_column(str(t.LAPSED)),
        AVAILABLE,
    )
    .limit(3)
)


def _lapsed(conn: Connection, project_id: str, rater_id: str) -> AnyRow | None:
    """A task that the rater had begun to draw before the lease ended."""
    for task_id in conn.execute(_LAPSED, {"p": project_id, "r": rater_id}).scalars().all():
        task = lock(conn, task_id, wait=True)
        if task is not None:
            return task
    return None


_QUEUE = (
    select(_tasks.id, _tasks.stamp, _rt.state)
    .select_from(t.tasks.outerjoin(t.rater_tasks, MINE))
    .where(
        _tasks.project_id == bindparam("p"),
        _tasks.need == bindparam("need"),
        _tasks.stamp > bindparam("after"),
    )
    .order_by(_tasks.stamp)
    .limit(bindparam("n"))
)
_HIGHER = select(func.min(_tasks.need)).where(
    _tasks.project_id == bindparam("p"), _tasks.need > bindparam("need")
)
_LOWER = select(func.max(_tasks.need)).where(
    _tasks.project_id == bindparam("p"), _tasks.need > 0, _tasks.need < bindparam("need")
)
_CURSORS = select(t.cursors.c.need, t.cursors.c.stamp).where(
    t.cursors.c.project_id == bindparam("p"), t.cursors.c.rater_id == bindparam("r")
)


def _next_open(conn: Connection, project: Project, rater_id: str) -> tuple[AnyRow | None, dict[int, int]]:
    """The first task in the project's order that this rater may do, locked; and the cursors that moved on the way."""
    who = {"p": project.id, "r": rater_id}
    known = {row.need: row.stamp for row in conn.execute(_CURSORS, who)}
    moved: dict[int, int] = {}
    passed_over: list[str] = []
    step, need = (_HIGHER, 0) if project.task_order == "finish" else (_LOWER, 1 << 30)
    while (following := conn.execute(step, {"p": project.id, "need": need}).scalar()) is not None:
        need = following
        task, stamp = _scan(conn, who, need, known.get(need, 0), passed_over)
        if stamp != known.get(need, 0):
            moved[need] = stamp
        if task is not None:
            return task, moved
    for task_id in passed_over:
        task = lock(conn, task_id, wait=True)
        if task is not None:
            return task, moved
    return None, moved


def _scan(
    conn: Connection, who: dict[str, str], need: int, after: int, passed_over: list[str]
) -> tuple[AnyRow | None, int]:
    """Walk one queue from the rater's cursor; answers the task and the new cursor, behind which nothing is left for the rater."""
    cursor, contiguous, n = after, True, 8
    while True:
        rows = conn.execute(_QUEUE, {**who, "need": need, "after": after, "n": n}).all()
        for row in rows:
            if row.state in TAKEN:
                if contiguous:
                    cursor = row.stamp
                continue
            contiguous = False
            task = lock(conn, row.id, wait=False)
            if task is not None:
                return task, cursor
            passed_over.append(row.id)
        if len(rows) < n:
            return None, cursor
        after, n = rows[-1].stamp, 256


def _save_cursors(conn: Connection, project_id: str, rater_id: str, cursors: dict[int, int]) -> None:
    if not cursors:
        return
    who = {"project_id": project_id, "rater_id": rater_id}
    conn.execute(
        _move_cursor(conn.dialect.name), [{**who, "need": n, "stamp": s} for n, s in sorted(cursors.items())]
    )
