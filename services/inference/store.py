"""SQL and blobs of inference: which images there are, the frames behind them, examples and proposals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, or_, select, update

from services.inference.domain.prior import Example
from services.inference.tables import examples, images, project_models, proposals
from shared.blobs import BlobStore
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.db.upsert import upsert
from shared.errors import NotFound
from shared.imaging import codecs, rle


@dataclass(frozen=True, slots=True)
class Image:
    """A frame that inference may segment, and where its PNG lies."""

    id: str
    project_id: str
    height: int
    width: int
    frame_key: str
    frame_offset: int
    frame_length: int
    frame_sha256: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A base annotation of one label."""

    image_id: str
    label_id: int
    project_id: str
    rle: rle.RLE
    score: float
    model: str
    version: str


def add_image(conn: Connection, ref: ImageRef, now_us: int) -> None:
    """Note an image; a second time changes nothing."""
    values = {
        "id": ref.id,
        "project_id": ref.project_id,
        "height": ref.height,
        "width": ref.width,
        "frame_key": ref.frame.key,
        "frame_offset": ref.frame.offset,
        "frame_length": ref.frame.length,
        "frame_sha256": ref.frame.sha256,
        "stored_at_us": now_us,
        "proposed_from": -1,
    }
    conn.execute(upsert(conn.dialect.name, images).values(**values).on_conflict_do_nothing())


def forget_image(conn: Connection, image_id: str, project_id: str, now_us: int) -> None:
    """Drop all that is known of a deleted image. A row without a frame stays, so that an event that was still on its way (its
    storing, its consensus) can't bring it back."""
    for table, key in (
        (images, images.c.id),
        (proposals, proposals.c.image_id),
        (examples, examples.c.image_id),
    ):
        conn.execute(delete(table).where(key == image_id))
    gone = {"id": image_id, "project_id": project_id, "height": 0, "width": 0, "stored_at_us": now_us}
    gone |= {"frame_key": "", "frame_offset": 0, "frame_length": 0, "frame_sha256": "", "proposed_from": None}
    conn.execute(insert(images).values(gone))


def is_forgotten(conn: Connection, image_id: str) -> bool:
    """Whether `forget_image` was called for it."""
    return conn.execute(select(images.c.frame_key).where(images.c.id == image_id)).scalar() == ""


_IMAGE = select(images).where(images.c.id == bindparam("i"))


def find_image(conn: Connection, image_id: str) -> Image:
    """Raises NotFound for an image that inference hasn't heard of (yet)."""
    row = conn.execute(_IMAGE, {"i": image_id}).first()
    if row is None or not row.frame_key:
        raise NotFound(
            "There is no such image, or it was stored a moment ago; try again in a second.", retry_after=1
        )
    return _image(row)


def _image(row: Row[tuple[object, ...]]) -> Image:
    return Image(
        row.id, row.project_id, row.height, row.width, row.frame_key, row.frame_offset, row.frame_length, row.frame_sha256
    )  # fmt: skip


def read_frame(blobs: BlobStore, image: Image) -> npt.NDArray[np.uint8]:
    """uint8 (H, W) or (H, W, 3) of the stored frame."""
    data = blobs.get(image.frame_key, image.frame_offset, image.frame_length or None)
    pixels = codecs.decode_png(data)
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def put_example(conn: Connection, image_id: str, label_id: int, project_id: str, example: Example) -> None:
    """Keep what a consensus image taught; the newest version of an image replaces the one before."""
    conn.execute(delete(examples).where(examples.c.image_id == image_id, examples.c.label_id == label_id))
    conn.execute(
        insert(examples).values(
            image_id=image_id, label_id=label_id, project_id=project_id, data=example.to_json()
        )
    )


def examples_of(conn: Connection, project_id: str, limit: int = 200) -> dict[int, list[Example]]:
    """label → the newest examples of a project."""
    query = select(examples.c.label_id, examples.c.data).where(examples.c.project_id == project_id)
    found: dict[int, list[Example]] = {}
    for row in conn.execute(query.order_by(examples.c.image_id.desc()).limit(limit)):
        found.setdefault(row.label_id, []).append(Example.from_json(row.data))
    return found


def count_examples(conn: Connection, project_id: str) -> int:
    """Images of the project that taught something."""
    query = select(func.count(func.distinct(examples.c.image_id))).where(examples.c.project_id == project_id)
    return int(conn.execute(query).scalar_one())


def settle(conn: Connection, image_id: str) -> None:
    """An image with a consensus needs no proposal any more."""
    conn.execute(update(images).where(images.c.id == image_id).values(proposed_from=None))


def to_propose(
    conn: Connection, least: int, growth: float, limit: int
) -> list[tuple[Image, int, str | None]]:
    """Images whose proposals are missing, were made from fewer than 1/`growth` of today's examples, or with another project model than
    today's; with the number of examples and the model's id (None: there is none)."""
    counted = (
        select(examples.c.project_id, func.count(func.distinct(examples.c.image_id)).label("n"))
        .group_by(examples.c.project_id)
        .having(func.count(func.distinct(examples.c.image_id)) >= least)
        .subquery()
    )
    m = project_models.c
    model = func.coalesce(m.id, "")
    query = (
        select(images, counted.c.n, m.id.label("model_id"))
        .join(counted, counted.c.project_id == images.c.project_id)
        .outerjoin(project_models, and_(m.project_id == images.c.project_id, m.active))
        .where(
            images.c.proposed_from.is_not(None),
            or_(images.c.proposed_from * growth <= counted.c.n, images.c.proposed_by != model),
        )
        .order_by(images.c.id)
        .limit(limit)
    )
    return [(_image(row), int(row.n), row.model_id) for row in conn.execute(query)]


def replace_proposals(
    conn: Connection, image_id: str, made_from: int, made_by: str, found: list[Proposal], now_us: int
) -> bool:
    """Put an image's proposals in the place of the earlier ones; `made_by`: the project model that looked at it, or "". Whether there
    were earlier ones."""
    had = conn.execute(delete(proposals).where(proposals.c.image_id == image_id)).rowcount > 0
    if found:
        rows = [
            {
                "image_id": p.image_id,
                "label_id": p.label_id,
                "project_id": p.project_id,
                "counts": p.rle.counts.decode("ascii"),
                "area": rle.area(p.rle),
                "score": p.score,
                "model": p.model,
                "version": p.version,
                "made_at_us": now_us,
            }
            for p in found
        ]
        conn.execute(insert(proposals), rows)
    query = update(images).where(images.c.id == image_id, images.c.proposed_from.is_not(None))
    conn.execute(query.values(proposed_from=made_from, proposed_by=made_by))
    return had


_PROPOSALS = (
    select(proposals).where(proposals.c.image_id == bindparam("i")).order_by(proposals.c.score.desc())
)


def proposals_of(conn: Connection, image: Image) -> list[Proposal]:
    """An image's proposals, best first."""
    return [
        Proposal(
            r.image_id, r.label_id, r.project_id, rle.RLE(image.height, image.width, r.counts.encode()), r.score, r.model,
            r.version,
        )
        for r in conn.execute(_PROPOSALS, {"i": image.id})
    ]  # fmt: skip
