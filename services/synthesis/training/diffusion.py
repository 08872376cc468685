"""Segmentation-guided diffusion: images drawn for a given label map.

Konz et al. 2024, "Anatomically-Controllable Medical Image Generation with Segmentation-Guided Diffusion Models" (MICCAI): the
label map goes into the denoiser beside the noisy image (here a channel a class), and classes are left out at random in training so
that incomplete maps work (mask ablation).
The network gives the clean image (Li & He 2025) and its loss is that of v (Salimans & Ho 2022). The squared-cosine schedule (Nichol
& Dhariwal 2021), classifier-free guidance on the map (Ho & Salimans 2022), DDIM sampling (Song et al. 2021) with trailing timesteps
(Lin et al. 2024), and EMA weights.

Every random choice of step ``s`` comes from ``(seed, s)``, so a run that is resumed from a checkpoint takes exactly the steps that an
uninterrupted one takes. ``patch`` 2 folds 2 x 2 pixels into channels: 40 % less work a step at 64 x 64 on a CPU.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from numpy.typing import NDArray
from torch.nn import functional

from services.synthesis.domain.params import MIN_TRAIN_IMAGES, TrainParams
from services.synthesis.training.checkpoints import Checkpoints, MemoryCheckpoints
from services.synthesis.training.denoiser import (
    NO_MASK,
    TIMESTEPS,
    Generator,
    Shape,
    build,
    levels,
    map_channels,
    predict,
    scheduler,
    shape_dict,
)
from services.synthesis.training.progress import RELEASED, Clock, Report, Stopped, silent
from shared.errors import InvalidInput

RATE = 2e-3
"""The learning rate unless another is asked for."""
LEAST_NOISE = 0.1
"""Below this level of noise, in units of the range -1 to 1, the loss weighs the error of the clean image no further up."""


def _check(images: NDArray[np.float32], maps: NDArray[np.uint8], classes: int, params: TrainParams) -> Shape:
    if len(images) != len(maps):
        raise InvalidInput(f"{len(images)} images but {len(maps)} masks; each image needs one.")
    if len(images) < MIN_TRAIN_IMAGES:
        raise InvalidInput(
            f"A generator needs at least {MIN_TRAIN_IMAGES} labelled training images; there are {len(images)}. "
            "Add gold masks or let volunteers finish more images."
        )
    if images.shape[2:] != (params.size, params.size) or maps.shape[1:] != (params.size, params.size):
        raise InvalidInput(
            f"Images are {images.shape[2:]} and masks {maps.shape[1:]}; both must be {params.size} squared."
        )
    if not maps.any():
        raise InvalidInput(
            "All masks are empty, so there is nothing to condition a generator on; label some structure first."
        )
    if maps.max() > classes:
        raise InvalidInput(f"A mask holds class {int(maps.max())}, but the project has {classes}.")
    return Shape(params.size, images.shape[1], classes, params.widths, params.patch)


class _Training:
    """The moving parts of one run, and how they go into a checkpoint and back."""

    def __init__(self, shape: Shape, params: TrainParams, count: int) -> None:
        from accelerate import Accelerator

        torch.manual_seed(params.seed)
        self.shape, self.params = shape, params
        self.accelerator = Accelerator()
        net = build(shape)
        self.ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
        optimiser = torch.optim.AdamW(
            net.parameters(), lr=params.learning_rate or RATE, weight_decay=1e-2, fused=True
        )
        self.net, self.optimiser = self.accelerator.prepare(net, optimiser)
        self.ema = {k: v.to(self.accelerator.device) for k, v in self.ema.items()}
        self.best: dict[str, Any] | None = None
        self.step, self.planned, self.seconds, self.count = 0, 0, 0.0, count
        self.losses: list[tuple[int, float]] = []
        self.validation: list[tuple[int, float]] = []

    def save(self) -> bytes:
        buffer = io.BytesIO()
        state = {
            "shape": shape_dict(self.shape),
            "net": self.accelerator.unwrap_model(self.net).state_dict(),
            "ema": self.ema,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "numbers": [self.step, self.planned, self.seconds, self.count],
            "losses": self.losses,
            "validation": self.validation,
        }
        torch.save(state, buffer)
        return buffer.getvalue()

    def restore(self, data: bytes) -> None:
        # weights_only: a checkpoint is data, and must never run code when it is read.
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        if state["shape"] != shape_dict(self.shape) or state["numbers"][3] != self.count:
            raise InvalidInput(
                "The checkpoint is of another network or another set of images; start a new job."
            )
        self.accelerator.unwrap_model(self.net).load_state_dict(state["net"])
        self.ema = {k: v.to(self.accelerator.device) for k, v in state["ema"].items()}
        self.best = state["best"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.planned, self.seconds, _ = state["numbers"]
        self.losses = [tuple(x) for x in state["losses"]]
        self.validation = [tuple(x) for x in state["validation"]]


def train(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    classes: int,
    params: TrainParams,
    *,
    validation: tuple[NDArray[np.float32], NDArray[np.uint8]] | None = None,
    checkpoints: Checkpoints | None = None,
    report: Report = silent,
    look: Callable[[int, Generator], None] | None = None,
    clock: Clock = time.monotonic,
) -> Generator:
    """Train on ``images`` float32 ``(n, C, S, S)`` in [-1, 1] and label maps uint8 ``(n, S, S)`` with values 0..``classes``.

    Goes on from the checkpoint where there is one. With ``validation`` images it stops once their loss hasn't fallen for
    ``params.patience`` looks and gives the best weights. ``look`` is called with the step and the generator as it is, at each checkpoint
    that time asks for. Raises InvalidInput for data that can't teach anything (too few images, all
    masks empty, mixed sizes), StorageFull at a checkpoint that finds no room; `Stopped` as ``report`` says.
    """
    shape = _check(images, maps, classes, params)
    keeper = checkpoints or MemoryCheckpoints()
    run = _Training(shape, params, len(images))
    if (kept := keeper.load()) is not None:
        run.restore(kept)
    device = run.accelerator.device
    data = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    labels = torch.from_numpy(np.ascontiguousarray(maps)).to(device)
    noise_schedule = scheduler()
    run.net.train()
    started, saved_at = clock() - run.seconds, clock()
    pace: list[float] = []
    goes_on = run.planned > 0  # by the plan of its checkpoint
    stopped = ""
    while not run.planned or run.step < run.planned:
        if run.step >= params.max_steps:
            break
        before = clock()
        loss = _one_step(run, data, labels, noise_schedule)
        run.step += 1
        now = clock()
        run.seconds = now - started
        if not goes_on:
            pace.append(now - before)
            _plan(run, pace)
        if run.step % 10 == 0 or run.step == run.planned:
            run.losses.append((run.step, loss))
        if (
            validation is not None
            and len(validation[0])
            and run.planned
            and run.step % _every(run.planned) == 0
        ):
            run.validation.append((run.step, _validate(run, validation, noise_schedule)))
            if run.validation[-1][1] <= min(v for _, v in run.validation):
                run.best = {k: v.clone() for k, v in run.ema.items()}
            if _is_flat([v for _, v in run.validation], params.patience):
                stopped = f"the validation loss hasn't fallen for {params.patience} looks"
        if not stopped and run.seconds > 1.25 * params.max_seconds:
            stopped = f"{params.max_seconds:.0f} s were up on a machine that grew slower"
        run.planned, stops = agree(run.accelerator, run.planned, bool(stopped))
        stopped = (stopped or "the first process says so") if stops else ""
        if run.accelerator.is_main_process and (now - saved_at >= params.checkpoint_s or stopped):
            keeper.save(run.step, run.save())
            if look is not None and not stopped:
                look(run.step, Generator(shape, _network(shape, run.ema), run.step))
            saved_at = clock()
        if stopped:
            break
        total = run.planned or params.max_steps
        try:
            report(run.step / total, "training", f"step {run.step} of {total}, loss {loss:.4f}")
        except Stopped as halt:
            # A worker that must go hands over what it has; of a cancelled job nobody wants more.
            if halt.reason == RELEASED and run.accelerator.is_main_process:
                keeper.save(run.step, run.save())
            raise
    net = _network(shape, run.best or run.ema)
    return Generator(shape, net, run.step, run.seconds, run.losses, run.validation, stopped)


def _network(shape: Shape, weights: dict[str, Any]) -> Any:
    net = build(shape)
    net.load_state_dict({k: v.cpu() for k, v in weights.items()})
    return net.eval()


def agree(accelerator: Any, planned: int, stops: bool) -> tuple[int, bool]:
    """What the first of several processes plans: clocks differ, and one that takes a step more would wait for the others for ever."""
    if accelerator.num_processes == 1:
        return planned, stops
    from accelerate.utils import broadcast

    told = broadcast(torch.tensor([planned, int(stops)], device=accelerator.device))
    return int(told[0]), bool(told[1])


def _plan(run: _Training, pace: list[float]) -> None:
    """Say how many steps there will be, which the learning rate must know: after 8 steps (the first three are slower), and again after
    16, 32 and so on until half of them are taken. A machine that was busy while the first were taken would else end after a tenth of
    what it could do."""
    params, taken = run.params, len(pace)
    if run.step >= params.max_steps and not run.planned:
        run.planned = params.max_steps
    if taken < 8 or taken & (taken - 1) or (run.planned and run.step > run.planned / 2):
        return
    lately = max(float(np.mean(pace[max(3, taken // 2) :])), 1e-6)
    left = max(0.0, params.max_seconds - run.seconds) / lately
    run.planned = int(np.clip(run.step + left, run.step + 1, params.max_steps))


def _every(planned: int) -> int:
    return max(25, planned // 20)


def _is_flat(losses: list[float], patience: int) -> bool:
    return patience > 0 and len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])


def _one_step(run: _Training, data: Any, labels: Any, noise_schedule: DDIMScheduler) -> float:
    params, shape = run.params, run.shape
    place, world = run.accelerator.process_index, run.accelerator.num_processes
    rng = np.random.default_rng([params.seed, run.step, place])
    chosen = torch.from_numpy(rng.integers(0, len(data), params.batch))
    clean, maps = data[chosen], labels[chosen].clone()
    if params.flips:
        mirrored = torch.from_numpy(rng.random(params.batch) < 0.5).to(data.device)
        clean = torch.where(mirrored[:, None, None, None], clean.flip(-1), clean)
        maps = torch.where(mirrored[:, None, None], maps.flip(-1), maps)
    if shape.classes > 1:
        for index in range(1, shape.classes + 1):
            gone = torch.from_numpy(rng.random(params.batch) < params.drop_class).to(data.device)
            maps[(maps == index) & gone[:, None, None]] = 0
    condition = map_channels(maps, shape)
    unconditional = torch.from_numpy(rng.random(params.batch) < params.drop_mask).to(data.device)
    condition[unconditional] = NO_MASK
    source = torch.Generator().manual_seed(int(rng.integers(0, 2**62)))
    noise = torch.randn(clean.shape, generator=source).to(data.device)
    # Stratified times: one from each slice of the schedule, which steadies the loss of small batches (Kingma et al. 2021).
    slots = (torch.arange(params.batch) + torch.rand(params.batch, generator=source)) / params.batch
    times = (slots * TIMESTEPS).long().clamp(0, TIMESTEPS - 1).to(data.device)
    noisy = noise_schedule.add_noise(clean, noise, times)
    target = noise_schedule.get_velocity(clean, noise, times)
    wrong = predict(run.net, shape, noisy, condition, times, noise_schedule) - target
    # v's error is the image's divided by the noise: where there is hardly any noise it would count without bound.
    noise_level = levels(noise_schedule, times)[1]
    loss = (wrong * noise_level / noise_level.clamp(min=LEAST_NOISE)).square().mean()
    for group in run.optimiser.param_groups:
        group["lr"] = _rate(run) * world**0.5
    run.optimiser.zero_grad(set_to_none=True)
    run.accelerator.backward(loss)
    run.accelerator.clip_grad_norm_(run.net.parameters(), 1.0)
    run.optimiser.step()
    decay = min(0.999, (1 + run.step) / (10 + run.step))
    with torch.no_grad():
        for name, value in run.accelerator.unwrap_model(run.net).state_dict().items():
            if value.dtype.is_floating_point:
                run.ema[name].lerp_(value, 1 - decay)
            else:
                run.ema[name].copy_(value)
    return float(loss.detach())


def _rate(run: _Training) -> float:
    """Linear warm-up over 20 steps, then half a cosine down to a hundredth."""
    warm = min(1.0, (run.step + 1) / 20)
    along = run.step / run.planned if run.planned else 0.0
    return float(
        (run.params.learning_rate or RATE) * warm * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * along)))
    )


def _validate(run: _Training, validation: tuple[Any, Any], noise_schedule: DDIMScheduler) -> float:
    """Mean loss of the EMA weights over up to 32 validation images, always with the same noise and times."""
    device = run.accelerator.device
    net = build(run.shape).to(device)
    net.load_state_dict(run.ema)
    net.eval()
    images = torch.from_numpy(np.ascontiguousarray(validation[0][:32])).to(device)
    maps = torch.from_numpy(np.ascontiguousarray(validation[1][:32])).to(device)
    source = torch.Generator().manual_seed(20240)
    noise = torch.randn(images.shape, generator=source).to(device)
    times = torch.linspace(20, TIMESTEPS - 20, len(images)).long().to(device)
    target = noise_schedule.get_velocity(images, noise, times)
    noisy = noise_schedule.add_noise(images, noise, times)
    with torch.no_grad():
        guess = predict(net, run.shape, noisy, map_channels(maps, run.shape), times, noise_schedule)
    return float(functional.mse_loss(guess, target))
