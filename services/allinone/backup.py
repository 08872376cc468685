"""One archive of an installation, and an empty installation made whole from it.

The archive is a gzipped tar, read and written as a stream:

    bramble.json                       format, schema, when
    tables/<service>/<table>.jsonl     a row a line; bytes as {"b64": "..."}
    blobs/<key>                        as they lie in the object store
    manifest.json                      last: SHA-256 and size of every member, rows of every table

Tables come first, then blobs: a blob is written before the row that names it, so none is missing. Each service's tables are one
snapshot. What lies on the bus between two services isn't in it: stop the services, or wait until outboxes and lag are at 0. The
form doesn't matter: an archive of SQLite and files restores into PostgreSQL and S3, and the other way round.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import Connection, LargeBinary, Table, func, insert, select

from services.allinone.migrate import head, load_tables, migrate
from shared.blobs import BlobStore, create_blobs
from shared.clock import SystemClock, to_rfc3339
from shared.db.session import Database, metadata
from shared.errors import Conflict, InvalidInput
from shared.settings import SERVICES, Settings

FORMAT = 1
# The tables that every service has, and the column that says whose a row is (services may share one database).
_OWNER = {"bus_outbox": "service", "bus_inbox": "consumer", "bus_dead_letters": "consumer"}
# Their ids are each database's own numbering.
_NUMBERED = ("bus_outbox", "bus_dead_letters")
_ROWS, _PIECE = 500, 1 << 20


def tables_of(service: str) -> list[Table]:
    """What a service keeps; a table that others refer to comes before them."""
    load_tables()
    return [t for t in metadata.sorted_tables if t.name in _OWNER or t.name.startswith(f"{service}_")]


def backup(settings: Settings, target: Path) -> dict[str, int]:
    """Write the archive, whole or not at all, readable for its owner only (it holds password hashes); answers the number of rows,
    blobs and bytes of blobs. Raises Conflict where the database isn't at this version's schema."""
    part = target.with_name(target.name + ".part")
    members: dict[str, dict[str, Any]] = {}
    count = {"rows": 0, "blobs": 0, "blob_bytes": 0}
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(handle, "wb") as file,
            gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            about = {
                "format": FORMAT,
                "schema": head(),
                "created_at": to_rfc3339(SystemClock().now_us()),
            }
            _add(tar, members, "bramble.json", io.BytesIO(orjson.dumps(about)), len(orjson.dumps(about)))
            for service in SERVICES:
                count["rows"] += _dump(settings, service, tar, members)
            for info in blobs.list():
                with blobs.open(info.key) as stream:
                    _add(tar, members, f"blobs/{info.key}", stream, info.size)
                count["blobs"] += 1
                count["blob_bytes"] += info.size
            manifest = orjson.dumps({"members": members})
            _add(tar, {}, "manifest.json", io.BytesIO(manifest), len(manifest))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        blobs.close()
    return count


def restore(settings: Settings, source: Path) -> dict[str, int]:
    """Check the whole archive, then make the empty installation that the settings name equal to it. Raises InvalidInput for an archive
    that is damaged or of another version, Conflict where something is there already; then nothing is written."""
    _verify(source)
    migrate(settings)
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    databases = {service: Database(settings.database_url_for(service)) for service in SERVICES}
    count = {"rows": 0, "blobs": 0, "blob_bytes": 0}
    try:
        _require_empty(databases, blobs)
        for name, size, stream in _members(source):
            kind, _, rest = name.partition("/")
            if kind == "blobs":
                with tempfile.TemporaryFile() as spool:  # the store may want to seek, which the archive can't
                    while piece := stream.read(_PIECE):
                        spool.write(piece)
                    spool.seek(0)
                    blobs.put(rest, spool)
                count["blobs"] += 1
                count["blob_bytes"] += size
            elif kind == "tables":
                service, _, file = rest.partition("/")
                with databases[service].begin() as conn:
                    count["rows"] += _load(conn, metadata.tables[file.removesuffix(".jsonl")], stream)
    finally:
        for database in databases.values():
            database.close()
        blobs.close()
    return count


def _dump(settings: Settings, service: str, tar: tarfile.TarFile, members: dict[str, dict[str, Any]]) -> int:
    database, total = Database(settings.database_url_for(service)), 0
    snapshot = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    try:
        with (
            database.engine.connect().execution_options(bramble_write=False, **snapshot) as conn,
            conn.begin(),
        ):
            for table in tables_of(service):
                with tempfile.TemporaryFile() as spool:
                    rows = 0
                    for row in (
                        conn.execution_options(yield_per=_ROWS).execute(_of(service, table)).mappings()
                    ):
                        spool.write(orjson.dumps(dict(row), _bytes, orjson.OPT_NON_STR_KEYS) + b"\n")
                        rows += 1
                    size = spool.tell()
                    spool.seek(0)
                    name = f"tables/{service}/{table.name}.jsonl"
                    _add(tar, members, name, spool, size)
                    members[name]["rows"] = rows
                    total += rows
    finally:
        database.close()
    return total


def _of(service: str, table: Table) -> Any:
    query = select(table).order_by(*table.primary_key.columns)
    owner = _OWNER.get(table.name)
    return query.where(table.c[owner] == service) if owner else query


def _bytes(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return {"b64": base64.b64encode(bytes(value)).decode()}
    raise TypeError(f"{type(value).__name__} in a table")


def _load(conn: Connection, table: Table, stream: IO[bytes]) -> int:
    count, batch = 0, []
    binary = [c.name for c in table.columns if isinstance(c.type, LargeBinary)]
    for line in stream:
        row = orjson.loads(line)
        row |= {k: base64.b64decode(row[k]["b64"]) for k in binary if row[k] is not None}
        if table.name in _NUMBERED:
            del row["id"]
        batch.append(row)
        if len(batch) == _ROWS:
            conn.execute(insert(table), batch)
            count, batch = count + len(batch), []
    if batch:
        conn.execute(insert(table), batch)
    return count + len(batch)


def _require_empty(databases: dict[str, Database], blobs: BlobStore) -> None:
    for service, database in databases.items():
        with database.read() as conn:
            for table in tables_of(service):
                if conn.execute(select(func.count()).select_from(table)).scalar_one():
                    raise Conflict(f"{table.name} has rows already; restore into an empty installation.")
    if next(iter(blobs.list()), None) is not None:
        raise Conflict("The object store holds blobs already; restore into an empty installation.")


class _Hashed(io.RawIOBase):
    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece


def _add(
    tar: tarfile.TarFile, members: dict[str, dict[str, Any]], name: str, stream: IO[bytes], size: int
) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    hashed = _Hashed(stream)
    tar.addfile(info, hashed)
    members[name] = {"size": size, "sha256": hashed.digest.hexdigest()}


def _members(source: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    with tarfile.open(source, "r|gz") as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if stream is not None:
                yield info.name, info.size, stream


def _verify(source: Path) -> None:
    try:
        _compare(source)
    except (tarfile.TarError, EOFError, OSError, zlib.error, orjson.JSONDecodeError) as error:
        raise InvalidInput(f"{source} is no whole backup ({type(error).__name__}: {error}).") from error


def _compare(source: Path) -> None:
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, dict[str, Any]] = {}
    for name, size, stream in _members(source):
        if name == "manifest.json":
            manifest = orjson.loads(stream.read())["members"]
            continue
        hashed = _Hashed(stream)
        first = hashed.read(_PIECE)
        if name == "bramble.json":
            about = orjson.loads(first)
            if about["format"] != FORMAT or about["schema"] != head():
                raise InvalidInput(
                    f"The backup has format {about['format']} and schema {about['schema']}, this version {FORMAT} and {head()}; restore "
                    "with the version that made it, then upgrade."
                )
        while hashed.read(_PIECE):
            pass
        found[name] = {"size": size, "sha256": hashed.digest.hexdigest()}
    if not manifest:
        raise InvalidInput(f"{source} ends before its manifest; it was cut short.")
    for name in sorted({*found, *manifest}):
        given = {k: manifest.get(name, {}).get(k) for k in ("size", "sha256")}
        if found.get(name) != given:
            raise InvalidInput(f"{source}: {name} isn't what the manifest says; the archive is damaged.")
