"""When a project's own segmenter is trained, on what, and how far its masks can be trusted.

The network gives each label a probability a pixel. Three steps make an expected Dice of it, all fitted on images that the network at
hand has not learnt from (cross-fitting: each fold is answered by the member that was trained on the others):

1. *Temperature* (Guo et al., ICML 2017), one a label, so that a probability of 0.8 is right in 8 of 10 pixels.
2. *Soft Dice* of the thresholded mask with the probabilities, ``2 Σ_mask p / (|mask| + Σ p)``: about the Dice to expect if pixels erred
   independently. They don't, so it flatters.
3. *A line* on its logit (Platt 1999), drawn towards "less by what it flatters on average" where images are few.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from shared.imaging import metrics

Float = NDArray[np.float64]
STEPS = (10, 30, 100)
"""Consensus images at which a model is trained first, again, and again; from the last on each time that they grew by half."""
GROWTH = 1.5
_PRIOR = np.array([0.3, 0.02])
"""What a slope one off and an offset one off weigh, as errors of Dice of one image."""
_EDGE = 1e-3


def next_size(images: int) -> int:
    """The number of consensus images at which a model trained on ``images`` (0: none yet) is trained again."""
    for step in STEPS:
        if images < step:
            return step
    return int(np.ceil(images * GROWTH))


def is_due(images: int, trained: int) -> bool:
    """Whether ``images`` consensus images ask for a model, the newest having been trained on ``trained`` (0: there is none)."""
    return images >= next_size(trained)


def folds(groups: Sequence[str], k: int) -> NDArray[np.int64]:
    """Which of ``k`` folds each image is in, int64 ``(n,)``: a group (a patient) is never in two; the largest groups are dealt first,
    each to the smallest fold. With fewer groups than ``k``, as many folds as groups."""
    names, which = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    sizes = np.bincount(which, minlength=len(names))
    filled = np.zeros(max(1, min(k, len(names))), np.int64)
    fold_of = np.zeros(len(names), np.int64)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of[group] = filled.argmin()
        filled[filled.argmin()] += sizes[group]
    return np.asarray(fold_of[which], np.int64)


def soft_dice(probability: NDArray[np.floating]) -> Float:
    """The Dice of ``probability > 0.5`` with ``probability`` itself, over the last two axes; 0 where no pixel passes."""
    p = probability.astype(np.float64)
    mask = p > 0.5
    total = mask.sum((-2, -1)) + p.sum((-2, -1))
    return np.asarray(2 * (p * mask).sum((-2, -1)) / np.maximum(total, 1e-9), np.float64)


def temperature(logits: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    """The divisor of ``logits`` that makes their sigmoid likeliest for ``truth`` (same shape), between 0.25 and 8."""
    from scipy.optimize import minimize_scalar

    z, sign = logits.astype(np.float64).ravel(), np.where(truth.ravel(), 1.0, -1.0)
    if not z.size:
        return 1.0
    found = minimize_scalar(
        lambda log_t: np.logaddexp(0, -sign * z / np.exp(log_t)).mean(),
        bounds=(np.log(0.25), np.log(8.0)),
        method="bounded",
    )
    return float(np.exp(found.x))


@dataclass(frozen=True, slots=True)
class Skill:
    """What held-back images say of one label. The line of `expected`, and for people: images and groups it rests on, the mean Dice
    there, the mean error of expected Dice (each group counting once), the share of images where the label was, and the Dice expected
    of an empty mask."""

    label_id: int
    temperature: float
    slope: float
    offset: float
    images: int
    groups: int
    dice: float
    error: float
    present: float
    empty: float

    def expected(self, soft: NDArray[np.floating]) -> Float:
        """Expected Dice of masks whose soft Dice is ``soft``; `empty` where that is 0 (no pixel passed)."""
        value = np.asarray(soft, np.float64)
        line = _sigmoid(self.slope * _logit(value) + self.offset)
        return np.where(value > 0, line, self.empty)


def skill(
    label_id: int, logits: NDArray[np.floating], truth: NDArray[np.bool_], groups: Sequence[str]
) -> Skill:
    """Fit one label on ``logits`` and ``truth`` ``(n, S, S)`` of images that the networks hadn't learnt from, of ``groups``.

    The mean error is taken with the image's group left out of the line, so that it is that of a new patient.
    """
    heat = temperature(logits, truth)
    probability = _sigmoid(logits.astype(np.float64) / heat)
    soft, masks = soft_dice(probability), probability > 0.5
    dice = np.array([metrics.dice(m, t) for m, t in zip(masks, truth, strict=True)])
    names = np.asarray(groups, dtype=str)
    drawn, present = soft > 0, np.asarray(truth.any((-2, -1)))
    slope, offset = _line(soft[drawn], dice[drawn])
    # Nothing was found: right where there was nothing. Beside the images where that happened, one more is assumed that has the label
    # as often as they all do.
    absent = (float((~present).sum()) + 0.5) / (len(present) + 1)
    empty = (float((~drawn & ~present).sum()) + absent) / (float((~drawn).sum()) + 1)
    errors = []
    for name in np.unique(names):
        here = names == name
        a, b = _line(soft[drawn & ~here], dice[drawn & ~here])
        guess = np.where(soft > 0, _sigmoid(a * _logit(soft) + b), empty)
        errors.append(float(np.abs(guess - dice)[here].mean()))
    return Skill(
        label_id=label_id,
        temperature=heat,
        slope=slope,
        offset=offset,
        images=len(dice),
        groups=len(errors),
        dice=float(dice.mean()) if len(dice) else 0.0,
        error=float(np.mean(errors)) if errors else 0.0,
        present=float(present.mean()) if len(dice) else 0.0,
        empty=empty,
    )


def to_json(skills: Sequence[Skill]) -> str:
    """Rounded to six digits."""
    rows = [{k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(one).items()} for one in skills]
    return json.dumps(rows)


def _line(soft: Float, dice: Float) -> tuple[float, float]:
    """Slope and offset of logit(dice) on logit(soft), by least squares on the Dice itself, drawn a little to slope 1 and offset 0: ten
    images don't tell a slope. Without any image a mask is expected to do worse than it looks: offset for 0.5 at a soft Dice of 0.8."""
    from scipy.optimize import least_squares

    if not len(soft):
        return 1.0, -float(_logit(np.array(0.8)))
    x = _logit(soft)

    def residuals(p: Float) -> Float:
        return np.concatenate([_sigmoid(p[0] * x + p[1]) - dice, _PRIOR * (p - [1.0, 0.0])])

    found = least_squares(residuals, np.array([1.0, 0.0]), bounds=([0.0, -8.0], [4.0, 8.0]))
    return float(found.x[0]), float(found.x[1])


def _logit(value: Float) -> Float:
    inner = np.clip(value, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inner / (1 - inner)), np.float64)


def _sigmoid(value: NDArray[np.floating]) -> Float:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -40, 40))), np.float64)
