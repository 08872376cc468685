"""Simulated volunteers err as their kind says, and the same seed draws the same."""

import numpy as np
import pytest

from services.cli.crowd.plan import phantom, simulate
from services.cli.crowd.raters import DEFAULT_MIX, KINDS, click, draw, make_crowd
from services.cli.demo.measure import Scores, dice, score


@pytest.fixture
def truth():
    return phantom(np.random.default_rng(3), 128)


def mean_dice(kind: str, truth, n=30) -> float:
    return float(np.mean([dice(draw(KINDS[kind], truth, np.random.default_rng(i)), truth) for i in range(n)]))


def test_careful_beats_sloppy_beats_spam(truth):
    assert mean_dice("careful", truth) > mean_dice("sloppy", truth) > mean_dice("spammer-full", truth)
    assert mean_dice("careful", truth) > 0.85


def test_over_draws_more_and_under_draws_less(truth):
    areas = {
        k: np.mean([draw(KINDS[k], truth, np.random.default_rng(i)).sum() for i in range(20)])
        for k in ("over", "under")
    }
    assert areas["over"] > truth.sum() > areas["under"]


def test_shifted_keeps_the_area(truth):
    drawn = [draw(KINDS["shifted"], truth, np.random.default_rng(i)) for i in range(20)]
    assert abs(np.median([d.sum() for d in drawn]) / truth.sum() - 1) < 0.15
    assert mean_dice("shifted", truth) < mean_dice("careful", truth)


def test_spammers_ignore_the_image(truth):
    rng = np.random.default_rng(0)
    assert not draw(KINDS["spammer-blank"], truth, rng).any()
    assert draw(KINDS["spammer-full"], truth, rng).all()


def test_nothing_there_is_drawn_as_nothing():
    empty = np.zeros((40, 50), bool)
    for kind in ("careful", "sloppy", "over", "under", "shifted", "lazy-click"):
        assert not draw(KINDS[kind], empty, np.random.default_rng(1)).any()


def test_the_same_seed_draws_the_same(truth):
    for kind in KINDS.values():
        one, two = (draw(kind, truth, np.random.default_rng([1, 2])) for _ in range(2))
        assert (one == two).all()


def test_a_click_lies_inside(truth):
    for seed in range(20):
        y, x = click(truth, np.random.default_rng(seed))
        assert truth[y, x]


def test_a_crowd_has_the_shares_of_its_mix():
    crowd = make_crowd(100, np.random.default_rng(0))
    for name, share in DEFAULT_MIX.items():
        assert abs(sum(k.name == name for k in crowd) - 100 * share / sum(DEFAULT_MIX.values())) < 1
    assert len(make_crowd(7, np.random.default_rng(0))) == 7


@pytest.mark.parametrize("mix", [{"wizard": 1.0}, {"careful": 0.0}, {"careful": -1.0, "sloppy": 3.0}])
def test_a_bad_mix_is_refused(mix):
    with pytest.raises(ValueError, match=r"kind|shares"):
        make_crowd(5, np.random.default_rng(0), mix)


def test_more_labels_are_better_and_a_quorum_over_the_crowd_is_refused():
    rows = simulate([1, 5], raters=10, mix=None, seed=1, images=12)
    assert rows[1]["dice"] > rows[0]["dice"]
    with pytest.raises(ValueError, match="quorum"):
        simulate([11], raters=10, mix=None, seed=1)


def test_scores_tell_single_majority_and_consensus_apart():
    truth = np.zeros((4, 4), bool)
    truth[1:3, 1:3] = True
    scores = Scores(["a"])
    score(scores, [truth], [{0: truth}, {0: truth}, {}], {0: truth})
    assert scores.mean("consensus") == scores.mean("majority") == 1.0
    assert scores.mean("single volunteer") == pytest.approx(2 / 3)
    assert scores.images == 1
