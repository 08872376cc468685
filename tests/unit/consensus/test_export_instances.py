"""Objects of a class on the platform: the same masks as offline, one COCO annotation each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.consensus.offline import run
from shared.auth import Role
from shared.imaging import rle
from shared.imaging.codecs import decode_png
from tests.unit.consensus.service import PROJECT, SIDE, Service, disk

PATH = f"/api/v1/projects/{PROJECT}/consensus/instances"
CENTRES = [(12, 12, 6), (12, 34, 6), (36, 22, 8)]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "service")


def cells(rng: np.random.Generator, merged: bool = False) -> np.ndarray:
    """Three round cells, drawn by hand; `merged`: the upper two in one outline."""
    mask = np.zeros((SIDE, SIDE), bool)
    for y, x, r in CENTRES:
        mask |= disk(y + rng.normal(0, 0.5), x + rng.normal(0, 0.5), r + rng.normal(0, 0.3))
    if merged:
        mask[10:15, 12:34] = True
    return mask


def test_they_are_those_of_the_offline_command(service: Service, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for k in range(5):
        for rater in "abcd":
            mask = cells(rng, merged=rater == "d")
            message = service.submission(f"i{k}", rater, {1: mask})
            service.feed(message)
            folder = tmp_path / "masks" / message.image.id
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{rater}.png")
    service.settle()
    found = service.get(PATH, Role.EXPERT).json()
    assert found["categories"] == [{"id": 1, "name": "lung"}, {"id": 2, "name": "heart"}]
    assert all(a["category_id"] == 1 for a in found["annotations"]), "nobody drew a heart"
    assert [a["id"] for a in found["annotations"]] == list(range(1, 16))
    told = run(tmp_path / "masks", tmp_path / "out", instances=True).instances
    assert len(told) == len(found["annotations"])
    names = {i["id"]: i["file_name"].removesuffix(".png") for i in found["images"]}
    rows = iter(told)
    for image, name in sorted(names.items()):
        plane = decode_png((tmp_path / "out" / f"{name}.instances.png").read_bytes())
        for number, one in enumerate((a for a in found["annotations"] if a["image_id"] == image), 1):
            mask = rle.decode(rle.from_json(one["segmentation"]))
            assert (mask == (plane == number)).all()
            assert mask.sum() == one["area"]
            x, y, width, height = one["bbox"]
            assert mask[y : y + height, x : x + width].sum() == one["area"]
            row = next(rows)
            assert (row["image"], row["drawn"], row["raters"]) == (name, one["drawn"], one["raters"])
            assert (row["predicted_dice"], row["agreement"]) == (one["score"], one["agreement"])


def test_an_experts_objects_are_the_parts_of_their_mask(service: Service) -> None:
    rng = np.random.default_rng(3)
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: cells(rng)}))
    two = disk(10, 10, 4) | disk(30, 30, 5)
    body = {"decision": "fix", "masks": [{"label_id": 1, "rle": rle.to_json(rle.encode(two))}]}
    path = f"/api/v1/images/{service.images['i'].id}/consensus/review"
    assert service.post(path, body, Role.EXPERT).status_code == 200
    found = service.get(f"{PATH}?label_id=1").json()
    assert [a["area"] for a in found["annotations"]] == [
        int(disk(10, 10, 4).sum()),
        int(disk(30, 30, 5).sum()),
    ]
    assert found["images"][0]["status"] == "accepted"


def test_nothing_drawn_is_an_image_without_objects_and_bad_asks_are_refused(service: Service) -> None:
    assert service.get(PATH).json() == {
        "categories": [{"id": 1, "name": "lung"}, {"id": 2, "name": "heart"}],
        "annotations": [],
        "images": [],
    }
    for rater in "abc":
        service.feed(service.submission("i", rater, {}))
    found = service.get(PATH).json()
    assert found["annotations"] == []
    assert [i["height"] for i in found["images"]] == [SIDE]
    assert service.get(f"{PATH}?label_id=7").status_code == 422
    assert service.get(PATH, Role.VOLUNTEER).status_code in (403, 404)
