"""A project's own segmenter: asked for by events, never twice at once, trained by a worker, told to inference."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select

from services.synthesis import segmenters
from services.synthesis.domain.params import job_params
from services.synthesis.queue import JobQueue
from services.synthesis.tables import jobs
from services.synthesis.worker import Worker
from shared.clock import ManualClock, SystemClock
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.synthesis.v1.events_pb2 import SegmenterTrained
from shared.db.outbox import outbox_table
from shared.db.session import Database
from tests.integration.synthesis.conftest import House

TINY = {"size": 32, "members": 2, "steps": 6, "batch": 4}


@pytest.fixture
def keen(tmp_path):
    made = House(tmp_path, project_models=True)
    yield made
    made.deps.db.close()
    made.deps.bus.close()


def asked(house) -> list:
    with house.deps.db.read() as conn:
        return list(conn.execute(select(jobs).where(jobs.c.kind == "segmenter").order_by(jobs.c.id)).all())


def end(house, **result) -> None:
    job = house.queue.claim("w")
    house.queue.finish(job.id, "w", "succeed", result=result)


def test_events_ask_at_10_and_30_and_never_twice_at_once(keen):
    keen.fill(gold=3, consensus=9, groups=6)
    assert asked(keen) == [], "three more are gold, which isn't learnt from"
    keen.fill(gold=0, consensus=1, seed=1)
    [first] = asked(keen)
    assert (first.params["images"], first.created_by, first.status) == (10, "bramble", "queued")
    keen.fill(gold=0, consensus=25, seed=2)
    assert len(asked(keen)) == 1, "while one waits, no second one"
    answer = keen.post(f"/projects/{keen.project}/jobs", {"kind": "segmenter", "params": {}})
    assert answer.status_code == 409
    assert "already" in answer.json()["detail"]
    end(keen, images=10)
    keen.fill(gold=0, consensus=1, seed=3)
    assert [j.params["images"] for j in asked(keen)] == [10, 36]
    end(keen, images=36)
    keen.fill(gold=0, consensus=2, seed=4)
    assert len(asked(keen)) == 2, "the next is at 100"


def test_without_the_setting_nothing_is_trained_unasked(house):
    house.fill(gold=0, consensus=12)
    assert asked(house) == []
    made = house.post(f"/projects/{house.project}/jobs", {"kind": "segmenter", "params": TINY})
    assert made.status_code == 202
    assert (
        house.post(
            f"/projects/{house.project}/jobs", {"kind": "segmenter", "params": {"size": 33}}
        ).status_code
        == 422
    )


def test_it_learns_from_consensus_and_not_from_gold(house):
    house.fill(gold=4, consensus=6, groups=5)
    found = segmenters.load(house.store, house.deps.blobs, house.project, 32)
    assert found.images.shape == (6, 32, 32, 3)
    assert found.masks.shape == (6, 2, 32, 32)
    assert found.label_ids == [3, 7]
    assert len(set(found.groups)) == 5
    assert found.masks[:, 0].max() == 255


def test_others_go_first_and_one_under_way_gives_way(keen):
    keen.fill(gold=0, consensus=12)
    assert len(asked(keen)) == 1
    other = keen.post(f"/projects/{keen.project}/datasets", {"name": "demo"}).json()
    assert keen.queue.has_other(asked(keen)[0].id)
    job = keen.queue.claim("w")
    assert job.id == other["id"], "though it came later"
    keen.queue.finish(job.id, "w", "release")
    worker = Worker(keen.deps.db, keen.deps.blobs, SystemClock(), 30.0)
    mine = asked(keen)[0]
    with keen.deps.db.begin() as conn:  # as if it had been claimed before the other came
        conn.execute(
            jobs.update()
            .where(jobs.c.id == mine.id)
            .values(status="running", worker=worker.name, attempts=1, heartbeat_at_us=SystemClock().now_us())
        )
    worker._work(keen.queue.get(mine.id))
    left = keen.queue.get(mine.id)
    assert (left.status, left.attempts) == ("queued", 0)


@pytest.mark.torch
def test_a_worker_trains_it_and_tells_of_it(house):
    pytest.importorskip("torch", reason="needs the [train] extra")
    house.fill(gold=2, consensus=8, groups=6)
    job = house.post(f"/projects/{house.project}/jobs", {"kind": "segmenter", "params": TINY}).json()
    assert house.work() == 1
    done = house.get(f"/jobs/{job['id']}").json()
    assert done["status"] == "succeeded", done["error"]
    assert done["result"]["images"] == 8
    assert [label["label_id"] for label in done["result"]["labels"]] == [3, 7]
    with house.deps.db.read() as conn:
        told = [Envelope.FromString(r.value) for r in conn.execute(select(outbox_table)).all()]
    [event] = [SegmenterTrained.FromString(e.payload) for e in told if e.type.endswith("SegmenterTrained")]
    data = house.deps.blobs.get(event.weights.key)
    assert hashlib.sha256(data).hexdigest() == event.weights.sha256
    assert (event.images, event.size) == (8, 32)
    assert [(s.label_id, s.images, s.groups) for s in event.labels] == [(3, 8, 6), (7, 8, 6)]
    assert not list(house.deps.blobs.list(f"synthesis/checkpoints/{job['id']}")), "no checkpoint is left"


def test_images_that_came_while_it_was_trained_are_asked_for_afterwards(keen):
    keen.fill(gold=0, consensus=10)
    keen.fill(gold=0, consensus=20, seed=1)
    end(keen, images=10)
    assert len(asked(keen)) == 1, "no event came since"
    ask = segmenters.asker(keen.queue)
    with keen.deps.db.begin() as conn:
        assert ask(conn, keen.project)
        assert not ask(conn, keen.project), "but once"
        assert not ask(conn, "no such project")
    assert [j.params["images"] for j in asked(keen)] == [10, 30]


@pytest.mark.real
def test_postgresql_holds_that_there_is_one_too(postgres_url):
    db = Database(postgres_url)
    try:
        db.create_all(("synthesis_", "bus_"))
        queue = JobQueue(db, ManualClock(), lease_s=10)
        params = job_params("segmenter", {})
        with db.begin() as conn:
            first = queue.add(conn, "only-one", "segmenter", params, "u")
            assert first is not None
            assert queue.add(conn, "only-one", "segmenter", params, "u") is None
            assert queue.add(conn, "another", "segmenter", params, "u") is not None
            assert queue.add(conn, "only-one", "dataset", {"name": "x"}, "u") is not None
        queue.cancel(first)
        with db.begin() as conn:
            assert queue.add(conn, "only-one", "segmenter", params, "u") is not None
    finally:
        db.close()
