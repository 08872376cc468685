"""Draws the pictures of docs/consensus.md and prints their figures.

    python benchmarks/consensus_pictures.py [--seed 1] [--images 40] [--out docs/pictures]

Simulated crowds of the shared simulator (test seed by default: nothing is chosen here), real masks of BU-BIL.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from common import figure
from consensus import METHODS, score, simulator
from consensus_real import load as load_people
from plot import Chart, write

from services.consensus.domain.confidence import probability
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.votes import ImageVotes, image_votes
from shared.imaging import rle
from shared.imaging.metrics import dice

Crowd = tuple[list[ImageVotes], list[np.ndarray], set[str]]


def crowd(mix: str, seed: int, images: int) -> Crowd:
    """Votes, truth and the names of the spammers."""
    sim = simulator()
    kinds, made = sim.make(seed=seed, N=images, ngold=0, nw=60, **sim.MIXES[mix])
    votes = [
        image_votes(f"img{i:04d}", {f"rater{k:02d}": m for k, m in zip(ids, masks, strict=True)})
        for i, (_, masks, ids, _) in enumerate(made)
    ]
    spam = {f"rater{k:02d}" for k, kind in enumerate(kinds) if kind["type"] == "spam"}
    return votes, [t for t, *_ in made], spam


def drawn(votes: list[ImageVotes], count: int, seed: int) -> list[ImageVotes]:
    """``count`` raters of each image, at random."""
    rng = np.random.default_rng([seed, count])
    return [
        image_votes(v.image, {v.raters[i]: v.masks[i] for i in rng.permutation(len(v.raters))[:count]})
        for v in votes
    ]


def spread(found: np.ndarray) -> tuple[float, float]:
    """95 % of the mean, by bootstrap over images."""
    rng = np.random.default_rng(0)
    means = found[rng.integers(0, len(found), (2000, len(found)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def by_raters(crowds: dict[str, Crowd], seed: int) -> list[Chart]:
    charts = []
    for mix in ("main", "hard"):
        votes, truth, _ = crowds[mix]
        found: dict[str, dict[int, np.ndarray]] = {}
        for count in (1, 2, 3, 5, 8, 12):
            some = drawn(votes, count, seed)
            model = estimate(some)
            found.setdefault("hierarchical", {})[count] = score(some, truth, [fuse(v, model) for v in some])
            for name in ("weighted", "staple", "majority"):
                found.setdefault(name, {})[count] = score(some, truth, [METHODS[name](v) for v in some])
        chart = Chart(f"{mix}: Dice with truth", "raters an image", "mean Dice", (0, 15), (0.2, 1.0))
        for name, by in found.items():
            chart.lines.append((name, [(n, float(d.mean())) for n, d in by.items()]))
            chart.bands[name] = [(n, *spread(d)) for n, d in by.items()]
            for n, d in by.items():
                figure(
                    "picture_dice",
                    float(d.mean()),
                    "Dice",
                    crowd=mix,
                    method=name,
                    raters=n,
                    n=len(d),
                    seed=seed,
                )
        charts.append(chart)
    return charts


def by_gold(crowds: dict[str, Crowd], seed: int) -> Chart:
    """Every rater count drawn to 5; judged on the images that never have gold."""
    chart = Chart("Dice with truth, 3 and 5 raters", "images with gold, %", "mean Dice", (0, 50), (0.4, 1.0))
    for mix in ("main", "hard"):
        votes, truth, _ = crowds[mix]
        for count in (5, 3):
            some = drawn(votes, count, seed)
            judged = range(0, len(some), 2)
            points = []
            for share in (0, 2, 6, 12, 24, 50):
                known = list(range(1, len(some), 2))[: len(some) * share // 100]
                model = estimate(some, {some[k].image: rle.encode(truth[k]) for k in known})
                got = score(
                    [some[k] for k in judged],
                    [truth[k] for k in judged],
                    [fuse(some[k], model) for k in judged],
                )
                points.append((share, float(got.mean())))
                figure(
                    "picture_gold",
                    points[-1][1],
                    "Dice",
                    crowd=mix,
                    raters=count,
                    share=share,
                    n=len(got),
                    seed=seed,
                )
            chart.lines.append((f"{mix}, {count} raters", points))
    return chart


def roc(crowds: dict[str, Crowd], seed: int) -> Chart:
    """Spammers told from honest raters by estimated honesty, without gold, after few answers and after many."""
    chart = Chart("hard: who is a spammer", "honest raters called one", "spammers found", (0, 0.25), (0, 1))
    votes, _, spam = crowds["hard"]
    for images in sorted({12, 24, len(votes)}):
        some = votes[:images]
        model = estimate(some)
        bad = np.array([p.honesty for r, p in model.raters.items() if r in spam])
        good = np.array([p.honesty for r, p in model.raters.items() if r not in spam])
        limits = np.unique(np.concatenate((bad, good, [2.0])))
        points = [(0.0, 0.0)] + [(float((good < t).mean()), float((bad < t).mean())) for t in limits]
        auc = float(np.mean((bad[:, None] < good) + 0.5 * (bad[:, None] == good)))
        answers = sum(len(v.raters) for v in some) / len(model.raters)
        figure(
            "picture_spammer_auc",
            auc,
            "",
            answers=round(answers, 1),
            spammers=len(bad),
            honest=len(good),
            seed=seed,
        )
        stairs = [points[0]]
        for before, (x, y) in itertools.pairwise(points):
            stairs += [(x, before[1]), (x, y)] if x > before[0] else [(x, y)]
        cut = [(min(x, 0.25), y) for x, y in stairs if x <= 0.25]
        chart.lines.append((f"{answers:.0f} answers each", [*cut, (0.25, cut[-1][1])]))
    return chart


def reliability(crowds: dict[str, Crowd], seed: int) -> Chart:
    """How often a pixel of probability p is in the truth, over the pixels that anybody marked."""
    chart = Chart(
        "are probabilities true?",
        "probability of a pixel",
        "share within the truth",
        (0, 1),
        (0, 1),
        equal=True,
        legend="top",
    )
    for mix, (votes, truth, _) in crowds.items():
        model = estimate(votes)
        ps, ys = [], []
        for v, t in zip(votes, truth, strict=True):
            fused = fuse(v, model)
            touched = np.logical_or.reduce([rle.decode(m) for m in v.masks])
            ps.append(fused.found.spread(probability(fused))[touched])
            ys.append(t[touched])
        p, y = np.concatenate(ps), np.concatenate(ys)
        bins = np.minimum((p * 10).astype(int), 9)
        chart.lines.append(
            (mix, [(float(p[bins == b].mean()), float(y[bins == b].mean())) for b in range(10)])
        )
        ece = sum(abs(float(p[bins == b].sum() - y[bins == b].sum())) for b in range(10)) / len(p)
        figure("picture_ece", ece, "", crowd=mix, pixels=len(p), seed=seed)
    return chart


def real(crowds: dict[str, Crowd]) -> Chart:
    """Dice of single masks with the truth: simulated and real people."""
    chart = Chart(
        "single masks: simulator and people",
        "Dice with truth at most",
        "share of masks",
        (0, 1),
        (0, 1),
        legend="middle",
    )
    single: dict[str, np.ndarray] = {}
    for mix, (votes, truth, spam) in crowds.items():
        for who, keep in (("honest", False), ("spam", True)):
            got = [
                dice(rle.decode(m), t)
                for v, t in zip(votes, truth, strict=True)
                for r, m in zip(v.raters, v.masks, strict=True)
                if (r in spam) == keep
            ]
            if got and mix != "indep" and not (keep and mix == "main"):
                single[f"{mix}, {who}"] = np.array(got)
    people = load_people()
    if people is not None:
        masks, gold = people
        pairs = [(m, gold[n]) for n, given in masks.items() for m in given.values()]
        single["people (BU-BIL)"] = np.array([dice(m, g) for m, g in pairs if not np.array_equal(m, g)])
    for name, got in single.items():
        chart.lines.append((name, [(x, float((got <= x).mean())) for x in np.linspace(0, 1, 101)]))
        figure(
            "picture_single",
            float(got.mean()),
            "Dice",
            who=name,
            n=len(got),
            median=round(float(np.median(got)), 4),
        )
    return chart


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).resolve().parent.parent / "docs" / "pictures"
    )
    given: Any = parser.parse_args()
    if simulator() is None:
        figure("consensus_left_out", 0, "", why="the simulator is not at hand")
        return
    crowds = {mix: crowd(mix, given.seed, given.images) for mix in ("main", "hard", "indep")}
    write(
        given.out / "consensus-raters.svg",
        by_raters(crowds, given.seed),
        "Mean Dice of the consensus with the truth against raters an image, by method, on the crowds main and hard",
    )
    write(
        given.out / "consensus-knowing.svg",
        [by_gold(crowds, given.seed), roc(crowds, given.seed)],
        "Left: mean Dice against the share of images with gold. Right: spammers found against honest raters called spammers",
    )
    write(
        given.out / "consensus-trust.svg",
        [reliability(crowds, given.seed), real(crowds)],
        "Left: share of pixels within the truth against their probability. Right: how good single masks are, simulated and real",
    )


if __name__ == "__main__":
    main()
