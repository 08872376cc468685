"""A rater over time: an alarm where agreement fell and stayed down, none where images got hard or somebody slipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.consensus.domain.drift import Answer, curve, drift
from services.consensus.domain.hierarchical import Trail, estimate
from services.consensus.domain.reliability import Given, report
from services.consensus.domain.votes import image_votes
from tests.unit.consensus.crowds import crowd, disc
from tests.unit.consensus.service import Service, disk


def series(excess: np.ndarray, dice: np.ndarray | None = None) -> list[Answer]:
    dice = np.clip(0.9 + excess, 0, 1) if dice is None else dice
    return [Answer(k, float(d), float(e)) for k, (d, e) in enumerate(zip(dice, excess, strict=True))]


def test_a_fall_is_found_where_it_happened() -> None:
    rng = np.random.default_rng(0)
    excess = rng.normal(0, 0.03, 30)
    excess[18:] -= 0.3
    found = drift(series(excess))
    assert found is not None
    assert found.since == 18
    assert found.answers == 12
    assert found.before == pytest.approx(0.9, abs=0.03)
    assert found.after == pytest.approx(0.6, abs=0.03)
    shuffled = [series(excess)[k] for k in rng.permutation(30)]
    assert drift(shuffled) == found, "the order in which answers are handed over says nothing"


def test_what_is_no_drift() -> None:
    rng = np.random.default_rng(1)
    excess = rng.normal(0, 0.03, 30)
    hard = np.where(np.arange(30) < 15, 0.9, 0.6) + excess
    assert drift(series(excess, hard)) is None, "the images got hard for everybody"
    slips = excess.copy()
    slips[[20, 25, 28]] = -0.9
    assert drift(series(slips)) is None, "three slips"
    better = excess + np.where(np.arange(30) < 15, -0.3, 0.0)
    assert drift(series(better)) is None, "somebody learnt"
    small = excess / 30 - np.where(np.arange(30) < 15, 0.0, 0.02)
    assert drift(series(small)) is None, "clear, but too little to matter"
    assert drift(series(np.r_[np.zeros(5), -np.ones(5)])) is None, "too few answers"


def test_false_alarms_are_rare() -> None:
    rng = np.random.default_rng(2)
    alarms = sum(drift(series(rng.normal(0, 0.1, 30))) is not None for _ in range(1000))
    assert alarms <= 10


def test_a_curve_holds_every_answer_once() -> None:
    rng = np.random.default_rng(3)
    assert curve([]) == []
    for n in (1, 5, 24, 25, 100):
        answers = series(rng.normal(0, 0.05, n))
        points = curve(answers)
        assert len(points) == min(n, 24)
        assert sum(p.n for p in points) == n
        assert [p.at for p in points] == sorted(p.at for p in points)
        assert sum(p.n * p.dice for p in points) == pytest.approx(sum(a.dice for a in answers))


def test_the_report_says_who_drifts_and_who_is_too_fast() -> None:
    votes, _, kinds = crowd(60, seed=9, spam=0)
    spoilt = []
    for k, v in enumerate(votes):
        masks = dict(zip(v.raters, v.masks, strict=True))
        if "good0" in masks and k >= 30:
            masks["good0"] = disc(20, 20, 6)
        spoilt.append(image_votes(v.image, masks))
    given = {
        (v.image, r): Given(k, 300 if r == "good1" else 9000) for k, v in enumerate(spoilt) for r in v.raters
    }
    trail: Trail = {}
    model = estimate(spoilt, trail=trail)
    flags = {r.rater: r.flags for r in report(model, spoilt, given=given, trail=trail)}
    assert [r for r in kinds if "drifting" in flags[r]] == ["good0"]
    assert [r for r in kinds if "too-fast" in flags[r]] == ["good1"]
    silent = report(model, spoilt)
    assert not any("drifting" in r.flags or r.over_time for r in silent), (
        "without times nothing is said about time"
    )


def test_the_lab_reads_since_when(tmp_path: Path) -> None:
    service = Service(tmp_path)
    rng = np.random.default_rng(4)
    for k in range(24):
        y, x = rng.integers(16, 32, 2)
        for rater in "abc":
            mask = disk(6, 6, 4) if rater == "a" and k >= 12 else disk(int(y), int(x), 10 + (rater == "b"))
            service.feed(service.submission(f"i{k}", rater, {1: mask}, duration_ms=8000), merge=False)
    service.settle()
    raters = {
        r["rater_id"]: r
        for r in service.get(f"/api/v1/projects/{service.images['i0'].project_id}/raters").json()["items"]
    }
    assert "drifting" in raters["a"]["flags"]
    assert not raters["b"]["flags"]
    label = next(x for x in raters["a"]["labels"] if x["label_id"] == 1)
    assert label["drift"]["n"] == 12
    assert label["drift"]["before"] > 0.85 > 0.2 > label["drift"]["after"]
    assert sum(p["n"] for p in label["over_time"]) == 24
    assert label["over_time"][12]["at"] >= label["drift"]["since"] > label["over_time"][11]["at"]
