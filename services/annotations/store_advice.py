"""What raters are told about their own outlines, each thing once. Every function works in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from services.annotations import tables as t
from services.annotations.records import AnyRow
from shared.contracts.bramble.consensus.v1.events_pb2 import RaterAdvice
from shared.db.upsert import upsert
from shared.errors import NotFound
from shared.ids import new_id

_d = t.advice.c


def keep(
    conn: Connection, project_id: str, rater_id: str, label_id: int, said: Iterable[RaterAdvice], now: int
) -> None:
    """Note what a rater is to be told. A kind that was noted for the label before, told or not, is never noted again."""
    for one in said:
        row = {
            "id": new_id(),
            "project_id": project_id,
            "rater_id": rater_id,
            "label_id": label_id,
            "kind": one.kind[:16],
            "direction": one.direction[:16],
            "px": one.px,
            "share": one.share,
            "answers": one.answers,
            "created_at": now,
        }
        conn.execute(upsert(conn.dialect.name, t.advice).values(row).on_conflict_do_nothing())


def untold(conn: Connection, project_id: str, rater_id: str) -> list[AnyRow]:
    """What the rater hasn't been told yet, oldest first."""
    mine = (_d.project_id == project_id) & (_d.rater_id == rater_id) & _d.seen_at.is_(None)
    return list(conn.execute(select(t.advice).where(mine).order_by(_d.id)))


def mark_seen(conn: Connection, project_id: str, rater_id: str, advice_id: str, now: int) -> None:
    """Note that the rater has read it; doing so twice is no error. NotFound for anybody else's."""
    mine = (_d.id == advice_id) & (_d.project_id == project_id) & (_d.rater_id == rater_id)
    if conn.execute(select(_d.id).where(mine)).first() is None:
        raise NotFound("There is no such advice for you.")
    conn.execute(update(t.advice).where(mine, _d.seen_at.is_(None)).values(seen_at=now))
