"""Objects of one class, merged one by one, against the parts of the merged mask: real nuclei, simulated raters.

    python benchmarks/consensus_instances.py [--images 40] [--raters 5]

Truth: the nuclei of DSB 2018 (`dsb2018_nuclei`, 256² images of 5 to 60 nuclei). Each simulated rater has a habitual offset (−2 to 2 px) and
jitter, leaves out one nucleus in ten, draws one outline around two that are less than 4 px apart with probability 0.3, and
draws one in twenty in two pieces; every sixth rater draws random discs. Nothing of the method was chosen on these images.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
from common import figure
from scipy import ndimage

from services.consensus.domain.auto import fuse_with
from services.consensus.domain.hierarchical import estimate
from services.consensus.domain.instances import merge_instances, parts
from services.consensus.domain.votes import ImageVotes, image_votes
from shared.imaging import rle
from shared.imaging.codecs import decode_png

SHARED = Path(
    os.environ.get("BRAMBLE_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)
Labels = np.ndarray  # (H, W) int, 0: no object
POOL = 12  # raters, of whom some draw each image


def nuclei(count: int) -> list[tuple[str, Labels]]:
    """The first images of 256² with 5 to 60 nuclei, by name."""
    folder = SHARED / "dsb2018_nuclei"
    found: list[tuple[str, Labels]] = []
    if not (folder / "manifest.csv").exists():
        return found
    with (folder / "manifest.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["mask_kind"] == "instance_id"]
    for row in sorted(rows, key=lambda r: r["image"]):
        if (row["width"], row["height"]) == ("256", "256"):
            truth = decode_png((folder / row["mask"]).read_bytes()).astype(np.int32)
            if 5 <= np.unique(truth).size - 1 <= 60:
                found.append((Path(row["image"]).stem, truth))
        if len(found) == count:
            break
    return found


def draw(rng: np.random.Generator, truth: Labels, habit: float, spam: bool) -> np.ndarray:
    """One rater's mask (H, W) bool of all nuclei of an image."""
    height, width = truth.shape
    yy, xx = np.mgrid[:height, :width]
    if spam:
        discs = [np.hypot(yy - y, xx - x) < rng.uniform(4, 12) for y, x in rng.uniform(0, 256, (15, 2))]
        return np.asarray(np.logical_or.reduce(discs))
    drawn = np.zeros(truth.shape, np.int32)
    where = ndimage.find_objects(truth)
    seen = [i for i, box in enumerate(where, 1) if box is not None and rng.random() > 0.1]
    for i in seen:
        box = around(where[i - 1], 8, truth.shape)
        own = truth[box] == i
        level = ndimage.distance_transform_edt(own) - ndimage.distance_transform_edt(~own)
        wobble = ndimage.gaussian_filter(rng.standard_normal(own.shape), 4)
        mine = (level + habit + wobble / wobble.std() > 0) & (drawn[box] == 0)
        if rng.random() < 0.05:
            y, x = ndimage.center_of_mass(own)
            turn = rng.uniform(0, np.pi)
            rows, columns = np.mgrid[: own.shape[0], : own.shape[1]]
            mine &= np.abs((rows - y) * np.cos(turn) + (columns - x) * np.sin(turn)) > 1
        drawn[box][mine] = i
    # People leave a gap between neighbours that they mean to keep apart ...
    largest, least = (
        ndimage.maximum_filter(drawn, 3),
        ndimage.minimum_filter(np.where(drawn, drawn, 1 << 30), 3),
    )
    out = (drawn > 0) & (largest == least)
    # ... and some outlines go around two.
    for k, i in enumerate(seen):
        box = around(where[i - 1], 40, truth.shape)
        part = drawn[box]
        near = ndimage.binary_dilation(part == i, iterations=4)
        for j in seen[k + 1 :]:
            if (near & (part == j)).any() and rng.random() < 0.3:
                both = ndimage.binary_closing((part == i) | (part == j), np.ones((3, 3)), iterations=3)
                out[box] |= both & ((part == 0) | (part == i) | (part == j))
    return out


