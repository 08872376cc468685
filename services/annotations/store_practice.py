"""Practice in the tables. Every function works in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from services.annotations import tables as t
from services.annotations.domain import practice as rules
from services.annotations.records import AnyRow, Project
from shared.db.upsert import upsert
from shared.errors import Forbidden, NotFound

#: More practice images than that help nobody; a lab that marks more gets the first of them.
MOST_IMAGES = 200

_k, _p = t.tasks.c, t.practice.c


@dataclass(frozen=True, slots=True)
class Course:
    """A project's practice as one rater sees it. `example` shows its reference from the start and counts for nothing."""

    example: AnyRow | None
    images: list[AnyRow]
    done: dict[str, AnyRow]  # task id → the rater's row
    standing: rules.Standing


def course(conn: Connection, project: Project, rater_id: str) -> Course:
    """The practice images of the project with how the rater did on them, in the rater's order."""
    query = (
        select(_k.id, _k.image_id, _k.image_json, _k.height, _k.width, t.gold.c.masks)
        .join(t.gold, t.gold.c.task_id == _k.id)
        .where(_k.project_id == project.id, _k.is_gold, _k.is_practice)
        .order_by(_k.id)
        .limit(MOST_IMAGES)
    )
    tasks = list(conn.execute(query))
    example = tasks.pop(0) if len(tasks) > 1 else None
    mine = select(t.practice).where(_p.project_id == project.id, _p.rater_id == rater_id)
    done = {row.task_id: row for row in conn.execute(mine)}
    bests = {task.image_id: done[task.id].best for task in tasks if task.id in done}
    by_image = {task.image_id: task for task in tasks}
    ordered = [by_image[i] for i in rules.order(project.id, rater_id, list(by_image), bests)]
    where = rules.standing(project.practice_required, project.practice_dice, len(tasks), bests.values())
    return Course(example, ordered, done, where)


def require_qualified(conn: Connection, project: Project, rater_id: str) -> None:
    """Raise Forbidden (`practice-first`) where the project asks for practice that the rater hasn't mastered yet."""
    if project.practice_required == 0:
        return
    where = course(conn, project, rater_id).standing
    if not where.qualified:
        raise Forbidden(
            f"Practise first: reach {round(100 * where.threshold)} % on {where.missing} more practice "
            f"image{'s' if where.missing > 1 else ''}.",
            code="practice-first",
        )


def find(conn: Connection, project_id: str, image_id: str) -> Any:
    """A practice image with its size and reference; NotFound for every other image, measuring gold too."""
    query = (
        select(_k.id, _k.height, _k.width, t.gold.c.masks)
        .join(t.gold, t.gold.c.task_id == _k.id)
        .where(_k.project_id == project_id, _k.image_id == image_id, _k.is_gold, _k.is_practice)
    )
    row = conn.execute(query).first()
    if row is None:
        raise NotFound("This image isn't for practice.")
    return row


def keep(conn: Connection, project_id: str, rater_id: str, task_id: str, dice: float, now: int) -> None:
    """Note an attempt. The rater knows the reference from now on: the image is never work for them, whatever it becomes later."""
    statement = upsert(conn.dialect.name, t.practice).values(
        rater_id=rater_id,
        task_id=task_id,
        project_id=project_id,
        attempts=1,
        best=dice,
        last=dice,
        updated_at=now,
    )
    better = {"attempts": _p.attempts + 1, "last": dice, "updated_at": now}
    greatest = func.max if conn.dialect.name == "sqlite" else func.greatest
    better["best"] = greatest(_p.best, dice)
    conn.execute(statement.on_conflict_do_update(index_elements=[_p.rater_id, _p.task_id], set_=better))
    rt = t.rater_tasks.c
    known = upsert(conn.dialect.name, t.rater_tasks).values(
        rater_id=rater_id, task_id=task_id, project_id=project_id, state=t.DONE
    )
    # A lease that is held just now ends by itself; every other state becomes "done".
    conn.execute(
        known.on_conflict_do_update(
            index_elements=[rt.rater_id, rt.task_id], set_={"state": t.DONE}, where=rt.state != t.HELD
        )
    )
