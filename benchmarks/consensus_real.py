"""Consensus of real people's masks (BU-BIL, 121 public images), cross-validated.

    python benchmarks/consensus_real.py [--raters 99 5 3] [--draws 3]

Three constants of the hierarchical model (MIX, TEMPER, the power of the inverse variance) were once chosen with these images in sight.
So they are chosen again here, on four fifths of the images by Dice to gold, and judged on the last fifth, five times. Raters
are estimated from the masks of all images, without gold, as the platform does. On 117 of the images gold is, pixel for pixel, some
rater's mask: each line is given with everybody and without those masks (``authors``). With fewer raters than all, some are
drawn at random for each image; an image's Dice is the mean over draws, and intervals are bootstrapped over images.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from common import figure
from consensus import METHODS, SHARED, paired, score
from consensus_peers import crowdkit, crowdkit_python, simpleitk

from services.consensus.domain import hierarchical
from services.consensus.domain.confidence import Confidence, confidence
from services.consensus.domain.conformal import coverage, widened, widening
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.votes import ImageVotes, image_votes
from shared.imaging.codecs import decode_png
from shared.imaging.metrics import dice

GRID = tuple(
    itertools.product((0.25, 0.5, 0.75), (0.5, 1.0), (None, 1.0))
)  # MIX, TEMPER, power (None: as estimated)
FOLDS = 5

Masks = dict[str, dict[str, np.ndarray]]


def load() -> tuple[Masks, dict[str, np.ndarray]] | None:
    """Masks by image and rater (person and tool), and gold by image."""
    folder = SHARED / "bubil_multirater"
    if not folder.exists():
        return None
    people: Masks = {}
    gold: dict[str, np.ndarray] = {}
    with (folder / "manifest.csv").open() as file:
        for row in csv.DictReader(file):
            mask = decode_png((folder / row["mask"]).read_bytes()) > 0
            if row["rater"].startswith("gold"):
                gold[row["image"]] = mask
            else:
                people.setdefault(row["image"], {})[row["rater"]] = mask
    return people, gold


def tried(votes: Sequence[ImageVotes], truth: Sequence[np.ndarray]) -> np.ndarray:
    """Dice with each setting of GRID, (G, N)."""
    out = []
    shipped = hierarchical.MIX, hierarchical.TEMPER
    try:
        for mix, temper, power in GRID:
            hierarchical.MIX, hierarchical.TEMPER = mix, temper
            model = estimate(votes)
            if power is not None:
                model = hierarchical.RaterModel(model.raters, power)
            out.append(score(votes, truth, [fuse(v, model) for v in votes]))
    finally:
        hierarchical.MIX, hierarchical.TEMPER = shipped
    return np.array(out)


def cross_validated(found: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Dice of each image under the setting that is best on the other folds; found: (G, N)."""
    out = np.empty(found.shape[1])
    for k in range(FOLDS):
        best = int(found[:, fold != k].mean(axis=1).argmax())
        out[fold == k] = found[best, fold == k]
    return out


def peers(votes: list[ImageVotes], truth: list[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """(method, Dice of each image) of what the weighted vote is compared with."""
    for name, method in METHODS.items():
        yield name, score(votes, truth, [method(v) for v in votes])
    yield "simpleitk-staple", np.array([dice(simpleitk(v), t) for v, t in zip(votes, truth, strict=True)])
    if crowdkit_python() is not None:
        for name, (masks, _) in crowdkit(votes, ("majority", "rasa")).items():
            yield f"crowdkit-{name}", np.array([dice(m, t) for m, t in zip(masks, truth, strict=True)])


def measure(
    people: Masks, gold: dict[str, np.ndarray], count: int, draws: int, authors: bool, intervals: bool
) -> None:
    """Print the figures of ``count`` raters an image; ``intervals`` alone where that is asked for."""
    names = sorted(people)
    fold = np.random.default_rng(0).permutation(len(names)) % FOLDS
    truth = [gold[n] for n in names]
    sums: dict[str, list[np.ndarray]] = {}
    inside: list[bool] = []
    judged: list[tuple[list[Confidence], np.ndarray]] = []
    repeats = draws if count < 90 else 1
    for draw in range(repeats):
        rng = np.random.default_rng([count, draw])
        votes = []
        for name in names:
            given = sorted(r for r, m in people[name].items() if authors or not np.array_equal(m, gold[name]))
            some = given if count >= len(given) else sorted(rng.permutation(given)[:count])
            votes.append(image_votes(name, {r: people[name][r] for r in some}))
        if not intervals:
            for name, found in peers(votes, truth):
                sums.setdefault(name, []).append(found)
            sums.setdefault("hierarchical", []).append(cross_validated(tried(votes, truth), fold))
        model = estimate(votes)
        fused = [fuse(v, model) for v in votes]
        shipped = score(votes, truth, fused)
        sums.setdefault("hierarchical-as-shipped", []).append(shipped)
        sure = [confidence(f) for f in fused]
        judged.append((sure, shipped))
        inside += [c.low <= d <= c.high for c, d in zip(sure, shipped, strict=True)]
    more = {"crowd": "bubil", "raters": count, "authors": authors, "n": len(names), "draws": repeats}
    means = {name: np.mean(found, axis=0) for name, found in sums.items()}
    for name, found in means.items():
        figure("consensus_real_dice", float(found.mean()), "Dice", method=name, **more)
    for name, found in means.items():
        if not intervals and not name.startswith("hierarchical"):
            gain, low, high = paired(means["hierarchical"] - found)
            figure("consensus_real_gain", gain, "Dice", over=name, low=low, high=high, **more)
    figure("consensus_real_interval_coverage", float(np.mean(inside)), "of 0.90", **more)
    for gold_images in (9, 20, 40):
        conformal(judged, gold_images, **more)
    if not intervals and crowdkit_python() is None:
        figure("consensus_peer_missing", 0, "", peer="crowd-kit", why="not installed", **more)


def conformal(
    judged: Sequence[tuple[list[Confidence], np.ndarray]], gold: int, repeats: int = 200, **more: object
) -> None:
    """Intervals widened by some images with gold, drawn at random, judged on all others."""
    rng = np.random.default_rng(gold)
    shares, widths = [], []
    for sure, found in judged:
        for _ in range(repeats):
            order = rng.permutation(len(sure))
            by = widening([sure[k] for k in order[:gold]], [float(found[k]) for k in order[:gold]])
            assert by is not None
            wide = [widened(sure[k], by) for k in order[gold:]]
            shares.append(coverage(wide, [float(found[k]) for k in order[gold:]]))
            widths.append(np.mean([c.high - c.low for c in wide]))
    figure(
        "consensus_real_interval_coverage_widened",
        float(np.mean(shares)),
        "of 0.90",
        gold=gold,
        p10=round(float(np.quantile(shares, 0.1)), 3),
        width=round(float(np.mean(widths)), 3),
        width_before=round(float(np.mean([c.high - c.low for sure, _ in judged for c in sure])), 3),
        **more,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--raters", type=int, nargs="+", default=[99, 5, 3])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--only", choices=["intervals"], help="leave the methods and peers out")
    given = parser.parse_args()
    found = load()
    if found is None:
        figure("consensus_left_out", 0, "", why="bubil_multirater is not at hand")
        return
    for authors in (True, False):
        for count in given.raters:
            measure(*found, count, given.draws, authors, given.only == "intervals")


if __name__ == "__main__":
    main()
