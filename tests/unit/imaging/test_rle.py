"""RLE against pycocotools (the reference), the golden file that the web client reads too, and every kind of bad input."""

from __future__ import annotations

import hashlib
import json
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


def _plain_runs(pixels: int, counts: bytes) -> list[int] | None:
    """The runs that the reference implementation's loop reads, or None where they aren't a mask's."""
    numbers: list[int] = []
    at = 0
    while at < len(counts):
        number, shift, more = 0, 0, True
        while more:
            if at == len(counts) or not 48 <= counts[at] <= 111 or shift == 35:
                return None
            code = counts[at] - 48
            number |= (code & 31) << shift
            more, at, shift = bool(code & 32), at + 1, shift + 5
            if not more and code & 16:
                number -= 1 << shift
        numbers.append(number + (numbers[-2] if len(numbers) > 2 else 0))
    return numbers if sum(numbers) == pixels and min(numbers, default=0) >= 0 else None


def _group(number: int, surplus: int) -> list[int]:
    """A number in groups of five bits, with `surplus` more of them than it needs."""
    out = []
    while True:
        code, number = number & 31, number >> 5
        more = number != (-1 if code & 16 else 0)
        if not more and surplus:
            more, surplus = True, surplus - 1
        out.append(48 + code + 32 * more)
        if not more:
            return out


def test_whatever_bytes_come_are_read_as_a_plain_reader_reads_them():
    rng = np.random.default_rng(3)
    read = refused = clumsy = 0
    for _ in range(3000):
        height, width = (int(n) for n in rng.integers(0, 40, 2))
        mask = rng.random((height, width)) < rng.random()
        lengths = rle.runs(rle.encode(mask)).tolist()
        if lengths and rng.random() < 0.3:
            at = int(rng.integers(len(lengths)))
            lengths[at:at] = [0, 0]
        deltas = [n - (lengths[k - 2] if k > 2 else 0) for k, n in enumerate(lengths)]
        counts = [c for d in deltas for c in _group(d, int(rng.integers(3)) if rng.random() < 0.1 else 0)]
        if counts and rng.random() < 0.2:
            counts[int(rng.integers(len(counts)))] = int(rng.integers(40, 120))
        given = rle.RLE(height, width, bytes(counts))
        plain = _plain_runs(height * width, given.counts)
        if plain is None or (not counts and height * width):
            with pytest.raises(rle.InvalidRLE):
                rle.validate(given)
            refused += 1
            continue
        valid = rle.validate(given)
        flat = np.repeat(np.arange(len(plain)) % 2 == 1, plain)
        assert np.array_equal(rle.decode(valid), flat.reshape(width, height).T)
        assert valid == rle.encode(rle.decode(valid)), "equal masks have equal bytes"
        read, clumsy = read + 1, clumsy + (valid != given)
    assert min(read, refused, clumsy) > 200


def test_runs_of_nothing_are_an_empty_mask():
    assert rle.validate(rle.RLE(0, 5, b"00")) == rle.RLE(0, 5, b"")
