"""What happens to a vote on arrival, and the marks of images that wait for their merge.

Every submission of the platform passes here, so the statements are built once: building one costs more than SQLite takes to run it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, insert, select, update

from services.consensus import tables as t
from services.consensus.store import DELETED
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.db.upsert import upsert
from shared.imaging.rle import RLE

_v, _d, _i, _p = t.votes.c, t.dirty.c, t.images.c, t.projects.c
_ADD = insert(t.votes)
_TOUCH = (
    update(t.projects)
    .where(_p.project_id == bindparam("b_project"))
    .values(dirty=_p.dirty + 1, touched_at=bindparam("b_now"))
)
_RATERS = select(func.count(_v.rater_id.distinct())).where(_v.image_id == bindparam("i"))
_IMAGE = select(_i.status, _i.quorum, _i.accept_agreement, _i.is_gold).where(_i.image_id == bindparam("i"))
_ADD_IMAGE = insert(t.images)
_CHANGE_IMAGE = (
    update(t.images)
    .where(_i.image_id == bindparam("b_image"))
    .values(quorum=bindparam("quorum"), accept_agreement=bindparam("accept"), is_gold=bindparam("gold"))
)
_STATE = select(func.count(), func.min(_d.since)).select_from(t.dirty)


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's mask for one label, from one submission."""

    submission_id: str
    label_id: int
    project_id: str
    image_id: str
    rater_id: str
    mask: RLE
    gold_dice: float | None
    duration_ms: int
    created_at: int


def add_votes(conn: Connection, votes: Iterable[Vote]) -> None:
    """Keep votes; nothing is ever overwritten."""
    rows = []
    for vote in votes:
        row = {k: getattr(vote, k) for k in vote.__slots__ if k != "mask"}
        rows.append({**row, "height": vote.mask.height, "width": vote.mask.width, "counts": vote.mask.counts})
    if rows:
        conn.execute(_ADD, rows)


def put_image(conn: Connection, ref: ImageRef, quorum: int, accept: float, is_gold: bool) -> None:
    """Create an image's row, or refresh what may change. A deleted one stays as it is."""
    row = conn.execute(_IMAGE, {"i": ref.id}).first()
    if row is None:
        values = {"quorum": quorum, "accept_agreement": accept, "is_gold": is_gold}
        new = {"image_id": ref.id, "project_id": ref.project_id, "ref": ref.SerializeToString(), **values}
        conn.execute(_ADD_IMAGE, new)
    elif row.status != DELETED and tuple(row)[1:] != (quorum, accept, is_gold):
        conn.execute(_CHANGE_IMAGE, {"b_image": ref.id, "quorum": quorum, "accept": accept, "gold": is_gold})


def touch(conn: Connection, project_id: str, now: int) -> None:
    """Note that there is something new to learn about the raters."""
    conn.execute(_TOUCH, {"b_project": project_id, "b_now": now})


@cache
def _mark(dialect: str) -> Any:
    new = upsert(dialect, t.dirty).values(
        image_id=bindparam("i"), since=bindparam("since"), complete=bindparam("complete")
    )
    older = case((_d.since < new.excluded.since, _d.since), else_=new.excluded.since)
    # An update and not "do nothing": it makes this vote wait for a merge that is deleting the mark, and mark the image anew.
    change = {"since": older, "complete": new.excluded.complete}
    return new.on_conflict_do_update(index_elements=[_d.image_id], set_=change)


def mark_dirty(conn: Connection, image_id: str, quorum: int, since: int) -> None:
    """Note that an image has votes, accepted at `since` or later (microseconds), which its consensus doesn't count yet."""
    raters = conn.execute(_RATERS, {"i": image_id}).scalar_one()
    mark = {"i": image_id, "since": since, "complete": raters >= max(1, quorum)}
    conn.execute(_mark(conn.dialect.name), mark)


def take_dirty(conn: Connection, complete: bool, limit: int, without: Iterable[str] = ()) -> list[Row[Any]]:
    """The images that wait longest for their merge, locked until the transaction ends; what another replica has locked is left out."""
    query = select(t.dirty).where(_d.complete.is_(complete)).order_by(_d.since, _d.image_id).limit(limit)
    if skipped := list(without):
        query = query.where(_d.image_id.not_in(skipped))
    return list(conn.execute(query.with_for_update(skip_locked=True)))


def clean(conn: Connection, image_ids: list[str]) -> None:
    """The consensus of these images counts all their votes."""
    conn.execute(delete(t.dirty).where(_d.image_id.in_(image_ids)))


def dirty_state(conn: Connection) -> tuple[int, int]:
    """How many images wait for their merge, and since when the oldest does (microseconds; 0: none waits)."""
    row = conn.execute(_STATE).one()
    return int(row[0]), int(row[1] or 0)
