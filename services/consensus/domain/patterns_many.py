"""Vote patterns of many images in one pass: :mod:`patterns` without numpy's start-up for each image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, patterns
from services.consensus.domain.votes import Box
from shared.imaging.rle import RLE
from shared.imaging.rle_many import ends_of_many

_FEW = 16  # raters and box of an image that a table of all patterns is kept for
_TABLE = 1 << 19  # entries of all tables of one pass


def patterns_many(crowds: Sequence[Sequence[RLE]], boxes: Sequence[Box | None]) -> list[Patterns]:
    """:func:`patterns.patterns` of each image's masks (and its box), in order and the same to the bit. No images: an empty list."""
    out: list[Patterns | None] = [None] * len(crowds)
    some: list[int] = []
    room = _TABLE
    for k, masks in enumerate(crowds):
        planes = len(masks) + (boxes[k] is not None)
        height, width = masks[0].size
        if planes > _FEW or height * width == 0:
            out[k] = patterns(masks, boxes[k])
            continue
        if room < 1 << planes:
            _at_once(crowds, boxes, some, out)
            some, room = [], _TABLE
        some.append(k)
        room -= 1 << planes
    if some:
        _at_once(crowds, boxes, some, out)
    return [p for p in out if p is not None]


def _at_once(
    crowds: Sequence[Sequence[RLE]],
    boxes: Sequence[Box | None],
    some: Sequence[int],
    out: list[Patterns | None],
) -> None:
    """The images ``some``, one behind the other as if they were one long image."""
    raters = [len(crowds[k]) for k in some]
    ends, sizes = ends_of_many([m for k in some for m in crowds[k]])
    heights, widths = np.array([crowds[k][0].size for k in some], np.int64).T
    past = np.cumsum(heights * widths)
    starts = past - heights * widths
    who = np.arange(len(sizes)) - np.repeat(np.cumsum(raters) - raters, raters)
    keys = ends
    keys += np.repeat(np.repeat(starts, raters), sizes)
    keys <<= 5
    keys |= np.repeat(who, sizes)
    framed = [
        ((_box_bounds(box, int(h)) + s) << 5) | n
        for k, n, h, s in zip(some, raters, heights, starts, strict=True)
        if (box := boxes[k]) is not None
    ]
    if framed:
        keys = np.concatenate((keys, *framed))
    keys.sort()
    where = keys >> 5
    lengths = where.copy()
    lengths[1:] -= where[:-1]
    real = lengths.nonzero()[0]
    where, lengths = where[real], lengths[real]
    keys &= 31
    bits = np.zeros(keys.size + 1, np.int64)
    np.left_shift(1, keys, out=bits[1:])
    slots = np.bitwise_xor.accumulate(bits)[real]
    cuts = where.searchsorted(past, side="right")  # segments up to the end of each image
    planes = np.array([n + (boxes[k] is not None) for k, n in zip(some, raters, strict=True)])
    tables = np.cumsum(1 << planes) - (1 << planes)
    per_image = np.diff(cuts, prepend=0)
    slots += np.repeat(tables, per_image)
    there = np.zeros(int(tables[-1]) + (1 << int(planes[-1])), np.bool_)
    there[slots] = True
    codes = there.nonzero()[0]
    rank = np.empty(there.size, np.int32)  # small: it is read at random
    rank[codes] = np.arange(codes.size)
    segment = rank[slots].astype(np.int64)
    counts = np.bincount(segment, lengths, codes.size).astype(np.float64)
    firsts = codes.searchsorted(tables)
    where -= np.repeat(starts, per_image)
    segment -= np.repeat(firsts, per_image)
    codes -= np.repeat(tables, np.diff(firsts, append=codes.size))
    votes = (
        (codes >> np.arange(_FEW)[:, None]) & 1
    ).T  # by column, as patterns() has it: products add in that order
    for at, k in enumerate(some):
        a, b = int(firsts[at]), int(firsts[at + 1]) if at + 1 < len(some) else codes.size
        c, d = int(cuts[at - 1]) if at else 0, int(cuts[at])
        n = raters[at]
        own = counts[a:b] * votes[a:b, n] if boxes[k] is not None else counts[a:b]
        out[k] = Patterns(crowds[k][0].size, votes[a:b, :n].astype(np.float64), own, where[c:d], segment[c:d])


def _box_bounds(box: Box, height: int) -> NDArray[np.int64]:
    """``run_bounds`` of a box's mask."""
    y0, x0, y1, x1 = box
    if y1 - y0 == height:
        return np.array([x0 * height, x1 * height])
    bounds: NDArray[np.int64] = np.arange(x0, x1)[:, None] * height + np.array([y0, y1])
    return bounds.ravel()
