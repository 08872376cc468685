"""STAPLE of many small images at once: the EM of :mod:`staple`, whose time on one image of 256² is mostly numpy's start-up.

Source: as :mod:`staple`. Images go side by side, those that have converged leave. Only the two matrix products are done for each image by
itself, with the shapes that it has alone, and all else is element by element: so an image's answer is the same to the bit
whichever images are beside it, and the same as :func:`staple.staple_em` gives it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns
from services.consensus.domain.patterns_many import patterns_many
from services.consensus.domain.result import Fused
from services.consensus.domain.staple import TINY, StapleEstimate, Step, fused_by, leaps, prepared, staple_em
from services.consensus.domain.votes import ImageVotes, object_box

Floats = NDArray[np.float64]
_AT_ONCE = 128  # images in one block: enough to forget the start-up


def staple_many(images: Sequence[ImageVotes], *, crop: bool = True) -> list[Fused]:
    """Consensus of each image, in order, as :func:`staple.staple` gives it, to the bit. No images: an empty list."""
    found = patterns_many([v.masks for v in images], [object_box(v) if crop else None for v in images])
    return [fused_by(v, f, e) for v, f, e in zip(images, found, staple_em_many(found), strict=True)]


def staple_em_many(
    found: Sequence[Patterns], *, start: float = 0.99999, tolerance: float = 1e-9, most: int = 500
) -> list[StapleEstimate]:
    """:func:`staple.staple_em` on each image's patterns, in order."""
    out: dict[int, StapleEstimate] = {}
    alike: dict[int, list[tuple[int, Step]]] = {}
    for k, f in enumerate(found):
        step = prepared(f.votes, f.counts)
        if step is None:
            out[k] = staple_em(f.votes, f.counts, start=start)  # nothing to iterate on
        else:
            alike.setdefault(f.votes.shape[1], []).append((k, step))
    for some in alike.values():
        for first in range(0, len(some), _AT_ONCE):
            _Block(some[first : first + _AT_ONCE]).run(start, tolerance, most, out)
    return [out[k] for k in range(len(found))]


class _Block:
    """Images of as many raters side by side: theta is (B, 2R), their patterns one long row."""

    def __init__(self, images: Sequence[tuple[int, Step]]) -> None:
        self._images = list(images)
        self._yes = np.stack([s.yes for _, s in images])
        self._total = np.array([[s.total] for _, s in images])
        self._bias = np.array([s.bias for _, s in images])
        self._lay()

    def _lay(self) -> None:
        """The row of all patterns, and each image's part of it."""
        self._sizes = [len(s.votes) for _, s in self._images]
        ends = np.cumsum(self._sizes).tolist()
        self._row = np.empty(ends[-1])
        parts = [self._row[e - n : e] for e, n in zip(ends, self._sizes, strict=True)]
        self._into = [(s.votes, part) for (_, s), part in zip(self._images, parts, strict=True)]
        self._from = [(part, s.sums) for (_, s), part in zip(self._images, parts, strict=True)]

    def run(self, start: float, tolerance: float, most: int, out: dict[int, StapleEstimate]) -> None:
        """Iterate until all have converged; ``out`` gets each image's estimate."""
        raters = self._yes.shape[1]
        theta = np.full((len(self._images), 2 * raters), start)
        iterations = 0
        while self._images:
            one = self._step(theta)
            two = self._step(one)
            iterations += 2
            r, change = one - theta, two - one
            theta = two
            done = (np.maximum(change.max(axis=1), -change.min(axis=1)) < tolerance) | (iterations >= most)
            if done.any():
                for k in done.nonzero()[0].tolist():
                    at, step = self._images[k]
                    own = theta[k].copy()
                    out[at] = StapleEstimate(step.posterior(own), own[:raters], own[raters:], iterations)
                left = ~done
                theta, one, r, change = theta[left], one[left], r[left], change[left]
                self._keep(left)
            change -= r
            if iterations > 4:
                _leap(theta, one, r, change)

    def _keep(self, left: NDArray[np.bool_]) -> None:
        self._images = [image for image, stays in zip(self._images, left.tolist(), strict=True) if stays]
        self._yes, self._total, self._bias = self._yes[left], self._total[left], self._bias[left]
        if self._images:
            self._lay()

    def _step(self, theta: Floats) -> Floats:
        """``Step.__call__`` of each image, (B, 2R)."""
        raters = self._yes.shape[1]
        right = np.minimum(np.maximum(theta, TINY), 1 - TINY)
        wrong = np.log(1 - right)
        np.log(right, out=right)
        off = right[:, raters:] - wrong[:, :raters]
        slope = wrong[:, raters:] - right[:, :raters] - off
        for (votes, part), own in zip(self._into, slope, strict=True):
            np.matmul(votes, own, out=part)
        row = self._row
        row += (np.add.reduce(off, axis=1) - self._bias).repeat(self._sizes)
        np.minimum(row, 700, out=row)
        np.exp(row, out=row)
        row += 1
        np.divide(1, row, out=row)
        sums = np.empty((len(theta), raters + 1))
        for (part, counted), own in zip(self._from, sums, strict=True):
            np.matmul(part, counted, out=own)
        hit, truth = sums[:, :-1], sums[:, -1:]
        out = np.empty_like(theta)
        np.divide(hit, np.maximum(truth, TINY), out=out[:, :raters])
        miss = self._yes - hit
        miss /= -np.maximum(self._total - truth, TINY)
        np.add(miss, 1, out=out[:, raters:])
        return out


def _leap(theta: Floats, one: Floats, r: Floats, change: Floats) -> None:
    """SQUAREM's step where it stays within the unit cube; ``theta`` (B, 2R) in place."""
    for k, (own, first, v) in enumerate(zip(one, r, change, strict=True)):
        size, length = math.sqrt(v @ v), math.sqrt(first @ first)
        found = leaps(own, first, v, size, length)
        if found is not None:
            theta[k] = found
