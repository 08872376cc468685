"""Everything that was acknowledged in a project, with its masks: what a consensus can always be computed from again. Read only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from services.annotations import tables as t
from services.annotations.domain.quorum import DELETED
from shared.blobs import BlobStore
from shared.errors import NotFound
from shared.imaging import rle
from shared.imaging.rle import RLE, InvalidRLE

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mask that isn't empty, as it was submitted; `mask` None where its blob is gone or isn't what was stored (`sha256`, hex)."""

    label_id: int
    height: int
    width: int
    sha256: str
    mask: RLE | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledged submission. `label_ids`: those that were asked for, None where that wasn't kept yet. `gold_dice` by label, {}
    where it wasn't compared with gold; `created_at`: UTC, microseconds."""

    submission_id: str
    image_id: str
    rater_id: str
    drawn: tuple[Drawn, ...]
    label_ids: tuple[int, ...] | None
    gold_dice: dict[int, float]
    duration_ms: int
    created_at: int


def project_ids(conn: Connection) -> list[str]:
    """All projects, in order of their ids."""
    return list(conn.execute(select(t.projects.c.id).order_by(t.projects.c.id)).scalars())


def project(conn: Connection, project_id: str) -> Row[Any]:
    """A project's row. Raises NotFound."""
    row = conn.execute(select(t.projects).where(t.projects.c.id == project_id)).first()
    if row is None:
        raise NotFound(f"There is no project {project_id[:64]}; `bramble project list` shows them.")
    return row


def tasks(conn: Connection, project_id: str) -> dict[str, Row[Any]]:
    """Image → its task's `image` (a serialised ImageRef), `height`, `width`, `quorum`, `is_gold` and `deleted`."""
    c = t.tasks.c
    query = select(
        c.image_id, c.image, c.height, c.width, c.quorum, c.is_gold, (c.status == DELETED).label("deleted")
    )
    query = query.where(c.project_id == project_id)
    return {row.image_id: row for row in conn.execute(query)}


def answers(conn: Connection, blobs: BlobStore, project_id: str) -> Iterator[Answer]:
    """A project's submissions in order of their ids, superseded ones too. Raises Unavailable where the object store doesn't answer."""
    s, last = t.submissions.c, ""
    while True:
        query = select(
            s.id, s.image_id, s.rater_id, s.pack, s.masks, s.label_ids, s.is_gold, s.gold_dice, s.duration_ms, s.created_at
        )  # fmt: skip
        query = query.where(s.project_id == project_id, s.id > last).order_by(s.id).limit(_PAGE)
        rows = conn.execute(query).all()
        packs: dict[str, bytes | None] = {}  # the masks of one commit lie in one blob
        for row in rows:
            dice = orjson.loads(row.gold_dice) if row.is_gold and row.gold_dice else {}
            yield Answer(
                submission_id=row.id,
                image_id=row.image_id,
                rater_id=row.rater_id,
                drawn=tuple(_drawn(blobs, packs, row.pack, ref) for ref in orjson.loads(row.masks)),
                label_ids=None if row.label_ids is None else tuple(orjson.loads(row.label_ids)),
                gold_dice={int(label): float(value) for label, value in dice.items()},
                duration_ms=row.duration_ms,
                created_at=row.created_at,
            )
        if len(rows) < _PAGE:
            return
        last = rows[-1].id


def _drawn(blobs: BlobStore, packs: dict[str, bytes | None], key: str, ref: list[Any]) -> Drawn:
    label_id, height, width, _area, offset, length, digest = ref
    if key not in packs:
        try:
            packs[key] = blobs.get(key)
        except NotFound:
            packs[key] = None
    data = (packs[key] or b"")[offset : offset + length]
    mask = None
    if sha256(data).hexdigest() == digest:
        try:
            mask = rle.validate(RLE(height, width, data), height, width)
        except InvalidRLE:
            mask = None
    return Drawn(label_id, height, width, digest, mask)
