"""The ways from noise to an image: solvers for the noise schedule that the generator was trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

from services.synthesis.training.denoiser import scheduler


def dpm() -> DPMSolverMultistepScheduler:
    """DPM-Solver++ of second order (Lu et al. 2022) on the schedule of training. The guess of the clean image is held within -1 and 1."""
    # Thresholding with this largest value is clipping, which DDIM's class has a name for.
    return DPMSolverMultistepScheduler.from_config(
        scheduler().config, thresholding=True, sample_max_value=1.0
    )


SAMPLERS: dict[str, Callable[[], Any]] = {"ddim": scheduler, "dpm": dpm}
"""By the name that a job gives: DDIM (Song et al. 2021) and DPM-Solver++."""
