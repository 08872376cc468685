"""Metrics against analytic geometry, with spacing, and the empty cases that the module's table promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shared.errors import InvalidInput
from shared.imaging import metrics

NONE = np.zeros((20, 30), bool)
BOX = NONE.copy()
BOX[5:10, 10:20] = True


def moved(dy: int, dx: int) -> np.ndarray:
    return np.roll(BOX, (dy, dx), (0, 1))


def test_overlap_of_a_moved_box():
    assert metrics.dice(BOX, moved(0, 5)) == pytest.approx(0.5)
    assert metrics.iou(BOX, moved(0, 5)) == pytest.approx(25 / 75)
    assert metrics.dice(BOX, BOX) == metrics.iou(BOX, BOX) == 1


def test_hd95_is_in_mm_along_each_axis():
    assert metrics.hd95(BOX, moved(0, 4), (1, 1), percentile=100) == pytest.approx(4)
    assert metrics.hd95(BOX, moved(0, 4), (3, 0.5), percentile=100) == pytest.approx(2)
    assert metrics.hd95(BOX, moved(2, 0), (3, 0.5), percentile=100) == pytest.approx(6)
    assert metrics.hd95(BOX, BOX, (1, 1)) == 0


def test_surface_dice_tolerates_what_it_is_told_to():
    assert metrics.surface_dice(BOX, moved(0, 2), 2.0, (1, 1)) == 1
    assert metrics.surface_dice(BOX, moved(0, 2), 0.5, (1, 1)) < 1
    assert metrics.surface_dice(BOX, moved(0, 2), 1.0, (1, 0.5)) == 1


def test_empty_cases():
    assert metrics.dice(NONE, NONE) == metrics.iou(NONE, NONE) == 1
    assert metrics.dice(BOX, NONE) == metrics.iou(NONE, BOX) == 0
    assert metrics.surface_dice(NONE, NONE, 1, (1, 1)) == 1
    assert metrics.surface_dice(BOX, NONE, 1, (1, 1)) == 0
    assert metrics.hd95(NONE, NONE, (1, 1)) == 0
    assert math.isnan(metrics.hd95(BOX, NONE, (1, 1)))


def test_volumes():
    ball = sum((g - 8) ** 2 for g in np.mgrid[:17, :17, :17]) <= 25
    assert metrics.hd95(ball, np.roll(ball, 2, 0), (2.5, 1, 1), percentile=100) == pytest.approx(5, abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.dice(BOX, BOX.T),
        lambda: metrics.hd95(BOX, BOX, (1,)),
        lambda: metrics.hd95(BOX, BOX, (1, float("nan"))),
        lambda: metrics.surface_dice(BOX, BOX, -1, (1, 1)),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(InvalidInput, match=r"\.$"):
        call()
