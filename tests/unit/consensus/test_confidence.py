"""Predicted Dice: an interval that holds the truth on a crowd it wasn't fitted on, and a prediction that never punishes agreement."""

from __future__ import annotations

import numpy as np
import pytest

from services.consensus.domain.confidence import (
    FEATURES,
    KNOWN,
    MOST_RATERS,
    SURE_EMPTY,
    UNKNOWN,
    confidence,
    features,
    jackknife,
)
from services.consensus.domain.hierarchical import RaterModel, RaterParams, estimate, fuse
from services.consensus.domain.majority import majority
from services.consensus.domain.votes import image_votes
from shared.imaging import metrics, rle
from tests.unit.consensus.crowds import crowd, disc

HONEST = RaterModel({r: RaterParams(honesty=0.95, variance=2.0) for r in "abcdefghijklmnopqrstuvwxyz"})


def around(n: int, apart: float) -> dict[str, np.ndarray]:
    turn = 2 * np.pi * np.arange(n) / n
    return {
        "abcdefghijklmnopqrstuvwxyz"[k]: disc(48 + apart * np.sin(a), 48 + apart * np.cos(a), 20)
        for k, a in enumerate(turn)
    }


def predicted(masks: dict[str, np.ndarray], model: RaterModel = HONEST) -> float:
    return confidence(fuse(image_votes("i", masks), model)).predicted_dice


def test_more_agreement_more_raters_and_more_honesty_foretell_more() -> None:
    by_distance = [predicted(around(5, apart)) for apart in (0.0, 1.0, 2.0, 4.0, 8.0)]
    assert by_distance == sorted(by_distance, reverse=True)
    by_number = [predicted(around(n, 2.0)) for n in (3, 5, 9, 15)]
    assert by_number == sorted(by_number)
    assert predicted(around(25, 0.0)) == pytest.approx(predicted(around(15, 0.0)), abs=0.01)
    doubtful = RaterModel({r: RaterParams(honesty=0.3, variance=2.0) for r in HONEST.raters})
    assert predicted(around(3, 1.0), doubtful) < predicted(around(3, 1.0)) - 0.1
    # The fit is held to these signs, so they hold everywhere and not on these discs alone.
    assert (KNOWN[0, 1:4] >= 0).all()
    assert KNOWN[0, 4] <= 0 <= KNOWN[0, 6]
    assert (UNKNOWN[0, 1:4] >= 0).all()
    assert UNKNOWN[0, 4] <= 0


def test_the_interval_holds_the_truth_on_a_crowd_that_nothing_was_fitted_on() -> None:
    """Discs with people of other habits than the simulator's; with seven raters an image, and with three of them."""
    votes, truth, _ = crowd(60, seed=21)
    rng = np.random.default_rng(21)
    for count in (7, 3):
        drawn = [
            image_votes(v.image, {v.raters[i]: v.masks[i] for i in rng.permutation(7)[:count]}) for v in votes
        ]
        model = estimate(drawn)
        inside, low = [], []
        for v in drawn:
            sure = confidence(fused := fuse(v, model))
            dice = metrics.dice(rle.decode(fused.mask), truth[v.image])
            inside.append(sure.low <= dice <= sure.high)
            low.append(sure.low <= dice)
            assert 0 <= sure.low <= sure.predicted_dice <= sure.high <= 1
        assert np.mean(inside) >= 0.8
        assert np.mean(low) >= 0.85, "what a lab must not be told: more than there is"


def test_the_jackknife_is_leaving_each_rater_out() -> None:
    votes = image_votes("i", around(5, 3.0))
    fused = majority(votes)
    moved = []
    for rater in votes.raters:
        rest = np.sum(
            [rle.decode(m) for r, m in zip(votes.raters, votes.masks, strict=True) if r != rater], axis=0
        )
        moved.append(1 - metrics.dice(rest > 2, rle.decode(fused.mask)))
    assert jackknife(fused) == pytest.approx(np.sqrt(4 * np.mean(np.square(moved))))
    assert jackknife(majority(image_votes("i", around(1, 0.0)))) == 0


def test_features_say_what_their_names_say() -> None:
    one = dict(zip(FEATURES, features(fuse(image_votes("i", around(1, 0.0)), HONEST)), strict=True))
    assert (one["one"], one["single"], one["log_raters"], one["root_jackknife"]) == (1, 1, 0, 0)
    assert one["honesty"] == pytest.approx(0.95)
    many = dict(zip(FEATURES, features(majority(image_votes("i", around(26, 1.0)))), strict=True))
    assert many["log_raters"] == pytest.approx(np.log(MOST_RATERS))
    assert np.isnan(many["honesty"]), "a majority knows nobody"


def test_nothing_here_is_right_or_wrong() -> None:
    none = np.zeros((96, 96), bool)
    sure = confidence(fuse(image_votes("i", dict.fromkeys("abc", none)), HONEST))
    assert sure.predicted_dice > SURE_EMPTY
    assert sure.low == sure.predicted_dice
    assert sure.high == 1
    torn = confidence(majority(image_votes("i", {"a": none, "b": none, "c": disc(48, 48, 20)})))
    assert (torn.low, torn.high) == (0, 1)
    assert torn.predicted_dice == pytest.approx(2 / 3)
