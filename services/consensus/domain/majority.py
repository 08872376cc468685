"""Strict majority vote per pixel; a tie is background.

Source: the baseline of every comparison of label fusion, e.g. Heckemann et al., "Automatic anatomical brain MRI segmentation
combining label propagation and decision fusion", NeuroImage 2006.
"""

from __future__ import annotations

import numpy as np

from services.consensus.domain.patterns import Patterns, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes


def majority(votes: ImageVotes, found: Patterns | None = None) -> Fused:
    """Consensus where more than half of the raters said yes. Support is the share of yes, (K,)."""
    found = found or patterns(votes.masks)
    share = found.votes.mean(axis=1)
    weights = np.full(len(votes.raters), 1 / len(votes.raters))
    return Fused(
        "majority", found, share > 0.5, share, dict(zip(votes.raters, weights.tolist(), strict=True))
    )
