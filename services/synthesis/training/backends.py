"""Which network draws: the small one of `diffusion`, trained from nothing, or a ControlNet on an operator's Stable Diffusion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.params import TrainParams
from services.synthesis.training import controlnet, denoiser, diffusion, latent, many, preview
from services.synthesis.training.checkpoints import Checkpoints
from services.synthesis.training.progress import Report
from shared.errors import InvalidInput

AnyGenerator = denoiser.Generator | controlnet.Control

METHODS = {
    "diffusion": "segmentation-guided diffusion (Konz et al. 2024), UNet2DModel, image prediction with v's loss, DDIM",
    "controlnet": "ControlNet (Zhang et al. 2023) on the operator's Stable Diffusion, DDIM",
}


def train(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    classes: int,
    params: TrainParams,
    sd_path: Path | None,
    *,
    validation: tuple[NDArray[np.float32], NDArray[np.uint8]],
    checkpoints: Checkpoints,
    report: Report,
    show: preview.Show | None = None,
    processes: int = 0,
) -> AnyGenerator:
    """A generator of ``params.backend``, trained by so many ``processes`` (0: one a GPU; 1: in this one), which ``show`` what they draw at
    each checkpoint. Raises InvalidInput where the operator has given no Stable Diffusion for it."""
    import torch

    processes = processes or torch.cuda.device_count() or 1
    if processes > 1:
        weights, about = many.train(
            (images, maps),
            validation,
            classes,
            params,
            sd_path,
            processes,
            checkpoints=checkpoints,
            report=report,
            show=show,
        )
        made = load(weights, sd_path)
        for name in many.ABOUT:
            setattr(made, name, about[name])
        return made
    look = preview.look(maps, show) if show is not None else None
    if params.backend == "diffusion":
        return diffusion.train(
            images,
            maps,
            classes,
            params,
            validation=validation,
            checkpoints=checkpoints,
            report=report,
            look=look,
        )
    base = _base(sd_path)
    return controlnet.train(
        images, maps, classes, params, base, checkpoints=checkpoints, report=report, look=look
    )


def save(generator: AnyGenerator) -> bytes:
    """The weights as safetensors."""
    if isinstance(generator, denoiser.Generator):
        return denoiser.save_weights(generator)
    return controlnet.save_weights(generator)


def load(data: bytes, sd_path: Path | None) -> AnyGenerator:
    """The inverse of `save`; raises InvalidInput for what can't be used, see the backends."""
    if controlnet.is_control(data):
        return controlnet.load_weights(data, _base(sd_path))
    return denoiser.load_weights(data)


def _base(path: Path | None) -> latent.Base:
    import torch

    if path is None:
        raise InvalidInput(
            "The controlnet backend needs the operator's Stable Diffusion: set BRAMBLE_SD_PATH to its folder where the worker runs."
        )
    return latent.load(path, "cuda" if torch.cuda.is_available() else "cpu")


def card(generator: AnyGenerator) -> dict[str, Any]:
    """What a generator's card says of its network."""
    kind = "diffusion" if isinstance(generator, denoiser.Generator) else "controlnet"
    shape = generator.shape
    facts: dict[str, Any] = {
        "backend": kind,
        "method": METHODS[kind],
        "channels": shape.channels,
        "classes": shape.classes,
    }
    if isinstance(generator, denoiser.Generator):
        return {**facts, "widths": list(generator.shape.widths), "patch": generator.shape.patch}
    return {**facts, "base_sha256": generator.base.digest}
