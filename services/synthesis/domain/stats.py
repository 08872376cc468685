"""Differences between arms of a study: paired bootstrap over seeds and images, and Holm's correction for several comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of ``b - a`` with a 95 % interval and the two-sided p of the bootstrap; ``relative`` is the gain of the means b/a - 1."""

    mean: float
    low: float
    high: float
    p: float
    relative: float
    relative_low: float
    relative_high: float
    seeds: int
    images: int


def resampled_means(
    arms: Sequence[NDArray[np.float64]],
    rng: np.random.Generator,
    rounds: int = 4000,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Bootstrap means ``(arms, rounds)`` of scores ``(seeds, images)``, each round the same draw for all arms.

    Seeds (rows) and images (columns; whole ``groups`` ``(images,)`` where images hang together) are drawn anew: this covers both the luck
    of training and the choice of test images (Bouthillier et al. 2021, "Accounting for variance in machine learning benchmarks").
    Raises InvalidInput where arms differ in shape or hold nothing.
    """
    first = arms[0]
    for arm in arms:
        if arm.shape != first.shape or arm.ndim != 2 or 0 in arm.shape:
            raise InvalidInput(
                f"Arms must have the same (seeds, images); they have {first.shape} and {arm.shape}."
            )
    seeds, images = first.shape
    labels = np.arange(images) if groups is None else np.unique(groups, return_inverse=True)[1]
    count = int(labels.max()) + 1
    members = np.bincount(labels, minlength=count).astype(np.float64)
    sums = [np.stack([np.bincount(labels, row, count) for row in arm]) for arm in arms]
    picked = rng.multinomial(count, np.full(count, 1 / count), rounds).astype(np.float64)
    rows = rng.multinomial(seeds, np.full(seeds, 1 / seeds), rounds) / seeds
    size = picked @ members
    return np.stack([np.einsum("rs,sg,rg->r", rows, s, picked, optimize=True) / size for s in sums])


def paired_bootstrap(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    rng: np.random.Generator,
    rounds: int = 4000,
    groups: NDArray[np.int64] | None = None,
) -> Difference:
    """Compare arms ``a`` and ``b``, scores ``(seeds, images)`` on the same seeds and test images, by `resampled_means`."""
    mean_a, mean_b = resampled_means([a, b], rng, rounds, groups)
    gaps = mean_b - mean_a
    relative = mean_b / np.maximum(mean_a, 1e-9) - 1
    tail = min((gaps <= 0).mean(), (gaps >= 0).mean())
    return Difference(
        float((b - a).mean()),
        float(np.quantile(gaps, 0.025)),
        float(np.quantile(gaps, 0.975)),
        float(min(1.0, 2 * max(tail, 1 / (rounds + 1)))),
        float(b.mean() / max(a.mean(), 1e-9) - 1),
        float(np.quantile(relative, 0.025)),
        float(np.quantile(relative, 0.975)),
        *a.shape,
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's (1979) adjusted p-values: reject while they stay under the level, and the chance of any false claim stays under it too."""
    out: dict[str, float] = {}
    running = 0.0
    order = sorted(p_values, key=lambda name: p_values[name])
    for position, name in enumerate(order):
        running = max(running, min(1.0, p_values[name] * (len(order) - position)))
        out[name] = running
    return {name: out[name] for name in p_values}
