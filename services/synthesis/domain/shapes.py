"""A small generative model of shapes: what label maps of this project look like, learnt from few of them, to draw new ones from.

Principal components of signed distance maps (Leventon et al. 2000, "Statistical shape influence in geodesic active contours"; Tsai et al.
2003), several classes at a time: one plane for the outline of all structures, one a class to say which is deepest inside of it. Position is
modelled apart from shape. Distances are cut off, so that a class which an image lacks is a plateau and no far outlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.labelmaps import LabelMap
from shared.errors import InvalidInput

MIN_MAPS = 6
"""Fewer shapes have no spread to speak of."""
MAX_MAPS = 64
"""So few components need no more; and each drawn shape names all maps that the model was learnt from."""
MAX_COMPONENTS = 16
KEPT_VARIANCE = 0.99
"""Size makes most of the variance; what is left gives outlines their character."""
MAX_DEVIATION = 2.0
"""Coefficients are drawn within so many standard deviations: further out, distance maps add up to shapes that nobody has."""


@dataclass(frozen=True, slots=True)
class ShapeModel:
    """``mean`` float32 ``(P, S, S)`` and ``modes`` ``(k, P, S, S)``, each scaled to one standard deviation, with P = classes + 1 planes;
    ``centres`` float64 ``(n, 2)``, rows and columns of the maps learnt from, and their ``members``: places in the list given to `fit`."""

    mean: NDArray[np.float32]
    modes: NDArray[np.float32]
    centres: NDArray[np.float64]
    members: tuple[int, ...]

    def draw(self, rng: np.random.Generator, strength: float = 1.0) -> LabelMap:
        """A new label map uint8 ``(S, S)``. ``strength`` scales its distance from the mean shape; it may come out empty where shapes
        have nothing in common."""
        weights = np.clip(rng.standard_normal(len(self.modes)), -MAX_DEVIATION, MAX_DEVIATION) * strength
        planes = self.mean + np.tensordot(weights.astype(np.float32), self.modes, axes=1)
        drawn = np.where(planes[0] < 0, np.argmin(planes[1:], axis=0) + 1, 0).astype(np.uint8)
        # A smoothed bootstrap of the real places: near one of them, not on it.
        spread = self.centres.std(axis=0) / len(self.centres) ** 0.2
        place = self.centres[rng.integers(len(self.centres))] + rng.standard_normal(2) * spread * 0.5
        return _moved(drawn, place - (np.array(drawn.shape) - 1) / 2)


def fit(maps: Sequence[LabelMap], classes: int, rng: np.random.Generator) -> ShapeModel:
    """Learn from label maps of one square size that hold something; at most `MAX_MAPS` of them, chosen by ``rng``.

    Raises InvalidInput for fewer than `MIN_MAPS`.
    """
    usable = [i for i, m in enumerate(maps) if m.any()]
    if len(usable) < MIN_MAPS:
        raise InvalidInput(f"A shape model needs at least {MIN_MAPS} masks; there are {len(usable)}.")
    members = tuple(sorted(int(i) for i in rng.permutation(usable)[:MAX_MAPS]))
    size = maps[members[0]].shape
    middle = (np.array(size) - 1) / 2
    centres = np.array([np.argwhere(maps[i]).mean(axis=0) for i in members])
    planes = np.stack(
        [_planes(_moved(maps[i], middle - c), classes) for i, c in zip(members, centres, strict=True)]
    )
    mean = planes.mean(axis=0)
    rows = (planes - mean).reshape(len(members), -1)
    _, singular, modes = np.linalg.svd(rows, full_matrices=False)
    share = np.cumsum(singular**2) / max(float((singular**2).sum()), 1e-12)
    count = min(int(np.searchsorted(share, KEPT_VARIANCE)) + 1, MAX_COMPONENTS, len(members) - 1)
    scaled = modes[:count] * (singular[:count, None] / np.sqrt(len(members) - 1))
    return ShapeModel(mean, scaled.reshape(count, *mean.shape).astype(np.float32), centres, members)


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Pixels to the border of ``mask`` ``(H, W)``: negative inside, positive outside; all ``H + W`` for an empty mask."""
    from scipy import ndimage

    if not mask.any():
        return np.full(mask.shape, float(sum(mask.shape)), np.float32)
    outside = ndimage.distance_transform_edt(~mask)
    inside = ndimage.distance_transform_edt(mask)
    return np.asarray(outside - inside, np.float32)


def _planes(label_map: LabelMap, classes: int) -> NDArray[np.float32]:
    most = max(label_map.shape) / 4
    found = [signed_distance(label_map > 0)] + [
        signed_distance(label_map == k) for k in range(1, classes + 1)
    ]
    return np.clip(np.stack(found), -most, most)


def _moved(label_map: LabelMap, by: NDArray[np.float64]) -> LabelMap:
    from scipy import ndimage

    return np.asarray(ndimage.shift(label_map, np.rint(by), order=0, mode="constant", cval=0), np.uint8)
