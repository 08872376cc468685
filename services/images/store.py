"""SQL of the images service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select

from services.images.domain.source import Geometry
from services.images.domain.stacks import Slice, beside
from services.images.records import Image, Rejection, Source
from services.images.tables import images, rejections, sources
from shared.db.upsert import upsert
from shared.errors import NotFound

_IMAGE_FIELDS = (
    "id", "project_id", "source_id", "frame_index", "frames", "height", "width", "channels", "name", "modality", "frame_key",
    "frame_sha256", "frame_size", "created_at",
)  # fmt: skip


# Statements of the upload's inner loop are built once: building one costs more than SQLite takes to run it.
@cache
def _keep(dialect: str) -> Any:
    statement = upsert(dialect, sources).on_conflict_do_nothing(index_elements=["project_id", "sha256"])
    return statement.returning(sources.c.id)  # not rowcount, which psycopg doesn't always know


_ADD_IMAGES = insert(images)
_SAME_BYTES = select(sources.c.id).where(
    sources.c.project_id == bindparam("project"), sources.c.sha256 == bindparam("digest")
)


def add_source(conn: Connection, source: Source, frames: Sequence[Image]) -> bool:
    """Keep a source with its images; False, with nothing changed, when the project has a file of the same bytes already."""
    if conn.execute(_keep(conn.dialect.name), asdict(source)).first() is None:
        return False
    conn.execute(_ADD_IMAGES, [_row(image) for image in frames])
    return True


def find_duplicate(conn: Connection, project_id: str, sha256: str) -> tuple[str, list[str]] | None:
    """``(source id, ids of its images in order)`` of the same bytes in the project, or None."""
    source_id = conn.execute(_SAME_BYTES, {"project": project_id, "digest": sha256}).scalar()
    if source_id is None:
        return None
    rows = conn.execute(
        select(images.c.id).where(images.c.source_id == source_id).order_by(images.c.frame_index)
    )
    return source_id, list(rows.scalars())


def add_rejections(conn: Connection, refused: Sequence[Rejection]) -> None:
    """Remember refused files."""
    if refused:
        conn.execute(insert(rejections), [asdict(item) for item in refused])


_IMAGE = select(images).where(images.c.id == bindparam("image"))


def find_image(conn: Connection, image_id: str) -> Image:
    """One image. Raises NotFound."""
    row = conn.execute(_IMAGE, {"image": image_id}).first()
    if row is None:
        raise NotFound(f"There is no image {image_id[:64]}.")
    return _image(row)


def find_source(conn: Connection, source_id: str) -> Source:
    """One source. Raises NotFound."""
    row = conn.execute(select(sources).where(sources.c.id == source_id)).first()
    if row is None:
        raise NotFound(f"There is no source {source_id[:64]}.")
    return Source(**row._mapping)


def list_images(
    conn: Connection, project_id: str, after: str, limit: int, group: str | None = None
) -> list[Image]:
    """A page of a project's images in order of ids (time of upload)."""
    query = select(images).where(images.c.project_id == project_id, images.c.id > after)
    if group is not None:
        query = query.where(images.c.group_key == group)
    return [_image(row) for row in conn.execute(query.order_by(images.c.id).limit(limit))]


def neighbours(conn: Connection, image: Image) -> tuple[Image | None, Image | None]:
    """The frames before and after an image in its stack, of the same size; None at an end and where it is in no stack."""
    c = images.c
    query = select(c.id, c.source_id, c.frame_index, c.frames, c.name).where(
        c.height == image.height, c.width == image.width
    )
    if image.frames > 1:
        near = (image.frame_index - 1, image.frame_index + 1)
        query = query.where(c.source_id == image.source_id, c.frame_index.in_(near))
    else:
        query = query.where(c.project_id == image.project_id, c.group_key == image.group)
    here = Slice(image.id, image.source_id, image.frame_index, image.frames, image.name)
    before, after = beside(here, (Slice(*row) for row in conn.execute(query)))
    return (
        find_image(conn, before) if before else None,
        find_image(conn, after) if after else None,
    )


def list_rejections(conn: Connection, project_id: str, after: str, limit: int) -> list[Rejection]:
    """A page of a project's refused files, oldest first."""
    query = select(rejections).where(rejections.c.project_id == project_id, rejections.c.id > after)
    return [Rejection(**row._mapping) for row in conn.execute(query.order_by(rejections.c.id).limit(limit))]


def delete_image(conn: Connection, image: Image) -> list[str]:
    """Forget an image, and its source with the last of its images; answers the blob keys that nothing needs any more."""
    conn.execute(delete(images).where(images.c.id == image.id))
    keys = [image.thumbnail_key]
    left = conn.execute(select(func.count()).where(images.c.source_id == image.source_id)).scalar()
    original = conn.execute(select(sources.c.blob_key).where(sources.c.id == image.source_id)).scalar()
    if image.frame_key != original:
        keys.append(image.frame_key)
    if not left and original is not None:
        conn.execute(delete(sources).where(sources.c.id == image.source_id))
        keys.append(original)
    return keys


def _row(image: Image) -> dict[str, Any]:
    row = {name: getattr(image, name) for name in _IMAGE_FIELDS}
    geometry = image.geometry
    row["group_key"] = image.group
    row["window"] = _json(geometry.window)
    row["spacing"] = _json(geometry.spacing)
    row["slice_mm"] = geometry.slice_mm
    row["affine"] = _json(geometry.affine or None)
    return row


def _image(row: Row[Any]) -> Image:
    window, spacing = _tuple(row.window), _tuple(row.spacing)
    geometry = Geometry(
        spacing=(spacing[0], spacing[1]) if spacing else None,
        slice_mm=row.slice_mm,
        affine=_tuple(row.affine),
        window=(window[0], window[1]) if window else None,
    )
    values = {name: row._mapping[name] for name in _IMAGE_FIELDS}
    return Image(group=row.group_key, geometry=geometry, **values)


def _json(values: tuple[float, ...] | None) -> str | None:
    return None if values is None else orjson.dumps(values).decode()


def _tuple(text: str | None) -> tuple[float, ...]:
    return tuple(orjson.loads(text)) if text else ()
