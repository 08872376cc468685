"""Fits what predicted Dice, its interval and the worth of one more label are read off, and prints the constants to paste.

    make fit-confidence            (python benchmarks/confidence_fit.py [--seeds 11 … 16] [--images 100] [--cache FOLDER])

Crowds of the shared simulator, all three mixes, on training seeds only. Each image is merged with all of its raters, and with 1 to 8 of
them, where the raters are known from everything, and with 2, 3 and 5 where they are known from so few labels only. ``confidence.KNOWN`` is
fitted on the hierarchical consensus, ``confidence.UNKNOWN`` on the agreement-weighted vote of the same masks (no rater is known),
``overlap.GAIN`` and ``overlap.FALL`` on images whose raters come one by one. Figures are cross-validated: each seed by the others' fit.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from common import figure
from consensus import simulator
from scipy.optimize import minimize

from services.consensus.domain.confidence import features
from services.consensus.domain.hierarchical import RaterModel, estimate, fuse
from services.consensus.domain.overlap import outlook
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.domain.weighted import weighted
from shared.imaging import rle
from shared.imaging.rle import RLE

Floats = np.ndarray
QUANTILES = (0.05, 0.975)
SOFT = 0.03  # logits over which the corner of the quantile loss is rounded, so that it can be minimised
CLIP = (-4.0, 6.0)  # logits of a Dice of 0.018 and 0.9975: beyond, a quantile needn't reach
# What must not lower the prediction (+) or raise it (-), column by column: without this, crowds in which full frames agree with each other
# taught that perfect agreement is bad news.
SIGNS = (0, 1, 1, 1, -1, 0, 1)
CHAIN = (2, 3, 4, 5, 7, 9)


@dataclass
class Rows:
    """What was seen: x (N, 7) float64, y (N,) Dice to truth, n (N,) raters, seed (N,), mix (N,)."""

    x: list[Floats] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    seed: list[int] = field(default_factory=list)
    mix: list[str] = field(default_factory=list)
    empty: int = 0

    def add(self, fused: Fused, truth: RLE, mix: str, seed: int) -> None:
        if not float(fused.found.counts @ fused.chosen) > 0:
            self.empty += (
                1  # the simulator always shows an object, so nothing can be learnt of "nothing here"
            )
            return
        self.x.append(features(fused))
        self.y.append(rle.dice_rle(fused.mask, truth))
        self.n.append(len(fused.weights))
        self.seed.append(seed)
        self.mix.append(mix)

    def extend(self, other: Rows) -> None:
        for mine, more in (
            (self.x, other.x),
            (self.y, other.y),
            (self.n, other.n),
            (self.seed, other.seed),
            (self.mix, other.mix),
        ):
            mine.extend(more)  # type: ignore[attr-defined]
        self.empty += other.empty


def crowd(mix: str, seed: int, images: int, cache: Path | None) -> tuple[list[ImageVotes], dict[str, RLE]]:
    """Votes and truth of a simulated crowd."""
    kept = cache / f"{mix}-{seed}-{images}.pickle" if cache else None
    if kept is not None and kept.exists():
        with kept.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - our own file
    sim = simulator()
    if sim is None:
        raise SystemExit("The simulator is not at hand; set BRAMBLE_SHARED_DATA.")
    _, made = sim.make(seed=seed, N=images, ngold=0, nw=60, **sim.MIXES[mix])
    votes, truth = [], {}
    for i, (t, masks, ids, _) in enumerate(made):
        name = f"img{i:04d}"
        votes.append(image_votes(name, {f"rater{k:02d}": m for k, m in zip(ids, masks, strict=True)}))
        truth[name] = rle.encode(t)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps((votes, truth)))
    return votes, truth


def some(votes: ImageVotes, who: Sequence[int]) -> ImageVotes:
    return image_votes(votes.image, {votes.raters[i]: votes.masks[i] for i in who})


def collect(
    mix: str, seed: int, images: int, cache: Path | None
) -> tuple[Rows, Rows, list[tuple[int, float, int, float]]]:
    """:func:`look`, kept in the cache."""
    kept = cache / f"rows-{mix}-{seed}-{images}.pickle" if cache else None
    if kept is not None and kept.exists():
        with kept.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - our own file
    found = look(mix, seed, images, cache)
    if kept is not None:
        kept.write_bytes(pickle.dumps(found))
    return found


def look(
    mix: str, seed: int, images: int, cache: Path | None
) -> tuple[Rows, Rows, list[tuple[int, float, int, float]]]:
    """One crowd's rows, hierarchical and weighted, and (labels, sampling, labels later, Dice gained) where raters come one by one."""
    known, unknown = Rows(), Rows()
    votes, truth = crowd(mix, seed, images, cache)
    rng = np.random.default_rng(seed)
    full = estimate(votes)

    def add(given: Sequence[ImageVotes], model: RaterModel, straight: dict) -> None:
        for v in given:
            known.add(fuse(v, model, cache=straight), truth[v.image], mix, seed)
            unknown.add(weighted(v), truth[v.image], mix, seed)

    straight: dict = {}
    add(votes, full, straight)
    for _ in range(2):
        add(
            [
                some(v, rng.permutation(len(v.raters))[: rng.integers(1, min(8, len(v.raters)) + 1)])
                for v in votes
            ],
            full,
            straight,
        )
    for count in (2, 3, 5):
        few = [some(v, rng.permutation(len(v.raters))[:count]) for v in votes]
        add(few, estimate(few), {})
    gains = []
    for v in votes[::2]:
        order = rng.permutation(len(v.raters))
        seen = []
        for count in [c for c in CHAIN if c <= len(order)]:
            given = some(v, order[:count])
            fused = fuse(given, full, cache=straight)
            ahead = outlook(given, fused, full, 0.0)
            if ahead is not None:
                seen.append((count, ahead.sampling, rle.dice_rle(fused.mask, truth[v.image])))
        gains += [(a[0], a[1], b[0], b[2] - a[2]) for k, a in enumerate(seen) for b in seen[k + 1 :]]
    return known, unknown, gains


