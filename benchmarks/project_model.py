"""A project's own segmenter as its labels grow: Dice of what is proposed for images that nobody has labelled.

    python benchmarks/project_model.py [--sets usgra_ultrasound,wbc_bloodsmear,isic2017_dermoscopy] [--labels 10,30,100] [--test 50]
                                       [--seed 0] [--amg 30]

For each set: test images are drawn by the seed and set aside, the next n are the labelled ones. The set's truth stands for the project's
consensus (`headline.py` measured our consensus at a Dice of 0.94 to 0.97 with it). At 0 labels there is nothing but the promptable
model, whose proposals rest on the consensus of three images, its least; it is measured again with the n. Dice is taken in the frame's
own grid, over labels that are there or were proposed. One JSON line a figure; intervals: 95 %, bootstrap over test images. Data:
BRAMBLE_SHARED_DATA, else ../shared/data.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import numpy.typing as npt
from common import figure
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from services.inference.domain.project_model import LEAST_EXPECTED, Guess, guess
from services.synthesis.domain.params import SegmenterParams
from shared.imaging import metrics

SETS = ("usgra_ultrasound", "wbc_bloodsmear", "isic2017_dermoscopy")
SIDE = 256
"""Longest side that frames are brought to first: what is measured is the model, not the reading of large files."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame uint8 (H, W, 3), its truth bool (L, H, W), and whose it is."""

    rgb: npt.NDArray[np.uint8]
    truth: npt.NDArray[np.bool_]
    group: str


def read(root: Path, name: str) -> list[Picture]:
    """All images of a set with its class masks (or its binary one)."""
    with (root / name / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if r["mask_kind"] != "instance_id" and r["rater"][:4] in ("", "gold")
        ]
    classes = max(1, max(r["class_name"].count("=") for r in rows))
    out = []
    for row in rows:
        with (
            Image.open(root / name / row["image"]) as picture,
            Image.open(root / name / row["mask"]) as drawn,
        ):
            scale = min(1.0, SIDE / max(picture.size))
            size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
            rgb = np.array(picture.convert("RGB").resize(size, Image.Resampling.BOX))
            found = np.array(drawn.resize(size, Image.Resampling.NEAREST))
        found = (found > 127).astype(np.uint8) if row["mask_kind"] == "binary" else found
        truth = np.stack([found == k for k in range(1, classes + 1)])
        out.append(Picture(rgb, truth, row["group"] or row["image"]))
    return out


def squares(pictures: list[Picture], masks: list[npt.NDArray[np.bool_]], size: int) -> tuple[Any, Any]:
    """What training wants of them."""
    from services.synthesis.domain.squares import square_image, square_mask

    images = np.stack([square_image(p.rgb, size) for p in pictures])
    planes = np.stack([[square_mask(m, size) for m in each] for each in masks])
    return images, planes


def train(
    pictures: list[Picture], masks: list[npt.NDArray[np.bool_]], params: SegmenterParams
) -> tuple[Any, Any, float]:
    """(net, skills, CPU seconds)."""
    import onnxruntime
    import torch

    from services.synthesis.training import project_model

    torch.set_num_threads(1)
    images, planes = squares(pictures, masks, params.size)
    began = time.process_time()
    labels = list(range(1, planes.shape[1] + 1))
    trained = project_model.train(images, planes, labels, [p.group for p in pictures], params)
    spent = time.process_time() - began
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        project_model.export(trained), options, providers=["CPUExecutionProvider"]
    )
    return (
        lambda inputs: dict(zip(("probability", "expected"), session.run(None, dict(inputs)), strict=True)),
        trained.skills,
        spent,
    )


def interval(values: npt.NDArray[np.float64], seed: int) -> list[float]:
    """95 % of the mean of ``values`` ``(images, …)``, bootstrap over images."""
    rng = np.random.default_rng([seed, 9])
    means = [np.nanmean(values[rng.integers(0, len(values), len(values))]) for _ in range(1000)]
    return [round(float(v), 3) for v in np.percentile(means, (2.5, 97.5))]


