"""Benchmarks of the generator against a bare diffusers loop of the same model in the same run; one JSON line a figure.

`python benchmarks/synthesis.py [--steps 40] [--seconds 0]`. Times are CPU seconds of this process, so that other work on the machine
matters little. With `--seconds` a generator is trained for so long on phantoms and judged by its filter's pass rate.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.common import calibrate, figure


def phantoms(count: int, size: int = 64, seed: int = 0) -> tuple[Any, Any]:
    """Discs with a core on a textured ground, as the tests use: (images in [-1, 1], label maps)."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices((size, size))
    images, maps = [], []
    for _ in range(count):
        centre, radius = rng.uniform(0.38, 0.62, 2) * size, rng.uniform(0.16, 0.26) * size
        distance = np.hypot(rows - centre[0], (cols - centre[1]) * rng.uniform(0.85, 1.2))
        label_map = np.where(distance < radius * 0.45, 2, np.where(distance < radius, 1, 0)).astype(np.uint8)
        grey = np.array([60.0, 170.0, 110.0])[label_map] + 15 * np.sin(rows / size * rng.uniform(2, 5))
        images.append((grey + rng.normal(0, 8, grey.shape)) / 127.5 - 1)
        maps.append(label_map)
    return np.stack(images)[:, None].astype(np.float32), np.stack(maps)


def bare_steps(images: Any, params: Any, steps: int) -> float:
    """CPU seconds a step of the shortest loop that trains the same network: no EMA, no ablation, no checkpoints."""
    import torch

    from services.synthesis.training import denoiser

    shape = denoiser.Shape(params.size, 1, 2, params.widths, params.patch)
    no_map = torch.zeros(params.batch, shape.map_planes, params.size, params.size)
    net, plan = denoiser.build(shape), denoiser.scheduler()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    data = torch.from_numpy(images)
    inputs = torch.nn.functional.pixel_unshuffle
    times_taken = []
    for _ in range(steps):
        started = time.process_time()
        clean = data[torch.randint(0, len(data), (params.batch,))]
        noise, times = torch.randn_like(clean), torch.randint(0, 1000, (params.batch,))
        noisy = torch.cat([plan.add_noise(clean, noise, times), no_map], dim=1)
        target = inputs(plan.get_velocity(clean, noise, times), params.patch)
        loss = torch.nn.functional.mse_loss(net(inputs(noisy, params.patch), times).sample, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        times_taken.append(time.process_time() - started)
    return float(np.median(times_taken[3:]))


def bare_samples(generator: Any, count: int, steps: int) -> float:
    """CPU seconds an image of a plain DDIM loop with the same network, without guidance."""
    import torch

    from services.synthesis.training import denoiser

    shape, plan = generator.shape, denoiser.scheduler()
    plan.set_timesteps(steps)
    x = torch.randn(count, shape.channels, shape.size, shape.size)
    condition = torch.zeros(count, shape.map_planes, shape.size, shape.size)
    started = time.process_time()
    with torch.no_grad():
        for moment in plan.timesteps:
            joined = torch.nn.functional.pixel_unshuffle(torch.cat([x, condition], 1), shape.patch)
            out = generator.net(joined, torch.full((count,), int(moment))).sample
            x = plan.step(torch.nn.functional.pixel_shuffle(out, shape.patch), moment, x).prev_sample
    return (time.process_time() - started) / count


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40, help="training steps to time")
    parser.add_argument(
        "--seconds", type=float, default=0, help="train for so long and judge the result (0: don't)"
    )
    options = parser.parse_args()
    from services.synthesis.domain.params import TrainParams
    from services.synthesis.training import diffusion, sampling

    images, maps = phantoms(200)
    params = TrainParams(max_steps=options.steps, max_seconds=86400)
    more = {
        "size": 64,
        "batch": params.batch,
        "widths": list(params.widths),
        "patch": params.patch,
        "calibration_ms": calibrate(),
    }
    bare_before = bare_steps(images, params, options.steps)
    paces: list[float] = []
    last = [time.process_time()]

    def tick(_fraction: float, _stage: str, _detail: str = "") -> None:
        now = time.process_time()
        paces.append(now - last[0])
        last[0] = now

    generator = diffusion.train(images, maps, 2, params, report=tick)
    ours = float(np.median(paces[3:]))
    # Before and after, so that a machine that changes its pace doesn't decide the ratio.
    bare = (bare_before + bare_steps(images, params, options.steps)) / 2
    figure("synthesis.train_step_cpu_s", ours, "s", **more)
    figure(
        "synthesis.train_step_ratio_to_bare_diffusers", ours / bare, "x", bare_cpu_s=round(bare, 4), goal=1.05
    )
    bare_image = bare_samples(generator, 16, 25)
    started = time.process_time()
    list(sampling.sample(generator, maps[:16], steps=25, guidance=1.0))
    image = (time.process_time() - started) / 16
    figure("synthesis.sample_cpu_s", image, "s", steps=25, guidance=1.0)
    figure("synthesis.sample_ratio_to_bare_diffusers", image / bare_image, "x", goal=1.05)
    if options.seconds:
        judge_one(images, maps, options.seconds)
    figure(
        "synthesis.peak_memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MB", goal=4096
    )


def judge_one(images: Any, maps: Any, seconds: float) -> None:
    """Train for ``seconds`` on 200 phantoms and let the filters judge 48 samples."""
    from services.synthesis import judge
    from services.synthesis.domain.params import SampleParams, TrainParams
    from services.synthesis.training import diffusion
    from services.synthesis.training.progress import silent

    cpu = time.process_time()
    generator = diffusion.train(images, maps, 2, TrainParams(max_seconds=seconds, max_steps=5000))
    cpu = time.process_time() - cpu
    held = phantoms(24, seed=1)
    drawn = judge.draw(generator, images, maps, held, SampleParams(samples=48), silent)
    figure(
        "synthesis.filter_pass_rate",
        float(np.mean([not r for r in drawn.reasons])),
        "share",
        seconds=seconds,
        cpu_s=round(cpu, 1),
        steps=generator.steps,
        images=200,
        n=48,
        **drawn.measures["faithfulness"],
    )


if __name__ == "__main__":
    main()
