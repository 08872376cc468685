"""Many rows by one statement: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Float, LargeBinary, MetaData, String, Table, event, select
from sqlalchemy.exc import IntegrityError

from shared.db import Database
from shared.db import rows as many
from shared.db.rows import insert_rows, run_for_pairs

_local = MetaData()
places = Table(
    "contract_places",
    _local,
    Column("rater", String(36), primary_key=True),
    Column("key", String(36), primary_key=True),  # a word of SQL, as in the outbox
    Column("share", Float),
    Column("done", Boolean, nullable=False),
    Column("value", LargeBinary),
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = (
        f"sqlite:///{tmp_path}/x.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    database = Database(url)
    _local.drop_all(database.engine)
    _local.create_all(database.engine)
    yield database
    _local.drop_all(database.engine)
    database.close()


def row(k: int, **more: Any) -> dict[str, Any]:
    return {
        "rater": f"r{k % 7}",
        "key": f"k{k:04d}",
        "share": k / 8,
        "done": k % 2 == 0,
        "value": bytes([k % 256]),
        **more,
    }


def stored(db: Database) -> list[dict[str, Any]]:
    with db.read() as conn:
        return [dict(r) for r in conn.execute(select(places).order_by(places.c.key)).mappings()]


@pytest.fixture
def statements(db: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split()[0])

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_rows_come_back_as_they_went(db: Database, statements: list[str]) -> None:
    rows = [row(k) for k in range(40)]
    rows[3].update(share=None, value=None)
    with db.begin() as conn:
        insert_rows(conn, places, rows)
        insert_rows(conn, places, [])
    assert statements.count("INSERT") == 1
    assert stored(db) == rows


def test_more_than_a_statement_holds(
    db: Database, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MOST", 60)  # values: 12 rows, 30 pairs
    rows = [row(k) for k in range(100)]
    with db.begin() as conn:
        insert_rows(conn, places, rows)
        run_for_pairs(
            conn, "DELETE FROM contract_places", ("rater", "key"), [(r["rater"], r["key"]) for r in rows[:70]]
        )
    assert (statements.count("INSERT"), statements.count("DELETE")) == (9, 3)
    assert stored(db) == rows[70:]


def test_a_row_that_is_there_takes_over_what_is_named(db: Database) -> None:
    with db.begin() as conn:
        insert_rows(conn, places, [row(1), row(2)])
        insert_rows(conn, places, [row(2, share=9.0, value=b"new"), row(3)], update=["share"])
    assert stored(db) == [row(1), row(2, share=9.0), row(3)]


def test_a_row_that_is_there_is_refused_otherwise_and_nothing_is_kept(db: Database) -> None:
    with pytest.raises(IntegrityError), db.begin() as conn:
        insert_rows(conn, places, [row(1), row(2), row(1)])
    assert stored(db) == []


def test_pairs_are_pairs_and_not_every_combination(db: Database) -> None:
    with db.begin() as conn:
        insert_rows(conn, places, [row(0, rater=a, key=b, done=False) for a in "ab" for b in "xy"])
        run_for_pairs(
            conn,
            "UPDATE contract_places SET share = 1",
            ("rater", "key"),
            [("a", "x"), ("b", "y"), ("c", "x")],
        )
        run_for_pairs(conn, "UPDATE contract_places SET share = 2", ("rater", "key"), [])
    assert {(r["rater"], r["key"]) for r in stored(db) if r["share"] == 1} == {("a", "x"), ("b", "y")}


def test_sqlite_looks_pairs_up_by_the_key(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    _local.create_all(database.engine)
    sql = many._for_pairs(
        database.engine.dialect, "EXPLAIN QUERY PLAN DELETE FROM contract_places", ("rater", "key"), 3
    )
    with database.begin() as conn:
        plan = " ".join(str(r[3]) for r in conn.exec_driver_sql(sql, ("a",) * 6))
    database.close()
    assert "SEARCH contract_places" in plan
    assert "SCAN contract_places" not in plan
