"""Where a rater's border lies relative to the consensus, and how to undo what is habitual about it.

A rater's mask is seen as a level set: truth's signed distance + a habitual offset (over- or under-drawing) + a habitual shift
(a slanted screen, a lazy hand) + noise. Offset, shift and noise are read off at the rater's own border pixels from the signed
distance to the consensus: one distance transform an image serves all raters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.band import MOST, signed_within, squared_within
from services.consensus.domain.votes import Box
from shared.imaging import rle
from shared.imaging.rle import RLE

Floats = NDArray[np.float64]
FAR = 12.0  # px: a border further off is another object, not noise; clipped
POINTS = 160  # border pixels a mask that are looked at; neighbours repeat each other
CORRELATION = 20.0  # px along the border after which an error counts as new


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Signed distance in pixels, (H, W) float32, positive inside, ±0.5 at the border; a mask without border: ±FAR·2."""
    from scipy import ndimage  # lazily: serving a page doesn't need it

    if mask.all() or not mask.any():
        return np.full(mask.shape, 2 * FAR if mask.any() else -2 * FAR, np.float32)
    inside = ndimage.distance_transform_edt(mask)
    outside = ndimage.distance_transform_edt(~mask)
    return np.asarray(np.where(mask, inside - 0.5, 0.5 - outside), np.float32)


def border_points(
    mask: NDArray[np.bool_], most: int = POINTS
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Rows and columns of at most ``most`` border pixels, evenly taken, and how many there are in all."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    ys, xs = np.nonzero(mask & ~inner)
    total = ys.size
    if total > most:
        take = (np.arange(most) * total) // most
        ys, xs = ys[take], xs[take]
    return ys, xs, total


@dataclass(slots=True)
class BoundaryStats:
    """Sums over border pixels for the regression of displacement on (1, normal_y, normal_x), and of its residuals."""

    xtx: Floats
    xty: Floats
    yty: float
    n: float

    @classmethod
    def zero(cls) -> BoundaryStats:
        return cls(np.zeros((3, 3)), np.zeros(3), 0.0, 0.0)

    def add(self, other: BoundaryStats, weight: float = 1.0) -> None:
        """Add another image's sums, weighted by how likely it is an honest answer."""
        self.xtx += weight * other.xtx
        self.xty += weight * other.xty
        self.yty += weight * other.yty
        self.n += weight * other.n

    def residual(self, offset: float, shift: Floats) -> float:
        """Mean squared displacement that offset and shift leave, px²; 0 without points."""
        beta = np.concatenate(([offset], shift))
        left = float(self.yty - 2 * beta @ self.xty + beta @ self.xtx @ beta)
        return max(0.0, left) / self.n if self.n else 0.0


def compare(
    mask: NDArray[np.bool_],
    level: NDArray[np.float32],
    slope: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> BoundaryStats:
    """A rater's border against the signed distance ``level`` of the consensus and its gradient; all of one shape.

    Displacement is positive where the rater drew outside of the consensus. ``n`` counts independent points, about one every
    20 px of border.
    """
    ys, xs, total = border_points(mask)
    if total == 0:
        return BoundaryStats.zero()
    out = np.clip(0.5 - level[ys, xs].astype(np.float64), -FAR, FAR)
    gy, gx = slope[0][ys, xs].astype(np.float64), slope[1][ys, xs].astype(np.float64)
    norm = np.maximum(np.hypot(gy, gx), 1e-3)
    x = np.stack((np.ones(ys.size), -gy / norm, -gx / norm))
    scale = max(1.0, total / CORRELATION) / ys.size
    return BoundaryStats(scale * x @ x.T, scale * x @ out, scale * float(out @ out), scale * ys.size)


def correct(mask: RLE, offset: float, shift: tuple[float, float]) -> RLE:
    """The mask with the rater's habit undone: moved back by ``shift`` (rows, columns, px) and shrunk by ``offset`` px.

    Empty and full masks say nothing about a border and come back unchanged.
    """
    dense = rle.decode(mask)
    if not dense.any() or dense.all():
        return mask
    rows, columns = np.flatnonzero(dense.any(axis=1)), np.flatnonzero(dense.any(axis=0))
    margin = int(np.ceil(max(0.0, -offset) + max(abs(shift[0]), abs(shift[1])))) + 3
    y0, y1 = max(0, rows[0] - margin), min(dense.shape[0], rows[-1] + 1 + margin)
    x0, x1 = max(0, columns[0] - margin), min(dense.shape[1], columns[-1] + 1 + margin)
    part = dense[y0:y1, x0:x1]
    out = np.zeros_like(dense)
    if shift == (0.0, 0.0):
        out[y0:y1, x0:x1] = _beyond(part, offset)
    else:
        # The four pixels between which a level is read lie within 1.5 px, so beyond that of the offset only the side counts.
        reach = int(np.ceil(abs(offset))) + 3
        level = signed_within(part, reach) if reach <= MOST and not part.all() else signed_distance(part)
        out[y0:y1, x0:x1] = _moved(level, -shift[0], -shift[1]) > offset
    return rle.encode(out)


def _beyond(mask: NDArray[np.bool_], offset: float) -> NDArray[np.bool_]:
    """``signed_distance(mask) > offset``, by the distances of the one side that it changes."""
    if mask.all():
        return mask
    limit = abs(offset) + 0.5  # px between the centres of a pixel and of the nearest one on the other side
    reach = int(np.ceil(limit)) + 1
    if reach > MOST:
        return np.asarray(signed_distance(mask) > offset)
    if offset > 0:
        return np.asarray(squared_within(mask, reach) > limit**2)
    return np.asarray(mask | (squared_within(~mask, reach) < limit**2))


def _moved(level: NDArray[np.float32], dy: float, dx: float) -> NDArray[np.float32]:
    """A level set moved by (dy, dx) px, linear between pixels, edges repeated."""
    for axis, by in ((0, dy), (1, dx)):
        if by == 0:
            continue
        n = level.shape[axis]
        at = np.clip(np.arange(n) - by, 0, n - 1)
        low = np.floor(at).astype(np.intp)
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None, :]
        level = level.take(low, axis) * (1 - part) + level.take(np.minimum(low + 1, n - 1), axis) * part
    return level


def crop(mask: RLE, box: Box) -> NDArray[np.bool_]:
    """The part of a mask inside a box, dense."""
    y0, x0, y1, x1 = box
    return rle.decode(mask)[y0:y1, x0:x1]
