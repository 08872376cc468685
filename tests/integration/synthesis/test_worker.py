"""The worker as a process: takes over after `kill -9`, goes on from the checkpoint, dies with its parent, publishes all or nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from services.synthesis.supervisor import WorkerSupervisor
from services.synthesis.training.progress import silent
from services.synthesis.verify import verify
from shared.db.outbox import outbox_table
from shared.errors import StorageFull
from shared.ids import new_id
from shared.imaging import codecs
from tests.integration.synthesis.conftest import House

TINY = {
    "size": 16,
    "widths": [8, 16],
    "patch": 1,
    "batch": 4,
    "checkpoint_s": 0.0,
    "max_steps": 4000,
    "max_seconds": 3000,
}


def wait_for(check, seconds: float = 300.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("it didn't happen in time")


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie doesn't)."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def hasty(tmp_path):
    made = House(tmp_path, lease_s=3.0)
    yield made
    made.deps.db.close()
    made.deps.bus.close()


def supervisor(house) -> WorkerSupervisor:
    return WorkerSupervisor(house.queue, house.settings, poll_s=0.1, idle_exit_s=1.0)


def test_idle_starts_no_worker_and_a_job_brings_one_that_goes_again(house):
    watch = supervisor(house)
    watch.start()
    try:
        time.sleep(0.5)
        assert watch.worker_pid is None
        house.fill(2, 6, 4)
        job = house.post(f"/projects/{house.project}/datasets", {"name": "demo"}).json()
        wait_for(lambda: house.queue.get(job["id"]).status == "succeeded")
        wait_for(lambda: watch.worker_pid is None, 30)
    finally:
        watch.stop()


def test_a_worker_dies_with_its_parent(tmp_path):
    code = (
        "import os, subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'services.synthesis.worker', '--parent', str(os.getpid())])\n"
        "print(p.pid, flush=True); time.sleep(600)\n"
    )
    env = {**os.environ, "BRAMBLE_DATA_DIR": str(tmp_path)}
    house = House(tmp_path)
    house.deps.db.close()
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    child = int(parent.stdout.readline())
    wait_for(lambda: b"synthesis.worker" in Path(f"/proc/{child}/cmdline").read_bytes())
    time.sleep(2.0)
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(child), 120)


def test_a_store_without_room_costs_a_picture_and_not_the_training(house, monkeypatch):
    from services.synthesis import work

    job = house.queue.create(house.project, "train", {}, "u")
    assert house.get(f"/jobs/{job.id}/preview").status_code == 404
    house.queue.claim("w")
    context = work.Context(house.store, house.queue, house.deps.blobs, job, "w", silent, {})
    context.show(30, b"first")
    context.show(60, b"second")
    assert house.get(f"/jobs/{job.id}/preview").content == b"second"
    with monkeypatch.context() as full:
        full.setattr(house.deps.blobs, "put", refuse)
        context.show(90, b"third")
    assert house.get(f"/jobs/{job.id}/preview").content == b"second"
    context.clear()
    assert list(house.deps.blobs.list("synthesis/previews/")) == []


def refuse(*_args, **_named):
    raise StorageFull("no room")


def test_of_two_workers_one_gets_the_job(house):
    house.queue.create(house.project, "dataset", {"name": "x"}, "u")
    claims = [house.queue.claim(f"w{n}") for n in range(2)]
    assert [c is not None for c in claims] == [True, False]


@pytest.mark.torch
@pytest.mark.slow
def test_training_survives_kill_9_and_goes_on_from_its_checkpoint(hasty):
    hasty.fill(4, 12, 8)
    params = {**TINY, "max_steps": 150}
    job_id = hasty.post(f"/projects/{hasty.project}/jobs", {"kind": "train", "params": params}).json()["id"]
    watch = supervisor(hasty)
    watch.start()
    try:
        wait_for(lambda: hasty.queue.get(job_id).checkpoint_step > 20)
        os.kill(watch.worker_pid, signal.SIGKILL)
        at = hasty.queue.get(job_id)
        assert at.status == "running"
        seen = wait_for(
            lambda: (
                (j := hasty.queue.get(job_id)).attempts == 2 and j.checkpoint_step > at.checkpoint_step and j
            )
        )
        assert seen.checkpoint_step > at.checkpoint_step
        done = wait_for(lambda: (j := hasty.queue.get(job_id)).status in ("succeeded", "failed") and j)
    finally:
        watch.stop()
    assert done.status == "succeeded", done.error
    generators = hasty.get(f"/projects/{hasty.project}/generators").json()["items"]
    assert [g["steps"] for g in generators] == [150]
    # The loss curve has no hole and no step twice: the second worker went on, it didn't start over.
    steps = [s for s, _ in generators[0]["card"]["loss"]]
    assert steps == list(range(10, 151, 10))
    assert list(hasty.deps.blobs.list("synthesis/checkpoints/")) == []
    # The newest picture stays, and only that: a job that only trains has no other.
    assert len(list(hasty.deps.blobs.list("synthesis/previews/"))) == 1
    picture = hasty.get(f"/jobs/{job_id}/preview")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert codecs.decode_png(picture.content).shape == (32, 16 * 6, 3)
    assert 0 < hasty.get(f"/jobs/{job_id}").json()["preview_step"] <= 150
    assert hasty.get(f"/jobs/{job_id}/preview", project=new_id()).status_code == 404


@pytest.mark.torch
@pytest.mark.slow
def test_a_stopped_worker_gives_its_job_back_and_a_cancelled_one_stops(hasty):
    hasty.fill(4, 12, 8)
    job_id = hasty.post(f"/projects/{hasty.project}/jobs", {"kind": "train", "params": TINY}).json()["id"]
    watch = supervisor(hasty)
    watch.start()
    wait_for(lambda: hasty.queue.get(job_id).checkpoint_step > 5)
    watch.stop()
    row = hasty.queue.get(job_id)
    assert row.status == "queued", row.status
    assert row.checkpoint_step > 5
    watch = supervisor(hasty)
    watch.start()
    try:
        wait_for(lambda: hasty.queue.get(job_id).checkpoint_step > row.checkpoint_step)
        assert list(hasty.deps.blobs.list("synthesis/previews/"))
        assert hasty.post(f"/jobs/{job_id}/cancel", {}).json()["status"] == "cancelled"
        wait_for(lambda: list(hasty.deps.blobs.list("synthesis/checkpoints/")) == [], 60)
        wait_for(lambda: list(hasty.deps.blobs.list("synthesis/previews/")) == [], 60)
    finally:
        watch.stop()
    assert hasty.get(f"/projects/{hasty.project}/generators").json()["items"] == []


@pytest.mark.torch
@pytest.mark.slow
def test_the_whole_way_to_a_dataset_with_synthetic_images(house, tmp_path):
    house.fill(6, 26, 16, channels=3)
    params = {
        "train": {**TINY, "max_steps": 40},
        "sample": {"samples": 9, "steps": 3, "filter_steps": 20, "seed": 4},
    }
    job = house.post(f"/projects/{house.project}/jobs", {"kind": "synthesise", "params": params}).json()
    house.work()
    job = house.get(f"/jobs/{job['id']}").json()
    assert job["status"] == "succeeded", job["error"]
    result = job["result"]
    assert result["accepted"] + result["rejected"] == 9
    assert {s["space"] for s in result["measures"]["spaces"]} <= {"pooled16", "texture"}
    listed = house.get(f"/projects/{house.project}/synthetic").json()["items"]
    assert len(listed) == 9
    assert all(bool(s["reason"]) != s["accepted"] for s in listed)
    assert house.get(f"/synthetic/{listed[0]['id']}/image").content[:4] == b"\x89PNG"
    # The generator saw the training fold only.
    folds = house.store.view(house.project).splits()[1]
    item_group = {i.image_id: i.group_name for i in house.store.items(house.project)}
    generator = house.store.generator(house.project)
    assert {folds[item_group[i]] for i in generator.image_ids} == {"train"}
    # Whatever the filters say of a generator of 40 steps, the way into the dataset is the same: let all through.
    from sqlalchemy import update

    from services.synthesis.tables import synthetic

    with house.deps.db.begin() as conn:
        conn.execute(update(synthetic).values(accepted=True, reason=""))
    made = house.publish()
    assert made["result"]["counts"]["synthetic"] == 9
    path = tmp_path / "d.zip"
    path.write_bytes(house.get(f"/datasets/{made['result']['dataset_id']}/download").content)
    assert verify(path)["problems"] == []
    with zipfile.ZipFile(path) as archive:
        rows = [json.loads(line) for line in archive.read("demo/manifest.jsonl").splitlines()]
    drawn = [r for r in rows if r["origin"] == "synthetic"]
    test_groups = {r["group"] for r in rows if r["split"] == "test"}
    assert {r["split"] for r in drawn} == {"train"}
    assert all(not set(r["source_groups"]) & test_groups and r["source_images"] for r in drawn)
    assert all(r["generator_id"] == generator.id and r["seed"] == 4 for r in drawn)
    with house.deps.db.read() as conn:
        topics = [row.topic.rsplit(".", 1)[-1] for row in conn.execute(outbox_table.select())]
    assert topics == ["GeneratorTrained", "SynthesisCompleted", "DatasetPublished"]
    # Another split than the one that the generator was trained under can't hold its images.
    answer = house.post(
        f"/projects/{house.project}/datasets",
        {"name": "demo", "split": {"train": 0.5, "val": 0.25, "test": 0.25}},
    )
    assert answer.status_code == 422
    assert "fixed" in answer.json()["detail"]


@pytest.mark.torch
@pytest.mark.slow
def test_three_labelled_images_are_refused_with_what_is_missing(house):
    house.fill(1, 2, 3)
    for kind in ("train", "study"):
        job = house.post(f"/projects/{house.project}/jobs", {"kind": kind}).json()
        house.work()
        job = house.get(f"/jobs/{job['id']}").json()
        assert job["status"] == "failed"
        assert "at least" in job["error"]


def test_a_job_that_kills_every_worker_is_given_up(house):
    job = house.queue.create(house.project, "dataset", {"name": "x"}, "u")
    house.queue.lease_s = 0.0
    for _ in range(20):
        house.queue.claim("w")
        time.sleep(0.002)
    row = house.queue.get(job.id)
    assert row.status == "failed"
    assert "Given up after 8 workers" in row.error
