"""Agreement-weighted vote: raters weigh by the fourth power of their Dice with the weighted vote; far-off masks are rejected.

Source: the iterative weighting of Sabuncu et al., "A Generative Model for Image Segmentation Based on Label Fusion", IEEE TMI
2010, with global weights and Dice as likelihood; rejection below half of the best rater's Dice. One image at a time.
"""

from __future__ import annotations

import numpy as np

from services.consensus.domain.patterns import Patterns, dice_with, pairwise_dice, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes

POWER = 4.0
REJECT = 0.5


def weighted(votes: ImageVotes, found: Patterns | None = None, most: int = 30) -> Fused:
    """Consensus by agreement weights; starts from each rater's mean Dice with the others, so no first vote is needed."""
    found = found or patterns(votes.masks)
    count = len(votes.raters)
    if count == 1:
        agreement = np.ones(1)
    else:
        pairs = pairwise_dice(found)
        agreement = (pairs.sum(axis=1) - np.diagonal(pairs)) / (count - 1)
    chosen = np.zeros(len(found.counts), bool)
    weights = np.full(count, 1 / count)
    for _ in range(most):
        raw = np.where(agreement >= REJECT * agreement.max(), agreement, 0.0) ** POWER
        weights = raw / raw.sum() if raw.sum() > 0 else np.full(count, 1 / count)
        after = found.votes @ weights > 0.5 + 1e-12
        if np.array_equal(after, chosen):
            break
        chosen = after
        agreement = dice_with(found, chosen)
    return Fused(
        "weighted",
        found,
        chosen,
        found.votes @ weights,
        dict(zip(votes.raters, weights.tolist(), strict=True)),
    )
