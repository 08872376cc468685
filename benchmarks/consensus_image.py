"""The image as one more rater: what `bramble consensus --images` gains, on real images with simulated crowds and on people's own masks.

    python benchmarks/consensus_image.py [--seeds 11] [--part train] [--sets dsb2018_nuclei …]

Crowds: the shared simulator's raters of mix `main` on real masks (object's surroundings cut out, 256²), at most 80 images a set; the error
that all raters of an image share is what only the image can lower. Constants were chosen on the even images with seed 11 (`--part train`);
`--part test` are the odd ones. `halves`: nobody has gold; `gold`: every sixth image has, and isn't judged. People: BU-BIL, all images, with
and without masks that are gold.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence

import numpy as np
from common import figure
from consensus import SHARED, paired, simulator

from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.offline_images import look
from shared.imaging import rle
from shared.imaging.metrics import dice

SETS = ("dsb2018_nuclei", "wbc_bloodsmear", "isic2017_dermoscopy", "usgra_ultrasound", "brisc_brain_mri")
SIDE = 256
Item = tuple[np.ndarray, np.ndarray]


def load(name: str) -> list[Item]:
    """Images (256, 256, C) float32 and masks (256, 256) bool."""
    from PIL import Image

    out: list[Item] = []
    with (SHARED / name / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["mask_kind"] != "instance_id"]
    for row in rows:
        with Image.open(SHARED / name / row["image"]) as file:
            image = np.asarray(file if file.mode == "L" else file.convert("RGB"), np.float32)
        with Image.open(SHARED / name / row["mask"]) as file:
            mask = np.asarray(file)
        mask = mask if mask.ndim == 2 else mask.max(axis=2)
        if name == "wbc_bloodsmear":
            mask = mask == 2  # nucleus
        elif name == "usgra_ultrasound":
            mask = (mask == mask.max()) & (mask > 0)  # vessel, or nerve where there is none
        if not (mask > 0).any():
            continue
        image = image if image.ndim == 3 else image[:, :, None]
        height, width = mask.shape
        ys, xs = np.nonzero(mask)
        nuclei = name == "dsb2018_nuclei"  # the middle of the image, with all its nuclei
        cy, cx = (
            (height // 2, width // 2) if nuclei else ((ys.min() + ys.max()) // 2, (xs.min() + xs.max()) // 2)
        )
        side = min(height, width, SIDE if nuclei else 2 * max(np.ptp(ys), np.ptp(xs)) + 40)
        y, x = (int(np.clip(c - side // 2, 0, n - side)) for c, n in ((cy, height), (cx, width)))

        def resized(plane: np.ndarray, y: int = y, x: int = x, side: int = side) -> np.ndarray:
            part = Image.fromarray(plane[y : y + side, x : x + side].astype(np.float32))
            return np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR))

        truth = resized(mask > 0) > 0.5
        if np.count_nonzero(truth) >= 100:
            out.append((np.stack([resized(image[:, :, c]) for c in range(image.shape[2])], -1), truth))
    return out


def crowd(items: Sequence[Item], seed: int) -> list[ImageVotes]:
    """The simulator's `main` crowd on these masks, as its `make` does it."""
    sim = simulator()
    rng = np.random.default_rng(seed)
    people = sim.pool(rng, 60)
    votes = []
    for k, (_, truth) in enumerate(items):
        level = sim.sdf(truth)
        shared = rng.uniform(0.5, 2.0) * sim.smooth(rng, 24)
        lobe = None
        if rng.random() < 0.3:
            ys, xs = np.nonzero(np.abs(level) < 1.5)
            at = rng.integers(len(ys))
            far = np.hypot(*(np.mgrid[0:SIDE, 0:SIDE] - np.array([ys[at], xs[at]])[:, None, None]))
            lobe = (far < rng.uniform(5, 14), rng.uniform(0.2, 0.6), rng.random() < 0.5)
        who = rng.choice(60, rng.integers(5, 16), replace=False)
        masks = {f"r{i:02d}": sim.rate(rng, people[i], level, shared, lobe) for i in who}
        votes.append(image_votes(f"{k:03d}", masks))
    return votes


def judge(votes: list[ImageVotes], items: Sequence[Item], judged: Sequence[int], **more: object) -> None:
    """Dice without and with the images' say; ``judged``: positions of the images that count."""
    images = {v.image: image for v, (image, _) in zip(votes, items, strict=True)}
    truths = {v.image: rle.encode(truth) for v, (_, truth) in zip(votes, items, strict=True)}
    for taught in ("halves", "gold"):
        gold = {v.image: truths[v.image] for v in votes[::6]} if taught == "gold" else {}
        model = estimate(votes, gold)
        fused = [fuse(v, model) for v in votes]
        here = [k for k in judged if votes[k].image not in gold]
        before = np.array([dice(rle.decode(fused[k].mask), items[k][1]) for k in here])
        for always in (False, True):
            found = look(votes, fused, model, images, gold, always=always)
            if always and found.trust.earned:
                break  # the same again
            after = np.array([dice(rle.decode(found.fused[k].mask), items[k][1]) for k in here])
            gain, low, high = paired(after - before)
            figure(
                "consensus_image_gain", gain, "Dice", low=low, high=high, before=round(float(before.mean()), 4),
                after=round(float(after.mean()), 4), worse=round(float((after < before - 0.002).mean()), 3), n=len(here),
                taught=taught, always=always, earned=found.trust.earned,
                weights=[round(float(w), 3) for w in found.trust.weights],
                saved=round(found.trust.gain, 4), error=round(found.trust.error, 4), **more,
            )  # fmt: skip


def people() -> None:
    """BU-BIL: people's masks and their images."""
    from consensus_real import load as load_people
    from PIL import Image

    found = load_people()
    if found is None:
        figure("consensus_left_out", 0, "", why="bubil_multirater is not at hand")
        return
    masks, gold = found
    items = []
    for name in sorted(masks):
        with Image.open(SHARED / "bubil_multirater" / name) as file:
            items.append((np.asarray(file.convert("L"), np.float32)[:, :, None], gold[name]))
    for authors in (True, False):
        votes = [
            image_votes(n, {r: m for r, m in masks[n].items() if authors or not np.array_equal(m, gold[n])})
            for n in sorted(masks)
        ]
        judge(votes, items, range(len(votes)), crowd="bubil", authors=authors)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--most", type=int, default=80, help="images a set")
    parser.add_argument("--part", choices=["train", "test"], default="test")
    parser.add_argument("--no-people", action="store_true")
    given = parser.parse_args()
    if simulator() is None:
        figure("consensus_left_out", 0, "", why="the simulator is not at hand")
        return
    for name in given.sets:
        items = load(name)[: given.most]
        for seed in given.seeds:
            votes = crowd(items, seed)
            judged = range(0 if given.part == "train" else 1, len(votes), 2)
            judge(votes, items, judged, crowd=name, seed=seed, part=given.part)
    if not given.no_people:
        people()


if __name__ == "__main__":
    main()
