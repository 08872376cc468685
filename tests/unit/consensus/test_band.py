"""Distances near a border and habits undone by them, against whole distance transforms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from services.consensus.domain.band import squared_within
from services.consensus.domain.boundary import _moved, correct, signed_distance
from shared.imaging import rle


def shape(seed: int) -> np.ndarray:
    """A mask with large parts, islands, holes and parts at the frame, of a random size."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 60, 2)
    return ndimage.gaussian_filter(rng.standard_normal(size), rng.uniform(0.3, 6)) > rng.normal(0, 0.02)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), reach=st.integers(1, 100))
def test_squares_are_exact_within_reach(seed, reach):
    mask = shape(seed)
    found = squared_within(mask, reach)
    if mask.all():
        assert (found == reach**2).all()
        return
    true = np.round(ndimage.distance_transform_edt(mask) ** 2)
    assert np.array_equal(found, np.minimum(true, reach**2))


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    offset=st.integers(-60, 60).map(lambda n: n / 4),
    down=st.integers(-30, 30).map(lambda n: n / 2),
    right=st.integers(-30, 30).map(lambda n: n / 2),
)
def test_a_habit_is_undone_as_by_the_whole_transform(seed, offset, down, right):
    mask = np.pad(shape(seed), 40)  # so that the box around the object is the same for both ways
    if not mask.any():
        return
    whole = _moved(signed_distance(mask), -down, -right) > offset
    assert np.array_equal(rle.decode(correct(rle.encode(mask), offset, (down, right))), whole)


@pytest.mark.parametrize("offset", [150.0, -150.0])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.5, 0.0)])
def test_habits_larger_than_the_band(offset, shift):
    mask = np.zeros((700, 700), bool)
    mask[180:520, 180:520] = True
    whole = _moved(signed_distance(mask), -shift[0], -shift[1]) > offset
    assert np.array_equal(rle.decode(correct(rle.encode(mask), offset, shift)), whole)


@pytest.mark.parametrize("reach", [0, 101])
def test_a_reach_that_the_integers_cannot_hold_is_refused(reach):
    with pytest.raises(ValueError, match="reach"):
        squared_within(np.ones((3, 3), bool), reach)
