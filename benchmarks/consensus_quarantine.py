"""After how many answers spammers are in quarantine, and how many honest raters with them.

    python benchmarks/consensus_quarantine.py [--seeds 21 22 23 24 25 26] [--mixes main hard]

`overlap`: everybody's first k answers on images that others answered too, nothing known of the truth. `gold`: k answers of everybody on
gold images and nothing else. Intervals are Wilson's, 95 %. One JSON line a figure.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from common import figure
from consensus import simulator

from services.consensus.domain.hierarchical import estimate
from services.consensus.domain.reliability import report
from services.consensus.domain.votes import ImageVotes, image_votes
from shared.imaging import rle

OVERLAP = (2, 3, 4, 5, 6, 8, 10, 12)
GOLD = (1, 2, 3, 5)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (0, 1) of nothing."""
    if not n:
        return 0.0, 1.0
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, float((middle - half) / (1 + z * z / n))), min(
        1.0, float((middle + half) / (1 + z * z / n))
    )


def first(made: Sequence[tuple[str, dict[str, rle.RLE]]], most: int) -> list[ImageVotes]:
    """Everybody's first `most` answers, in the order of images; images that nobody else answered are kept too."""
    given: Counter[str] = Counter()
    out = []
    for name, masks in made:
        kept = {r: m for r, m in masks.items() if given[r] < most}
        given.update(kept.keys())
        if kept:
            out.append(image_votes(name, kept))
    return out


def crowd(
    sim: Any, seed: int, mix: str, images: int, **more: Any
) -> tuple[set[str], list[tuple[str, dict[str, rle.RLE]]], dict[str, rle.RLE]]:
    kinds, made = sim.make(seed=seed, N=images, nw=60, **{**sim.MIXES[mix], **more})
    named = [
        (f"i{i:03d}", {f"r{k:02d}": rle.encode(m) for k, m in zip(ids, masks, strict=True)})
        for i, (_, masks, ids, _) in enumerate(made)
    ]
    truth = {f"i{i:03d}": rle.encode(t) for i, (t, *_) in enumerate(made)}
    return {f"r{k:02d}" for k, kind in enumerate(kinds) if kind["type"] == "spam"}, named, truth


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23, 24, 25, 26])
    parser.add_argument("--mixes", nargs="+", default=["main", "hard"])
    given = parser.parse_args()
    sim = simulator()
    if sim is None:
        figure("consensus_quarantine_after", 0, "", why="the simulator is not at hand")
        return
    for mix in given.mixes:
        for by, steps in (("gold", GOLD), ("overlap", OVERLAP)):
            found: dict[int, list[int]] = {k: [0, 0, 0, 0] for k in steps}
            for seed in given.seeds:
                everybody = {"rlo": 60, "rhi": 60} if by == "gold" else {}
                spam, made, truth = crowd(sim, seed, mix, max(steps) if by == "gold" else 80, **everybody)
                for k in steps:
                    votes = first(made, k)
                    gold = truth if by == "gold" else {}
                    for r in report(estimate(votes, gold), votes, gold):
                        at = 0 if r.rater in spam else 2
                        found[k][at] += r.quarantined
                        found[k][at + 1] += 1
            for k, (caught, bad, wrong, good) in found.items():
                low, high = wilson(caught, bad)
                false_low, false_high = wilson(wrong, good)
                figure(
                    "consensus_quarantine_after", caught / max(1, bad), "of spammers", crowd=mix, by=by, answers=k,
                    low=round(low, 3), high=round(high, 3), spammers=bad, false_alarms=wrong, honest=good,
                    false_low=round(false_low, 4), false_high=round(false_high, 4), seeds=len(given.seeds),
                )  # fmt: skip


if __name__ == "__main__":
    main()
