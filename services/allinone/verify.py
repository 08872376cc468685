"""Every blob that a row names, read and compared with the SHA-256 that was kept when it was written.

Rows are read in pages and blobs in pieces, so memory stays flat whatever the installation holds. Nothing is changed. An installation may
go on working meanwhile: a row is written after its blob, and a blob of a row that was deleted meanwhile is asked for once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Table, select, tuple_

from services.allinone.migrate import load_tables
from shared.blobs import BlobStore, create_blobs
from shared.db.session import Database, metadata
from shared.errors import BrambleError, NotFound
from shared.settings import Settings

_PAGE, _PIECE = 500, 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob, or `length` bytes of it from `offset`, that the row `row` of `table` names. `sha256` "": only that it is there."""

    table: str
    row: str
    key: str
    sha256: str
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with a blob: `missing`, `changed` or `unreadable`, and the row that needs it."""

    table: str
    row: str
    key: str
    what: str


@dataclass(frozen=True, slots=True)
class _Source:
    """A table with blobs: its service, key, and pairs of columns (key of the blob, SHA-256 or "")."""

    service: str
    table: str
    primary: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


_SOURCES = (
    _Source("images", "images_source", ("id",), (("blob_key", "sha256"),)),
    _Source("images", "images_image", ("id",), (("frame_key", "frame_sha256"),)),
    _Source("annotations", "annotations_submissions", ("id",), ()),
    _Source("synthesis", "synthesis_generators", ("id",), (("weights_key", "weights_sha256"),)),
    _Source("synthesis", "synthesis_synthetic", ("id",), (("image_key", "image_sha256"), ("mask_key", ""))),
    _Source("synthesis", "synthesis_datasets", ("id",), (("archive_key", "archive_sha256"),)),
)


def verify_blobs(settings: Settings) -> tuple[dict[str, int], list[Damage]]:
    """Check all blobs that rows name; answers the numbers of rows, blobs and bytes that were read, and what is damaged."""
    load_tables()
    counts = {"rows": 0, "checked": 0, "bytes": 0}
    damaged: list[Damage] = []
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    try:
        for source in _SOURCES:
            database = Database(settings.database_url_for(source.service))
            try:
                for row in _rows(database, metadata.tables[source.table], source.primary):
                    counts["rows"] += 1
                    for wanted in _wanted(source, row):
                        found = _check(blobs, wanted, counts)
                        if found is not None and _still_there(database, source, row):
                            damaged.append(found)
            finally:
                database.close()
    finally:
        blobs.close()
    return counts, damaged


def _rows(database: Database, table: Table, primary: Sequence[str]) -> Iterator[Any]:
    columns = [table.c[name] for name in primary]
    last: tuple[Any, ...] | None = None
    while True:
        query = select(table).order_by(*columns).limit(_PAGE)
        if last is not None:
            query = query.where(tuple_(*columns) > last)
        with database.read() as conn:
            rows = conn.execute(query).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        last = tuple(getattr(rows[-1], name) for name in primary)


def _wanted(source: _Source, row: Any) -> Iterable[Wanted]:
    name = "/".join(str(getattr(row, column)) for column in source.primary)
    for key, digest in source.pairs:
        yield Wanted(source.table, name, getattr(row, key), getattr(row, digest) if digest else "")
    if source.table == "annotations_submissions":
        for _label, _height, _width, _area, offset, length, digest in orjson.loads(row.masks):
            yield Wanted(source.table, name, row.pack, digest, offset, length)


def _check(blobs: BlobStore, wanted: Wanted, counts: dict[str, int]) -> Damage | None:
    def damage(what: str) -> Damage:
        return Damage(wanted.table, wanted.row, wanted.key, what)

    counts["checked"] += 1
    digest = hashlib.sha256()
    try:
        if not wanted.sha256:
            return None if blobs.exists(wanted.key) else damage("missing")
        for piece in blobs.iter(wanted.key, _PIECE, wanted.offset, wanted.length):
            digest.update(piece)
            counts["bytes"] += len(piece)
    except NotFound:
        return damage("missing")
    except BrambleError as error:
        if error.retryable:  # the store is away: that says nothing about its blobs
            raise
        return damage("changed")  # shorter than the range that the row names
    except OSError as error:
        return damage(f"unreadable ({error.strerror})")
    return None if digest.hexdigest() == wanted.sha256 else damage("changed")


def _still_there(database: Database, source: _Source, row: Any) -> bool:
    table = metadata.tables[source.table]
    here = [table.c[name] == getattr(row, name) for name in source.primary]
    with database.read() as conn:
        return conn.execute(select(table.c[source.primary[0]]).where(*here)).first() is not None
