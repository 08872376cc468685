"""How good synthetic images are, in a named feature space and beside what real images reach against themselves.

Kernel distance: unbiased MMD² with the cubic polynomial kernel (Bińkowski et al. 2018, "Demystifying MMD GANs"; KID when the features
are Inception's, which they aren't here). Variety: density and coverage (Naeem et al. 2020), which don't collapse at small n as
precision and recall do. Copying: share of samples nearer to a training image than real images are to each other, and the AUC of a
membership attack by distance to the nearest sample (Chen et al. 2020, "GAN-Leaks").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.features import Features, standardise
from shared.errors import InvalidInput


def distances(a: Features, b: Features) -> NDArray[np.float64]:
    """Euclidean distances ``(n, m)`` of rows of ``a`` ``(n, d)`` and ``b`` ``(m, d)``."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.clip(squared, 0, None)))


def nearest_other(a: Features) -> NDArray[np.float64]:
    """Each row's distance to the nearest other row, ``(n,)``. Needs two rows or more."""
    if len(a) < 2:
        raise InvalidInput("Distances between real images need at least two of them.")
    table = distances(a, a)
    np.fill_diagonal(table, np.inf)
    return np.asarray(table.min(axis=1))


def kernel_distance(a: Features, b: Features) -> float:
    """Unbiased MMD² of two samples with the kernel (x·y/d + 1)³; near 0 (also below) when they are alike. Needs 2 rows in each."""
    n, m = len(a), len(b)
    if n < 2 or m < 2:
        raise InvalidInput("A kernel distance needs at least two images on either side.")
    size = a.shape[1]
    aa, bb, ab = ((x @ y.T / size + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    within_a = (aa.sum() - np.trace(aa)) / (n * (n - 1))
    within_b = (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(within_a + within_b - 2 * ab.mean())


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % percentile-bootstrap interval."""

    value: float
    low: float
    high: float


def kernel_interval(a: Features, b: Features, rng: np.random.Generator, rounds: int = 200) -> Interval:
    """`kernel_distance` with an interval from subsamples of half of each side, recentred.

    Plain bootstrap resampling repeats rows, and repeats look like a distance of their own in an unbiased MMD; hence subsampling,
    with the spread scaled by √½ back to the full sample (Politis & Romano 1994).
    """
    value = kernel_distance(a, b)
    half_a, half_b = max(2, len(a) // 2), max(2, len(b) // 2)
    draws = np.array(
        [
            kernel_distance(
                a[rng.choice(len(a), half_a, replace=False)], b[rng.choice(len(b), half_b, replace=False)]
            )
            for _ in range(rounds)
        ]
    )
    spread = (draws - draws.mean()) * np.sqrt(0.5)
    return Interval(
        value, float(value + np.quantile(spread, 0.025)), float(value + np.quantile(spread, 0.975))
    )


def real_floor(real: Features, rng: np.random.Generator, rounds: int = 50) -> Interval:
    """The kernel distance of random halves of the real images: what a perfect generator would score."""
    draws = []
    for _ in range(rounds):
        order = rng.permutation(len(real))
        half = len(real) // 2
        draws.append(kernel_distance(real[order[:half]], real[order[half:]]))
    return Interval(float(np.mean(draws)), float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975)))


def density_coverage(real: Features, fake: Features, k: int = 5) -> tuple[float, float]:
    """(density, coverage): 1 and 1 are ideal; coverage is the share of real images that have a sample within their k-NN ball."""
    if len(real) < 2 or not len(fake):
        raise InvalidInput("Density and coverage need two real images and one synthetic.")
    neighbours = min(k, len(real) - 1)
    among = distances(real, real)
    np.fill_diagonal(among, np.inf)
    radius = np.partition(among, neighbours - 1, axis=1)[:, neighbours - 1]
    inside = distances(real, fake) < radius[:, None]
    return float(inside.sum() / (neighbours * len(fake))), float(inside.any(axis=1).mean())


def attack_auc(train: Features, held_out: Features, fake: Features) -> float:
    """AUC of telling training from held-out images by the distance to the nearest sample; 0.5: nothing leaks; NaN if a side is empty."""
    if not len(train) or not len(held_out) or not len(fake):
        return float("nan")
    member = -distances(train, fake).min(axis=1)
    other = -distances(held_out, fake).min(axis=1)
    wins = (member[:, None] > other[None, :]).mean() + 0.5 * (member[:, None] == other[None, :]).mean()
    return float(wins)


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """All measures in one feature space."""

    space: str
    n_real: int
    n_synthetic: int
    kernel: Interval
    floor: Interval
    density: float
    coverage: float
    copy_rate: float
    copy_threshold: float
    attack_auc: float

    def as_dict(self) -> dict[str, object]:
        """JSON-ready; NaN becomes null."""
        out: dict[str, object] = asdict(self)
        return {k: (None if isinstance(v, float) and np.isnan(v) else v) for k, v in out.items()}


def measure(
    train: Mapping[str, Features],
    synthetic: Mapping[str, Features],
    held_out: Mapping[str, Features],
    rng: np.random.Generator,
) -> list[ImageMeasures]:
    """`ImageMeasures` for each named space, of raw features (they are standardised on the training images here).

    Spaces with fewer than four training images or two samples are left out: nothing could be told from them.
    """
    out = []
    for space, raw in train.items():
        if len(raw) < 4 or len(synthetic[space]) < 2:
            continue
        held = held_out.get(space, np.zeros((0, raw.shape[1])))
        held = held if held.size else np.zeros((0, raw.shape[1]))
        real, fake, held = standardise(raw, synthetic[space], held)
        density, coverage = density_coverage(real, fake)
        threshold = float(np.quantile(nearest_other(real), 0.01))
        nearest = distances(fake, real).min(axis=1)
        out.append(
            ImageMeasures(
                space,
                len(real),
                len(fake),
                kernel_interval(real, fake, rng),
                real_floor(real, rng),
                density,
                coverage,
                float((nearest < threshold).mean()),
                threshold,
                attack_auc(real, held, fake),
            )
        )
    return out
