"""The project's own segmenter without its network: when it is trained, its folds, and what it may expect of its masks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from services.synthesis.domain import project_model as rules
from services.synthesis.domain.squares import square_image, square_mask
from shared.imaging import metrics


def disc(size: int, x: float, y: float, radius: float) -> NDArray[np.bool_]:
    rows, cols = np.mgrid[:size, :size]
    return np.asarray((rows + 0.5 - y) ** 2 + (cols + 0.5 - x) ** 2 < radius**2)


def answers(n: int, seed: int, sharp: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logits and truths of discs. A network that is the less sure of the border the further it is off: it misses the radius by an error
    that it knows the size of, not the sign. ``sharp`` makes it surer than it should be."""
    rng = np.random.default_rng(seed)
    logits, truths = [], []
    rows, cols = np.mgrid[:48, :48]
    for _ in range(n):
        radius, unsure = rng.uniform(9, 16), rng.uniform(0.3, 5.0)
        distance = radius - np.hypot(rows + 0.5 - 24, cols + 0.5 - 24)
        logits.append(sharp * (distance + rng.normal(0, unsure)) / (0.6 * unsure))
        truths.append(distance > 0)
    return np.stack(logits), np.stack(truths)


@pytest.mark.parametrize(
    ("images", "trained", "due"),
    [(9, 0, False), (10, 0, True), (29, 10, False), (30, 10, True), (99, 30, False), (100, 30, True),
     (149, 100, False), (150, 100, True), (200, 150, False), (225, 150, True), (500, 0, True), (500, 500, False)],
)  # fmt: skip
def test_it_is_trained_at_10_30_100_and_then_by_growth_of_half(images: int, trained: int, due: bool) -> None:
    assert rules.is_due(images, trained) is due


def test_a_patient_is_never_in_two_folds_and_folds_are_even() -> None:
    groups = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d", "e", "f"]
    fold = rules.folds(groups, 3)
    assert all(
        len({int(f) for f, g in zip(fold, groups, strict=True) if g == name}) == 1 for name in set(groups)
    )
    assert sorted(np.bincount(fold)) == [5, 5, 5]
    assert rules.folds(["a", "a", "b"], 5).max() == 1, "no more folds than patients"


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_of_overconfident_logits_is_found(heat: float) -> None:
    rng = np.random.default_rng(1)
    fair = rng.normal(0, 2, (40, 32, 32))
    truth = rng.random(fair.shape) < 1 / (1 + np.exp(-fair))
    assert rules.temperature(fair * heat, truth) == pytest.approx(heat, rel=0.05)


def test_the_dice_of_a_mask_with_certain_probabilities_is_1_and_of_none_0() -> None:
    mask = disc(32, 16, 16, 8)
    assert rules.soft_dice(mask.astype(float)) == pytest.approx(1)
    assert rules.soft_dice(np.zeros((32, 32))) == 0
    assert rules.soft_dice(np.where(mask, 0.6, 0.4)) < 0.5


@pytest.mark.parametrize("n", [10, 60])
@pytest.mark.parametrize("sharp", [1.0, 4.0])
def test_expected_dice_is_right_on_images_it_was_not_fitted_on(n: int, sharp: float) -> None:
    logits, truth = answers(n, 5, sharp)
    found = rules.skill(1, logits, truth, [f"p{i // 2}" for i in range(n)])
    fresh, fresh_truth = answers(400, 6, sharp)
    probability = 1 / (1 + np.exp(-np.clip(fresh / found.temperature, -40, 40)))
    expected = found.expected(rules.soft_dice(probability))
    dice = np.array([metrics.dice(p > 0.5, t) for p, t in zip(probability, fresh_truth, strict=True)])
    assert abs(float(np.mean(expected - dice))) < 0.06, "no bias"
    assert float(np.corrcoef(expected, dice)[0, 1]) > 0.5, "it tells good masks from bad ones"
    assert found.error == pytest.approx(float(np.abs(expected - dice).mean()), abs=0.06), (
        "it knows its own error"
    )
    assert (found.images, found.groups) == (n, n // 2)
    assert found.dice == pytest.approx(float(dice.mean()), abs=0.12)


def test_where_nothing_was_ever_found_nothing_is_trusted() -> None:
    truth = np.stack([disc(32, 16, 16, 6)] * 10)
    found = rules.skill(3, np.full((10, 32, 32), -5.0), truth, [str(i) for i in range(10)])
    assert found.dice == 0
    assert found.expected(np.array([0.0]))[0] < 0.1
    absent = rules.skill(3, np.full((10, 32, 32), -5.0), np.zeros_like(truth), [str(i) for i in range(10)])
    assert absent.present == 0
    assert absent.expected(np.array([0.0]))[0] > 0.9, "nothing, where there never is anything, is right"


def test_a_skill_is_plain_json() -> None:
    logits, truth = answers(10, 2)
    [row] = json.loads(rules.to_json([rules.skill(7, logits, truth, list("abcdefghij"))]))
    assert row["label_id"] == 7
    assert 0 <= row["error"] <= 1


def test_frames_of_any_kind_fill_the_square() -> None:
    grey = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60) * 20
    assert square_image(grey, 32).shape == (32, 32, 3)
    assert square_image(np.zeros((5, 7, 3), np.uint8), 32).dtype == np.uint8
    half = np.zeros((64, 64), bool)
    half[:, :33] = True
    square = square_mask(half, 32)
    assert square[:, :16].min() == 255
    assert int(square[0, 16]) == pytest.approx(127, abs=1)
    assert square[:, 17:].max() == 0
