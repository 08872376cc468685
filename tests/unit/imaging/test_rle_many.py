"""Reading many masks at once answers what reading each would, errors too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.imaging import rle
from shared.imaging.rle import RLE, InvalidRLE
from shared.imaging.rle_many import _at_once, ends_of_many, runs_of_many

PATIENT = settings(deadline=None)  # a machine that others keep busy is no failure


@PATIENT
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
    ends, sizes = ends_of_many(masks)
    parts = np.split(ends, np.cumsum(sizes)[:-1])
    for mine, mask in zip(parts, masks, strict=True):
        expected = np.cumsum(rle.runs(mask))
        assert np.array_equal(mine[: expected.size], expected)
        assert (mine[expected.size :] == expected[-1]).all()


def test_no_masks_and_masks_without_pixels():
    assert runs_of_many([]) == []
    assert [a.size for a in ends_of_many([])] == [0, 0]
    ends, sizes = ends_of_many([RLE(0, 4, b""), rle.empty(2, 2)])
    assert ends.tolist() == [4]
    assert sizes.tolist() == [0, 1]
    assert [r.size for r in runs_of_many([RLE(0, 4, b""), rle.empty(2, 2)])] == [0, 1]


@PATIENT
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


@PATIENT
@given(
    st.lists(st.integers(48, 111), max_size=8).map(bytes),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_any_plausible_characters_answer_or_fail_as_one_by_one(counts, height, width):
    test_any_bytes_answer_or_fail_as_one_by_one.hypothesis.inner_test(counts, height, width)