def around(box: tuple[slice, slice], by: int, size: tuple[int, int]) -> tuple[slice, slice]:
    """A box with a margin, inside the image."""
    rows, columns = (slice(max(0, s.start - by), min(n, s.stop + by)) for s, n in zip(box, size, strict=True))
    return rows, columns


def match(found: Labels, truth: Labels) -> tuple[int, int, int, float]:
    """Objects that meet (IoU above a half: at most one each), found, true, and the sum of their IoU."""
    n, m = int(found.max(initial=0)), int(truth.max(initial=0))
    both = np.bincount(found.ravel() * (m + 1) + truth.ravel(), minlength=(n + 1) * (m + 1)).reshape(
        n + 1, m + 1
    )
    union = both.sum(axis=1)[:, None] + both.sum(axis=0)[None] - both
    iou = np.where(union > 0, both / np.maximum(union, 1), 0.0)[1:, 1:]
    true = int((both.sum(axis=0)[1:] > 0).sum())
    hits = iou > 0.5
    return int(hits.sum()), n, true, float(iou[hits].sum())


def numbered(masks: list[np.ndarray], size: tuple[int, int]) -> Labels:
    out = np.zeros(size, np.int32)
    for k, mask in enumerate(masks, 1):
        out[mask] = k
    return out


def score(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F1 and panoptic quality of each image; counts (n, 4) of :func:`match`."""
    hits, found, true, overlap = counts.T
    total = np.maximum(found + true, 1)
    return 2 * hits / total, 2 * overlap / total


def interval(gain: np.ndarray) -> list[float]:
    rng = np.random.default_rng(0)
    means = gain[rng.integers(0, len(gain), (4000, len(gain)))].mean(axis=1)
    return [round(float(v), 4) for v in (gain.mean(), *np.percentile(means, [2.5, 97.5]))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--raters", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    images = nuclei(given.images)
    if not images:
        figure("consensus_left_out", 0, "", why="the nuclei are not at hand")
        return
    habits = rng.uniform(-2, 2, POOL)
    votes: list[ImageVotes] = []
    for name, truth in images:
        who = rng.choice(POOL, given.raters, replace=False)
        masks = {f"r{k:02d}": draw(rng, truth, habits[k], k % 6 == 5) for k in who}
        votes.append(image_votes(name, masks))
    model = estimate(votes)
    counts: dict[str, list[tuple[int, int, int, float]]] = {}
    spent = 0.0
    for (_, truth), v in zip(images, votes, strict=True):
        alone = [match(parts(m), truth) for m in v.masks]
        counts.setdefault("single-rater", []).append(tuple(np.mean(alone, axis=0).tolist()))
        for method in ("majority", "hierarchical"):
            whole = parts(fuse_with(v, method, model).mask)
            counts.setdefault(f"parts of {method}", []).append(match(whole, truth))
            start = time.process_time()
            found = merge_instances(v, partial(fuse_with, method=method, model=model))
            if method == "hierarchical":
                spent += time.process_time() - start
            mine = numbered([rle.decode(m.mask) for m in found], v.size)
            counts.setdefault(f"one by one, {method}", []).append(match(mine, truth))
    scores = {name: score(np.array(rows)) for name, rows in counts.items()}
    shared = {"n": len(images), "raters": given.raters, "seed": given.seed}
    for name, (f1, quality) in scores.items():
        figure(
            "consensus_instances",
            float(f1.mean()),
            "F1",
            method=name,
            pq=round(float(quality.mean()), 4),
            **shared,
        )
    for method in ("majority", "hierarchical"):
        for what, k in (("F1", 0), ("PQ", 1)):
            gain = interval(scores[f"one by one, {method}"][k] - scores[f"parts of {method}"][k])
            figure(
                "consensus_instances_gain", gain[0], what, low=gain[1], high=gain[2], method=method, **shared
            )
    figure("consensus_instances_ms", 1e3 * spent / len(images), "ms CPU an image", **shared)


if __name__ == "__main__":
    main()
