"""How near single volunteers, the plain average and the consensus come to a truth that the platform never saw. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
METHODS = ("single volunteer", "majority", "consensus")


@dataclass
class Scores:
    """Dice per method and label: one figure an image (for single volunteers: their mean on that image)."""

    labels: list[str]
    dice: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, method: str, label: str, value: float) -> None:
        self.dice.setdefault(method, {}).setdefault(label, []).append(value)

    def mean(self, method: str, label: str | None = None) -> float:
        """Mean over images (and labels); NaN where there is none."""
        values = [v for name, vs in self.dice.get(method, {}).items() if label in (None, name) for v in vs]
        return float(np.mean(values)) if values else float("nan")

    def interval(
        self, method: str, *, against: str | None = None, seed: int = 0, draws: int = 2000
    ) -> tuple[float, float]:
        """95 % bootstrap interval over images of the mean, or of the paired difference to `against`."""
        rows = self._per_image(method)
        if against is not None:
            rows = rows - self._per_image(against)
        if not len(rows):
            return float("nan"), float("nan")
        rng = np.random.default_rng(seed)
        means = rows[rng.integers(0, len(rows), (draws, len(rows)))].mean(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        return float(low), float(high)

    def _per_image(self, method: str) -> NDArray[np.float64]:
        columns = [self.dice.get(method, {}).get(label, []) for label in self.labels]
        return (
            np.mean(np.array([c for c in columns if c], dtype=np.float64), axis=0)
            if any(columns)
            else np.zeros(0)
        )

    @property
    def images(self) -> int:
        return max((len(v) for v in self.dice.get("consensus", {}).values()), default=0)


def score(
    scores: Scores,
    truth: Sequence[Mask],
    raters: Sequence[Mapping[int, Mask]],
    consensus: Mapping[int, Mask],
) -> None:
    """Add one image. Masks are bool (H, W) by label index; a label left out is empty."""
    for i, label in enumerate(scores.labels):
        empty = np.zeros_like(truth[i])
        votes = [r.get(i, empty) for r in raters]
        if votes:
            scores.add("single volunteer", label, float(np.mean([dice(v, truth[i]) for v in votes])))
            scores.add("majority", label, dice(np.sum(votes, axis=0) * 2 > len(votes), truth[i]))
        scores.add("consensus", label, dice(consensus.get(i, empty), truth[i]))


def dice(a: Mask, b: Mask) -> float:
    """Dice of two bool masks of one shape; 1 when both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int((a & b).sum()) / total if total else 1.0
