"""Projects, their counters, and tasks. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, insert, or_, select, update

from services.annotations import tables as t
from services.annotations.domain import quorum as quorum_rules
from services.annotations.records import (
    COUNTERS,
    Project,
    image_json,
    label_messages,
    overlap_message,
    project_of,
)
from shared.contracts.bramble.annotations.v1 import events_pb2 as events
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.db.outbox import emit_rows, outbox_row
from shared.errors import NotFound

SERVICE = "annotations"

_c = t.counters.c
_BUMP = (
    update(t.counters)
    .where(_c.project_id == bindparam("p"))
    .values({_c.seq: _c.seq + bindparam("d_seq"), **{_c[n]: _c[n] + bindparam(f"d_{n}") for n in COUNTERS}})
    .returning(_c.seq)
)
_ZERO = {f"d_{name}": 0 for name in COUNTERS}


def bump(conn: Connection, project_id: str, *, stamps: int = 0, **deltas: int) -> int:
    """Change a project's counters and draw `stamps` stamps; answers the first of them.

    The counter row stays locked until the transaction ends, so stamps become visible in their order. Call it after every
    other row lock of the transaction, so that it is held for a moment only and transactions can't wait for each other in a ring.
    """
    values = {**_ZERO, "p": project_id, "d_seq": stamps, **{f"d_{name}": n for name, n in deltas.items()}}
    last = conn.execute(_BUMP, values).scalar()
    if last is None:
        raise NotFound(f"There is no project {project_id}.")
    return int(last) - stamps + 1


def counts_of(conn: Connection, project_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """The public `counts` of projects."""
    rows = conn.execute(select(t.counters).where(_c.project_id.in_(project_ids)))
    return {row.project_id: {name: getattr(row, name) for name in COUNTERS} for row in rows}


# ---------------------------------------------------------------------------------------------------------------- projects
_PROJECT = select(t.projects).where(t.projects.c.id == bindparam("p"))


def find_project(conn: Connection, project_id: str, *, lock: bool = False) -> Project:
    """The project; NotFound where there is none. `lock` keeps others from changing it in this transaction."""
    row = conn.execute(_PROJECT.with_for_update() if lock else _PROJECT, {"p": project_id}).first()
    if row is None:
        raise NotFound(f"There is no project {project_id}.")
    return project_of(row)


def list_projects(
    conn: Connection,
    *,
    after: str,
    limit: int,
    everything: bool,
    member_of: Iterable[str],
    owner: str,
    made_after: int,
) -> list[Project]:
    """Projects in order of their ids: all, or the open ones that are not archived, those of the member, and those that the owner
    made after `made_after` (µs)."""
    p = t.projects.c
    query = select(t.projects).where(p.id > after).order_by(p.id).limit(limit)
    if not everything:
        query = query.where(
            or_(
                (p.open) & (p.status != "archived"),
                p.id.in_(list(member_of)),
                (p.owner_id == owner) & (p.created_at > made_after),
            )
        )
    return [project_of(row) for row in conn.execute(query)]


def add_project(conn: Connection, project: Project, now: int) -> None:
    """Insert a project with its counters, and say so (`ProjectCreated`)."""
    conn.execute(insert(t.projects), _project_row(project))
    conn.execute(insert(t.counters), {"project_id": project.id})
    message = events.ProjectCreated(
        project_id=project.id,
        owner_id=project.owner_id,
        name=project.name,
        labels=label_messages(project.labels),
        quorum=project.quorum,
        accept_agreement=project.accept_agreement,
        overlap=overlap_message(project),
    )
    emit_rows(conn, SERVICE, [outbox_row(SERVICE, project.id, message, now)])


def save_project(conn: Connection, old: Project, new: Project, now: int) -> None:
    """Write a changed project, bring its open tasks to a changed quorum, and say so (`ProjectUpdated`, `TaskRetired`)."""
    row = _project_row(new)
    conn.execute(update(t.projects).where(t.projects.c.id == new.id).values(row))
    message = events.ProjectUpdated(
        project_id=new.id,
        name=new.name,
        labels=label_messages(new.labels),
        quorum=new.quorum,
        accept_agreement=new.accept_agreement,
        status=new.status,
        overlap=overlap_message(new),
    )
    rows = [outbox_row(SERVICE, new.id, message, now)]
    if new.quorum != old.quorum:
        rows += _change_quorum(conn, new, now)
    emit_rows(conn, SERVICE, rows)


def _project_row(project: Project) -> dict[str, Any]:
    row = {name: getattr(project, name) for name in t.projects.c.keys()}  # noqa: SIM118 - a column collection, not a dict
    row["labels"] = orjson.dumps([label.to_json() for label in project.labels]).decode()
    return row


def _change_quorum(conn: Connection, project: Project, now: int) -> list[dict[str, object]]:
    """Open tasks get the project's new quorum; retired ones stay retired, their consensus is made."""
    c = t.tasks.c
    open_tasks = select(c.id, c.image_id, c.submissions, c.leases, c.is_gold, c.stamp)
    open_tasks = (
        open_tasks.where(c.project_id == project.id, c.status == quorum_rules.OPEN)
        .order_by(c.id)
        .with_for_update()
    )
    tasks = sorted(conn.execute(open_tasks), key=lambda task: task.stamp)
    done = [
        x
        for x in tasks
        if quorum_rules.is_done(quorum=project.quorum, submissions=x.submissions, is_gold=x.is_gold)
    ]
    gone = {task.id for task in done}
    stamp = bump(conn, project.id, stamps=len(tasks), open=-len(done), retired=len(done))
    changes = []
    for position, task in enumerate(tasks):
        status = quorum_rules.RETIRED if task.id in gone else quorum_rules.OPEN
        need = quorum_rules.need(
            quorum=project.quorum,
            submissions=task.submissions,
            leases=task.leases,
            is_gold=task.is_gold,
            status=status,
        )
        # A changed need means a new place in another queue; gold keeps its place on the round.
        place = task.stamp if task.is_gold else stamp + position
        changes.append(
            {"b_id": task.id, "quorum": project.quorum, "need": need, "status": status, "stamp": place}
        )
    if changes:
        conn.execute(update(t.tasks).where(c.id == bindparam("b_id")), changes)
    return [retired_row(x.id, project.id, x.image_id, x.submissions, now) for x in done]


