"""`bramble admin rebuild-consensus` on a platform on which guests have submitted: each kind of harm is found, named at its image and put
right bit for bit, beside the running services; what was wrong stays in the history."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Connection, delete, insert, select, update
from typer.testing import CliRunner

from services.allinone.rebuild_consensus import Rebuild
from services.annotations import tables as annotations
from services.cli.demo.platform import make_accounts
from services.cli.main import app
from services.consensus import tables as t
from services.consensus.domain.auto import merge
from services.consensus.domain.votes import image_votes
from shared.db.session import Database
from shared.imaging import rle
from shared.settings import Settings
from tests.chaos.crowd import HEIGHT, WIDTH, Crowd
from tests.e2e.conftest import Up

IMAGES, QUORUM = 8, 3


@dataclass
class Installation:
    """A copy that one test may harm."""

    folder: Path
    project: str
    images: list[str]

    def database(self) -> Database:
        return Database(Settings(data_dir=self.folder).database_url_for("consensus"))

    def harm(self, what: Callable[[Connection], Any]) -> None:
        database = self.database()
        with database.begin() as conn:
            what(conn)
        database.close()

    def rows(self, table: Any, **where: Any) -> list[dict[str, Any]]:
        database = self.database()
        query = select(table).where(*(table.c[k] == v for k, v in where.items()))
        with database.read() as conn:
            found = [dict(row) for row in conn.execute(query.order_by(*table.primary_key)).mappings()]
        database.close()
        return found

    def newest(self, image: str) -> dict[str, Any]:
        return self.rows(t.versions, image_id=image)[-1]

    def blobs(self, image: str) -> list[Path]:
        return sorted(self.folder.glob(f"blobs/**/consensus/{self.project}/{image}/*.rle"))

    def run(self, *more: str) -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
        """Exit code, what was said of each image, and the totals ({} where it failed)."""
        env = {"BRAMBLE_DATA_DIR": str(self.folder)}
        done = CliRunner().invoke(app, ["--json", "admin", "rebuild-consensus", self.project, *more], env=env)
        assert done.exit_code in (0, 1), done.output
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        total = lines.pop() if "projects" in lines[-1] else {}
        return done.exit_code, {line["image"]: line for line in lines}, total

    def differing(self, *more: str) -> dict[str, list[str]]:
        return {image: line["what"] for image, line in self.run(*more)[1].items() if line["differs"]}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, Installation]]:
    """A running platform with a project that is labelled and settled: two labels, of which guests leave one empty."""
    up = Up(tmp_path_factory.mktemp("up"))
    up.start()
    make_accounts(str(up.folder))
    lab = up.lab()
    labels = [{"name": "disc"}, {"name": "nothing"}]
    body = {"name": "R", "labels": labels, "quorum": QUORUM, "gold_share": 0, "accept_agreement": 0.0}
    project = lab.post("/projects", body)["id"]
    rng = np.random.default_rng(3)
    files = []
    for number in range(IMAGES):
        png = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH), np.uint8)).save(png, "PNG")
        files.append(("files", (f"{number}.png", png.getvalue(), "image/png")))
    lab.http.post(f"/api/v1/projects/{project}/images", files=files).raise_for_status()
    until(lambda: lab.get(f"/projects/{project}")["counts"]["images"] == IMAGES)
    crowd = Crowd(up.url, project, size=QUORUM + 1, target=IMAGES * QUORUM, seed=1, pause_s=0.01)
    crowd.start()
    until(lambda: not crowd.busy)
    assert not crowd.unclear
    made = Installation(up.folder, project, [])
    settings = Settings(data_dir=up.folder)
    with Rebuild(settings, check=True) as work:
        until(lambda: len(made.rows(t.images, project_id=project, status="accepted")) == IMAGES)
        until(lambda: not work.waiting())
    made.images = sorted(row["image_id"] for row in made.rows(t.images, project_id=project))
    yield up, made
    up.stop()


def until(true: Callable[[], bool], patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)


@pytest.fixture
def copy(labelled: tuple[Up, Installation], tmp_path: Path) -> Installation:
    up, made = labelled
    shutil.copytree(
        up.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.db", "*.db-wal", "*.db-shm")
    )
    # The platform goes on writing: a database's file and its log, read one after the other, need not fit together.
    for path in up.folder.rglob("*.db"):
        with (
            closing(sqlite3.connect(path)) as running,
            closing(sqlite3.connect(tmp_path / "copy" / path.relative_to(up.folder))) as still,
        ):
            running.backup(still)
    return Installation(tmp_path / "copy", made.project, made.images)


def test_what_a_running_platform_made_is_right(labelled: tuple[Up, Installation]) -> None:
    _, made = labelled
    before = made.rows(t.versions, project_id=made.project)
    code, said, total = made.run("--check")
    assert code == 0
    assert sorted(said) == made.images
    assert not any(line["differs"] for line in said.values())
    assert total["images"] == IMAGES
    assert total["waiting"] is False
    assert made.run()[0] == 0
    assert made.rows(t.versions, project_id=made.project) == before


def test_an_appeal_that_consensus_lost_is_put_back_and_counts(copy: Installation) -> None:
    votes = copy.rows(t.votes, project_id=copy.project, label_id=1)
    rater = max({v["rater_id"] for v in votes}, key=lambda r: sum(v["rater_id"] == r for v in votes))
    given = sorted(v["created_at"] for v in votes if v["rater_id"] == rater)
    began = given[len(given) // 2]
    database = Database(Settings(data_dir=copy.folder).database_url_for("annotations"))
    with database.begin() as conn:
        conn.execute(
            insert(annotations.appeals).values(
                id="appeal", project_id=copy.project, rater_id=rater, label_ids="[1]", task_ids="[]", dices="[]",
                needed=3, threshold=0.7, state="passed", created_at=began, closed_at=began,
            )
        )  # fmt: skip
    database.close()
    code, said, _ = copy.run("--check")
    assert code == 1
    assert any("appeals" in what for what in said[None]["what"])
    assert copy.run()[0] == 0
    (kept,) = copy.rows(t.rater_decisions, decision="appeal")
    assert (kept["rater_id"], kept["label_id"], kept["created_at"]) == (rater, 1, began)
    (row,) = copy.rows(t.raters, rater_id=rater, label_id=1)
    assert (row["since"], json.loads(row["params"])["images"]) == (began, sum(at >= began for at in given))
    assert [start for start, _ in json.loads(row["earlier"])] == [0]
    assert copy.run("--check")[0] == 0
    assert copy.run()[0] == 0, "and nothing is put back twice"
    assert len(copy.rows(t.rater_decisions, decision="appeal")) == 1


def version(**values: Any) -> Callable[[Installation, str], Callable[[Connection], Any]]:
    def harm(made: Installation, image: str) -> Callable[[Connection], Any]:
        at = made.newest(image)["version"]
        row = update(t.versions).where(t.versions.c.image_id == image, t.versions.c.version == at)
        changed = {k: v(made.newest(image)[k]) for k, v in values.items()}
        return lambda conn: conn.execute(row.values(**changed))

    return harm


def another_mask(labels: bytes) -> bytes:
    rows = json.loads(labels)
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    drawn[3:9, 4:11] = True
    rows[0]["rle"] = rle.to_json(rle.encode(drawn))
    rows[0]["area"] = int(drawn.sum())
    return json.dumps(rows).encode()


def another_figure(labels: bytes) -> bytes:
    rows = json.loads(labels)
    rows[0]["predicted_dice"] = 0.123
    return json.dumps(rows).encode()


VERSIONS = {
    "cut": version(labels=lambda b: b[: len(b) // 2]),
    "another mask": version(labels=another_mask),
    "another figure": version(labels=another_figure),
    "its submissions": version(submissions=lambda s: json.dumps(json.loads(s)[1:])),
    "submissions cut": version(submissions=lambda s: s[:7]),
}


@pytest.mark.parametrize("what", VERSIONS)
def test_a_harmed_version_is_superseded_by_what_it_was(copy: Installation, what: str) -> None:
    image, other = copy.images[2], copy.images[5]
    before, others = copy.newest(image), copy.newest(other)
    copy.harm(VERSIONS[what](copy, image))
    harmed = copy.newest(image)
    assert list(copy.differing("--check")) == [image]
    assert copy.newest(image) == harmed, "--check wrote"
    code, said, total = copy.run()
    assert (code, total["differ"], total["versions"]) == (0, 1, 1)
    assert said[image]["version"] == before["version"] + 1
    after = copy.newest(image)
    same: tuple[str, ...] = ("submissions", "method", "project_id")
    # One from before the raters were known is made with what is known now, where nothing says any more what it was made of.
    if "submissions" not in what or json.loads(before["basis"])["1"]["raters"]:
        same += ("labels", "basis")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}, "not bit for bit"
    assert copy.rows(t.versions, image_id=image)[-2] == harmed, "history was lost"
    assert copy.newest(other) == others
    assert copy.differing("--check") == {}
    counts = {p.read_bytes() for p in copy.blobs(image) if p.name.startswith(f"{after['version']}-")}
    assert counts == {rle.from_json(row["rle"]).counts for row in json.loads(after["labels"])}


def test_a_lost_version_comes_again(copy: Installation) -> None:
    image = copy.images[0]
    before = copy.newest(image)
    copy.harm(lambda conn: conn.execute(delete(t.versions).where(t.versions.c.image_id == image)))
    assert copy.differing() == {image: ["it has no version"]}
    assert copy.newest(image)["version"] == before["version"] + 1, "a number was given twice"
    assert json.loads(copy.newest(image)["submissions"]) == json.loads(before["submissions"])
    assert masks(copy.newest(image)) == masks(before)
    assert copy.differing("--check") == {}


def masks(row: dict[str, Any]) -> list[Any]:
    return [(label["label_id"], label["rle"], label["method"]) for label in json.loads(row["labels"])]


@pytest.mark.parametrize("what", ["gone", "other"])
def test_a_harmed_blob_is_written_again(copy: Installation, what: str) -> None:
    image = copy.images[3]
    path, rows = copy.blobs(image)[-1], copy.rows(t.versions)
    before = path.read_bytes()
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(before[:-1] + b"0")
    assert list(copy.differing("--check")) == [image]
    assert copy.run()[0] == 0
    assert path.read_bytes() == before
    assert copy.rows(t.versions) == rows, "a version was right and was superseded"


HARMS: dict[str, Callable[[str], Any]] = {
    "votes deleted": lambda image: delete(t.votes).where(t.votes.c.image_id == image),
    "votes cut": lambda image: update(t.votes).where(t.votes.c.image_id == image).values(counts=b"\x01"),
    "empty votes lost": lambda image: delete(t.votes).where(
        t.votes.c.image_id == image, t.votes.c.label_id == 2
    ),
    "another rater's": lambda image: (
        update(t.votes)
        .where(t.votes.c.image_id == image)
        .values(rater_id="01900000-0000-7000-8000-000000000000", duration_ms=1)
    ),
    "list": lambda image: update(t.labels).where(t.labels.c.image_id == image).values(agreement=0.5, area=1),
    "list gone": lambda image: delete(t.labels).where(t.labels.c.image_id == image),
    "status": lambda image: update(t.images).where(t.images.c.image_id == image).values(status="pending"),
    "number": lambda image: (
        update(t.images).where(t.images.c.image_id == image).values(version=t.images.c.version - 1)
    ),
    "image gone": lambda image: delete(t.images).where(t.images.c.image_id == image),
}


@pytest.mark.parametrize("what", HARMS)
def test_harmed_rows_come_again_as_they_were(copy: Installation, what: str) -> None:
    image = copy.images[4]
    tables = (t.votes, t.labels, t.raters)
    before = [copy.rows(table) for table in tables]
    versions, newest = copy.rows(t.versions), masks(copy.newest(image))
    copy.harm(lambda conn: conn.execute(HARMS[what](image)))
    assert image in copy.differing("--check")
    assert copy.run()[0] == 0
    assert copy.differing("--check") == {}
    for table, rows in zip(tables, before, strict=True):
        assert without_time(copy.rows(table)) == without_time(rows), table.name
    assert masks(copy.newest(image)) == newest
    kept = copy.rows(t.versions)
    assert [row for row in kept if row in versions] == versions, "history was lost"
    (row,) = copy.rows(t.images, image_id=image)
    assert (row["version"], row["status"]) == (copy.newest(image)["version"], "accepted")


def without_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "updated_at"} for row in rows]


def test_all_of_consensus_lost(copy: Installation) -> None:
    """From nothing but the submissions, and equal to the offline functions on them; a label that came later was asked of none of them."""
    with closing(sqlite3.connect(copy.folder / "db" / "annotations.db")) as annotations, annotations:
        (text,) = annotations.execute(
            "SELECT labels FROM annotations_projects WHERE id = ?", [copy.project]
        ).fetchone()
        more = json.dumps([*json.loads(text), {**json.loads(text)[0], "id": 3, "name": "later"}])
        annotations.execute("UPDATE annotations_projects SET labels = ? WHERE id = ?", [more, copy.project])
    before = {image: masks(copy.newest(image)) for image in copy.images}
    votes = without_time(copy.rows(t.votes))
    everything = (t.votes, t.labels, t.raters, t.versions, t.images, t.projects, t.dirty)
    copy.harm(lambda conn: [conn.execute(delete(table)) for table in everything])
    assert set(copy.differing("--check")) == {None, *copy.images}
    assert copy.rows(t.projects) == []
    assert copy.run()[0] == 0
    assert {image: masks(copy.newest(image)) for image in copy.images} == before
    assert without_time(copy.rows(t.votes)) == votes
    assert copy.differing("--check") == {}
    given: dict[str, dict[str, Any]] = {}
    for row in copy.rows(t.votes, label_id=1):
        mask = rle.RLE(row["height"], row["width"], row["counts"])
        given.setdefault(row["image_id"], {})[row["rater_id"]] = mask
    fused, _, choice = merge([image_votes(image, m) for image, m in sorted(given.items())])
    for image, one in zip(sorted(given), fused, strict=True):
        (label,) = [row for row in json.loads(copy.newest(image)["labels"]) if row["label_id"] == 1]
        assert (label["rle"], label["method"]) == (rle.to_json(one.mask), choice.method)


def test_a_harmed_belief(copy: Installation) -> None:
    before = without_time(copy.rows(t.raters))
    copy.harm(lambda conn: conn.execute(update(t.raters).values(params="{}")))
    (said,) = copy.differing("--check").values()
    assert "raters are believed" in said[0]
    assert copy.run()[0] == 0
    assert without_time(copy.rows(t.raters)) == before


def test_a_vote_of_no_submission_stays_until_it_is_told_to_go(copy: Installation) -> None:
    image = copy.images[1]
    row = copy.rows(t.votes, image_id=image)[0]
    stranger = {**row, "submission_id": "f" * 36, "rater_id": "0" * 36}
    before = copy.newest(image)
    copy.harm(lambda conn: conn.execute(t.votes.insert().values(**stranger)))
    code, said, _ = copy.run()
    assert (code, said[image]["left"]) == (1, True)
    assert "no submission" in said[image]["what"][0]
    assert stranger in copy.rows(t.votes)
    assert copy.run("--drop-unknown-votes")[0] == 0
    assert stranger not in copy.rows(t.votes)
    assert masks(copy.newest(image)) == masks(before)
    assert copy.differing("--check") == {}


def test_a_mask_that_the_object_store_lost_is_taken_from_the_vote(copy: Installation) -> None:
    for pack in copy.folder.glob("blobs/**/annotations/masks/**/*.rle"):
        pack.unlink()
    assert copy.differing("--check") == {}
    image = copy.images[6]
    harm = update(t.votes).where(t.votes.c.image_id == image, t.votes.c.label_id == 1).values(counts=b"?")
    copy.harm(lambda conn: conn.execute(harm))
    code, said, _ = copy.run()
    assert (code, said[image]["left"]) == (1, True)
    assert f"{QUORUM} of its submitted masks damaged" in said[image]["what"][0]


def test_what_the_command_wants() -> None:
    for arguments in ([], ["some-project", "--all"]):
        done = CliRunner().invoke(app, ["admin", "rebuild-consensus", *arguments])
        assert done.exit_code == 2, done.output
