"""How sure one may be: a calibrated probability per pattern, the Dice that the consensus is expected to have, and agreement.

Probability: a logistic curve over the signed weighted support and the effective number of raters (Platt scaling; Platt 1999). Predicted
Dice: a fractional logit (Papke and Wooldridge, J. Appl. Econometrics 1996) on what can be seen of a consensus: the expectation of Dice
under that probability (as in Roy et al., NeuroImage 2019), the number of raters, their agreement, how far the mask moves when one is left
out (the jackknife: Quenouille 1956), and how honest they are elsewhere. Its interval: two quantile regressions on the same (Koenker
and Bassett, Econometrica 1978). `make fit-confidence` fits all of these constants on simulated crowds and prints them
(docs/consensus.md says how well they hold). Krippendorff's α: Krippendorff, "Content Analysis", 2004, nominal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, overlaps, pairwise_dice
from services.consensus.domain.result import Fused

Floats = NDArray[np.float64]

SLOPE = (3.42, 1.2)  # logit of a pixel = signed support · (a + b · sqrt(effective raters))
FEATURES = ("one", "logit_expected", "log_raters", "agreement", "root_jackknife", "single", "honesty")
MOST_RATERS = 15.0  # nothing was fitted beyond, so more raters don't raise the prediction further
# Rows: mean (logit), 5 % and 97.5 % quantile (logit of Dice); columns: FEATURES. The upper one is wider than 95 %, because where people
# share no error the consensus is better than anything in the masks can tell. More raters, more agreement and more honesty never lower
# the prediction: the fit was held to that.
KNOWN = np.array(
    [
        [-2.1908, 0.1946, 0.2262, 0.0, -2.4214, -1.5786, 5.271],
        [-7.261, 0.122, 0.0822, 5.4258, -1.8386, -0.6527, 5.0386],
        [0.2419, 0.3422, 0.5842, 0.0, -0.6573, -0.5206, 2.864],
    ]
)
UNKNOWN = np.array(  # for methods that don't know raters across images: without honesty
    [
        [1.2808, 0.0, 0.3627, 1.4825, -2.0841, -0.7149],
        [-4.1148, 0.0, 0.4338, 6.4356, -0.5663, -3.0626],
        [2.5066, 0.4406, 0.5562, 0.0, -0.9169, -0.6898],
    ]
)
SURE_EMPTY = 0.95  # from this probability on, "nothing here" has no 0 in its 90 % interval
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


def jackknife(fused: Fused) -> float:
    """How far the mask moves when one rater is left out, the weights of the others kept: root of summed squared Dice distances, 0 …; one
    rater: 0."""
    found = fused.found
    weights = np.array(list(fused.weights.values()))
    n = len(weights)
    if n < 2:
        return 0.0
    kept = np.repeat(weights[:, None], n, axis=1)
    np.fill_diagonal(kept, 0.0)
    others = found.votes @ kept > kept.sum(axis=0) / 2 + 1e-12
    total = found.counts @ others + float(found.counts @ fused.chosen)
    same = 2 * ((found.counts * fused.chosen) @ others) / np.maximum(total, 1)
    moved = np.where(total > 0, 1 - same, 0.0)
    return float(np.sqrt((n - 1) * np.mean(moved**2)))


def features(fused: Fused, agreed: float | None = None) -> Floats:
    """What predicted Dice is read off, float64 (7,) as FEATURES names them; honesty is nan where the method knows no raters.

    Only for a consensus that isn't empty. ``agreed``: :func:`agreement`, where it is known already.
    """
    p = probability(fused)
    counts = fused.found.counts
    n = len(fused.weights)
    inside = float(counts @ fused.chosen)
    expected = 2 * float((counts * p) @ fused.chosen) / (inside + float(counts @ p))
    expected = min(max(expected, _EDGE), 1 - _EDGE)
    if agreed is None:
        agreed = agreement(fused.found, np.array(list(fused.weights.values())))
    return np.array(
        [
            1.0,
            np.log(expected / (1 - expected)),
            np.log(min(n, MOST_RATERS)),
            agreed if n > 1 else 0.5,
            np.sqrt(jackknife(fused)),
            float(n == 1),
            fused.honesty,
        ]
    )


def _predict(fused: Fused, agreed: float, presence: float) -> tuple[float, float, float]:
    """Predicted Dice and the ends of its 90 % interval."""
    if not float(fused.found.counts @ fused.chosen) > 0:
        # An empty consensus is right (Dice 1) or wrong (0): how sure is it that nothing is there?
        expected = min(max(1 - presence, _EDGE), 1 - _EDGE)
        return expected, expected if expected >= SURE_EMPTY else 0.0, 1.0
    seen = features(fused, agreed)
    logits = UNKNOWN @ seen[:-1] if np.isnan(seen[-1]) else KNOWN @ seen
    mid, low, high = (float(v) for v in 1 / (1 + np.exp(-np.clip(logits, -30, 30))))
    return mid, min(low, mid), max(high, mid)


def confidence(fused: Fused) -> Confidence:
    """All figures of one consensus."""
    areas, _ = overlaps(fused.found)
    weights = np.array(list(fused.weights.values()))
    presence = float(weights @ (areas > 0)) / max(float(weights.sum()), 1e-12)
    agreed = agreement(fused.found, weights)
    mid, low, high = _predict(fused, agreed, presence)
    return Confidence(mid, low, high, agreed, krippendorff(fused.found), presence, effective_raters(fused))


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
