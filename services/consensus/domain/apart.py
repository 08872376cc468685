"""How far each rater's mask is from what is known without it: the consensus of the others, or gold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, overlaps, patterns
from shared.imaging.rle import RLE

Floats = NDArray[np.float64]


def from_others(found: Patterns, weights: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Pixels between each rater and the consensus of the others (nan: there are none), and that consensus' own variance; all (R,).

    Leaving the rater out is what keeps the heaviest one from being compared with a copy of themselves.
    """
    areas, both = overlaps(found)
    same = (areas[:, None] + areas[None, :] - 2 * both == 0) & (
        areas > 0
    )  # copies of one mask are one opinion
    np.fill_diagonal(same, True)
    kept = weights[:, None] * ~same  # [q, k]: q's say when k is judged
    rest = kept.sum(axis=0)
    alone = rest <= 1e-9 * max(float(weights.sum()), 1e-300)
    without = found.votes @ kept > rest / 2 + 1e-12
    apart = found.counts @ (without != (found.votes > 0))
    others = variances @ (kept / np.maximum(rest, 1e-300)) ** 2
    return np.where(alone, np.nan, apart), np.where(alone, 0.0, others)


def from_truth(straight: Sequence[RLE], truth: RLE) -> tuple[Floats, Floats]:
    """As :func:`from_others`, with gold in the place of the others."""
    areas, both = overlaps(patterns([*straight, truth]))
    return (areas + areas[-1] - 2 * both[-1])[:-1], np.zeros(len(straight))
