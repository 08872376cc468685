"""The denoiser of the generator: what it was built for, its noise schedule, one call of it, and its weights as bytes.

A `UNet2DModel` that sees the label map beside the noisy image, a channel a class (Konz et al. 2024, see `training.diffusion`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers.models.unets.unet_2d import UNet2DModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch.nn import functional

from shared.errors import InvalidInput

TIMESTEPS = 1000
NO_MASK = -1.0
"""The value of the label map's channels for "no map given"; a class is 0 or 1 in its own, background 0 in all."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network was built for: it can't be used for anything else."""

    size: int
    channels: int
    classes: int
    widths: tuple[int, ...]
    patch: int
    planes: bool = True
    """A channel a class. False: all classes in one, evenly up to 1, as generators from before 2026-11-27 were trained."""
    clean: bool = True
    """The network's output is the clean image. False: it is v, as of generators from before 2026-11-28."""

    @property
    def map_planes(self) -> int:
        """Channels of the label map beside the image."""
        return self.classes if self.planes else 1


@dataclass(slots=True)
class Generator:
    """A trained network with its EMA weights, ready to sample."""

    shape: Shape
    net: Any
    steps: int = 0
    seconds: float = 0.0
    losses: list[tuple[int, float]] = field(default_factory=list)
    validation: list[tuple[int, float]] = field(default_factory=list)
    stopped: str = ""


def scheduler() -> DDIMScheduler:
    """The noise schedule, for training (adding noise) and for sampling."""
    return DDIMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=True,
    )


def build(shape: Shape) -> Any:
    """An untrained UNet2DModel. Attention sits only in the innermost blocks, where it is cheap."""
    levels, area = len(shape.widths), shape.patch**2
    down = ["DownBlock2D"] * (levels - 1) + ["AttnDownBlock2D"]
    return UNet2DModel(
        sample_size=shape.size // shape.patch,
        in_channels=(shape.channels + shape.map_planes) * area,
        out_channels=shape.channels * area,
        layers_per_block=1,
        block_out_channels=shape.widths,
        down_block_types=down,
        up_block_types=["AttnUpBlock2D"] + ["UpBlock2D"] * (levels - 1),
        attention_head_dim=8,
        norm_num_groups=8,
    )


def levels(plan: DDIMScheduler, times: Any) -> tuple[Any, Any]:
    """How much signal and how much noise is in an image at ``times`` ``(B,)``: two tensors ``(B, 1, 1, 1)``, their squares sum to 1."""
    kept = plan.alphas_cumprod.to(times.device)[times.long()][:, None, None, None]
    return kept.sqrt(), (1 - kept).sqrt()


def predict(net: Any, shape: Shape, noisy: Any, condition: Any, times: Any, plan: DDIMScheduler) -> Any:
    """The predicted v ``(B, C, S, S)`` of noisy images ``(B, C, S, S)`` under the map's channels, see `map_channels`.

    The network itself gives the clean image, of which v follows (Li & He 2025, "Back to Basics: Let Denoising Generative Models
    Denoise"): v holds the noise, which a small network passes on imperfectly, and what it gets wrong stays in the picture as grain.
    """
    joined = torch.cat([noisy, condition], dim=1)
    if shape.patch > 1:
        joined = functional.pixel_unshuffle(joined, shape.patch)
    out = net(joined, times).sample
    out = functional.pixel_shuffle(out, shape.patch) if shape.patch > 1 else out
    if not shape.clean:
        return out
    signal, noise = levels(plan, times)
    return (signal * noisy - out) / noise


def map_channels(maps: Any, shape: Shape) -> Any:
    """uint8 maps ``(B, S, S)`` → float ``(B, classes, S, S)``, or ``(B, 1, S, S)`` for a shape without planes.

    One channel for all classes makes their intensities a function that isn't monotonous (black, bright, grey for 0, 1, 2), which a
    network has to learn before it can follow the map.
    """
    if not shape.planes:
        return (maps.float() / shape.classes).unsqueeze(1)
    return functional.one_hot(maps.long(), shape.classes + 1)[..., 1:].movedim(-1, 1).float()


def shape_dict(shape: Shape) -> dict[str, Any]:
    """The shape as plain values, for a checkpoint or the metadata of the weights."""
    return {
        "size": shape.size,
        "channels": shape.channels,
        "classes": shape.classes,
        "widths": list(shape.widths),
        "patch": shape.patch,
        "planes": shape.planes,
        "clean": shape.clean,
    }


def save_weights(generator: Generator) -> bytes:
    """The network as safetensors, its shape in the metadata: data only, nothing that runs when it is read."""
    import json

    from safetensors.torch import save

    state = {k: v.contiguous() for k, v in generator.net.cpu().state_dict().items()}
    return bytes(save(state, metadata={"bramble": json.dumps(shape_dict(generator.shape))}))


def metadata(data: bytes) -> dict[str, str]:
    """What stands beside the tensors in the head of a safetensors file. Raises KeyError, ValueError, TypeError or struct.error for other
    bytes."""
    import json
    import struct

    (length,) = struct.unpack("<Q", data[:8])
    found: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return found


def load_weights(data: bytes) -> Generator:
    """The inverse of `save_weights`. Raises InvalidInput for other bytes or tensors of another shape."""
    import json
    import struct

    from safetensors.torch import load

    try:
        raw = json.loads(metadata(data)["bramble"])
        shape = Shape(
            raw["size"],
            raw["channels"],
            raw["classes"],
            tuple(raw["widths"]),
            raw["patch"],
            raw.get("planes", False),
            raw.get("clean", False),
        )
        net = build(shape)
        net.load_state_dict(load(data))
    except (RuntimeError, KeyError, ValueError, TypeError, struct.error) as error:
        first = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(
            f"These aren't weights of a Bramble generator, or of another shape: {first[:160]}."
        ) from None
    except Exception as error:
        if type(error).__name__ != "SafetensorError":
            raise
        raise InvalidInput(
            "These bytes aren't a complete safetensors file; train the generator again."
        ) from None
    net.eval()
    return Generator(shape, net)
