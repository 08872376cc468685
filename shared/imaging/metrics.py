"""Figures that compare two binary masks. Spacing is always an explicit argument; the empty cases are part of the contract.

All functions take two bool (or 0/1) arrays of equal shape, 2D or 3D, and raise :class:`shared.errors.InvalidInput` when the
shapes differ. Empty masks:

================  ===================  ======================
figure            both empty           one empty
================  ===================  ======================
``dice``, ``iou``  1 (they agree)       0
``surface_dice``  1                    0
``hd95``          0                    ``nan`` (undefined)
================  ===================  ======================

Surface distances follow Nikolov et al., "Clinically Applicable Segmentation of Head and Neck Anatomy for Radiotherapy", JMIR
2021, with the surface taken as the border pixels of each mask (centres), which needs no marching cubes; errors are bounded
by one pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput

Mask = NDArray[np.bool_]


def dice(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Dice (Sørensen 1948): ``2 |A∩B| / (|A| + |B|)``; two empty masks: 1."""
    x, y = _pair(a, b)
    total = int(np.count_nonzero(x)) + int(np.count_nonzero(y))
    return 1.0 if total == 0 else 2.0 * int(np.count_nonzero(x & y)) / total


def iou(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Intersection over union (Jaccard 1912); two empty masks: 1."""
    x, y = _pair(a, b)
    union = int(np.count_nonzero(x | y))
    return 1.0 if union == 0 else int(np.count_nonzero(x & y)) / union


def surface_dice(a: NDArray[Any], b: NDArray[Any], tolerance_mm: float, spacing_mm: Sequence[float]) -> float:
    """Share of both borders that lies within ``tolerance_mm`` of the other border, in [0, 1].

    ``spacing_mm``: size of a pixel along each array axis (rows first). Both empty: 1; one empty: 0.
    """
    if not np.isfinite(tolerance_mm) or tolerance_mm < 0:
        raise InvalidInput("The tolerance of a surface Dice is a length of 0 mm or more.")
    x, y = _pair(a, b)
    if not x.any() or not y.any():
        return float(x.any() == y.any())
    to_b, to_a = _surface_distances(x, y, spacing_mm)
    near = np.count_nonzero(to_b <= tolerance_mm) + np.count_nonzero(to_a <= tolerance_mm)
    return float(near / (to_b.size + to_a.size))


def hd95(a: NDArray[Any], b: NDArray[Any], spacing_mm: Sequence[float], percentile: float = 95.0) -> float:
    """Robust Hausdorff distance in mm: the larger of the two directed 95th percentiles of border distances.

    ``spacing_mm``: size of a pixel along each array axis (rows first). Both empty: 0; one empty: ``nan``.
    """
    x, y = _pair(a, b)
    if not x.any() or not y.any():
        return 0.0 if x.any() == y.any() else float("nan")
    to_b, to_a = _surface_distances(x, y, spacing_mm)
    return float(max(np.percentile(to_b, percentile), np.percentile(to_a, percentile)))


def border(mask: NDArray[Any]) -> Mask:
    """Set pixels with an unset neighbour along an axis; the edge of the array counts as unset."""
    m = np.asarray(mask, bool)
    inner = np.pad(m, 1)
    core = (slice(1, -1),) * m.ndim
    inside = m.copy()
    for axis in range(m.ndim):
        inside &= np.roll(inner, 1, axis)[core] & np.roll(inner, -1, axis)[core]
    return np.asarray(m & ~inside, np.bool_)


def _surface_distances(
    x: Mask, y: Mask, spacing_mm: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances in mm of x's border pixels to y's border, and of y's to x's; neither is empty."""
    from scipy import ndimage  # lazily: a serving process that never compares surfaces doesn't pay for it

    spacing = [float(s) for s in spacing_mm]
    if len(spacing) != x.ndim or not all(np.isfinite(s) and s > 0 for s in spacing):
        raise InvalidInput(f"Spacing is {x.ndim} positive lengths in mm, one an axis, rows first.")
    box = _box(x | y)
    bx, by = border(x)[box], border(y)[box]
    to_b = ndimage.distance_transform_edt(~by, sampling=spacing)[bx]
    to_a = ndimage.distance_transform_edt(~bx, sampling=spacing)[by]
    return to_b, to_a


def _box(mask: Mask) -> tuple[slice, ...]:
    """The smallest box around the set pixels of a mask that has some: distances between borders need no more."""
    found = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        where = np.flatnonzero(mask.any(axis=others))
        found.append(slice(int(where[0]), int(where[-1]) + 1))
    return tuple(found)


def _pair(a: NDArray[Any], b: NDArray[Any]) -> tuple[Mask, Mask]:
    x, y = np.asarray(a), np.asarray(b)
    if x.shape != y.shape:
        raise InvalidInput(f"Two masks of shapes {x.shape} and {y.shape} cannot be compared.")
    return x.astype(np.bool_, copy=False), y.astype(np.bool_, copy=False)
