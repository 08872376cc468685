"""RLE against pycocotools (the reference), the golden file that the web client reads too, and every kind of bad input."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco

from shared.errors import InvalidInput
from shared.imaging import rle

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "rle.json").read_text())


def masks() -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    yy, xx = np.mgrid[:256, :256]
    disc = (yy - 120) ** 2 + (xx - 90) ** 2 < 60**2
    return [
        np.zeros((5, 7), bool),
        np.ones((5, 7), bool),
        np.ones((1, 1), bool),
        disc,
        ~disc,
        rng.random((64, 48)) < 0.5,
        rng.random((33, 1)) < 0.3,
        rng.random((300, 200)) < 0.01,
        np.zeros((4000, 3000), bool),
    ]


@pytest.mark.parametrize("mask", masks(), ids=lambda m: f"{m.shape}-{int(m.sum())}")
def test_bytes_equal_the_reference(mask):
    ours = rle.encode(mask)
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert ours.counts == theirs["counts"]
    assert ours.size == tuple(theirs["size"])
    assert np.array_equal(rle.decode(ours), mask)
    assert rle.area(ours) == int(coco.area(theirs))


def test_dice_and_iou_on_runs_equal_pixels():
    rng = np.random.default_rng(1)
    for density in (0.0, 0.02, 0.5, 1.0):
        a, b = (rng.random((40, 31)) < density for _ in range(2))
        ra, rb = rle.encode(a), rle.encode(b)
        both = (a & b).sum()
        assert rle.intersection(ra, rb) == both
        total = a.sum() + b.sum()
        assert rle.dice_rle(ra, rb) == pytest.approx(2 * both / total if total else 1.0)
        assert rle.iou_rle(ra, rb) == pytest.approx(both / (a | b).sum() if total else 1.0)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: c["name"])
def test_golden_file(case):
    parsed = rle.from_json({"size": [case["height"], case["width"]], "counts": case["counts"]})
    assert rle.runs(parsed).tolist() == case["runs"]
    assert rle.area(parsed) == case["area"]
    mask = rle.decode(parsed)
    assert hashlib.sha256(np.packbits(mask).tobytes()).hexdigest() == case["sha256"]
    assert rle.from_runs(case["height"], case["width"], case["runs"]).counts.decode() == case["counts"]
    theirs = coco.decode({"size": [case["height"], case["width"]], "counts": case["counts"].encode()})
    assert np.array_equal(mask, theirs.astype(bool))


BAD = {
    "not an object": ([1, 2], "object"),
    "no size": ({"counts": "52"}, "size"),
    "size of text": ({"size": ["5", 7], "counts": "52"}, "size"),
    "size of bool": ({"size": [True, 7], "counts": "7"}, "size"),
    "negative size": ({"size": [-5, -7], "counts": "S1"}, "not possible"),
    "huge size": ({"size": [60000, 60000], "counts": "S1"}, "not possible"),
    "counts as list": ({"size": [5, 7], "counts": [35]}, "compressed"),
    "empty counts": ({"size": [5, 7], "counts": ""}, "empty"),
    "wrong sum": ({"size": [5, 7], "counts": "T1"}, "cover 36"),
    "junk": ({"size": [5, 7], "counts": "S1 "}, "characters"),
    "not ascii": ({"size": [5, 7], "counts": "S1é"}, "characters"),
    "unfinished": ({"size": [5, 7], "counts": "S1S"}, "middle"),
    "endless number": ({"size": [5, 7], "counts": "o" * 20 + "0"}, "too long"),
    "overlong": ({"size": [1, 1], "counts": "0" * 1000}, "longer"),
    "negative run": ({"size": [5, 7], "counts": rle.RLE(5, 7, b"O").counts + b"T1"}, "negative"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_sentence(name):
    value, word = BAD[name]
    with pytest.raises(InvalidInput, match=word):
        rle.from_json(value)


def test_size_of_the_image_must_match():
    value = rle.to_json(rle.encode(np.ones((5, 7), bool)))
    assert rle.from_json(value, 5, 7).size == (5, 7)
    with pytest.raises(rle.InvalidRLE, match="5 × 7.*7 × 5"):
        rle.from_json(value, 7, 5)
    with pytest.raises(rle.InvalidRLE, match="cannot be compared"):
        rle.dice_rle(rle.empty(5, 7), rle.empty(7, 5))
    with pytest.raises(rle.InvalidRLE, match="two axes"):
        rle.encode(np.ones((2, 3, 4), bool))


def test_equal_masks_have_equal_bytes_whoever_encoded_them():
    clumsy = rle.from_runs(4, 3, [0, 0, 2, 3, 0, 4, 3, 0])
    assert clumsy == rle.from_runs(4, 3, [2, 7, 3])
    assert rle.from_runs(2, 2, [0, 2, 0, 2]) == rle.encode(np.ones((2, 2), bool))


def test_validation_is_quick():
    value = rle.to_json(rle.encode(masks()[3]))
    rle.from_json(value, 256, 256)
    best = min(_cpu(lambda: rle.from_json(value, 256, 256)) for _ in range(20))
    assert best < 1e-3  # 0.1 ms on a quiet machine; ten times that says that somebody looped in Python


def _cpu(call) -> float:
    start = time.process_time()
    for _ in range(10):
        call()
    return (time.process_time() - start) / 10
