"""From one image's votes and what is believed of its raters to what is stored: masks, agreement, figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.hierarchical import RaterModel, fuse
from services.consensus.domain.majority import majority
from services.consensus.domain.patterns import pairwise_dice, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.simple import simple
from services.consensus.domain.staple import staple
from services.consensus.domain.votes import ImageVotes
from services.consensus.domain.weighted import weighted
from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.rle import RLE

METHODS = ("auto", "majority", "staple", "simple", "weighted", "hierarchical")


@dataclass(frozen=True, slots=True)
class Merged:
    """The consensus of one label of one image."""

    label_id: int
    mask: RLE
    method: str
    agreement: float
    predicted_dice: float | None
    raters: int
    flags: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def area(self) -> int:
        """Set pixels."""
        return rle.area(self.mask)

    def to_json(self) -> dict[str, Any]:
        """As kept in a version."""
        return {
            "label_id": self.label_id,
            "rle": rle.to_json(self.mask),
            "method": self.method,
            "agreement": self.agreement,
            "predicted_dice": self.predicted_dice,
            "raters": self.raters,
            "area": self.area,
            "flags": list(self.flags),
            "weights": dict(self.weights),
        }


def check_method(method: str) -> str:
    """`method` itself; raises InvalidInput with the known ones."""
    if method not in METHODS:
        raise InvalidInput(f"{method!r} is not a consensus method; choose one of {', '.join(METHODS)}.")
    return method


def fused(votes: ImageVotes, model: RaterModel, method: str) -> Fused:
    """The votes of one label merged by `method`; `auto` uses what is known of the raters."""
    if method in ("auto", "hierarchical"):
        return fuse(votes, model)
    if method == "majority":
        return majority(votes)
    if method == "staple":
        return staple(votes)
    return simple(votes) if method == "simple" else weighted(votes)


def merge(label_id: int, votes: ImageVotes, model: RaterModel, method: str) -> Merged:
    """Merge one label. Agreement: mean pairwise Dice of the raters' masks (two empty masks agree: 1), each pair weighted by both
    raters' say, so that a spammer doesn't make good work look disputed; 1 for a single rater."""
    result = fused(votes, model, method)
    return Merged(
        label_id=label_id,
        mask=result.mask,
        method=result.method,
        agreement=_agreement(votes, result),
        predicted_dice=None,
        raters=len(votes.raters),
        flags=result.flags,
        weights={k: round(v, 6) for k, v in result.weights.items()},
    )


def _agreement(votes: ImageVotes, result: Fused) -> float:
    if len(votes.raters) == 1:
        return 1.0
    pairs = pairwise_dice(patterns(votes.masks))
    say = np.array([result.weights.get(r, 0.0) for r in votes.raters])
    both = np.outer(say, say)
    np.fill_diagonal(both, 0.0)
    if both.sum() <= 1e-9:
        both = 1.0 - np.eye(len(votes.raters))
    return float(round(float((pairs * both).sum() / both.sum()), 6))


def probability(votes: ImageVotes, model: RaterModel, method: str) -> NDArray[np.uint16]:
    """Per-pixel probability (H, W), 65535 = 1."""
    result = fused(votes, model, method)
    return np.round(result.found.spread(result.support).clip(0, 1) * 65535).astype(np.uint16)
