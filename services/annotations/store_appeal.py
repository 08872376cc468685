"""Quarantine and appeals in the tables. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, insert, select, update

from services.annotations import tables as t
from services.annotations.domain import appeal as rules
from services.annotations.domain.answers import MaskOf
from services.annotations.domain.gold import LabelScore
from services.annotations.records import AnyRow, Project, masks_from_text
from services.annotations.store import SERVICE, set_quarantine
from services.annotations.store_practice import course
from shared.contracts.bramble.annotations.v1 import events_pb2 as events
from shared.db.outbox import emit_rows, outbox_row
from shared.errors import Conflict
from shared.ids import new_id

_a, _r = t.appeals.c, t.raters.c


@dataclass(frozen=True, slots=True)
class Where:
    """Where a rater stands: `labels` in quarantine, `fresh` practice images that an appeal could use, and the open appeal, if any."""

    labels: list[int]
    fresh: list[AnyRow]
    appeal: AnyRow | None
    images: list[AnyRow]  # of the appeal, those still to be tried


def where(conn: Connection, project: Project, rater_id: str) -> Where:
    """Read a rater's standing. Nobody in quarantine has anything fresh or open."""
    mine = (_r.project_id == project.id) & (_r.rater_id == rater_id)
    text = conn.execute(select(_r.quarantined).where(mine)).scalar() or ""
    labels = sorted(int(part) for part in text.split(",") if part)
    if not labels:
        return Where([], [], None, [])
    tasks = {task.id: task for task in course(conn, project, rater_id).images}
    fresh = _fresh(conn, rater_id, tasks, labels)
    found = _open(conn, project.id, rater_id)
    left = [tasks[i] for i in _left(found) if i in tasks] if found else []
    return Where(labels, [tasks[i] for i in fresh], found, left)


def begin(conn: Connection, project: Project, rater_id: str, now: int) -> Where:
    """Open an appeal, or answer the one that is open. Raises Conflict: `not-quarantined`, `no-fresh-practice`."""
    at = where(conn, project, rater_id)
    if not at.labels:
        raise Conflict(
            "Your answers count as they should; there is nothing to appeal.", code="not-quarantined"
        )
    if at.appeal is not None:
        good = sum(d >= at.appeal.threshold for _, d in orjson.loads(at.appeal.dices))
        if (
            set(at.labels) <= set(orjson.loads(at.appeal.label_ids))
            and good + len(at.images) >= at.appeal.needed
        ):
            return at
        _close(
            conn, at.appeal.id, "void", now
        )  # the lab took its images away, or another label has come since
    appeal_id = new_id()
    drawn = rules.draw(appeal_id, [task.id for task in at.fresh])
    if not drawn:
        raise Conflict(
            f"There are fewer than {rules.NEEDED} practice images here that you haven't seen. The lab can add some; until then each good "
            "answer to the images that you get counts too.",
            code="no-fresh-practice",
        )
    row = {
        "id": appeal_id,
        "project_id": project.id,
        "rater_id": rater_id,
        "label_ids": orjson.dumps(at.labels).decode(),
        "task_ids": orjson.dumps(drawn).decode(),
        "dices": "[]",
        "needed": rules.NEEDED,
        "threshold": project.practice_dice,
        "state": "open",
        "created_at": now,
    }
    conn.execute(insert(t.appeals), row)
    return where(conn, project, rater_id)


def attempt(
    conn: Connection,
    project: Project,
    rater_id: str,
    task_id: str,
    scores: Sequence[LabelScore],
    answer: Sequence[MaskOf],
    truth: Sequence[MaskOf],
    now: int,
) -> dict[str, object] | None:
    """Count a first attempt on one of the open appeal's images; None where it is none. Passing ends the quarantine and tells of it.

    Must come before the attempt is kept as practice.
    """
    found = _open(conn, project.id, rater_id, lock=True)
    if found is None or task_id not in _left(found):
        return None
    labels: list[int] = orjson.loads(found.label_ids)
    dices: list[list[object]] = orjson.loads(found.dices)
    dices.append([task_id, round(rules.dice(scores, answer, truth, labels), 4)])
    values = [float(d) for _, d in dices]  # type: ignore[arg-type]
    there = {task.id for task in course(conn, project, rater_id).images}
    left = len([i for i in _left(found) if i != task_id and i in there])
    state = rules.judge(values, left, found.needed, found.threshold)
    conn.execute(update(t.appeals).where(_a.id == found.id).values(dices=orjson.dumps(dices).decode()))
    if state != "open":
        _close(conn, found.id, state, now)
    if state == "passed":
        _lift(conn, found, labels, values, now)
    good = sum(d >= found.threshold for d in values)
    return {"state": state, "needed": found.needed, "passed": good, "left": left, "dice": values[-1]}


def passed(conn: Connection, project_id: str) -> list[AnyRow]:
    """The appeals of a project that were passed, in order of time."""
    query = select(t.appeals).where(_a.project_id == project_id, _a.state == "passed")
    return list(conn.execute(query.order_by(_a.closed_at, _a.id)))


def to_event(row: AnyRow, closed_at: int, dices: Sequence[float]) -> events.AppealPassed:
    """What others learn of a passed appeal."""
    return events.AppealPassed(
        appeal_id=row.id,
        project_id=row.project_id,
        rater_id=row.rater_id,
        label_ids=orjson.loads(row.label_ids),
        threshold=row.threshold,
        needed=row.needed,
        dices=dices,
        passed_at_us=closed_at,
    )


def _lift(conn: Connection, row: AnyRow, labels: Sequence[int], dices: Sequence[float], now: int) -> None:
    # At once and not when consensus has heard: who passed goes on with real images. Should an older estimate arrive meanwhile, the next
    # one, which counts the appeal, sets it right.
    for label in labels:
        set_quarantine(conn, row.project_id, row.rater_id, label, False)
    emit_rows(conn, SERVICE, [outbox_row(SERVICE, row.project_id, to_event(row, now, dices), now)])


def _close(conn: Connection, appeal_id: str, state: rules.State, now: int) -> None:
    conn.execute(update(t.appeals).where(_a.id == appeal_id).values(state=state, closed_at=now))


def _open(conn: Connection, project_id: str, rater_id: str, lock: bool = False) -> AnyRow | None:
    query = select(t.appeals).where(_a.project_id == project_id, _a.rater_id == rater_id, _a.state == "open")
    return conn.execute(query.with_for_update() if lock else query).first()


def _left(row: AnyRow) -> list[str]:
    """The ids of its tasks that weren't tried yet."""
    tried = {task for task, _ in orjson.loads(row.dices)}
    return [i for i in orjson.loads(row.task_ids) if i not in tried]


def _fresh(conn: Connection, rater_id: str, tasks: dict[str, AnyRow], labels: list[int]) -> list[str]:
    """Of these practice images, those whose reference the rater can't know: never tried, never answered as work."""
    rt = t.rater_tasks.c
    known = select(rt.task_id).where(rt.rater_id == rater_id, rt.task_id.in_(list(tasks)), rt.state == t.DONE)
    p = t.practice.c
    tried = select(p.task_id).where(p.rater_id == rater_id, p.task_id.in_(list(tasks)))
    seen = {*conn.execute(known).scalars(), *conn.execute(tried).scalars()}
    return [
        i for i, task in tasks.items() if i not in seen and rules.shows(masks_from_text(task.masks), labels)
    ]
