"""Vote patterns: pixels on which the same raters said yes are alike for every method that looks at one pixel at a time.

R raters can vote in 2^R ways, but a picture of 256² with 15 raters holds about 90 of them, so an EM over the histogram of
patterns is exact and hundreds of times cheaper than one over pixels. The patterns are found on the run lengths, without
decoding: every run end flips one rater's bit, and between two neighbouring flips the vote is constant (a *segment*). 60 raters
who paint noise make many segments, never more than pixels, so the time stays bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.votes import Box, bounds_of_many, box_rle, run_bounds
from shared.imaging import rle
from shared.imaging.rle import RLE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The histogram of vote patterns of R raters on one image of ``size`` pixels.

    votes: float64 (K, R), 1 where the rater said yes in that pattern; patterns sorted by their bits, so deterministic.
    counts: float64 (K,), pixels with that pattern, inside the counted box only.
    ends: int64 (S,), column-major end of each segment; segment: int64 (S,), its pattern.
    """

    size: tuple[int, int]
    votes: Floats
    counts: Floats
    ends: NDArray[np.int64]
    segment: NDArray[np.int64]

    def paint(self, chosen: NDArray[np.bool_]) -> RLE:
        """The mask whose pixels are those of the chosen patterns; chosen: bool (K,)."""
        height, width = self.size
        on = chosen[self.segment]
        if on.size == 0:
            return rle.empty(height, width)
        last = np.append(on[1:] != on[:-1], True)
        stops = self.ends[last]
        lengths = np.diff(stops, prepend=0)
        if on[0]:
            lengths = np.concatenate(([0], lengths))
        return rle.from_runs(height, width, lengths)

    def spread(self, values: Floats) -> Floats:
        """An image (H, W) of a value per pattern; values: float64 (K,)."""
        height, width = self.size
        flat = np.repeat(values[self.segment], np.diff(self.ends, prepend=0))
        return flat.reshape(width, height).T


def patterns(masks: Sequence[RLE], box: Box | None = None) -> Patterns:
    """Patterns of masks of equal size; with ``box``, only pixels inside it are counted (patterns outside stay, at count 0)."""
    height, width = masks[0].size
    raters = len(masks)
    flips = bounds_of_many(masks)
    if box is not None:
        flips.append(run_bounds(box_rle(box, height, width)))
    planes = len(flips)
    where = np.concatenate(flips)
    who = np.repeat(np.arange(planes), [f.size for f in flips])
    order = np.argsort(where, kind="stable")
    where, who = where[order], who[order]
    words = (planes + 62) // 63
    bits = np.zeros((where.size + 1, words), np.int64)
    bits[np.arange(1, where.size + 1), who // 63] = np.left_shift(np.int64(1), who % 63)
    bits = np.bitwise_xor.accumulate(bits, axis=0)
    ends = np.append(where, height * width)
    real = np.diff(ends, prepend=0) > 0
    ends, bits = ends[real], bits[real]
    if words == 1:
        codes, segment = np.unique(bits[:, 0], return_inverse=True)
        codes = codes[:, None]
    else:
        codes, segment = np.unique(bits, axis=0, return_inverse=True)
    segment = segment.reshape(-1)
    shift = np.arange(planes)
    table = (codes[:, shift // 63] >> (shift % 63)) & 1
    counts = np.bincount(segment, np.diff(ends, prepend=0), len(codes)).astype(np.float64)
    if box is not None:
        counts = counts * table[:, raters]
        table = table[:, :raters]
    return Patterns((height, width), table.astype(np.float64), counts, ends, segment)


def overlaps(found: Patterns) -> tuple[Floats, Floats]:
    """Areas (R,) and pairwise intersections (R, R) in counted pixels."""
    weighted = found.votes * found.counts[:, None]
    both = weighted.T @ found.votes
    return np.diagonal(both).copy(), both


def pairwise_dice(found: Patterns) -> Floats:
    """Dice of every two raters, (R, R); two empty masks agree: 1."""
    areas, both = overlaps(found)
    total = areas[:, None] + areas[None, :]
    return np.where(total == 0, 1.0, 2 * both / np.maximum(total, 1))


def dice_with(found: Patterns, chosen: NDArray[np.bool_]) -> Floats:
    """Dice of every rater with the chosen patterns, (R,); two empty masks agree: 1."""
    areas, _ = np.sum(found.votes * found.counts[:, None], axis=0), None
    inside = found.counts * chosen
    total = areas + inside.sum()
    return np.where(total == 0, 1.0, 2 * (inside @ found.votes) / np.maximum(total, 1))