def retired_row(
    task_id: str, project_id: str, image_id: str, submissions: int, now: int
) -> dict[str, object]:
    """The outbox row that says that a task needs no more raters."""
    message = events.TaskRetired(
        task_id=task_id, project_id=project_id, image_id=image_id, submissions=submissions
    )
    return outbox_row(SERVICE, image_id, message, now)


# ------------------------------------------------------------------------------------------------------------------- tasks
def add_task(conn: Connection, task_id: str, image: common.ImageRef, now: int) -> bool:
    """Create the task of a stored image, and say so (`TaskCreated`). False: the image has one already,
    or was deleted before the news of it came.

    Raises NotFound for an unknown project.
    """
    project = find_project(conn, image.project_id)
    known = select(t.tasks.c.id).where(t.tasks.c.project_id == project.id, t.tasks.c.image_id == image.id)
    if conn.execute(known).first() is not None:
        return False
    stamp = bump(conn, project.id, stamps=1, images=1, open=1)
    values = {
        "id": task_id,
        "project_id": project.id,
        "image_id": image.id,
        "height": image.height,
        "width": image.width,
        "image": image.SerializeToString(deterministic=True),
        "image_json": orjson.dumps(image_json(image)).decode(),
        "status": quorum_rules.OPEN,
        "is_gold": False,
        "quorum": project.quorum,
        "need": project.quorum,
        "stamp": stamp,
        "created_at": now,
    }
    conn.execute(insert(t.tasks), values)
    message = events.TaskCreated(task_id=task_id, image=image, quorum=project.quorum, is_gold=False)
    emit_rows(conn, SERVICE, [outbox_row(SERVICE, image.id, message, now)])
    return True


