"""What the next labels or synthetic images are worth, read off learning curves.

Error falls with the number of images as a power law over the middle of most learning curves (Hestness et al. 2017; Rosenfeld et al. 2020),
so the slope of log error over log number tells what the next ones bring. Over many sizes it is that of the last three, as curves flatten:
on 160 blood smears the line through four sizes foretold 0.943 at the last one, the line through the two before it 0.928; 0.927 came. It is
anchored at the largest number measured and not trusted far beyond: from N images no more than another N are spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import stats

MIN_POINTS = 3
"""Fewer sizes make no curve: any line fits two."""
FLOOR = 1e-3
"""Errors below this count as this: a perfect score has no logarithm."""
MATTERS = 0.005
"""A gain in Dice under this isn't worth asking people for."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores ``(seeds, images)``, higher is better and at most 1, of the same test images at each number of training images ``counts``."""

    counts: tuple[float, ...]
    scores: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class Worth:
    """``more`` images on top of ``now`` are expected to bring ``gain`` with a 95 % interval.

    ``predicted`` is what the sizes before the last said of it, ``measured`` what came: how far the law holds here.
    """

    now: float
    more: float
    gain: float
    low: float
    high: float
    predicted: float
    measured: float

    @property
    def verdict(self) -> str:
        """ "worth it", "stop" where even the interval's upper end is under `MATTERS`, or "can't be told"."""
        if self.high < MATTERS:
            return "stop"
        return "worth it" if self.low > 0 else "can't be told"


def next_ones(
    curve: Curve,
    more: float,
    rng: np.random.Generator,
    groups: NDArray[np.int64] | None = None,
    rounds: int = 4000,
    points: int = MIN_POINTS,
) -> Worth | None:
    """What ``more`` images, at most as many as there are, would bring; None for a curve of fewer than `MIN_POINTS` different sizes.

    The slope is that of the largest ``points`` sizes: three where sizes double from one to the next, more where they lie close together.
    """
    counts = np.array(curve.counts, float)
    if len(set(curve.counts)) < MIN_POINTS:
        return None
    order = np.argsort(counts, kind="stable")[-points:]
    counts, scores = counts[order], [curve.scores[i] for i in order]
    more = min(more, float(counts[-1]))
    drawn = stats.resampled_means(scores, rng, rounds, groups)
    gains = _gain(counts, drawn, more)
    means = np.array([[s.mean()] for s in scores])
    slope, height = _line(counts[:-1], means[:-1])
    predicted = 1 - float(np.exp(height + slope * np.log(counts[-1]))[0])
    low, high = np.quantile(gains, (0.025, 0.975))
    gain = float(_gain(counts, means, more)[0])
    return Worth(float(counts[-1]), more, gain, float(low), float(high), predicted, float(means[-1, 0]))


def real_labels_each(
    real: Curve,
    synthetic: Curve,
    rng: np.random.Generator,
    groups: NDArray[np.int64] | None = None,
    rounds: int = 4000,
) -> tuple[float, float, float] | None:
    """How many more really labelled images one synthetic image is worth, with a 95 % interval (negative: it costs some).

    ``real`` over labelled images, ``synthetic`` with its first point at none and its last at all synthetic images, counted apart. The
    answer is within one labelled image more or less per synthetic one, where the curve can be trusted. None where there is no curve,
    or where it can't be told that more labels help themselves.
    """
    if len(set(real.counts)) < MIN_POINTS or synthetic.counts[-1] <= synthetic.counts[0]:
        return None
    added = synthetic.counts[-1] - synthetic.counts[0]
    order = np.argsort(real.counts, kind="stable")[-MIN_POINTS:]
    most = max(real.counts)
    arms = [*(real.scores[i] for i in order), synthetic.scores[0], synthetic.scores[-1]]
    drawn = stats.resampled_means(arms, rng, rounds, groups)
    means = np.array([[s.mean()] for s in arms])
    counts = np.array(real.counts, float)[order]

    def each(errors: NDArray[np.float64]) -> NDArray[np.float64]:
        slope, _ = _line(counts, errors[:-2])
        before, after = (np.maximum(1 - errors[i], FLOOR) for i in (-2, -1))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            grown = np.exp(np.clip(np.log(after / before) / np.minimum(slope, -1e-9), -20, 20)) - 1
        return np.asarray(np.clip(most * grown / added, -1, 1))

    if float(np.quantile(_line(counts, drawn[:-2])[0], 0.975)) >= 0:
        return None
    low, high = np.quantile(each(drawn), (0.025, 0.975))
    return float(each(means)[0]), float(low), float(high)


def _line(
    counts: NDArray[np.float64], means: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope and height ``(rounds,)`` of log error over log number, by least squares; ``means`` ``(points, rounds)``."""
    x = np.log(np.maximum(counts, 1))[:, None]
    y = np.log(np.maximum(1 - means, FLOOR))
    centred = x - x.mean()
    slope = (centred * y).sum(axis=0) / max(float((centred**2).sum()), 1e-12)
    return slope, y.mean(axis=0) - slope * float(x.mean())


def _gain(counts: NDArray[np.float64], means: NDArray[np.float64], more: float) -> NDArray[np.float64]:
    slope, _ = _line(counts, means)
    error = np.maximum(1 - means[-1], FLOOR)
    return np.asarray(error * (1 - (1 + more / counts[-1]) ** slope))
