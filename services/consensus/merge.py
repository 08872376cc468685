"""From one image's votes and what is believed of its raters to what is stored: masks, agreement, figures. Pure; the same functions as
`bramble consensus` uses decide, so the results are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain import confidence as figures
from services.consensus.domain.auto import fuse_with
from services.consensus.domain.hierarchical import RaterModel, fuse
from services.consensus.domain.overlap import Outlook, outlook
from services.consensus.domain.votes import ImageVotes
from shared.imaging import rle
from shared.imaging.rle import RLE

# Until a project's votes have been looked at as a whole, `auto` means this.
FIRST = "hierarchical"


@dataclass(frozen=True, slots=True)
class Merged:
    """The consensus of one label of one image. `predicted_dice` with its 90 % interval `low` … `high`."""

    label_id: int
    mask: RLE
    method: str
    agreement: float
    predicted_dice: float
    low: float
    high: float
    raters: int
    flags: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    outlook: Outlook | None = None

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
            "low": self.low,
            "high": self.high,
            "raters": self.raters,
            "area": self.area,
            "flags": list(self.flags),
            "weights": dict(self.weights),
            "expected_dice": None if self.outlook is None else round(self.outlook.expected, 6),
            "gain": None if self.outlook is None else round(self.outlook.gain(), 6),
        }


def from_json(row: Mapping[str, Any], mask: RLE | None = None, method: str | None = None) -> Merged:
    """A label of a stored version, without its outlook; `mask` and `method` in the place of its own. Raises InvalidRLE."""
    return Merged(
        label_id=row["label_id"],
        mask=rle.from_json(row["rle"]) if mask is None else mask,
        method=method or row["method"],
        agreement=row["agreement"],
        predicted_dice=row["predicted_dice"],
        low=row["low"],
        high=row["high"],
        raters=row["raters"],
        flags=tuple(row["flags"]),
        weights=row["weights"],
    )


class _Kept(dict[tuple[str, str], tuple[object, RLE]]):
    """Masks with their raters' habits undone, so that an arriving mask costs its own distance transform and not that of all before it.

    What is kept is checked against mask and habit before it is used (`hierarchical.straighten`), so it can't change a result."""

    MOST = 4096

    def __setitem__(self, key: tuple[str, str], value: tuple[object, RLE]) -> None:
        if len(self) >= self.MOST:
            self.clear()  # threads share it: simpler than order, and rare
        super().__setitem__(key, value)


_STRAIGHT: dict[int, _Kept] = {}


def merge(label_id: int, votes: ImageVotes, model: RaterModel, method: str, *, ahead: bool = False) -> Merged:
    """Merge one label by a named method (not `auto`); `ahead` also says what more labels would bring, which costs a merge a rater."""
    if method == "hierarchical":
        result = fuse(votes, model, cache=_STRAIGHT.setdefault(label_id, _Kept()))
    else:
        result = fuse_with(votes, method, model)
    figure = figures.confidence(result)
    return Merged(
        label_id=label_id,
        mask=result.mask,
        method=method,
        agreement=round(figure.agreement, 6),
        predicted_dice=round(figure.predicted_dice, 6),
        low=round(figure.low, 6),
        high=round(figure.high, 6),
        raters=len(votes.raters),
        flags=result.flags,
        weights={k: round(v, 6) for k, v in result.weights.items()},
        outlook=outlook(votes, result, model, figure.predicted_dice) if ahead else None,
    )


def probability(votes: ImageVotes, model: RaterModel, method: str) -> NDArray[np.uint16]:
    """Calibrated per-pixel probability (H, W), 65535 = 1."""
    result = fuse_with(votes, method, model)
    return np.round(result.found.spread(figures.probability(result)) * 65535).astype(np.uint16)
