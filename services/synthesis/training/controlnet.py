"""The second backend: a ControlNet of the project's masks on an operator's Stable Diffusion.

Zhang et al. 2023, "Adding Conditional Control to Text-to-Image Diffusion Models": a copy of the UNet's encoder learns to steer the frozen
base; it begins with zeroed connections, or from the folder's own ControlNet. The label map is shown as a picture, a colour a class, as
segmentation ControlNets take it. For a GPU: a real base has 860 M parameters and draws 512² images.
"""

from __future__ import annotations

import colorsys
import io
import json
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from services.synthesis.domain.params import MIN_TRAIN_IMAGES, TrainParams
from services.synthesis.training.checkpoints import Checkpoints, MemoryCheckpoints
from services.synthesis.training.denoiser import NO_MASK, metadata
from services.synthesis.training.diffusion import agree
from services.synthesis.training.latent import Base
from services.synthesis.training.progress import RELEASED, Clock, Report, Stopped, silent
from shared.errors import InvalidInput

RATE = 1e-5
"""The usual rate for a ControlNet; the small network's would undo what the base knows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a ControlNet was trained for."""

    size: int
    channels: int
    classes: int


@dataclass(slots=True)
class Control:
    """A trained ControlNet on its base, ready to draw."""

    shape: Frame
    net: Any
    base: Base
    steps: int = 0
    seconds: float = 0.0
    losses: list[tuple[int, float]] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    stopped: str = ""

    def draw(
        self,
        maps: NDArray[np.uint8],
        steps: int,
        guidance: float,
        seeds: list[int],
        tell: Callable[[float], None],
    ) -> NDArray[np.float32]:
        """An image float32 ``(B, C, S, S)`` in [-1, 1] for each map ``(B, S, S)``, from the noise of its seed."""
        base, net, device = self.base, self.net, self.base.words.device
        side = self.shape.size // base.factor
        size = (base.unet.config.in_channels, side, side)
        shown = picture(torch.from_numpy(np.ascontiguousarray(maps)).to(device), self.shape.classes)
        nothing = torch.full_like(shown, NO_MASK)
        x = torch.stack([torch.randn(size, generator=torch.Generator().manual_seed(s)) for s in seeds])
        plan = base.schedule.from_config(base.schedule.config, clip_sample=False)
        plan.set_timesteps(steps, device=device)
        x = x.to(device) * plan.init_noise_sigma
        for index, moment in enumerate(plan.timesteps):
            with torch.no_grad():
                guess = _predict(net, base, x, shown, moment.expand(len(x)))
                if guidance != 1.0:
                    free = _predict(net, base, x, nothing, moment.expand(len(x)))
                    guess = free + guidance * (guess - free)
            x = plan.step(guess, moment, x).prev_sample
            tell((index + 1) / steps)
        images = base.decode(x, self.shape.channels)
        return np.asarray(images.clamp(-1, 1).float().cpu().numpy(), np.float32)


def picture(maps: Any, classes: int) -> Any:
    """uint8 maps ``(B, S, S)`` → float ``(B, 3, S, S)`` in 0..1: black background, hues spread over the classes."""
    hues = [colorsys.hsv_to_rgb(k / classes, 1.0, 1.0) for k in range(classes)]
    table = torch.tensor([(0.0, 0.0, 0.0), *hues], device=maps.device)
    return table[maps.long()].movedim(-1, 1)


def train(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    classes: int,
    params: TrainParams,
    base: Base,
    *,
    checkpoints: Checkpoints | None = None,
    report: Report = silent,
    look: Callable[[int, Control], None] | None = None,
    clock: Clock = time.monotonic,
) -> Control:
    """Train on ``images`` float32 ``(n, 1|3, S, S)`` in [-1, 1] and label maps uint8 ``(n, S, S)``, until ``max_steps`` or ``max_seconds``.

    Goes on from the checkpoint where there is one, with the steps that an uninterrupted run takes. ``look`` is called with the step and
    the network as it is, at each checkpoint that time asks for. Raises InvalidInput for data or a size
    that can't be used, StorageFull at a checkpoint that finds no room; `Stopped` as ``report`` says.
    """
    if len(images) < MIN_TRAIN_IMAGES or not maps.any():
        raise InvalidInput(
            f"A generator needs at least {MIN_TRAIN_IMAGES} labelled training images, some of them with a mask; there are {len(images)}."
        )
    coarse = 2 ** (len(base.unet.config.block_out_channels) - 1) * base.factor
    if params.size % coarse:
        raise InvalidInput(
            f"size {params.size} must be divisible by {coarse} for this Stable Diffusion base."
        )
    from accelerate import Accelerator

    accelerator = Accelerator()
    device, world = accelerator.device, accelerator.num_processes
    base = base.to(device)
    shape = Frame(params.size, images.shape[1], classes)
    torch.manual_seed(params.seed)
    net = _build(base)
    net.train()
    rate = (params.learning_rate or RATE) * world**0.5
    net, optimiser = accelerator.prepare(net, torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2))
    bare = accelerator.unwrap_model(net)
    keeper = checkpoints or MemoryCheckpoints()
    step, seconds, losses = 0, 0.0, []
    if (kept := keeper.load()) is not None:
        # weights_only: a checkpoint is data, and must never run code when it is read.
        state = torch.load(io.BytesIO(kept), map_location="cpu", weights_only=True)
        if state["of"] != [shape.size, shape.channels, classes, base.digest, len(images)]:
            raise InvalidInput(
                "The checkpoint is of another network or another set of images; start a new job."
            )
        bare.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        (step, seconds), losses = state["numbers"], [tuple(x) for x in state["losses"]]

    def keep() -> None:
        if not accelerator.is_main_process:
            return
        buffer = io.BytesIO()
        of = [shape.size, shape.channels, classes, base.digest, len(images)]
        numbers = {"of": of, "numbers": [step, seconds], "losses": losses}
        torch.save({"net": bare.state_dict(), "optimiser": optimiser.state_dict(), **numbers}, buffer)
        keeper.save(step, buffer.getvalue())

    started, saved_at = clock() - seconds, clock()
    goes_on = True
    while step < params.max_steps and goes_on:
        loss = _one_step(accelerator, net, base, optimiser, images, maps, shape, params, step)
        step += 1
        now = clock()
        seconds = now - started
        goes_on = not agree(accelerator, params.max_steps, seconds >= params.max_seconds)[1]
        if step % 10 == 0 or step == params.max_steps:
            losses.append((step, loss))
        if now - saved_at >= params.checkpoint_s:
            keep()
            if look is not None and accelerator.is_main_process:
                bare.eval()
                look(step, Control(shape, bare, base, step))
                bare.train()
            saved_at = clock()
        try:
            along = max(step / params.max_steps, min(1.0, seconds / params.max_seconds))
            report(along, "training", f"step {step} of {params.max_steps}, loss {loss:.4f}")
        except Stopped as halt:
            if halt.reason == RELEASED:
                keep()
            raise
    bare.eval()
    stopped = "" if step >= params.max_steps else f"{params.max_seconds:.0f} s were up"
    return Control(shape, bare, base, step, seconds, losses, [], stopped)


