"""`bramble admin backup` and `restore`: every table and blob of one installation in another, on both forms; and what they refuse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, insert, select
from typer.testing import CliRunner

from services.allinone.backup import backup, restore, tables_of
from services.allinone.migrate import migrate
from services.cli.main import app
from shared.blobs import create_blobs
from shared.db.session import Database
from shared.errors import Conflict, InvalidInput
from shared.settings import SERVICES, Settings

ROWS = 3
Contents = dict[str, Any]


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path / "full")
    fill(settings)
    return settings


def fill(settings: Settings) -> None:
    """A few rows in every table of every service, with every kind of value, and blobs."""
    migrate(settings)
    for service in SERVICES:
        database = Database(settings.database_url_for(service))
        for table in tables_of(service):
            rows = [
                {c.name: value(c, n, service) for c in table.columns if not (c.nullable and n == 0)}
                for n in range(ROWS)
            ]
            with database.begin() as conn:
                for row in rows:
                    conn.execute(insert(table).values(**row))
        database.close()
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    blobs.put("annotations/masks/0/a.rle", bytes(range(256)) * 5000)
    blobs.put("images/empty", b"")
    blobs.close()


def value(column: Any, n: int, service: str) -> Any:
    if column.name in ("service", "consumer"):
        return service
    if column.name == "state":
        return n + 1  # a lease that isn't live: the unique indexes over live ones don't matter here
    match column.type:
        case Boolean():
            return bool(n % 2)
        case Float():
            return 0.1 + n / 3
        case Integer():
            return (1 << 31 if type(column.type).__name__ == "BigInteger" else 0) + n + 1
        case JSON():
            return {"b64": [n, "é", None]}
        case LargeBinary():
            return b"\x00\xff\n" + bytes([n])
    return f"{n} é\n"[: column.type.length or 100]


def contents(settings: Settings) -> Contents:
    found: Contents = {}
    for service in SERVICES:
        database = Database(settings.database_url_for(service))
        with database.read() as conn:
            for table in tables_of(service):
                rows = [dict(row) for row in conn.execute(select(table)).mappings()]
                owner = next(
                    (c for c in ("service", "consumer") if c in table.c and table.name.startswith("bus_")),
                    None,
                )
                mine = [row for row in rows if owner is None or row[owner] == service]
                if table.name in ("bus_outbox", "bus_dead_letters"):
                    mine = [{k: v for k, v in row.items() if k != "id"} for row in mine]
                found[f"{service}/{table.name}"] = sorted(mine, key=repr)
        database.close()
    blobs = create_blobs(settings.blob_url, settings.data_dir)
    found["blobs"] = {info.key: blobs.get(info.key) for info in blobs.list()}
    blobs.close()
    return found


def test_an_empty_installation_becomes_equal(embedded: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    written = backup(embedded, archive)
    assert archive.stat().st_mode & 0o077 == 0, "it holds password hashes"
    target = Settings(data_dir=tmp_path / "empty")
    assert restore(target, archive) == written
    before = contents(embedded)
    assert all(before.values())
    assert contents(target) == before


@pytest.mark.real
@pytest.mark.slow
def test_from_files_to_postgres_and_s3_and_back(
    embedded: Settings, tmp_path: Path, postgres_url: str, s3_url: str
) -> None:
    """All services in one database, as a small installation may have it."""
    first, second = tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"
    backup(embedded, first)
    scaled = Settings(data_dir=tmp_path / "scaled", database_url=postgres_url, blob_url=s3_url)
    restore(scaled, first)
    assert contents(scaled) == contents(embedded)
    backup(scaled, second)
    again = Settings(data_dir=tmp_path / "again")
    restore(again, second)
    assert contents(again) == contents(embedded)


def test_the_commands(embedded: Settings, tmp_path: Path) -> None:
    runner, archive = CliRunner(), tmp_path / "b.tar.gz"
    for command, folder in (("backup", "full"), ("restore", "new")):
        env = {"BRAMBLE_DATA_DIR": str(tmp_path / folder)}
        done = runner.invoke(app, ["--json", "admin", command, str(archive)], env=env)
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["blobs"] == 2
    assert contents(Settings(data_dir=tmp_path / "new")) == contents(embedded)


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _cut_inside(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data)[:-20480])


def _flip(data: bytes) -> bytes:
    plain = gzip.decompress(data)
    at = plain.index(bytes(range(256)) * 5000) + 9
    return gzip.compress(plain[:at] + b"!" + plain[at + 1 :], 1)


@pytest.mark.parametrize("harm", [_cut, _cut_inside, _flip])
def test_a_damaged_archive_changes_nothing(
    embedded: Settings, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(embedded, archive)
    archive.write_bytes(harm(archive.read_bytes()))
    target = tmp_path / "empty"
    with pytest.raises(InvalidInput):
        restore(Settings(data_dir=target), archive)
    assert not target.exists()


def test_it_does_not_write_over_anything(embedded: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(embedded, archive)
    before = contents(embedded)
    with pytest.raises(Conflict, match="empty installation"):
        restore(embedded, archive)
    assert contents(embedded) == before
