"""What a generator draws while it is being trained: a strip of samples below the masks that they were drawn for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from services.synthesis.training import controlnet, denoiser, sampling
from shared.imaging import codecs

Look = Callable[[int, "denoiser.Generator | controlnet.Control"], None]
"""Called at a checkpoint with the step and the generator as it is then."""
Show = Callable[[int, bytes], None]
"""Takes the step and its picture, a PNG."""

SAMPLES = 6
STEPS = 8


def look(maps: NDArray[np.uint8], show: Show) -> Look:
    """A `Look` that draws `SAMPLES` images for masks among ``maps`` (uint8 ``(n, S, S)``, some not empty) and shows them.

    The masks and the noise are the same each time, so that two strips differ by what was learnt between them. `STEPS` denoising steps
    without guidance cost about as much as ten training steps of the small network.
    """
    wanted = maps[choose(maps)]

    def inner(step: int, generator: denoiser.Generator | controlnet.Control) -> None:
        images = np.stack(list(sampling.sample(generator, wanted, steps=STEPS, guidance=1.0, seed=0)))
        show(step, strip(images, wanted, generator.shape.classes))

    return inner


def choose(maps: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Up to `SAMPLES` positions of maps that aren't empty, evenly among them: neighbours may be slices of one volume."""
    drawn = np.flatnonzero(maps.any(axis=(1, 2)))
    return drawn[np.linspace(0, len(drawn) - 1, min(SAMPLES, len(drawn))).round().astype(np.int64)]


def strip(images: NDArray[np.float32], maps: NDArray[np.uint8], classes: int) -> bytes:
    """Images float32 ``(n, C, S, S)`` in [-1, 1] below their maps uint8 ``(n, S, S)``, a hue a class: a PNG in RGB of ``(2 S, n S)``."""
    coloured = controlnet.picture(torch.from_numpy(np.ascontiguousarray(maps)), classes).numpy()
    shown = np.broadcast_to((images.clip(-1, 1) + 1) / 2, coloured.shape)
    rows = [np.concatenate(list(part), axis=2) for part in (coloured, shown)]
    return codecs.encode_png((np.concatenate(rows, axis=1).transpose(1, 2, 0) * 255).round().astype(np.uint8))
