"""Small pictures with known structure: a bright disc (label 1) with a dark core (label 2) on a textured ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def phantom(
    rng: np.random.Generator, size: int = 64, channels: int = 1, empty: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(image uint8 (size, size[, 3]), label map uint8 (size, size))."""
    rows, cols = np.indices((size, size))
    centre = rng.uniform(0.38, 0.62, 2) * size
    radius = rng.uniform(0.16, 0.26) * size
    distance = np.hypot(rows - centre[0], (cols - centre[1]) * rng.uniform(0.85, 1.2))
    label_map = np.zeros((size, size), np.uint8)
    if not empty:
        label_map[distance < radius] = 1
        label_map[distance < radius * 0.45] = 2
    base = np.array([60.0, 170.0, 110.0])[label_map] + rng.normal(0, 8, (size, size))
    base += 15 * np.sin(rows / size * rng.uniform(2, 5))
    image = np.clip(base, 0, 255).astype(np.uint8)
    if channels == 3:
        image = np.stack([image, image // 2, 255 - image], axis=-1)
    return image, label_map


def arrays(count: int, size: int = 16, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(images float32 (n, 1, size, size) in [-1, 1], label maps uint8 (n, size, size)) of phantoms."""
    from services.synthesis.domain import labelmaps

    rng = np.random.default_rng(seed)
    pairs = [phantom(rng, 64) for _ in range(count)]
    images = np.stack([labelmaps.fit_image(image, size, 1) for image, _ in pairs])
    return images, np.stack([labelmaps.fit_label_map(label_map, size) for _, label_map in pairs])
