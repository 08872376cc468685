"""One Alembic chain on both databases: it builds exactly the tables that the code declares, from empty,
twice, in parallel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData, insert, inspect, select

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


def test_what_was_known_before_facts_were_kept_becomes_the_first_facts(db: Database) -> None:
    upgrade(db, "0006")
    before = MetaData()
    with db.begin() as conn:
        before.reflect(conn)
        project, item = before.tables["synthesis_projects"], before.tables["synthesis_items"]
        split, drawn = before.tables["synthesis_splits"], before.tables["synthesis_synthetic"]
        common = {"labels": [{"id": 1, "name": "spot"}], "updated_at_us": 5}
        conn.execute(
            insert(project),
            [
                {"project_id": "split", "name": "Knees", "split_seed": 7, "split": {"test": 0.2}, **common},
                {"project_id": "unsplit", "name": "Hips", "split_seed": None, "split": None, **common},
            ],
        )
        # The project "unheard" has an image, and its own news hasn't come yet.
        for owner, image, deleted in (
            ("split", "b", False), ("split", "a", True), ("unsplit", "c", False), ("unheard", "d", False),
        ):  # fmt: skip
            conn.execute(
                insert(item).values(
                    project_id=owner, image_id=image, group_name="g", name=f"{image}.png", source_id="s", height=4, width=3,
                    channels=1, frame={}, geometry={}, gold=None, consensus={"version": 2}, deleted=deleted, updated_at_us=5,
                )
            )  # fmt: skip
        conn.execute(insert(split).values(project_id="split", group_name="g", split="test", decided_at_us=5))
        for n in range(2):
            conn.execute(
                insert(drawn).values(
                    id=str(n), project_id="split", generator_id="m", job_id="j", position=n, seed=n, size=64, channels=1, kind="real",
                    parents=[], groups=[], image_key="i", image_sha256="0", mask_key="m", accepted=True, reason="", dice=1.0,
                    created_at_us=5,
                )
            )  # fmt: skip

    upgrade(db)

    load_tables()
    facts, projects = metadata.tables["synthesis_facts"].c, metadata.tables["synthesis_projects"].c
    with db.read() as conn:
        rows = conn.execute(
            select(facts.project_id, facts.number, facts.kind, facts.image_id, facts.data).order_by(
                facts.project_id, facts.number
            )
        ).all()
        numbers = dict(conn.execute(select(projects.project_id, projects.facts)).all())
    assert numbers == {"split": 5, "unsplit": 2, "unheard": 1}
    told = {p: [(r.number, r.kind, r.image_id) for r in rows if r.project_id == p] for p in numbers}
    assert told == {
        # Both samples are of one job, which is one fact; images by their id.
        "split": [(1, "project", ""), (2, "split", ""), (3, "synthetic", ""), (4, "known", "a"), (5, "known", "b")],
        "unsplit": [(1, "project", ""), (2, "known", "c")],
        "unheard": [(1, "known", "d")],
    }  # fmt: skip
    data = {(r.project_id, r.number): r.data for r in rows}
    assert data["split", 1] == {"name": "Knees", "labels": common["labels"]}
    assert data["split", 2] == {"seed": 7, "shares": {"test": 0.2}, "groups": {"g": "test"}}
    assert data["split", 3] == {"job_id": "j"}
    assert data["split", 4]["deleted"] is True
    assert data["split", 5] == {
        "group_name": "g", "name": "b.png", "source_id": "s", "height": 4, "width": 3, "channels": 1, "frame": {}, "geometry": {},
        "gold": None, "consensus": {"version": 2}, "deleted": False,
    }  # fmt: skip
