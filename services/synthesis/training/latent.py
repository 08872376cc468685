"""An operator's Stable Diffusion, read from a folder: the frozen base that a ControlNet of a project's masks is trained on.

Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models". Each part is read by its class and as safetensors:
no name in the folder decides what code runs, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from shared.errors import InvalidInput

PARTS = ("vae", "unet", "text_encoder", "tokenizer", "scheduler")
PROMPT = "a medical image"


@dataclass(frozen=True, slots=True)
class Base:
    """``words`` are the fixed prompt's embedding ``(1, tokens, width)``; ``factor`` is pixels a latent; ``given`` the folder's own
    ControlNet, or None; ``digest`` names the UNet's weights."""

    vae: Any
    unet: Any
    words: Any
    schedule: Any
    given: Any
    factor: int
    digest: str

    def to(self, device: Any) -> Base:
        """The same on another device."""
        if self.words.device == torch.device(device):
            return self
        parts = {
            n: getattr(self, n).to(device)
            for n in ("vae", "unet", "words", "given")
            if getattr(self, n) is not None
        }
        return replace(self, **parts)

    def encode(self, images: Any) -> Any:
        """Images ``(B, 1|3, S, S)`` in [-1, 1] → latents ``(B, c, S/factor, S/factor)``: the mean, so that training repeats exactly."""
        colour = images if images.shape[1] == 3 else images.repeat(1, 3, 1, 1)
        with torch.no_grad():
            return self.vae.encode(colour).latent_dist.mean * self.vae.config.scaling_factor

    def decode(self, latents: Any, channels: int) -> Any:
        """The inverse of `encode`, grey or colour as ``channels`` (1 or 3) asks."""
        with torch.no_grad():
            colour = self.vae.decode(latents / self.vae.config.scaling_factor).sample
        return colour if channels == 3 else colour.mean(dim=1, keepdim=True)


def load(folder: Path, device: str = "cpu") -> Base:
    """Read the base, frozen. Raises InvalidInput, for the operator, where a part is missing, isn't safetensors or doesn't fit."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.controlnets.controlnet import ControlNetModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    try:
        from transformers import CLIPTextModel, CLIPTokenizer
    except ImportError:
        raise InvalidInput(
            "The controlnet backend reads text encoders with `transformers`; install bramble[sd] where the worker runs."
        ) from None
    missing = [name for name in PARTS if not (folder / name).is_dir()]
    if missing:
        raise InvalidInput(
            f"{folder} is no Stable Diffusion folder as diffusers writes it: {', '.join(missing)} not found. Point BRAMBLE_SD_PATH to one."
        )
    local: dict[str, Any] = {"local_files_only": True}
    weights: dict[str, Any] = {**local, "use_safetensors": True}
    try:
        vae = AutoencoderKL.from_pretrained(folder / "vae", **weights)
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", **weights)
        text = CLIPTextModel.from_pretrained(folder / "text_encoder", **weights)
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", **local)
        schedule = DDIMScheduler.from_pretrained(folder / "scheduler", timestep_spacing="trailing", **local)
        given = None
        if (folder / "controlnet").is_dir():
            given = ControlNetModel.from_pretrained(folder / "controlnet", **weights)
        tokens = tokenizer(PROMPT, padding="max_length", truncation=True, return_tensors="pt").input_ids
        with torch.no_grad():
            words = text(tokens)[0]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(f"The Stable Diffusion folder {folder} can't be used: {first[:200]}") from None
    if words.shape[-1] != unet.config.cross_attention_dim:
        raise InvalidInput(
            f"The text encoder of {folder} gives {words.shape[-1]} numbers a word, its UNet takes {unet.config.cross_attention_dim}: "
            "they are of different models."
        )
    for part in (vae, unet):
        part.eval().requires_grad_(False)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    return Base(vae, unet, words, schedule, given, factor, _digest(folder / "unet")).to(device)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
