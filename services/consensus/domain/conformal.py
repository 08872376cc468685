"""The interval of predicted Dice, widened until it holds on this project's own gold.

Source: Romano, Patterson and Candès, "Conformalized Quantile Regression", NeurIPS 2019 (split conformal prediction). The constants of the
interval come of simulated crowds; real masks may be harder. Each gold image says by how much, in logits, its true Dice lies beyond an end
of its interval. From 19 gold images on, the (n + 1) · 0.95-th smallest of these is added at each end by itself; with 9 to 18, the
(n + 1) · 0.9-th of the larger of both at both. If gold images are drawn like the others, an interval then holds the truth in at least 90 %
of cases, on the average over draws of gold, whatever the constants were. It is only ever widened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from services.consensus.domain.confidence import Confidence, confidence
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes
from shared.imaging import rle
from shared.imaging.rle import RLE

COVERED = 0.9
LEAST = math.ceil(COVERED / (1 - COVERED) - 1e-9)  # gold images without which no finite widening is enough
EACH = math.ceil((1 + COVERED) / (1 - COVERED) - 1e-9)  # likewise, for each end by itself
_EDGE = 1e-4


def _logit(dice: float) -> float:
    inside = min(max(dice, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


Widening = tuple[float, float]


def widening(intervals: Sequence[Confidence], truths: Sequence[float]) -> Widening | None:
    """Logits to add at the lower and at the upper end, 0 or more; None with fewer than LEAST images.

    truths: the consensuses' true Dice, 0 … 1.
    """
    if len(intervals) < LEAST:
        return None
    below = [_logit(c.low) - _logit(d) for c, d in zip(intervals, truths, strict=True)]
    above = [_logit(d) - _logit(c.high) for c, d in zip(intervals, truths, strict=True)]
    if len(intervals) >= EACH:
        half = (1 + COVERED) / 2
        return _smallest(below, half), _smallest(above, half)
    both = _smallest([max(pair) for pair in zip(below, above, strict=True)], COVERED)
    return both, both


def _smallest(outside: Sequence[float], share: float) -> float:
    return max(0.0, sorted(outside)[math.ceil((len(outside) + 1) * share - 1e-9) - 1])


def widened(sure: Confidence, by: Widening) -> Confidence:
    """The same figures with a wider interval; predicted Dice stays. An end that comes within 0.0001 of 0 or 1 is 0 or 1."""
    low, high = sure.low, sure.high
    if by[0] > 0:
        found = 1 / (1 + math.exp(min(by[0] - _logit(low), 700)))
        low = min(low, found if found > _EDGE * (1 + 1e-9) else 0.0)
    if by[1] > 0:
        found = 1 / (1 + math.exp(min(by[1] + _logit(high), 700)))
        high = max(high, 1 - found if found > _EDGE * (1 + 1e-9) else 1.0)
    return replace(sure, low=low, high=high)


def widening_of(
    votes: Sequence[ImageVotes], fused: Sequence[Fused], gold: Mapping[str, RLE]
) -> Widening | None:
    """:func:`widening` by the gold of these images; None where there is too little.

    Gold also teaches who is reliable, which flatters the images that have it: so the hierarchical consensus of each half of them is made
    anew with the other half's gold only.
    """
    known = [k for k, v in enumerate(votes) if v.image in gold]
    if len(known) < LEAST:
        return None
    judged: list[tuple[Confidence, float]] = []
    for part in (0, 1):
        here = known[part::2]
        hidden = {votes[k].image for k in here}
        again = any(fused[k].method.startswith("hierarchical") for k in here)
        model = estimate(votes, {n: m for n, m in gold.items() if n not in hidden}) if again else None
        for k in here:
            one = fuse(votes[k], model) if model is not None else fused[k]
            judged.append((confidence(one), rle.dice_rle(one.mask, gold[votes[k].image])))
    return widening([c for c, _ in judged], [d for _, d in judged])


def coverage(intervals: Sequence[Confidence], truths: Sequence[float]) -> float:
    """Share of images whose true Dice the interval holds; no images: nan."""
    inside = [c.low <= d <= c.high for c, d in zip(intervals, truths, strict=True)]
    return float(np.mean(inside)) if inside else float("nan")