def list_tasks(
    conn: Connection, project_id: str, *, status: str | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Tasks of a project in order of their ids, after the id `after`."""
    c = t.tasks.c
    query = select(c.id, c.image_id, c.status, c.is_gold, c.submissions, c.leases, c.quorum, c.created_at)
    query = query.where(c.project_id == project_id, c.id > after).order_by(c.id).limit(limit)
    query = query.where(c.status == status if status else c.status != quorum_rules.DELETED)
    return [{str(key): value for key, value in row._mapping.items()} for row in conn.execute(query)]


def find_task(
    conn: Connection, project_id: str, image_id: str, *, lock: bool = False, deleted: bool = False
) -> Any:
    """The task row of an image, with `deleted` also that of a deleted one; NotFound where the project has no such image."""
    c = t.tasks.c
    query = select(t.tasks).where(c.project_id == project_id, c.image_id == image_id)
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None or (row.status == quorum_rules.DELETED and not deleted):
        raise NotFound(f"The project has no image {image_id}, or it isn't a task yet; try again in a moment.")
    return row


def raise_quorum(conn: Connection, project_id: str, image_id: str, seen_by_consensus: int) -> bool:
    """One more rater for a task whose consensus is not sure enough; reopens it. False: not now (`quorum.raised`)."""
    project = find_project(conn, project_id)
    task = find_task(conn, project_id, image_id, lock=True)
    wanted = quorum_rules.raised(
        most=project.overlap_most,
        quorum=task.quorum,
        submissions=task.submissions,
        leases=task.leases,
        status=task.status,
        seen_by_consensus=seen_by_consensus,
    )
    if wanted is None or task.is_gold:
        return False
    need = quorum_rules.need(quorum=wanted, submissions=task.submissions, leases=task.leases)
    reopened = int(task.status == quorum_rules.RETIRED)
    stamp = bump(conn, project_id, stamps=1, open=reopened, retired=-reopened)
    values = {"quorum": wanted, "need": need, "status": quorum_rules.OPEN, "stamp": stamp}
    conn.execute(update(t.tasks).where(t.tasks.c.id == task.id).values(values))
    return True


def stop_early(conn: Connection, project_id: str, image_id: str, seen_by_consensus: int, now: int) -> bool:
    """No more raters for a task whose consensus is sure, or which only an expert can help. False: not now (`quorum.stopped`).

    Who holds a lease finishes: the places of live leases stay within the quorum, so nothing overshoots.
    """
    project = find_project(conn, project_id)
    task = find_task(conn, project_id, image_id, lock=True)
    wanted = quorum_rules.stopped(
        least=project.overlap_least,
        submissions=task.submissions,
        leases=task.leases,
        status=task.status,
        seen_by_consensus=seen_by_consensus,
    )
    if wanted is None or task.is_gold or project.overlap_most == 0:
        return False
    stamp = bump(conn, project_id, stamps=1, open=-1, retired=1)
    values = {"quorum": wanted, "need": 0, "status": quorum_rules.RETIRED, "stamp": stamp}
    conn.execute(update(t.tasks).where(t.tasks.c.id == task.id).values(values))
    emit_rows(conn, SERVICE, [retired_row(task.id, project_id, image_id, task.submissions, now)])
    return True


def mark_proposal(conn: Connection, project_id: str, image_id: str, there: bool) -> None:
    """Note whether a base annotation can be shown with the task. An image without a task (yet) is left alone."""
    c = t.tasks.c
    conn.execute(
        update(t.tasks).where(c.project_id == project_id, c.image_id == image_id).values(has_proposal=there)
    )


def set_quarantine(conn: Connection, project_id: str, rater_id: str, label_id: int, on: bool) -> None:
    """A rater whose work on a label can't be used: who is in quarantine for any label is handed gold only."""
    c = t.raters.c
    mine = (c.project_id == project_id) & (c.rater_id == rater_id)
    row = conn.execute(select(c.quarantined).where(mine).with_for_update()).first()
    if row is None:
        if on:
            conn.execute(
                insert(t.raters),
                {"project_id": project_id, "rater_id": rater_id, "quarantined": str(label_id)},
            )
        return
    labels = {part for part in row.quarantined.split(",") if part}
    wanted = labels | {str(label_id)} if on else labels - {str(label_id)}
    if wanted != labels:
        conn.execute(update(t.raters).where(mine).values(quarantined=",".join(sorted(wanted))))


def rater_rows(conn: Connection, rater_id: str, project_id: str | None) -> list[Any]:
    """The rater's rows in all projects, or in one."""
    query = select(t.raters).where(t.raters.c.rater_id == rater_id)
    return list(conn.execute(query.where(t.raters.c.project_id == project_id) if project_id else query))


def list_submissions(
    conn: Connection, project_id: str, *, image_id: str | None, after: str, limit: int
) -> list[Any]:
    """Submissions of a project, or of one of its images, in order of their ids, which is that of their arrival."""
    c = t.submissions.c
    query = select(t.submissions).where(c.project_id == project_id, c.id > after).order_by(c.id).limit(limit)
    if image_id:
        query = query.where(c.task_id == find_task(conn, project_id, image_id, deleted=True).id)
    return list(conn.execute(query))
