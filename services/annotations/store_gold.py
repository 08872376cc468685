"""Gold in the tables: the lab's truth of an image. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, select, update

from services.annotations import tables as t
from services.annotations.domain import quorum as quorum_rules
from services.annotations.domain.answers import MaskOf
from services.annotations.records import AnyRow, masks_to_text
from services.annotations.store import SERVICE, bump, find_task, retired_row
from shared.contracts.bramble.annotations.v1 import events_pb2 as events
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.db.outbox import emit_rows, outbox_row
from shared.db.upsert import upsert
from shared.errors import NotFound


def put_gold(
    conn: Connection,
    project_id: str,
    image_id: str,
    masks: Sequence[MaskOf],
    refs: Sequence[common.LabelMask],
    now: int,
    practice: bool | None = None,
) -> bool:
    """Make an image gold, or replace its truth. It leaves the quorum's queue; answers it already has stay answers.

    `practice` gold is for learners and isn't handed out as work; None leaves that as it was. Answers whether it is for practice.
    `refs` say where the masks lie for those who learn by event. Raises NotFound for an image that isn't in the project.
    """
    task = find_task(conn, project_id, image_id, lock=True)
    values = {
        "task_id": task.id,
        "project_id": project_id,
        "image_id": image_id,
        "masks": masks_to_text(masks),
        "created_at": now,
    }
    statement = upsert(conn.dialect.name, t.gold).values(values)
    conn.execute(
        statement.on_conflict_do_update(index_elements=[t.gold.c.task_id], set_={"masks": values["masks"]})
    )
    wanted = bool(task.is_practice) if practice is None else practice
    moved = int(wanted) - int(task.is_practice)
    if not task.is_gold:
        reopened = int(task.status == quorum_rules.RETIRED)
        stamp = bump(conn, project_id, stamps=1, gold=1, practice=moved, open=reopened, retired=-reopened)
        values = {
            "is_gold": True,
            "is_practice": wanted,
            "need": 0,
            "status": quorum_rules.OPEN,
            "stamp": stamp,
        }
        conn.execute(update(t.tasks).where(t.tasks.c.id == task.id).values(values))
    elif moved:
        # A new place on the round of gold, at its end: who is past the old one would never meet it.
        stamp = bump(conn, project_id, stamps=1, practice=moved)
        conn.execute(update(t.tasks).where(t.tasks.c.id == task.id).values(is_practice=wanted, stamp=stamp))
    _tell(conn, task, refs, removed=False, now=now)
    return wanted


def remove_gold(conn: Connection, project_id: str, image_id: str, now: int) -> None:
    """Make a gold image an ordinary one, which asks for its quorum from now on. NotFound where it isn't gold."""
    task = find_task(conn, project_id, image_id, lock=True)
    if not task.is_gold:
        raise NotFound(f"The image {image_id} isn't gold.")
    conn.execute(delete(t.gold).where(t.gold.c.task_id == task.id))
    done = quorum_rules.is_done(quorum=task.quorum, submissions=task.submissions, is_gold=False)
    status = quorum_rules.RETIRED if done else quorum_rules.OPEN
    need = quorum_rules.need(
        quorum=task.quorum, submissions=task.submissions, leases=task.leases, status=status
    )
    stamp = bump(
        conn,
        project_id,
        stamps=1,
        gold=-1,
        practice=-int(task.is_practice),
        open=-int(done),
        retired=int(done),
    )
    values = {"is_gold": False, "is_practice": False, "need": need, "status": status, "stamp": stamp}
    conn.execute(update(t.tasks).where(t.tasks.c.id == task.id).values(values))
    _tell(conn, task, (), removed=True, now=now)
    if done:
        emit_rows(conn, SERVICE, [retired_row(task.id, project_id, image_id, task.submissions, now)])


def _tell(
    conn: Connection, task: AnyRow, refs: Sequence[common.LabelMask], *, removed: bool, now: int
) -> None:
    image = common.ImageRef.FromString(task.image)
    message = events.GoldAdded(project_id=task.project_id, image=image, masks=refs, removed=removed)
    emit_rows(conn, SERVICE, [outbox_row(SERVICE, task.image_id, message, now)])


_GOLD = select(t.gold, t.tasks.c.is_practice).join(t.tasks, t.tasks.c.id == t.gold.c.task_id)


def find_gold(conn: Connection, project_id: str, image_id: str) -> AnyRow:
    """The gold of an image; NotFound where there is none."""
    g = t.gold.c
    row = conn.execute(_GOLD.where(g.project_id == project_id, g.image_id == image_id)).first()
    if row is None:
        raise NotFound(f"The image {image_id} isn't gold.")
    return row


def list_gold(conn: Connection, project_id: str, *, after: str, limit: int) -> list[RowMapping]:
    """Gold of a project in order of its image ids."""
    g = t.gold.c
    query = _GOLD.where(g.project_id == project_id, g.image_id > after).order_by(g.image_id).limit(limit)
    return [row._mapping for row in conn.execute(query)]
