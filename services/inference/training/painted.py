"""Views of nothing real: label maps and looks drawn from noise, so that no modality's grey values are taken for granted.

Idea: SynthSeg (Billot et al., Medical Image Analysis 2023) and SynthMorph (Hoffmann et al., IEEE TMI 2022), whose networks transfer to
unseen contrasts because every training image has a random one. Here: regions by the largest of several smooth noises, each
with its own mean, texture and grain, blurred as by a partial volume, at times with low contrast, speckle or stripes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch.nn import functional as F  # noqa: N812

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def blob(rng: np.random.Generator, size: int, cells: int) -> Float:
    """Smooth noise (size, size), zero mean, from a grid of `cells`."""
    grid = torch.from_numpy(rng.standard_normal((1, 1, cells + 2, cells + 2)).astype(np.float32))
    up = F.interpolate(grid, size=(size + size // 3, size + size // 3), mode="bicubic", align_corners=False)
    off = size // 6
    return up[0, 0, off : off + size, off : off + size].numpy()  # type: ignore[no-any-return]


def component(mask: Mask, rng: np.random.Generator, low: int) -> Mask | None:
    """A connected part of at least `low` pixels, large ones likelier; None where there is none."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())[1:]
    big = np.flatnonzero(sizes >= low)
    if len(big) == 0:
        return None
    share = sizes[big] ** 0.5
    return np.asarray(labels == 1 + int(rng.choice(big, p=share / share.sum())))


def painted(rng: np.random.Generator, size: int) -> tuple[Float, Mask] | None:
    """An image float32 (3, S, S) in [0, 1] and the bool (S, S) mask of one of its parts; None where no part is large enough."""
    count = int(rng.integers(2, 7))
    cells = int(rng.integers(2, 9))
    fields = np.stack([blob(rng, size, max(1, cells + int(rng.integers(-1, 3)))) for _ in range(count)])
    fields[0] += rng.uniform(0.0, 1.2)  # often a ground on which the others lie
    labels = fields.argmax(0)
    colours = rng.uniform(0.05, 0.95, (count, 3 if rng.random() < 0.4 else 1))
    if rng.random() < 0.4:  # low contrast: all close to one another
        colours = colours.mean(0) + (colours - colours.mean(0)) * rng.uniform(0.15, 0.5)
    image = np.zeros((3, size, size), np.float32)
    for k in range(count):
        inside = labels == k
        texture = blob(rng, size, int(rng.integers(3, max(4, size // 3)))) * rng.uniform(0, 0.1)
        texture += rng.standard_normal((size, size)) * rng.uniform(0, 0.06)
        image[:, inside] = (colours[k][:, None] + texture[inside][None]).astype(np.float32)
    image = ndimage.gaussian_filter(image, (0, *[rng.uniform(0.0, 1.8)] * 2))
    if rng.random() < 0.25:  # a rim of its own, as membranes and vessel walls have
        rim = ndimage.gaussian_filter(
            (ndimage.morphological_gradient(labels, size=3) > 0).astype(np.float32), 0.7
        )
        image += rim * rng.uniform(-0.4, 0.4)
    target = component(labels == int(rng.integers(0 if rng.random() < 0.2 else 1, count)), rng, 25)
    if target is None:
        return None
    if rng.random() < 0.15:
        target = ndimage.binary_fill_holes(target)
    return np.clip(image, 0, 1).astype(np.float32), np.asarray(target)
