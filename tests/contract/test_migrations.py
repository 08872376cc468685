"""One Alembic chain on both databases: it builds exactly the tables that the code declares, from empty,
twice, in parallel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from services.allinone.migrate import current, head, load_tables, upgrade
from shared.db.session import Database, metadata

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/x.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_chain_builds_what_the_code_declares(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert current(db) is None
    upgrade(db)
    assert current(db) == head()
    load_tables()
    with db.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": False, "target_metadata": metadata})
        differences = compare_metadata(context, metadata)
    # SQLite reports indexes over expressions and JSON defaults in its own words; names are what both agree
    # on.
    assert [
        d for d in differences if d[0] in ("add_table", "remove_table", "add_column", "remove_column")
    ] == []
    assert [d for d in differences if d[0] in ("add_index", "add_constraint")] == []


def test_upgrade_twice_changes_nothing(db: Database) -> None:
    upgrade(db)
    before = sorted(inspect(db.engine).get_table_names())
    upgrade(db)
    assert sorted(inspect(db.engine).get_table_names()) == before


@pytest.mark.real
def test_pods_that_start_together_migrate_once(postgres_url: str) -> None:
    # Processes, as pods are: Alembic keeps its context in a module, so threads of one process would disturb one another.
    code = "import sys; from services.allinone.migrate import upgrade; from shared.db import Database; upgrade(Database(sys.argv[1]))"
    pods = [
        subprocess.Popen(
            [sys.executable, "-c", code, postgres_url], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    errors = [pod.communicate(timeout=120)[1] for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0, 0], errors
    database = Database(postgres_url)
    assert current(database) == head()
    database.close()
