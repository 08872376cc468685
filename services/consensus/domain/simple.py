"""SIMPLE: drop raters whose overlap with the current estimate falls behind, weigh the rest by it, until nothing changes.

Source: Langerak et al., "Label Fusion in Atlas-Based Segmentation Using a Selective and Iterative Method for Performance Level
Estimation (SIMPLE)", IEEE TMI 29(12), 2010. Runs on vote patterns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, dice_with, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes

ALPHA = 1.0  # standard deviations below the mean at which a rater is dropped
LEAST = 3  # raters that are kept in any case


def simple(votes: ImageVotes, found: Patterns | None = None, most: int = 20) -> Fused:
    """Consensus by iterated selection; a tie is background. With at most three raters nobody is dropped."""
    found = found or patterns(votes.masks)
    count = len(votes.raters)
    kept = np.ones(count, bool)
    weights = np.ones(count)
    chosen = _vote(found, weights)
    for _ in range(most):
        performance = dice_with(found, chosen)
        limit = performance[kept].mean() - ALPHA * performance[kept].std()
        stay = kept & (performance >= limit)
        if stay.sum() < min(LEAST, count):
            best = np.argsort(-performance, kind="stable")[: min(LEAST, count)]
            stay = np.zeros(count, bool)
            stay[best] = True
        weights = np.where(stay, performance**2, 0.0)
        after = _vote(found, weights)
        if np.array_equal(after, chosen) and np.array_equal(stay, kept):
            break
        kept, chosen = stay, after
    total = weights.sum()
    share = found.votes @ weights / total if total > 0 else found.votes.mean(axis=1)
    normal = weights / total if total > 0 else np.full(count, 1 / count)
    return Fused("simple", found, chosen, share, dict(zip(votes.raters, normal.tolist(), strict=True)))


def _vote(found: Patterns, weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(found.votes @ weights > weights.sum() / 2 + 1e-12)
