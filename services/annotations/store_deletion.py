"""The end of a task whose image was deleted. In the caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, literal_column, select, update

from services.annotations import tables as t
from services.annotations.domain import quorum as quorum_rules
from services.annotations.domain.leases import State
from services.annotations.store import bump
from services.annotations.store_leases import IMAGE_DELETED, close
from shared.contracts.bramble.common.v1 import common_pb2 as common


def delete_task(conn: Connection, task_id: str, project_id: str, image_id: str, now: int) -> bool:
    """Take a deleted image's task out of the queue, of gold and of the counters, and end its live leases.

    The row and its answers stay: submissions are append-only. Drafts go. False: nothing was there to take out. Where the news of
    the image hasn't come yet (it has a topic of its own), a row with the id `task_id` is left so that it never becomes a task.
    """
    c = t.tasks.c
    query = select(t.tasks).where(c.project_id == project_id, c.image_id == image_id).with_for_update()
    task = conn.execute(query).first()
    if task is None:
        conn.execute(insert(t.tasks), _never(task_id, project_id, image_id, now))
        return False
    if task.status == quorum_rules.DELETED:
        return False
    gone = {"status": quorum_rules.DELETED, "is_gold": False, "is_practice": False, "need": 0}
    conn.execute(update(t.tasks).where(c.id == task.id).values(gone))
    conn.execute(delete(t.gold).where(t.gold.c.task_id == task.id))
    # After the status, so that the places that the leases give back aren't offered again.
    live = select(t.leases).where(t.leases.c.task_id == task.id, t.leases.c.state == literal_column("0"))
    close(conn, conn.execute(live).all(), State.EXPIRED, now, IMAGE_DELETED)
    conn.execute(delete(t.drafts).where(t.drafts.c.task_id == task.id))
    lapsed = (t.rater_tasks.c.task_id == task.id) & (t.rater_tasks.c.state == t.LAPSED)
    conn.execute(delete(t.rater_tasks).where(lapsed))
    retired = int(task.status == quorum_rules.RETIRED)
    golden = {"gold": -int(task.is_gold), "practice": -int(task.is_practice)}
    bump(conn, project_id, images=-1, retired=-retired, open=retired - 1, **golden)
    return True


def _never(task_id: str, project_id: str, image_id: str, now: int) -> dict[str, object]:
    return {
        "id": task_id,
        "project_id": project_id,
        "image_id": image_id,
        "height": 0,
        "width": 0,
        "image": common.ImageRef(id=image_id, project_id=project_id).SerializeToString(),
        "image_json": "{}",
        "status": quorum_rules.DELETED,
        "is_gold": False,
        "quorum": 0,
        "need": 0,
        "stamp": 0,
        "created_at": now,
    }
