"""What the next labels are worth: on curves whose law is known."""

from __future__ import annotations

import numpy as np
import pytest

from services.synthesis.domain import worth
from services.synthesis.domain.params import StudyParams
from services.synthesis.study import curves, marginal
from services.synthesis.study.analysis import Outcome


def curve(counts, law, seeds=3, images=60, noise=0.02, seed=0):
    """Scores around ``law(n)``: images differ in how hard they are, the same at each size."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 0.05, images)
    scores = tuple(np.clip(law(n) + hard + rng.normal(0, noise, (seeds, images)), 0, 1) for n in counts)
    return worth.Curve(tuple(map(float, counts)), scores)


def power(n):
    return 1 - 0.9 * n**-0.4


def test_a_power_law_is_continued():
    found = worth.next_ones(curve((8, 30, 55, 100), power), 20, np.random.default_rng(1))
    true = power(120) - power(100)
    assert found.low < true < found.high
    assert found.gain == pytest.approx(true, abs=0.004)
    assert found.verdict == "worth it"
    assert found.predicted == pytest.approx(found.measured, abs=0.02)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    held = 0
    for seed in range(60):
        found = worth.next_ones(
            curve((8, 30, 55, 100), power, seed=seed), 20, np.random.default_rng(seed), rounds=400
        )
        held += found.low <= power(120) - power(100) <= found.high
    assert held >= 48


def test_a_flat_curve_says_stop_and_a_falling_one_never_says_worth_it():
    flat = worth.next_ones(curve((8, 30, 55, 100), lambda _: 0.9), 20, np.random.default_rng(1))
    assert flat.verdict == "stop"
    falling = worth.next_ones(
        curve((50, 60, 80, 120), lambda n: 0.9 - n / 1000), 60, np.random.default_rng(1)
    )
    assert falling.gain < 0
    assert falling.verdict == "stop"


def test_no_more_is_spoken_of_than_there_is():
    found = worth.next_ones(curve((5, 10, 20), power), 500, np.random.default_rng(1))
    assert (found.now, found.more) == (20, 20)


def test_two_sizes_are_no_curve():
    assert worth.next_ones(curve((8, 8, 30), power), 20, np.random.default_rng(1)) is None


def test_synthetic_images_in_real_labels():
    real = curve((8, 30, 55, 100), power, noise=0.005)
    # 50 synthetic images that do what 10 labelled ones would have done.
    ends = curve((100, 150), lambda n: power(100 if n == 100 else 110), noise=0.005)
    each, low, high = worth.real_labels_each(real, ends, np.random.default_rng(2))
    assert each == pytest.approx(0.2, abs=0.06)
    assert low < 0.2 < high
    useless = curve((8, 30, 55, 100), lambda _: 0.9)
    assert worth.real_labels_each(useless, ends, np.random.default_rng(2)) is None
    harm = curve((100, 150), lambda n: power(100 if n == 100 else 60), noise=0.005)
    assert worth.real_labels_each(real, harm, np.random.default_rng(2))[2] < 0


def outcome(minutes=0.5):
    counts = {"base": 8.0, "crowd@0.25": 30.0, "crowd@0.5": 55.0, "crowd": 100.0}
    counts |= {"crowd_synthetic@0.5": 125.0, "crowd_synthetic": 150.0}
    shown = curve(counts.values(), power)
    scores = dict(zip(counts, shown.scores, strict=True))
    rows = marginal.rows(
        8, scores, counts, np.arange(60), StudyParams(minutes_per_label=minutes), labels_per_image=5.0
    )
    means = [
        {"base": 8, "arm": a, "training_images": round(n), "dice": float(scores[a].mean())}
        for a, n in counts.items()
    ]
    return Outcome([], means, [], [], {"params": {"base_images": [8]}}, rows)


def test_a_lab_reads_what_the_next_hundred_labels_bring_and_cost():
    found = outcome()
    labels, synthetic = found.worth
    assert (labels["what"], labels["asked"], labels["images"], labels["minutes"]) == (
        "volunteers' labels",
        100,
        20,
        50,
    )
    assert (synthetic["what"], synthetic["asked"]) == ("synthetic images", 150)
    assert synthetic["each_low"] <= synthetic["each"] <= synthetic["each_high"]
    assert (
        "The next 100 volunteers' labels (20 images, about 50 minutes of people's time)"
        in marginal.sentence(labels)
    )
    assert "minutes" not in marginal.sentence(outcome(0).worth[0])
    page = curves.section(found, 8)
    assert 'role="img" aria-label="Dice by number of training images' in page
    assert "The next 150 synthetic images" in page
    assert curves.section(found, 16) == ""
