"""Every image of a project is in its dataset or in rejected.jsonl with a reason; and what becomes of one that falls back."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageStored
from tests.unit.synthesis.phantoms import phantom


def files(house, job: dict) -> tuple[dict, dict, str]:
    """(manifest rows by id, rejected rows by id, card)."""
    data = house.get(f"/datasets/{job['result']['dataset_id']}/download").content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        read = {
            name: {r["id"]: r for r in map(json.loads, archive.read(f"demo/{name}.jsonl").splitlines())}
            for name in ("manifest", "rejected")
        }
        return read["manifest"], read["rejected"], archive.read("demo/README.md").decode()


def store_image(house, group: str):
    pixels, label_map = phantom(np.random.default_rng(3), 40)
    image = house.image(pixels, group)
    house.tell(ImageStored(image=image))
    return image, pixels, label_map


def test_every_image_is_accounted_for_with_a_reason(house):
    house.fill(2, 8, 5)
    known = {i.image_id for i in house.store.view(house.project).images()}
    waiting = {}
    for status in ("unlabelled", "pending", "review"):
        image, _, _ = store_image(house, f"waits-{status}")
        waiting[image.id] = status
        if status != "unlabelled":
            house.state(image.id, 1, status)
    gone, _, _ = store_image(house, "gone")
    house.tell(ImageDeleted(project_id=house.project, image_id=gone.id))
    job = house.publish(include=["consensus"])
    manifest, rejected, card = files(house, job)
    assert manifest.keys() | rejected.keys() == known | waiting.keys()
    assert not manifest.keys() & rejected.keys()
    for image_id, status in waiting.items():
        assert rejected[image_id]["status"] == status
        assert rejected[image_id]["group"] == f"waits-{status}"
    review = next(i for i, s in waiting.items() if s == "review")
    assert rejected[review]["reason"] == "review: version 1 of its consensus awaits an expert"
    assert rejected[review]["consensus_version"] == 1
    assert job["result"]["counts"]["left_out"] == {
        "not-included": 2,
        "pending": 1,
        "review": 1,
        "unlabelled": 1,
    }
    assert "1 whose consensus awaits an expert" in card
    assert "1 without answers" in card


@pytest.mark.parametrize("status", ["review", "pending"])
def test_an_image_that_falls_back_leaves_the_next_version_and_comes_back(house, status):
    house.fill(2, 8, 5)
    image, pixels, label_map = store_image(house, "falls")
    house.state(image.id, 1, "accepted")
    house.consensus(pixels, label_map, "falls", version=1, image=image)
    first = house.publish()
    assert image.id in files(house, first)[0]
    house.state(image.id, 2, status)
    second = house.publish()
    manifest, rejected, _ = files(house, second)
    assert image.id not in manifest
    assert rejected[image.id]["status"] == status
    assert rejected[image.id]["reason"].endswith("version 1 had been accepted")
    assert second["result"]["version"] == 2
    # The published one never changes, and it can still be built as it was.
    assert image.id in files(house, first)[0]
    house.consensus(pixels, label_map, "falls", version=3, image=image)
    assert files(house, house.publish())[0][image.id]["consensus_version"] == 3


def test_sent_back_by_an_expert_is_out_though_its_version_stays(house):
    house.fill(2, 8, 5)
    image, pixels, label_map = store_image(house, "back")
    house.state(image.id, 1, "accepted")
    house.state(image.id, 1, "review")
    # The acceptance comes by another topic, and later.
    house.consensus(pixels, label_map, "back", version=1, image=image)
    assert image.id in files(house, house.publish())[1]


def test_news_out_of_order_changes_nothing(house):
    house.fill(0, 8, 5)
    image, pixels, label_map = store_image(house, "order")
    house.state(image.id, 5, "accepted")
    house.consensus(pixels, label_map, "order", version=5, image=image)
    house.state(image.id, 4, "review")
    house.consensus(pixels, np.zeros_like(label_map), "order", version=4, image=image)
    house.tell(ImageStored(image=image))
    row = files(house, house.publish())[0][image.id]
    assert row["consensus_version"] == 5


def test_gold_taken_back_leaves_the_image_accounted_for(house):
    house.fill(0, 8, 5)
    image, _pixels, label_map = store_image(house, "gold")
    house.tell(GoldAdded(project_id=house.project, image=image, masks=house.label_masks(label_map)))
    assert files(house, house.publish())[0][image.id]["origin"] == "real"
    house.tell(GoldAdded(project_id=house.project, image=image, removed=True))
    assert files(house, house.publish())[1][image.id]["status"] == "unlabelled"


def rebuild(house, dataset_id: str) -> dict:
    job = house.post(f"/datasets/{dataset_id}/verify", {}).json()
    house.work()
    return house.get(f"/jobs/{job['id']}").json()


def test_version_one_is_built_again_bit_for_bit_after_everything_changed(house):
    house.fill(2, 8, 5)
    image, pixels, label_map = store_image(house, "changes")
    house.consensus(pixels, label_map, "changes", version=1, image=image)
    first = house.publish(seed=2, formats=["png", "coco", "nifti", "nnunet", "huggingface"])
    house.consensus(pixels, np.zeros_like(label_map), "changes", version=2, image=image)
    house.fill(3, 6, 4, seed=9)
    second = house.publish(seed=2, formats=["png", "coco", "nifti", "nnunet", "huggingface"])
    assert second["result"]["version"] == 2
    for published in (first, second):
        done = rebuild(house, published["result"]["dataset_id"])
        assert done["status"] == "succeeded", done
        result = done["result"]
        assert (result["same"], result["same_archive"], result["stored_whole"]) == (True, True, True), result
        assert result["rebuilt_sha256"] == published["result"]["sha256"]


def test_a_forged_fact_and_a_damaged_archive_are_noticed(house):
    house.fill(2, 8, 5)
    published = house.publish()
    dataset_id = published["result"]["dataset_id"]
    row = house.store.dataset(dataset_id)
    whole = house.deps.blobs.get(row.archive_key)
    house.deps.blobs.put(row.archive_key, whole[:-1] + b"x")
    assert rebuild(house, dataset_id)["result"]["stored_whole"] is False
    house.deps.blobs.put(row.archive_key, whole)
    from sqlalchemy import select, update

    from services.synthesis.tables import facts

    with house.deps.db.begin() as conn:
        found = conn.execute(select(facts).where(facts.c.kind == "consensus")).first()
        forged = {**found.data, "name": "forged.png"}
        conn.execute(update(facts).where(facts.c.number == found.number).values(data=forged))
    result = rebuild(house, dataset_id)["result"]
    assert result["same"] is False
    assert "manifest.jsonl" in result["differences"]
    assert result["stored_whole"] is True


def test_a_deleted_image_is_named_as_the_reason_that_nothing_can_be_built_again(house):
    house.fill(2, 8, 5)
    published = house.publish()
    item = next(house.store.items(house.project))
    house.tell(ImageDeleted(project_id=house.project, image_id=item.image_id))
    house.deps.blobs.delete(item.frame["key"])
    result = rebuild(house, published["result"]["dataset_id"])["result"]
    assert result["same"] is False
    assert "deleted" in result["problem"]


def test_events_that_arrive_while_a_dataset_is_built_are_for_the_next(house):
    """The folds are decided, then an image's masks change; the archive holds what the folds were made of."""
    from services.synthesis import builder, folds
    from services.synthesis.domain.params import DatasetParams
    from services.synthesis.domain.splits import Fractions

    house.fill(0, 8, 5)
    image, pixels, label_map = store_image(house, "late")
    house.consensus(pixels, label_map, "late", version=1, image=image)
    store, blobs = house.store, house.deps.blobs
    found = folds.decide(store, blobs, house.project, 0, Fractions(), record=False)
    house.consensus(pixels, np.zeros_like(label_map), "late", version=2, image=image)
    house.fill(0, 3, 3, seed=4)
    with (
        builder.build(
            store, blobs, house.project, DatasetParams(name="demo"), found, lambda *_: None
        ) as built,
        zipfile.ZipFile(built.path) as archive,
    ):
        rows = [json.loads(line) for line in archive.read("demo/manifest.jsonl").splitlines()]
    assert len(rows) == 9
    assert next(r for r in rows if r["id"] == image.id)["consensus_version"] == 1
