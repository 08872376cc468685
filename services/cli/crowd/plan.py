"""What a quorum buys, by simulation. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from services.cli.crowd.raters import Mask, draw, make_crowd


def phantom(rng: np.random.Generator, size: int = 128) -> Mask:
    """A ragged blob, bool (size, size), radius 12–25 % of the size."""
    centre = rng.uniform(0.35 * size, 0.65 * size, 2)
    yy, xx = np.mgrid[:size, :size]
    angle = np.arctan2(yy - centre[0], xx - centre[1])
    radius = rng.uniform(0.12, 0.25) * size
    outline = np.ones_like(angle)
    for k in range(2, 6):
        outline = outline + rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    inside: Mask = np.hypot(yy - centre[0], xx - centre[1]) < radius * np.clip(outline, 0.3, 2)
    return inside


def simulate(
    quorums: list[int], *, raters: int, mix: dict[str, float] | None, seed: int, images: int = 60
) -> list[dict[str, Any]]:
    """Mean Dice of strict majority and its 10th percentile over `images` phantoms, for each quorum.

    Raises ValueError when a quorum is below 1 or above the number of raters.
    """
    if not quorums or quorums[0] < 1 or quorums[-1] > raters:
        raise ValueError(f"a quorum lies between 1 and the {raters} volunteers that there are")
    rng = np.random.default_rng(seed)
    crowd = make_crowd(raters, rng, mix)
    scores: dict[int, list[float]] = {q: [] for q in quorums}
    for _ in range(images):
        truth = phantom(rng)
        order = rng.permutation(raters)[: quorums[-1]]
        votes = np.cumsum([draw(crowd[i], truth, rng) for i in order], axis=0)
        for q in quorums:
            merged = votes[q - 1] * 2 > q
            total = int(merged.sum() + truth.sum())
            scores[q].append(2 * float((merged & truth).sum()) / total if total else 1.0)
    return [
        {"quorum": q, "dice": round(float(np.mean(s)), 4), "low": round(float(np.quantile(s, 0.1)), 4)}
        for q, s in scores.items()
    ]
