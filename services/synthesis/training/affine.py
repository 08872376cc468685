"""Random turns, scales, shifts and mirrors of a batch, for training on more than the images that there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

SHIFT = 0.16
"""Of half a side: 8 % of the whole."""


def random_grid(images: Any, rng: np.random.Generator, degrees: float, spread: float) -> Any:
    """Where each pixel of ``images`` ``(n, C, H, W)`` comes from, ``(n, H, W, 2)`` for `grid_sample`: turned by up to ``degrees``, scaled
    by up to e to the ``spread``, shifted by up to `SHIFT`, every second one mirrored. Each image has its own."""
    n = len(images)
    angle, scale = np.deg2rad(rng.uniform(-degrees, degrees, n)), np.exp(rng.uniform(-spread, spread, n))
    mirror = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    theta = np.zeros((n, 2, 3), np.float32)
    theta[:, 0, 0], theta[:, 0, 1] = np.cos(angle) / scale * mirror, -np.sin(angle) / scale
    theta[:, 1, 0], theta[:, 1, 1] = np.sin(angle) / scale * mirror, np.cos(angle) / scale
    theta[:, :, 2] = rng.uniform(-SHIFT, SHIFT, (n, 2))
    return functional.affine_grid(
        torch.from_numpy(theta).to(images.device), list(images.shape), align_corners=False
    )
