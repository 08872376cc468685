"""A small U-Net (MONAI) that finds masks: the judge of synthetic images, and the downstream model of studies.

Ronneberger et al. 2015; cross-entropy plus soft Dice (Milletari et al. 2016). Trained for a number of steps, not epochs, so that arms
with more data get no more training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from services.synthesis.training.affine import random_grid
from services.synthesis.training.progress import Report, silent
from shared.errors import InvalidInput


def build(channels: int, classes: int) -> Any:
    """An untrained U-Net, ``channels`` in, ``classes + 1`` logits out; sides must be divisible by 8."""
    from monai.networks.nets.unet import UNet

    return UNet(2, channels, classes + 1, (16, 32, 64, 128), (2, 2, 2), num_res_units=1, norm="batch")


def train(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    classes: int,
    *,
    steps: int,
    batch: int = 16,
    seed: int = 0,
    augment: bool = False,
    rate: float = 2e-3,
    report: Report = silent,
    start_from: Any = None,
) -> Any:
    """A segmenter trained for ``steps`` on images float32 ``(n, C, S, S)`` in [-1, 1] and label maps uint8 ``(n, S, S)``.

    Deterministic for one seed and machine. Raises InvalidInput without any image.
    """
    if not len(images):
        raise InvalidInput("No labelled images to train a segmenter on.")
    torch.manual_seed(seed)
    net = start_from if start_from is not None else build(images.shape[1], classes)
    net.train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    pictures, truths = torch.from_numpy(images), torch.from_numpy(maps.astype(np.int64))
    for step in range(steps):
        rng = np.random.default_rng([seed, step])
        picks = rng.integers(0, len(images), batch)
        drawn, wanted = pictures[picks], truths[picks]
        if augment:
            drawn, wanted = _augment(drawn, wanted, rng)
        for group in optimiser.param_groups:
            group["lr"] = (
                rate * min(1.0, (step + 1) / 10) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / steps)))
            )
        loss = _loss(net(drawn), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 10 == 0:
            report(step / steps, "segmenter", f"step {step} of {steps}")
    net.eval()
    return net


def _loss(logits: Any, maps: Any) -> Any:
    entropy = functional.cross_entropy(logits, maps)
    chances = torch.softmax(logits, dim=1)[:, 1:]
    truth = functional.one_hot(maps, logits.shape[1]).movedim(-1, 1)[:, 1:].float()
    both = (chances * truth).sum(dim=(0, 2, 3))
    sizes = (chances + truth).sum(dim=(0, 2, 3))
    # Over the batch, not the image: a class that one image lacks shouldn't be a coin toss of 0/0.
    return entropy + 1 - ((2 * both + 1) / (sizes + 1)).mean()


def _augment(images: Any, maps: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Turn up to 15 degrees, scale 0.85–1.18, shift 8 %, mirror, contrast, brightness and noise: the usual classical set."""
    n = len(images)
    grid = random_grid(images, rng, degrees=15, spread=0.16)
    moved = functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    labels = functional.grid_sample(
        maps[:, None].float(), grid, mode="nearest", padding_mode="zeros", align_corners=False
    )
    contrast = torch.from_numpy(rng.uniform(0.8, 1.25, (n, 1, 1, 1)).astype(np.float32))
    brightness = torch.from_numpy(rng.uniform(-0.15, 0.15, (n, 1, 1, 1)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(tuple(images.shape)).astype(np.float32) * 0.03)
    return moved * contrast + brightness + noise, labels[:, 0].long()


def predict(net: Any, images: NDArray[np.float32], batch: int = 64) -> NDArray[np.uint8]:
    """Label maps uint8 ``(n, S, S)`` of images ``(n, C, S, S)``."""
    out = []
    with torch.no_grad():
        for start in range(0, len(images), batch):
            logits = net(torch.from_numpy(np.ascontiguousarray(images[start : start + batch])))
            out.append(logits.argmax(1).numpy().astype(np.uint8))
    return np.concatenate(out) if out else np.zeros((0, *images.shape[2:]), np.uint8)
