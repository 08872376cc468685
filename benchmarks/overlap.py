"""Dynamic overlap: labels saved at equal mean Dice by stopping an image where its predicted Dice reaches a target.

    python benchmarks/overlap.py [--seeds 17 18] [--images 80]

Crowds of the shared simulator with 12 to 15 raters an image, who come one by one in a random order; raters are known from all votes.
Each image stops at the first of 3 to 12 labels at which predicted Dice is at least the target. The mean Dice is then compared with that of
as many labels for everybody, read between whole numbers; 95 % intervals by bootstrap over images. Seeds 17 and up were never fitted on.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import figure
from consensus import simulator

from services.consensus.domain.confidence import confidence
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.votes import image_votes
from shared.imaging import rle

LEAST, MOST = 3, 12
TARGETS = (0.85, 0.9, 0.92, 0.94, 0.95, 0.96)


def walk(mix: str, seed: int, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true Dice of each image with 3 to 12 labels, (images, 10) each."""
    sim = simulator()
    _, made = sim.make(seed=seed, N=images, ngold=0, nw=60, rlo=MOST, rhi=15, **sim.MIXES[mix])
    votes = [
        image_votes(f"img{i:04d}", {f"rater{k:02d}": m for k, m in zip(ids, masks, strict=True)})
        for i, (_, masks, ids, _) in enumerate(made)
    ]
    model = estimate(votes)
    rng = np.random.default_rng(seed)
    predicted, true = np.zeros((2, images, MOST - LEAST + 1))
    for k, (v, (truth, *_)) in enumerate(zip(votes, made, strict=True)):
        order, wanted, kept = rng.permutation(len(v.raters)), rle.encode(truth), {}
        for n in range(LEAST, MOST + 1):
            some = image_votes(v.image, {v.raters[i]: v.masks[i] for i in order[:n]})
            fused = fuse(some, model, cache=kept)
            predicted[k, n - LEAST] = confidence(fused).predicted_dice
            true[k, n - LEAST] = rle.dice_rle(fused.mask, wanted)
    return predicted, true


def saved(predicted: np.ndarray, true: np.ndarray, target: float) -> tuple[float, float, float]:
    """Share of labels saved against the fixed number with the same mean Dice (nan: none has it), mean Dice, mean labels."""
    reached = predicted >= target
    reached[:, -1] = True
    stop = reached.argmax(axis=1)
    got, labels = float(true[np.arange(len(true)), stop].mean()), float(stop.mean()) + LEAST
    fixed = np.maximum.accumulate(true.mean(axis=0))
    if not fixed[0] <= got <= fixed[-1]:
        return float("nan"), got, labels
    return 1 - labels / float(np.interp(got, fixed, np.arange(LEAST, MOST + 1))), got, labels


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18])
    parser.add_argument("--images", type=int, default=80)
    given = parser.parse_args()
    if simulator() is None:
        figure("consensus_left_out", 0, "", why="the simulator is not at hand")
        return
    for mix in ("main", "hard"):
        parts = [walk(mix, seed, given.images) for seed in given.seeds]
        predicted, true = (np.concatenate(found) for found in zip(*parts, strict=True))
        rng = np.random.default_rng(0)
        draws = [rng.integers(0, len(true), len(true)) for _ in range(1000)]
        for target in TARGETS:
            share, got, labels = saved(predicted, true, target)
            again = [saved(predicted[d], true[d], target)[0] for d in draws]
            low, high = (
                np.nanpercentile(again, [2.5, 97.5]) if not np.isnan(again).all() else (np.nan, np.nan)
            )
            figure(
                "overlap_saved", round(share, 4), "of labels", low=round(float(low), 3), high=round(float(high), 3),
                crowd=mix, target=target, dice=round(got, 4), labels=round(labels, 2), n=len(true),
                without=round(float(np.isnan(again).mean()), 3),
            )  # fmt: skip


if __name__ == "__main__":
    main()
