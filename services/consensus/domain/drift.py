"""A rater over time: how their agreement went, and an alarm where it fell and stayed down.

Each answer is judged by its Dice with the consensus (or gold) of its image, less what the others on that image reached, so that a run
of hard images is no drift. Whether the series broke is asked by ranks, which a single slip can't sway: Pettitt, "A non-parametric
approach to the change-point problem", Applied Statistics 28(2), 1979, one-sided, with his approximation of the probability. An alarm
also needs a fall that matters. How often it is false, and how soon a fall is seen: docs/consensus.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 12  # answers before anything is said
PROBABILITY = 0.01  # of a fall so clear without any change; conservative in short series
FALL = 0.05  # Dice that the mean must have lost
PARTS = 24  # points of a curve at most


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a rater. at: microseconds; dice: with the consensus or gold; excess: that less the mean of the others, alone: 0."""

    at: int
    dice: float
    excess: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Agreement fell at ``since`` (microseconds, the first answer after it). before, after: mean Dice, freed of what images were like."""

    since: int
    before: float
    after: float
    answers: int


@dataclass(frozen=True, slots=True)
class Point:
    """Mean Dice of ``n`` answers, the last of them given at ``at``."""

    at: int
    dice: float
    n: int


def drift(answers: Sequence[Answer]) -> Drift | None:
    """Where a rater's agreement fell, or None; answers in any order. Fewer than LEAST: None."""
    n = len(answers)
    if n < LEAST:
        return None
    ordered = sorted(answers, key=lambda a: (a.at, a.dice))
    excess = np.array([a.excess for a in ordered])
    # Pettitt's U after each answer: how often an earlier answer was better than a later one, less the opposite.
    above = np.sign(excess[:, None] - excess[None, :]).sum(axis=1)
    u = np.cumsum(above)[:-1]
    k = int(u.argmax())
    if float(np.exp(-6 * float(u[k]) ** 2 / (n**3 + n**2))) > PROBABILITY:
        return None
    first, then = float(excess[: k + 1].mean()), float(excess[k + 1 :].mean())
    if first - then < FALL:
        return None
    level = float(np.mean([a.dice for a in ordered])) - float(excess.mean())
    return Drift(
        ordered[k + 1].at, float(np.clip(level + first, 0, 1)), float(np.clip(level + then, 0, 1)), n - k - 1
    )


def curve(answers: Sequence[Answer], parts: int = PARTS) -> list[Point]:
    """Agreement over time in at most ``parts`` points of equally many answers, in order. No answers: no points."""
    ordered = sorted(answers, key=lambda a: (a.at, a.dice))
    return [
        Point(part[-1].at, float(np.mean([a.dice for a in part])), len(part))
        for part in (
            [ordered[i] for i in where]
            for where in np.array_split(np.arange(len(ordered)), min(parts, len(ordered)) or 1)
        )
        if part
    ]
