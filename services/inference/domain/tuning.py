"""The numbers of the engine around the network (`domain.interact`)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.inference.domain.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Tuning:
    """Numbers chosen on the held-back images of the training sets (docs/segmenter.md)."""

    size: int = 128
    radius: float = 3.0
    margin: float = 0.35
    least: int = 24
    zoom_below: float = 0.8
    settle_size: int = 128
    gamma: float = 0.3
    beta: float = 1.5
    fade_px: float = 7.0
    seed_radius: float = 2.0
    scales: tuple[float, ...] = (1.0, 0.5, 0.25)
    keep_prob: float = 0.0
    agreement: float = 1.0
    trust: float = -0.2
    look: int = 96
    first_look: int = 64
    first_size: int = 96
    sharp: float = 4.0
    mend: float = 0.35
    merge_after: int = 3
    wane: float = 0.7
    walk: float = 0.5

    def at(self, prompt: Prompt) -> Tuning:
        """The numbers for a prompt. A single click says so little that smaller views cost its answer nothing (measured), and it is
        the one that people wait for most and that is answered ahead under a resting pointer."""
        single = (
            len(prompt.points) == 1 and not prompt.scribbles and prompt.box is None and prompt.mask is None
        )
        if not single:
            return self
        return replace(self, look=self.first_look, size=self.first_size, settle_size=self.first_size)