def fit_mean(x: Floats, y: Floats) -> Floats:
    """Fractional logit: coefficients (F,), with the signs of SIGNS."""

    def loss(b: Floats) -> tuple[float, Floats]:
        z = x @ b
        return float((np.logaddexp(0, z) - y * z).mean()), x.T @ (1 / (1 + np.exp(-z)) - y) / len(y)

    return solve(loss, np.zeros(x.shape[1]))


def fit_quantile(x: Floats, y: Floats, q: float, start: Floats) -> Floats:
    """Quantile regression of the logit of Dice: coefficients (F,)."""
    target = np.clip(np.log(np.maximum(y, 1e-9) / np.maximum(1 - y, 1e-9)), *CLIP)

    def loss(b: Floats) -> tuple[float, Floats]:
        r = target - x @ b
        value = q * r + SOFT * np.logaddexp(0, -r / SOFT)
        slope = q - 1 / (1 + np.exp(np.clip(r / SOFT, -50, 50)))
        return float(value.mean()), -x.T @ slope / len(y)

    return solve(loss, start)


def solve(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    bounds = [(0 if sign > 0 else None, 0 if sign < 0 else None) for sign in SIGNS[: len(start)]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5000})
    return np.asarray(found.x)


def fit(x: Floats, y: Floats) -> Floats:
    """Mean and both quantiles, (3, F), in the units of the features."""
    middle, scale = x.mean(axis=0), x.std(axis=0)
    middle[0], scale[0] = 0.0, 1.0
    z = (x - middle) / np.maximum(scale, 1e-9)
    mean = fit_mean(z, y)
    rows = [mean, *(fit_quantile(z, y, q, mean) for q in QUANTILES)]
    out = np.stack(rows) / np.maximum(scale, 1e-9)
    out[:, 0] -= out[:, 1:] @ middle[1:]
    return out


