"""What raters tell the lab about images. Every function works in the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.annotations import tables as t
from services.annotations.records import AnyRow
from shared.errors import NotFound, TooManyRequests
from shared.ids import new_id

KINDS = ("comment", "unsure", "wrong", "skip")
#: Open notes of one rater in one project; beyond, the lab has enough to read.
MOST_OPEN = 500

_n = t.notes.c


def note_row(
    *,
    project_id: str,
    image_id: str,
    rater_id: str,
    kind: str,
    text: str,
    now: int,
    submission_id: str | None = None,
) -> dict[str, Any]:
    """A row of `annotations_notes`."""
    return {
        "id": new_id(),
        "project_id": project_id,
        "image_id": image_id,
        "rater_id": rater_id,
        "submission_id": submission_id,
        "kind": kind,
        "text": text,
        "created_at": now,
    }


def add(conn: Connection, row: dict[str, Any]) -> None:
    """Keep a note. Raises TooManyRequests from `MOST_OPEN` open ones of this rater on."""
    mine = select(func.count()).where(
        _n.rater_id == row["rater_id"], _n.project_id == row["project_id"], _n.resolved_at.is_(None)
    )
    if int(conn.execute(mine).scalar_one()) >= MOST_OPEN:
        raise TooManyRequests(
            f"The lab has {MOST_OPEN} open notes of yours; it will get to them.",
            code="too-many-notes",
            retry_after=3600,
        )
    conn.execute(insert(t.notes), row)


def find(conn: Connection, project_id: str, note_id: str) -> AnyRow:
    """The note; NotFound where the project has no such note."""
    row = conn.execute(select(t.notes).where(_n.project_id == project_id, _n.id == note_id)).first()
    if row is None:
        raise NotFound("There is no such note in this project.")
    return row


def listed(
    conn: Connection, project_id: str, *, resolved: bool | None, before: str, limit: int
) -> list[AnyRow]:
    """A project's notes, newest first, after the id `before` (empty: from the newest)."""
    query = select(t.notes).where(_n.project_id == project_id).order_by(_n.id.desc()).limit(limit)
    if before:
        query = query.where(_n.id < before)
    if resolved is not None:
        query = query.where(_n.resolved_at.is_not(None) if resolved else _n.resolved_at.is_(None))
    return list(conn.execute(query))


def of_rater(conn: Connection, rater_id: str, *, before: str, limit: int) -> list[AnyRow]:
    """A rater's own notes in all projects, newest first."""
    query = select(t.notes).where(_n.rater_id == rater_id).order_by(_n.id.desc()).limit(limit)
    return list(conn.execute(query.where(_n.id < before) if before else query))


def answer(
    conn: Connection,
    project_id: str,
    note_id: str,
    *,
    by: str,
    resolved: bool | None,
    reply: str | None,
    now: int,
) -> AnyRow:
    """Resolve a note, open it again, reply to it; answers the note as it is then. NotFound where the project has no such note."""
    find(conn, project_id, note_id)
    values: dict[str, Any] = {}
    if resolved is not None:
        values |= {"resolved_at": now if resolved else None, "resolved_by": by if resolved else None}
    if reply is not None:
        values["reply"] = reply
    if values:
        conn.execute(update(t.notes).where(_n.id == note_id).values(**values))
    return find(conn, project_id, note_id)
