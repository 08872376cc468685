"""What every method answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns
from shared.imaging.rle import RLE


@dataclass(frozen=True, slots=True)
class Fused:
    """The consensus of one class on one image, on vote patterns.

    chosen: bool (K,), patterns inside the consensus. support: float64 (K,) in [0, 1], the method's own soft answer (a share
    of votes or a posterior; :mod:`confidence` turns it into a probability). weights: each rater's share of the say, summing
    to 1. flags: what a lab should know ("no-overlap": people marked different places; "presence-split": they disagree
    whether there is anything). honesty: how likely the raters are to answer honestly as far as known from other images, weighted by
    their say; nan where the method knows nobody.
    """

    method: str
    found: Patterns
    chosen: NDArray[np.bool_]
    support: NDArray[np.float64]
    weights: dict[str, float]
    flags: tuple[str, ...] = field(default=())
    honesty: float = float("nan")

    @property
    def mask(self) -> RLE:
        """The consensus mask."""
        return self.found.paint(self.chosen)
