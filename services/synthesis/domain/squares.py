"""Frames and masks brought to the square that a project's segmenter works on. The whole frame fills it, whatever its aspect: a project's
frames have about the same, and who runs the model stretches its answer back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def square_image(pixels: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """uint8 ``(size, size, 3)`` of a frame uint8 or uint16 ``(H, W)`` or ``(H, W, C)``; linear, antialiased."""
    from PIL import Image

    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    if eight.ndim == 2 or eight.shape[2] < 3:
        eight = np.repeat(eight.reshape(*eight.shape[:2], -1)[..., :1], 3, axis=2)
    picture = Image.fromarray(np.ascontiguousarray(eight[..., :3]))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))


def square_mask(mask: NDArray[np.bool_], size: int) -> NDArray[np.uint8]:
    """uint8 ``(size, size)`` of a mask ``(H, W)``: how much of each cell it covers, 255 for all."""
    from PIL import Image

    plane = Image.fromarray(np.ascontiguousarray(mask).view(np.uint8) * np.uint8(255))
    return np.asarray(plane.resize((size, size), Image.Resampling.BOX))
