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

from services.consensus.domain.votes import Box, box_rle, run_bounds
from shared.imaging import rle
from shared.imaging.rle import RLE
from shared.imaging.rle_many import ends_of_many

Floats = NDArray[np.float64]
_FEW = 16  # raters, the counted box with them, up to which all patterns that there could be fit a small table


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
    where, sizes = ends_of_many(masks)
    if box is not None:
        more = run_bounds(box_rle(box, height, width))
        where, sizes = np.append(where, more), np.append(sizes, more.size)
    planes = sizes.size
    # Position and rater in one number: sorting plain numbers is several times faster than sorting an order of them. The ends of the
    # frame, which every mask has, flip bits behind the last pixel.
    width_of_who = planes.bit_length()
    keys = where << width_of_who
    keys |= np.repeat(np.arange(planes), sizes)
    keys.sort()
    where = keys >> width_of_who
    lengths = where.copy()
    lengths[1:] -= where[:-1]
    real = lengths.nonzero()[0]
    ends, lengths = where[real], lengths[real]
    keys &= (1 << width_of_who) - 1
    if planes <= _FEW:
        codes, segment, counts = _few(keys, real, lengths, planes)
    else:
        codes, segment, counts = _many(keys, real, lengths, planes)
    shift = np.arange(planes)
    table = (codes[:, shift // 63] >> (shift % 63)) & 1
    if box is not None:
        counts = counts * table[:, raters]
        table = table[:, :raters]
    return Patterns((height, width), table.astype(np.float64), counts, ends, segment)


def _few(
    who: NDArray[np.int64], real: NDArray[np.intp], lengths: NDArray[np.int64], planes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Codes (K, 1), the pattern of each segment, and pixels of each pattern, by a table of all 2^planes patterns."""
    bits = np.zeros(who.size + 1, np.int64)
    np.left_shift(1, who, out=bits[1:])
    bits = np.bitwise_xor.accumulate(bits)[real]
    there = np.zeros(1 << planes, np.bool_)
    there[bits] = True
    codes = there.nonzero()[0].astype(np.int64)
    rank = np.empty(1 << planes, np.int64)
    rank[codes] = np.arange(codes.size)
    segment = rank[bits]
    return codes[:, None], segment, np.bincount(segment, lengths, codes.size).astype(np.float64)


def _many(
    who: NDArray[np.int64], real: NDArray[np.intp], lengths: NDArray[np.int64], planes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """As :func:`_few`, codes (K, words), where 2^planes is too many to have a table of."""
    words = (planes + 62) // 63
    bits = np.zeros((who.size + 1, words), np.int64)
    bits[np.arange(1, who.size + 1), who // 63] = np.left_shift(np.int64(1), who % 63)
    bits = np.bitwise_xor.accumulate(bits, axis=0)[real]
    if words == 1:
        codes, segment = np.unique(bits[:, 0], return_inverse=True)
        codes = codes[:, None]
    else:
        codes, segment = np.unique(bits, axis=0, return_inverse=True)
    segment = segment.reshape(-1).astype(np.int64)
    return codes, segment, np.bincount(segment, lengths, len(codes)).astype(np.float64)


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
