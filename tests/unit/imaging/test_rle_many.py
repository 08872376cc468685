"""Reading many masks at once answers what reading each would, errors too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging import rle
from shared.imaging.rle import RLE, InvalidRLE
from shared.imaging.rle_many import _at_once, runs_of_many


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.floats(0, 1))
def test_same_runs_as_one_by_one(seed, count, share):
    rng = np.random.default_rng(seed)
    masks = []
    for _ in range(count):
        height, width, block = rng.integers(1, 40), rng.integers(1, 40), rng.integers(1, 40)
        small = rng.random((height, width)) < share
        masks.append(rle.encode(np.kron(small, np.ones((block, 1), bool))))
    found = _at_once(masks)
    assert found is not None
    for mine, mask in zip(found, masks, strict=True):
        assert np.array_equal(mine, rle.runs(mask))


def test_no_masks_and_masks_without_pixels():
    assert runs_of_many([]) == []
    assert [r.size for r in runs_of_many([RLE(0, 4, b""), rle.empty(2, 2)])] == [0, 1]


@given(st.binary(max_size=6), st.integers(0, 4), st.integers(0, 4))
def test_any_bytes_answer_or_fail_as_one_by_one(counts, height, width):
    good, bad = rle.encode(np.eye(3, dtype=bool)), RLE(height, width, counts)
    try:
        expected = rle.runs(bad)
    except InvalidRLE as error:
        with pytest.raises(InvalidRLE) as caught:
            runs_of_many([good, bad, good])
        assert str(caught.value) == str(error)
    else:
        assert np.array_equal(runs_of_many([good, bad, good])[1], expected)


@given(
    st.lists(st.integers(48, 111), max_size=8).map(bytes),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_any_plausible_characters_answer_or_fail_as_one_by_one(counts, height, width):
    test_any_bytes_answer_or_fail_as_one_by_one.hypothesis.inner_test(counts, height, width)
