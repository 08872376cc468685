"""Run lengths of many masks at once: one pass over all their bytes, where a call for each mask would mostly wait for numpy's start-up.

Same format and same answer as :func:`shared.imaging.rle.runs`; whatever isn't plainly valid and canonical goes there, so that the
errors are the same too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shared.imaging import rle
from shared.imaging.rle import RLE, Runs

_LONGEST = 6  # continued groups of five bits that hold every run of a mask


def runs_of_many(masks: Sequence[RLE]) -> list[Runs]:
    """Run lengths (int64, column-major, zeros first, canonical) of each mask, in order; no masks: an empty list.

    Raises :class:`shared.imaging.rle.InvalidRLE` for the first mask that isn't valid.
    """
    found = _at_once(masks)
    return [rle.runs(m) for m in masks] if found is None else found


def _at_once(masks: Sequence[RLE]) -> list[Runs] | None:
    """All runs by one pass; None where a mask needs the careful reader."""
    sizes = [len(m.counts) for m in masks]
    pixels = [m.height * m.width for m in masks]
    if not sizes or min(sizes) == 0 or min(min(m.height, m.width) for m in masks) <= 0:
        return None
    if max(max(m.height, m.width) for m in masks) > rle.MAX_SIDE or max(pixels) > rle.MAX_PIXELS:
        return None
    codes = np.frombuffer(b"".join([m.counts for m in masks]), np.uint8) - np.uint8(48)
    if int(codes.max()) > 63:  # characters below 48 wrapped around, so one look covers both ends
        return None
    last = codes < 32
    stops = np.cumsum(sizes) - 1
    if not last[stops].all():
        return None
    ends = np.flatnonzero(last)
    groups = np.diff(ends, prepend=-1) - 1
    longest = int(groups.max())
    if longest > _LONGEST:
        return None
    values = codes[ends].astype(np.int64)
    values -= (values & 0x10) << 1  # the highest group carries the sign
    for k in range(1, longest + 1):
        here = np.flatnonzero(groups >= k)
        values[here] = (values[here] << 5) | (codes[ends[here] - k] & 0x1F)
    limits = (np.searchsorted(ends, stops) + 1).tolist()
    out = []
    start = 0
    for stop, area in zip(limits, pixels, strict=True):
        mine = values[start:stop]
        np.cumsum(mine[1::2], out=mine[1::2])
        np.cumsum(mine[2::2], out=mine[2::2])
        if int(mine.sum()) != area:
            return None
        out.append(mine)
        start = stop
    firsts = [0, *limits[:-1]]
    values_ = values.copy()
    values_[firsts] += 1  # only the first run of a mask may be 0
    return out if int(values_.min()) > 0 and int(values[firsts].min()) >= 0 else None
