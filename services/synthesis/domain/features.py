"""Feature spaces in which images are compared, each named, since a distance without the name of its space says nothing.

``pooled16``   16 x 16 area averages, standardised: position and layout. Small distances here mean copies.
``texture``    intensity quantiles, gradient statistics at three scales and grey-level co-occurrence measures (Haralick 1973): steadier
               than ImageNet features at the sizes of medical sets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.labelmaps import Plane, resample_matrix
from shared.errors import InvalidInput

Features = NDArray[np.float64]
SPACES = ("pooled16", "texture")
_LEVELS = 8


def extract(images: Sequence[Plane] | NDArray[np.float32], space: str) -> Features:
    """``(n, C, H, W)`` float in [-1, 1] → ``(n, d)``. Zero images give ``(0, 0)``."""
    if space not in SPACES:
        raise InvalidInput(f"{space!r} is no feature space; choose from {', '.join(SPACES)}.")
    make = _pooled if space == "pooled16" else _texture
    rows = [make(np.asarray(image, np.float64)) for image in images]
    return np.stack(rows) if rows else np.zeros((0, 0))


def standardise(reference: Features, *others: Features) -> tuple[Features, ...]:
    """All arrays on the scale of ``reference``: zero mean and unit spread a column; a constant column becomes 0."""
    mean, spread = reference.mean(axis=0), reference.std(axis=0)
    spread = np.where(spread < 1e-9, np.inf, spread)
    return tuple((array - mean) / spread for array in (reference, *others))


def picture_hash(pixels: NDArray[np.uint8]) -> str:
    """A 64-bit difference hash (hex) of uint8 ``(H, W[, C])``: equal for re-encoded copies of a picture.

    A first sieve only: `same_picture` decides among images with equal hashes.
    """
    grey = pixels.astype(np.float64)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    small = resample_matrix(grey.shape[0], 8) @ grey @ resample_matrix(grey.shape[1], 9).T
    bits = np.packbits((np.diff(small, axis=1) > 0.5).ravel())
    return bits.tobytes().hex()


def thumbprint(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """32 x 32 averages of uint8 ``(H, W[, C])``, flattened, zero mean and unit length (all 0 for a flat image)."""
    grey = pixels.astype(np.float64)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    small = (resample_matrix(grey.shape[0], 32) @ grey @ resample_matrix(grey.shape[1], 32).T).ravel()
    small -= small.mean()
    length = float(np.linalg.norm(small))
    return np.asarray(small / length if length > 1e-9 else small * 0, np.float32)


def same_picture(a: NDArray[np.float32], b: NDArray[np.float32], threshold: float = 0.999) -> bool:
    """Whether two thumbprints are of one picture. Flat images are never called the same."""
    return float(a @ b) > threshold


def _pooled(image: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, cols = resample_matrix(image.shape[1], 16), resample_matrix(image.shape[2], 16)
    small = np.einsum("ij,cjk,lk->cil", rows, image, cols, optimize=True).ravel()
    return np.asarray((small - small.mean()) / max(float(small.std()), 1e-6))


def _texture(image: NDArray[np.float64]) -> NDArray[np.float64]:
    parts: list[NDArray[np.float64]] = []
    for plane in image:
        parts.append(np.quantile(plane, [0.05, 0.25, 0.5, 0.75, 0.95]))
        parts.append(np.array([plane.mean(), plane.std()]))
        scale = plane
        for _ in range(3):
            gy, gx = np.gradient(scale)
            size = np.hypot(gx, gy)
            parts.append(np.array([size.mean(), size.std(), np.quantile(size, 0.95)]))
            height, width = (scale.shape[0] // 2) * 2, (scale.shape[1] // 2) * 2
            if height < 8 or width < 8:
                continue
            scale = scale[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
        parts.append(_cooccurrence(plane))
    grey = image.mean(axis=0)
    if image.shape[0] == 3:
        parts.append((image - grey).std(axis=(1, 2)))
    return np.concatenate(parts)


def _cooccurrence(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Contrast, homogeneity, energy and entropy of grey-level pairs one and two pixels apart, both axes pooled."""
    levels = np.clip(((plane + 1) / 2 * _LEVELS).astype(int), 0, _LEVELS - 1)
    out: list[float] = []
    gap = np.abs(np.arange(_LEVELS)[:, None] - np.arange(_LEVELS)[None, :])
    for step in (1, 2):
        pairs = np.concatenate(
            [
                (levels[:-step] * _LEVELS + levels[step:]).ravel(),
                (levels[:, :-step] * _LEVELS + levels[:, step:]).ravel(),
            ]
        )
        table = np.bincount(pairs, minlength=_LEVELS**2).reshape(_LEVELS, _LEVELS).astype(np.float64)
        table = (table + table.T) / max(table.sum() * 2, 1)
        out += [
            float((table * gap**2).sum()),
            float((table / (1 + gap)).sum()),
            float((table**2).sum()),
            float(-(table[table > 0] * np.log(table[table > 0])).sum()),
        ]
    return np.array(out)