def constants(name: str, rows: Rows, columns: int) -> None:
    """Fit, print, and say how well each seed is foretold by the others."""
    x, y = np.array(rows.x)[:, :columns], np.array(rows.y)
    seed, n, mix = np.array(rows.seed), np.array(rows.n), np.array(rows.mix)
    figure(
        "confidence_constants",
        0,
        "",
        constants=name,
        rows=np.round(fit(x, y), 4).tolist(),
        n=len(y),
        empty=rows.empty,
    )
    inside, error = np.zeros(len(y), bool), np.zeros(len(y))
    seeds = sorted(set(rows.seed))
    for held in seeds if len(seeds) > 1 else []:
        there = seed == held
        mid, low, high = 1 / (1 + np.exp(-(fit(x[~there], y[~there]) @ x[there].T)))
        inside[there] = (np.minimum(low, mid) <= y[there]) & (y[there] <= np.maximum(high, mid))
        error[there] = mid - y[there]
    for crowd_name in sorted(set(rows.mix)):
        for few, most in ((1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 15)):
            here = (mix == crowd_name) & (n >= few) & (n <= most)
            if here.any():
                figure(
                    "confidence_coverage_cross_validated",
                    float(inside[here].mean()),
                    "of 0.90",
                    constants=name,
                    crowd=crowd_name,
                    raters=f"{few}-{most}",
                    n=int(here.sum()),
                    bias=round(float(error[here].mean()), 4),
                    mean_error=round(float(np.abs(error[here]).mean()), 4),
                )


def worth(gains: Sequence[tuple[int, float, int, float]]) -> None:
    """Least squares of gain = GAIN · sampling · (1 - (labels / later) ** FALL)."""
    k, sampling, later, gained = (np.array(column, float) for column in zip(*gains, strict=True))
    best = (np.inf, 0.0, 0.0)
    for fall in np.arange(0.5, 4.01, 0.25):
        x = sampling * (1 - (k / later) ** fall)
        share = float(x @ gained / (x @ x))
        best = min(best, (float(((gained - share * x) ** 2).mean()), share, float(fall)))
    figure(
        "overlap_constants",
        0,
        "",
        GAIN=round(best[1], 3),
        FALL=best[2],
        n=len(gains),
        rmse=round(best[0] ** 0.5, 4),
    )
    foretold = best[1] * sampling * (1 - (k / later) ** best[2])
    for low, high in zip(
        np.quantile(foretold, [0, 0.5, 0.8, 0.95]), np.quantile(foretold, [0.5, 0.8, 0.95, 1]), strict=True
    ):
        here = (foretold >= low) & (foretold <= high)
        figure(
            "overlap_gain",
            float(gained[here].mean()),
            "Dice",
            foretold=round(float(foretold[here].mean()), 4),
            n=int(here.sum()),
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15, 16])
    parser.add_argument("--mixes", nargs="+", default=["main", "hard", "indep"])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--cache",
        type=Path,
        help="folder that keeps crowds and rows between runs: empty it when anything that is measured changes",
    )
    given = parser.parse_args()
    known, unknown = Rows(), Rows()
    gains: list[tuple[int, float, int, float]] = []
    with ProcessPoolExecutor(given.workers) as pool:
        jobs = {
            (mix, seed): pool.submit(collect, mix, seed, given.images, given.cache)
            for seed in given.seeds
            for mix in given.mixes
        }
        for (mix, seed), job in jobs.items():
            a, b, c = job.result()
            known.extend(a)
            unknown.extend(b)
            gains += c
            figure("confidence_rows", len(a.y), "", crowd=mix, seed=seed)
    constants("KNOWN", known, 7)
    constants("UNKNOWN", unknown, 6)
    worth(gains)


if __name__ == "__main__":
    main()
