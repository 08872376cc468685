"""Drawing images for given label maps with a trained generator (trailing timesteps, guidance on the map; see `samplers`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from services.synthesis.training.controlnet import Control
from services.synthesis.training.denoiser import NO_MASK, Generator, map_channels, predict
from services.synthesis.training.progress import Report, silent
from services.synthesis.training.samplers import SAMPLERS
from shared.errors import InvalidInput


def sample(
    generator: Generator | Control,
    maps: NDArray[np.uint8],
    *,
    steps: int = 25,
    guidance: float = 1.5,
    seed: int = 0,
    batch: int = 32,
    sampler: str = "ddim",
    report: Report = silent,
) -> Iterator[NDArray[np.float32]]:
    """Draw one image for each label map ``(n, S, S)``; yields float32 ``(C, S, S)`` in [-1, 1] in order, ``batch`` at a time in memory.

    Image ``i`` starts from noise of ``(seed, i)``. ``guidance`` 1 follows the map as trained, more follows it closer at twice the work.
    ``sampler`` is a name of `SAMPLERS`; a ControlNet keeps to its base's schedule, by DDIM.
    """
    shape = generator.shape
    if maps.shape[1:] != (shape.size, shape.size):
        raise InvalidInput(f"This generator draws {shape.size} x {shape.size} maps, not {maps.shape[1:]}.")
    if maps.size and maps.max() > shape.classes:
        raise InvalidInput(
            f"This generator knows {shape.classes} classes; a map holds class {int(maps.max())}."
        )
    for start in range(0, len(maps), batch):
        chunk = maps[start : start + batch]

        def tell(along: float, start: int = start, size: int = len(chunk)) -> None:
            done = start + size * along
            report(done / len(maps), "sampling", f"image {int(done)} of {len(maps)}")

        seeds = [(seed * 1_000_003 + start + i) % 2**63 for i in range(len(chunk))]
        if isinstance(generator, Control):
            yield from generator.draw(chunk, steps, guidance, seeds, tell)
        else:
            yield from _sample_batch(generator, chunk, steps, guidance, seeds, SAMPLERS[sampler](), tell)


def _sample_batch(
    generator: Generator,
    maps: NDArray[np.uint8],
    steps: int,
    guidance: float,
    seeds: list[int],
    plan: Any,
    tell: Callable[[float], None],
) -> NDArray[np.float32]:
    shape = generator.shape
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = generator.net.to(device)
    condition = map_channels(torch.from_numpy(np.ascontiguousarray(maps)).to(device), shape)
    nothing = torch.full_like(condition, NO_MASK)
    size = (shape.channels, shape.size, shape.size)
    x = torch.stack([torch.randn(size, generator=torch.Generator().manual_seed(s)) for s in seeds]).to(device)
    plan.set_timesteps(steps)
    for index, moment in enumerate(plan.timesteps):
        times = torch.full((len(maps),), int(moment), device=device)
        with torch.no_grad():
            velocity = predict(net, shape, x, condition, times, plan)
            if guidance != 1.0:
                free = predict(net, shape, x, nothing, times, plan)
                velocity = free + guidance * (velocity - free)
        x = plan.step(velocity, moment, x).prev_sample
        tell((index + 1) / steps)
    return np.asarray(x.clamp(-1, 1).cpu().numpy(), np.float32)
