"""Every example of the topics that this service reads goes through its handlers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse

from services.synthesis import events
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.imaging import rle

EXAMPLES = Path(__file__).resolve().parents[3] / "proto" / "examples"
TOPICS = (
    "bramble.annotations.v1.ProjectCreated",
    "bramble.annotations.v1.ProjectUpdated",
    "bramble.annotations.v1.GoldAdded",
    "bramble.consensus.v1.ConsensusAccepted",
    "bramble.images.v1.ImageDeleted",
)
FOUND = [path for topic in TOPICS for path in sorted((EXAMPLES / topic / "v1").glob("*.json"))]


def masks_in(value):
    """Every LabelMask of a message's JSON."""
    if isinstance(value, dict):
        if "rle" in value and "label_id" in value:
            yield value
        for inner in value.values():
            yield from masks_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from masks_in(inner)


@pytest.mark.parametrize("path", FOUND, ids=lambda p: f"{p.parts[-3].rsplit('.', 1)[-1]}-{p.stem}")
def test_examples_are_understood(house, path):
    raw = json.loads(path.read_text())
    # The blobs that the example names, with real masks of the claimed size in them, one after the other.
    blobs: dict[str, bytes] = {}
    for mask in masks_in(raw):
        counts = bytes(rle.empty(mask["height"], mask["width"]).counts)
        before = blobs.get(mask["rle"]["key"], b"xx")
        mask["rle"] |= {"offset": str(len(before)), "length": str(len(counts))}
        blobs[mask["rle"]["key"]] = before + counts
    for key, data in blobs.items():
        house.deps.blobs.put(key, data)
    by_name = {h.topic: h for h in events.handlers(house.store, house.deps.blobs)}
    handler = by_name[path.parts[-3]]
    message = Parse(json.dumps(raw), handler.message_type())
    with house.deps.db.begin() as conn:
        handler.apply(conn, Envelope(), message)


def test_all_topics_read_have_examples():
    assert {path.parts[-3] for path in FOUND} == set(TOPICS)


def test_the_same_event_twice_is_applied_once_and_gold_can_be_taken_back(house):
    import numpy as np

    from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
    from tests.unit.synthesis.phantoms import phantom

    pixels, label_map = phantom(np.random.default_rng(0), 32)
    image_id = house.gold(pixels, label_map, "a")
    image = house.image(pixels, "a", image_id)
    house.consensus(pixels, label_map, "a", image=image)
    house.tell(GoldAdded(project_id=house.project, image=image, removed=True))
    item = next(house.store.items(house.project))
    assert (item.gold, item.consensus["version"]) == (None, 1)
    alone = house.gold(*phantom(np.random.default_rng(1), 32), "b")
    house.tell(GoldAdded(project_id=house.project, image=house.image(pixels, "b", alone), removed=True))
    assert [i.image_id for i in house.store.items(house.project)] == [image_id]


def test_a_deleted_image_is_left_out_whatever_comes_later(house):
    import numpy as np

    from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
    from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
    from tests.unit.synthesis.phantoms import phantom

    def present() -> list[str]:
        found = [item.image_id for item in house.store.items(house.project)]
        assert [head[0] for head in house.store.view(house.project).heads()] == found
        assert {row.image_id for row in house.store.unread(house.project)} <= set(found)
        return found

    pixels, label_map = phantom(np.random.default_rng(0), 32)
    kept = house.gold(pixels, label_map, "a")
    gone = house.gold(pixels, label_map, "b")
    assert set(present()) == {kept, gone}
    for _ in range(2):  # the wire may bring it twice
        house.tell(ImageDeleted(project_id=house.project, image_id=gone))
    assert present() == [kept]
    image = house.image(pixels, "b", gone)
    house.consensus(pixels, label_map, "b", image=image)
    house.tell(GoldAdded(project_id=house.project, image=image, removed=True))
    house.consensus(pixels, label_map, "b", image=image)
    assert present() == [kept]
    early = house.image(pixels, "c")
    house.tell(ImageDeleted(project_id=house.project, image_id=early.id))
    house.consensus(pixels, label_map, "c", image=early)
    assert present() == [kept]