def save_weights(control: Control) -> bytes:
    """The ControlNet as safetensors with what it was trained for; the base stays with the operator and is named by its digest."""
    from safetensors.torch import save

    state = {k: v.cpu().contiguous() for k, v in control.net.state_dict().items()}
    shape = control.shape
    meta = {
        "size": shape.size, "channels": shape.channels, "classes": shape.classes, "base": control.base.digest,
    }  # fmt: skip
    return bytes(save(state, metadata={"bramble_controlnet": json.dumps(meta)}))


def is_control(data: bytes) -> bool:
    """Whether these are weights of this backend (and not of the small network)."""
    try:
        return "bramble_controlnet" in metadata(data)
    except (ValueError, KeyError, TypeError, struct.error):
        return False


def load_weights(data: bytes, base: Base) -> Control:
    """The inverse of `save_weights`. Raises InvalidInput for another base, or tensors that don't fit it."""
    from safetensors.torch import load

    raw = json.loads(metadata(data)["bramble_controlnet"])
    if raw["base"] != base.digest:
        raise InvalidInput(
            "This generator was trained on another Stable Diffusion base than the one under BRAMBLE_SD_PATH; "
            "put that one back, or train a new generator."
        )
    net = _build(base)
    try:
        net.load_state_dict(load(data))
    except RuntimeError as error:
        raise InvalidInput(
            f"These weights don't fit their base: {str(error).splitlines()[0][:160]}"
        ) from None
    net.to(base.words.device).eval()
    return Control(Frame(raw["size"], raw["channels"], raw["classes"]), net, base)


def _build(base: Base) -> Any:
    from diffusers.models.controlnets.controlnet import ControlNetModel

    if base.given is None:
        return ControlNetModel.from_unet(base.unet, conditioning_channels=3)
    net = ControlNetModel.from_config(base.given.config)
    net.load_state_dict(base.given.state_dict())
    return net


def _predict(net: Any, base: Base, noisy: Any, shown: Any, times: Any) -> Any:
    words = base.words.expand(len(noisy), -1, -1)
    down, middle = net(noisy, times, encoder_hidden_states=words, controlnet_cond=shown, return_dict=False)
    return base.unet(
        noisy,
        times,
        encoder_hidden_states=words,
        down_block_additional_residuals=down,
        mid_block_additional_residual=middle,
    ).sample


def _one_step(
    accelerator: Any,
    net: Any,
    base: Base,
    optimiser: Any,
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    shape: Frame,
    params: TrainParams,
    step: int,
) -> float:
    """Every random choice of step ``s`` comes from ``(seed, s)`` and the process."""
    device = base.words.device
    rng = np.random.default_rng([params.seed, step, accelerator.process_index])
    chosen = rng.integers(0, len(images), params.batch)
    clean = base.encode(torch.from_numpy(images[chosen]).to(device))
    shown = picture(torch.from_numpy(maps[chosen]).to(device), shape.classes)
    shown[torch.from_numpy(rng.random(params.batch) < params.drop_mask).to(device)] = NO_MASK
    source = torch.Generator().manual_seed(int(rng.integers(0, 2**62)))
    noise = torch.randn(clean.shape, generator=source).to(device)
    schedule = base.schedule
    times = torch.randint(0, schedule.config.num_train_timesteps, (params.batch,), generator=source).to(
        device
    )
    noisy = schedule.add_noise(clean, noise, times)
    kind = schedule.config.prediction_type
    target = schedule.get_velocity(clean, noise, times) if kind == "v_prediction" else noise
    loss = functional.mse_loss(_predict(net, base, noisy, shown, times), target)
    optimiser.zero_grad(set_to_none=True)
    accelerator.backward(loss)
    accelerator.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())
