"""Run lengths of many masks at once: one pass over all their bytes, where a call for each mask would mostly wait for numpy's start-up.

Same format and same answer as :func:`shared.imaging.rle.runs`; whatever isn't plainly valid and canonical goes there, so that the
errors are the same too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.imaging import rle
from shared.imaging.rle import RLE, Runs

_LONGEST = 6  # continued groups of five bits that hold every run of a mask
_SIGNED = np.concatenate((np.arange(16), np.arange(-16, 0))).astype(
    np.int64
)  # five bits; the highest group carries the sign


def runs_of_many(masks: Sequence[RLE]) -> list[Runs]:
    """Run lengths (int64, column-major, zeros first, canonical) of each mask, in order; no masks: an empty list.

    Raises :class:`shared.imaging.rle.InvalidRLE` for the first mask that isn't valid.
    """
    found = _at_once(masks)
    return [rle.runs(m) for m in masks] if found is None else found


def ends_of_many(masks: Sequence[RLE]) -> tuple[Runs, Runs]:
    """Column-major ends of the runs of all masks (int64, mask by mask, each ascending), and how many belong to each mask (int64).

    A mask's last end is its number of pixels, which may be there twice. No masks: two empty arrays. Raises as :func:`runs_of_many`.
    """
    read = _read(masks)
    if read is None:
        one_by_one = [np.cumsum(rle.runs(m)) for m in masks]
        whole = np.concatenate(one_by_one) if one_by_one else np.zeros(0, np.int64)
        return whole, np.array([e.size for e in one_by_one], np.int64)
    lengths, _, counts, pixels = read
    ends: Runs = np.cumsum(lengths)
    sizes = counts + (counts & 1)
    ends -= (pixels.cumsum() - pixels).repeat(sizes)
    return ends, sizes


def _at_once(masks: Sequence[RLE]) -> list[Runs] | None:
    """All runs by one pass; None where a mask needs the careful reader."""
    read = _read(masks)
    if read is None:
        return None
    lengths, firsts, counts, _ = read
    return [lengths[a : a + n] for a, n in zip(firsts.tolist(), counts.tolist(), strict=True)]


def _read(masks: Sequence[RLE]) -> tuple[Runs, Runs, Runs, Runs] | None:
    """Lengths of all runs, each mask's filled up by a 0 to an even number; each mask's first entry, number of runs, and pixels.

    None where a mask needs the careful reader.
    """
    pixels = [m.height * m.width for m in masks]
    if not pixels or min(pixels) <= 0 or max(pixels) > rle.MAX_PIXELS:
        return None
    if max(max(m.height, m.width) for m in masks) > rle.MAX_SIDE or not all(m.counts for m in masks):
        return None
    codes = np.frombuffer(b"".join([m.counts for m in masks]), np.uint8) - np.uint8(48)
    last = codes < 32
    stops = np.cumsum([len(m.counts) for m in masks])
    # Characters below 48 wrapped around, so one look covers both ends.
    if int(codes.max()) > 63 or not last[stops - 1].all():
        return None
    at = last.nonzero()[0]
    values = _numbers(codes, at)
    if values is None:
        return None
    limits = at.searchsorted(stops)  # numbers up to the end of each mask
    counts = limits.copy()
    counts[1:] -= limits[:-1]
    odd = counts & 1
    past = (counts + odd).cumsum()
    firsts = past - counts - odd
    padded = np.zeros(int(past[-1]), np.int64)
    if padded.size > values.size:
        put = np.arange(values.size)
        put += (firsts - limits + counts).repeat(counts)
        padded[put] = values
    else:
        padded = values
    _undo_differences(padded, firsts)
    # Only the first run of a mask may be 0, and what was filled up is 0 or the run before the last, again.
    fill = (firsts + counts)[odd == 1]
    padded[fill] = 1
    starting = padded[firsts]
    padded[firsts] = 1
    sound = int(padded.min()) > 0 and int(starting.min()) >= 0
    padded[firsts], padded[fill] = starting, 0
    if not sound or np.add.reduceat(padded, firsts).tolist() != pixels:
        return None
    return padded, firsts, counts, np.array(pixels, np.int64)


def _numbers(codes: NDArray[np.uint8], at: NDArray[np.intp]) -> Runs | None:
    """The numbers that end at ``at``; None for an overlong one."""
    values = _SIGNED[codes[at]]
    more = (codes >= 32).nonzero()[0]  # few: most numbers are differences that one group holds
    if more.size:
        whose = at.searchsorted(more)
        before = at[whose] - more
        longest = int(before.max())
        if longest > _LONGEST:
            return None
        for k in range(1, longest + 1):
            here = whose[before == k]
            values[here] = (values[here] << 5) | (codes[at[here] - k] & 0x1F)
    return values


def _undo_differences(values: Runs, firsts: Runs) -> None:
    """From the fourth on a run is written as its difference to the one two before. In place; each mask has an even number of entries."""
    pairs = firsts >> 1
    odds, evens = values[1::2], values[0::2]
    starting = evens[pairs]
    evens[pairs] = 0
    for stream in (odds, evens):
        # One running sum goes through all masks: each starts by taking off what those before it had come to.
        stream[pairs[1:]] -= np.add.reduceat(stream, pairs)[:-1]
        np.cumsum(stream, out=stream)
    evens[pairs] = starting