def score(pictures: list[Picture], answers: list[list[Guess]]) -> tuple[Any, Any, Any]:
    """Dice, expected Dice and whether it is shown, each ``(images, L)``; NaN where the label is neither there nor proposed."""
    pairs = [list(zip(a, p.truth, strict=True)) for p, a in zip(pictures, answers, strict=True)]
    dice = np.array([[metrics.dice(g.mask, t) for g, t in each] for each in pairs])
    absent = np.array([[not g.mask.any() and not t.any() for g, t in each] for each in pairs])
    expected = np.array([[g.expected for g in a] for a in answers])
    shown = np.array([[g.is_shown for g in a] for a in answers])
    return np.where(absent, np.nan, dice), expected, shown


def promptable(
    pictures: list[Picture], taught: list[Picture], masks: list[npt.NDArray[np.bool_]]
) -> list[list[Guess]]:
    """Today's proposals without a project model; expected is the proposal's score, shown from `proposer.LEAST_SCORE` on."""
    from services.inference.domain.prior import Prior, learn, propose
    from services.inference.models import DRUPELET, DrupeletSegmenter
    from services.inference.runners import OnnxRunner

    model = DrupeletSegmenter(OnnxRunner(DRUPELET))
    labels = range(pictures[0].truth.shape[0])
    priors = [Prior([learn(p.rgb, m[k]) for p, m in zip(taught, masks, strict=True)]) for k in labels]
    out = []
    for picture in pictures:
        embedding = model.encode(picture.rgb)
        found = [propose(model, embedding, picture.rgb, prior) for prior in priors]
        nothing = np.zeros(picture.truth.shape[1:], bool)
        out.append(
            [
                Guess(k + 1, nothing if c is None else c.mask, 0.0 if c is None else c.score)
                for k, c in enumerate(found)
            ]
        )
    return out


def tell(
    name: str,
    what: str,
    n: int,
    pictures: list[Picture],
    answers: list[list[Guess]],
    least: float,
    seed: int,
    **more: Any,
) -> None:
    """One line: all proposals, and those that are shown."""
    dice, expected, _ = score(pictures, answers)
    shown = (expected >= least) & np.array([[g.mask.any() for g in a] for a in answers])
    known = ~np.isnan(dice)
    figure(
        "project_model.dice", round(float(np.nanmean(dice)), 3), "Dice", set=name, model=what, labels=n, n=len(pictures), seed=seed,
        interval=interval(dice, seed), by_label=[round(float(v), 3) for v in np.nanmean(dice, 0)],
        shown=round(float(shown.mean()), 3), dice_shown=round(float(dice[shown].mean()), 3) if shown.any() else None,
        dice_hidden=round(float(dice[known & ~shown].mean()), 3) if (known & ~shown).any() else None,
        expected_error=round(float(np.abs(expected - dice)[known].mean()), 3),
        expected_bias=round(float((expected - dice)[known].mean()), 3), **more,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--labels", default="10,30,100")
    parser.add_argument("--test", type=int, default=50)
    parser.add_argument(
        "--amg", type=int, default=30, help="Test images that the promptable model proposes for; 0: none."
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=SegmenterParams().size)
    parser.add_argument("--steps", type=int, default=SegmenterParams().steps)
    args = parser.parse_args()
    root = Path(
        os.environ.get("BRAMBLE_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    for name in args.sets.split(","):
        pictures = read(root, name)
        order = np.random.default_rng([args.seed, 3]).permutation(len(pictures))
        test, pool = [pictures[i] for i in order[: args.test]], [pictures[i] for i in order[args.test :]]
        for n in (0, *(int(v) for v in args.labels.split(",") if v)):
            taught = pool[: n or 3]
            masks = [p.truth for p in taught]
            if n > len(pool):
                sys.stderr.write(f"{name}: {len(pool)} images are left to label, not {n}\n")
                continue
            if args.amg and n <= 30:
                some = test[: args.amg]
                tell(
                    name,
                    "promptable",
                    n,
                    some,
                    promptable(some, taught, masks),
                    0.35,
                    args.seed,
                    taught=len(taught),
                )
            if n:
                params = SegmenterParams(size=args.size, steps=args.steps, seed=args.seed)
                net, skills, spent = train(taught, masks, params)
                labels = [s.label_id for s in skills]
                answers = [guess(net, p.rgb, labels, args.size) for p in test]
                tell(name, "project", n, test, answers, LEAST_EXPECTED, args.seed, cpu_s=round(spent, 1),
                     held_back=[round(s.dice, 3) for s in skills], held_back_error=[round(s.error, 3) for s in skills])  # fmt: skip


if __name__ == "__main__":
    main()
