"""Simulated clicks: where a person would correct a mask next.

The centre click (Xu et al., CVPR 2016; RITM, Sofiiuk et al. 2021) is the innermost pixel of the largest wrong region. It
flatters (RClicks, Antonov et al. 2024), hence the jittered and the human-like click beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Click:
    """x right, y down, in pixels, the centre of pixel (row r, column c) being (c + 0.5, r + 0.5)."""

    x: float
    y: float
    is_positive: bool


def _largest(mask: BoolMask) -> tuple[BoolMask, int]:
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if count == 0:
        return mask, 0
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    best = int(sizes.argmax())
    return labels == best, int(sizes[best])


def _inner(region: BoolMask, rng: np.random.Generator | None, spread: float) -> tuple[int, int]:
    """Innermost pixel, or (spread > 0) one drawn among those at least (1 - spread) as deep."""
    from scipy import ndimage

    rows, cols = np.nonzero(region)
    r0, c0 = int(rows.min()), int(cols.min())
    part = region[r0 : int(rows.max()) + 1, c0 : int(cols.max()) + 1]
    depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
    if rng is None or spread <= 0:
        flat = int(depth.argmax())
    else:
        near = np.flatnonzero(depth.ravel() >= (1 - spread) * depth.max())
        flat = int(near[rng.integers(len(near))])
    return r0 + flat // part.shape[1], c0 + flat % part.shape[1]


def next_click(
    predicted: BoolMask, truth: BoolMask, rng: np.random.Generator | None = None, spread: float = 0.0
) -> Click | None:
    """The click that corrects the largest wrong region; None when the masks agree.

    `predicted`, `truth`: bool (H, W). With `rng` and `spread` in (0, 1] the place is drawn within the region's inside.
    """
    missed, n_missed = _largest(truth & ~predicted)
    extra, n_extra = _largest(predicted & ~truth)
    if n_missed == 0 and n_extra == 0:
        return None
    positive = n_missed >= n_extra
    row, col = _inner(missed if positive else extra, rng, spread)
    return Click(col + 0.5, row + 0.5, positive)


def human_click(
    predicted: BoolMask, truth: BoolMask, rng: np.random.Generator, sigma_px: float = 5.0, wrong: float = 0.05
) -> Click | None:
    """`next_click` moved by up to ±`sigma_px` in each axis; its side is that of the truth under the moved place, and is
    wrong with probability `wrong`: people miss, and now and then press the other button."""
    click = next_click(predicted, truth, rng, 0.5)
    if click is None:
        return None
    height, width = truth.shape
    x = float(np.clip(click.x + rng.uniform(-sigma_px, sigma_px), 0.5, width - 0.5))
    y = float(np.clip(click.y + rng.uniform(-sigma_px, sigma_px), 0.5, height - 0.5))
    side = bool(truth[int(y), int(x)])
    return Click(x, y, side if rng.random() >= wrong else not side)
