"""Whatever the mask or the bytes: RLE round-trips, equals pycocotools, and bad bytes never pass or crash."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from shared.errors import InvalidInput
from shared.imaging import rle

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))
binary = shapes.flatmap(lambda s: hnp.arrays(np.bool_, s))


@given(binary)
@settings(max_examples=150, deadline=None)
def test_round_trip_and_reference(mask):
    ours = rle.encode(mask)
    assert ours.counts == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    assert np.array_equal(rle.decode(ours), mask)
    assert rle.from_json(rle.to_json(ours), *mask.shape) == ours
    assert rle.from_runs(*mask.shape, rle.runs(ours)) == ours


@given(binary, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_dice_is_symmetric_and_one_with_itself(mask, random):
    other = mask.copy()
    other.flat[random.randrange(mask.size)] ^= True
    a, b = rle.encode(mask), rle.encode(other)
    assert rle.dice_rle(a, b) == rle.dice_rle(b, a)
    assert rle.dice_rle(a, a) == 1.0


@given(st.binary(max_size=60), st.integers(-3, 20), st.integers(-3, 20))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_or_canonical(data, height, width):
    try:
        ok = rle.validate(rle.RLE(height, width, data))
    except InvalidInput as error:
        assert str(error).endswith(".")
        return
    mask = rle.decode(ok)
    assert mask.shape == (height, width)
    assert rle.encode(mask).counts == ok.counts or mask.size == 0
