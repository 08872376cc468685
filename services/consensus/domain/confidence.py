"""How sure one may be: a calibrated probability per pattern, the Dice that the consensus is expected to have, and agreement.

Probability: a logistic curve over the signed weighted support and the effective number of raters (Platt scaling; Platt 1999). Predicted
Dice: the expectation of Dice under that probability (as in Roy et al., NeuroImage 2019), then a linear correction on the logit
scale whose residuals give the interval. The constants were fitted on the simulated crowds main and hard of seed 11 (docs/consensus.md says
how, and how well they hold on other seeds and on real raters). Krippendorff's α: Krippendorff, "Content Analysis", 2004, nominal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, overlaps, pairwise_dice
from services.consensus.domain.result import Fused

Floats = NDArray[np.float64]

SLOPE = (3.42, 1.2)  # logit of a pixel = signed support · (a + b · sqrt(effective raters))
DICE_LINE = (1.85, 0.427)  # logit of predicted Dice = a + b · logit of the expected one, ...
DICE_CAP = 0.9  # ... but never this much above it: where nobody agrees there was nothing to fit
DICE_SPREAD = (1.25, 1.25)  # logit units below and above that hold 90 %
_EDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Confidence:
    """predicted_dice with a 90 % interval; agreement: pairwise Dice, weighted by trust (1 rater: 1); alpha: Krippendorff on pixels.

    presence: weighted share of raters who marked anything. effective: effective number of raters, 1 … R.
    """

    predicted_dice: float
    low: float
    high: float
    agreement: float
    alpha: float
    presence: float
    effective: float


def effective_raters(fused: Fused) -> float:
    """How many equally trusted raters the weights are worth: ``(Σw)² / Σw²``."""
    weights = np.array(list(fused.weights.values()))
    squares = float(weights @ weights)
    return float(weights.sum() ** 2 / squares) if squares > 0 else 1.0


def probability(fused: Fused) -> Floats:
    """Probability of truth per pattern, (K,); 0 where nobody marked anything."""
    signed = 2 * np.clip(fused.support, 0, 1) - 1
    steep = SLOPE[0] + SLOPE[1] * np.sqrt(effective_raters(fused))
    p = 1 / (1 + np.exp(-signed * steep))
    untouched = ~fused.found.votes.any(axis=1)
    return np.where(untouched, 0.0, p)


def confidence(fused: Fused) -> Confidence:
    """All figures of one consensus."""
    p = probability(fused)
    counts = fused.found.counts
    areas, _ = overlaps(fused.found)
    weights = np.array(list(fused.weights.values()))
    presence = float(weights @ (areas > 0)) / max(float(weights.sum()), 1e-12)
    inside = float(counts @ fused.chosen)
    total = inside + float(counts @ p)
    # An empty consensus is right (Dice 1) or wrong (0): how sure is it that nothing is there?
    expected = 2 * float((counts * p) @ fused.chosen) / total if inside > 0 else 1 - presence
    expected = min(max(expected, _EDGE), 1 - _EDGE)
    logit = float(np.log(expected / (1 - expected)))
    x = min(DICE_LINE[0] + DICE_LINE[1] * logit, logit + DICE_CAP)
    low, mid, high = (1 / (1 + np.exp(-v)) for v in (x - DICE_SPREAD[0], x, x + DICE_SPREAD[1]))
    return Confidence(
        float(mid),
        float(low),
        float(high),
        agreement(fused.found, weights),
        krippendorff(fused.found),
        presence,
        effective_raters(fused),
    )


def agreement(found: Patterns, weights: Floats | None = None) -> float:
    """Mean pairwise Dice of the raters, weighted by ``weights`` (R,) (equal: the plain mean), so that a known spammer doesn't
    make an image look disputed. One rater: 1."""
    pairs = pairwise_dice(found)
    n = len(pairs)
    if n < 2:
        return 1.0
    w = np.full(n, 1 / n) if weights is None else np.maximum(weights, 1e-9)
    both = np.outer(w, w)
    np.fill_diagonal(both, 0.0)
    return float((both * pairs).sum() / both.sum())


def krippendorff(found: Patterns) -> float:
    """Krippendorff's α (nominal) of the counted pixels; no disagreement possible (one rater, one value only): 1."""
    raters = found.votes.shape[1]
    yes = found.votes.sum(axis=1)
    values = raters * float(found.counts.sum())
    ones = float(found.counts @ yes)
    if raters < 2 or ones in (0.0, values):
        return 1.0
    observed = 2 * float(found.counts @ (yes * (raters - yes))) / (raters - 1) / values
    expected = 2 * ones * (values - ones) / (values * (values - 1))
    return float(1 - observed / expected)
