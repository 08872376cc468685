"""What a project's own segmenter says of a frame, given its network's answer."""

from __future__ import annotations

import numpy as np
import pytest

from services.inference.domain.project_model import LEAST_EXPECTED, Guess, doubt, guess
from shared.imaging import metrics
from tests.unit.inference.kit import disc


def test_the_square_is_brought_back_to_the_frames_own_grid() -> None:
    truth = disc((120, 200), 120, 50, 30)
    rows, cols = np.mgrid[:64, :64]
    inside = 30 - np.hypot((rows + 0.5) * 120 / 64 - 50, (cols + 0.5) * 200 / 64 - 120)
    plane = (1 / (1 + np.exp(-inside / 3))).astype(np.float32)

    def net(inputs: object) -> dict[str, np.ndarray]:
        image = inputs["image"]  # type: ignore[index]
        assert image.shape == (64, 64, 3)
        assert image.dtype == np.uint8
        return {"probability": np.stack([plane, plane * 0]), "expected": np.array([0.8, 1.2], np.float32)}

    for frame in (np.zeros((120, 200), np.uint8), np.zeros((120, 200, 3), np.uint8)):
        first, second = guess(net, frame, [7, 8], 64)
        assert first.label_id == 7
        assert metrics.dice(first.mask, truth) > 0.97
        assert not second.mask.any()
        assert second.expected == 1.0


@pytest.mark.parametrize(
    ("expected", "area", "shown"),
    [(LEAST_EXPECTED, 5, True), (LEAST_EXPECTED - 0.01, 5, False), (0.99, 0, False)],
)
def test_a_mask_is_shown_if_it_helps_more_than_it_misleads(expected: float, area: int, shown: bool) -> None:
    mask = np.zeros((4, 4), bool)
    mask.flat[:area] = True
    assert Guess(1, mask, expected).is_shown is shown


def test_doubt_is_the_dice_that_is_missing() -> None:
    mask = np.zeros((4, 4), bool)
    assert doubt([Guess(1, mask, 0.9), Guess(2, mask, 0.4)]) == pytest.approx(0.35)
    assert doubt([]) == 0
