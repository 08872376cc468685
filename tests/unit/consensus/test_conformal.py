"""Intervals of predicted Dice that are widened until they hold on gold."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from services.consensus.domain.confidence import Confidence
from services.consensus.domain.conformal import LEAST, coverage, widened, widening, widening_of
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.offline import run
from shared.imaging import rle
from shared.imaging.codecs import encode_png
from tests.unit.consensus.crowds import crowd


def sure(low: float, high: float) -> Confidence:
    return Confidence((low + high) / 2, low, high, 0.9, 0.9, 1.0, 5.0)


@pytest.mark.parametrize("gold", [12, 30])
def test_a_too_narrow_interval_covers_what_it_promises_after_a_few_gold_images(gold):
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        truths = 1 / (1 + np.exp(-rng.normal(2, 1, 90)))
        narrow = [sure(0.86, 0.90)] * 90
        by = widening(narrow[:gold], truths[:gold].tolist())
        assert by is not None
        shares.append(coverage([widened(c, by) for c in narrow[gold:]], truths[gold:].tolist()))
    assert 0.9 <= np.mean(shares) < 0.96  # rounded up: 12 of 13, or 30 of 31 at each end


def test_an_interval_that_holds_stays_as_it_is():
    good = [sure(0.5, 0.99)] * 20
    assert widening(good, [0.9] * 20) == (0.0, 0.0)
    assert widened(good[0], (0.0, 0.0)) == good[0]


def test_with_enough_gold_only_the_end_that_fails_is_moved():
    by = widening([sure(0.8, 0.9)] * 19, [0.97] * 19)
    assert by is not None
    wide = widened(sure(0.8, 0.9), by)
    assert wide.low == 0.8
    assert wide.high == pytest.approx(0.97)


@pytest.mark.parametrize("n", [9, 19])
@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_a_consensus_that_is_all_right_or_all_wrong_is_held_too(n, truth):
    by = widening([sure(0.7, 0.9)] * n, [truth] * n)
    assert by is not None
    wide = widened(sure(0.7, 0.9), by)
    assert wide.low <= truth <= wide.high


def test_too_little_gold_promises_nothing():
    assert LEAST == 9
    assert widening([sure(0.5, 0.9)] * 8, [0.1] * 8) is None
    assert widening([sure(0.5, 0.9)] * 9, [0.1] * 9)[0] > 0
    votes, _, _ = crowd(4)
    assert widening_of(votes, [fuse(v, estimate(votes)) for v in votes], {}) is None


def test_the_ends_of_the_scale_stay_on_it():
    wide = widened(sure(0.0, 1.0), (30.0, 30.0))
    assert (wide.low, wide.high) == (0.0, 1.0)
    odd = widening([sure(0.9, 1.0)] * 9, [0.0] * 9)
    assert odd is not None
    assert np.isfinite(odd).all()


@pytest.mark.parametrize("golds", [8, 12])
def test_a_folder_with_gold_gets_intervals_that_hold_on_it(tmp_path: Path, golds: int):
    votes, truth, _ = crowd(14, seed=6)
    for v in votes:
        (tmp_path / "in" / v.image).mkdir(parents=True)
        for rater, mask in zip(v.raters, v.masks, strict=True):
            (tmp_path / "in" / v.image / f"{rater}.png").write_bytes(encode_png(rle.decode(mask)))
    (tmp_path / "gold").mkdir()
    for v in votes[:golds]:
        # Gold that lies elsewhere than people think: the shipped intervals can't hold.
        (tmp_path / "gold" / f"{v.image}.png").write_bytes(encode_png(np.roll(truth[v.image], 9, axis=1)))
    run(tmp_path / "in", tmp_path / "out", method="majority", gold=tmp_path / "gold")
    run(tmp_path / "in", tmp_path / "plain", method="majority")
    with (tmp_path / "out" / "images.csv").open() as one, (tmp_path / "plain" / "images.csv").open() as other:
        rows, plain = list(csv.DictReader(one)), list(csv.DictReader(other))
    assert [r["predicted_dice"] for r in rows] == [r["predicted_dice"] for r in plain]
    wider = [float(r["low"]) < float(p["low"]) for r, p in zip(rows, plain, strict=True)]
    assert wider == [golds >= LEAST] * len(rows)
