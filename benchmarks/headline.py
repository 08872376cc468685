"""The seed project's headline, tried honestly: `bramble study` on several modalities, with simulated volunteers and our consensus.

    python benchmarks/headline.py --data ../shared/data --out out/headline

For each set: 30 simulated volunteers of all kinds (careful, sloppy, biased, spammers) answer every image, five an image; `bramble
consensus` merges their masks; the study then compares what the lab's own 8 labelled images are worth alone, with the crowd's and with
synthetic ones. Runs that are done aren't done again, so more seeds can be asked for later. One JSON line a comparison of Dice.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import os
import shutil
import sys
from pathlib import Path
from typing import Any

# Before torch: threads that spin while they wait starve each other on a shared machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from common import figure
from PIL import Image

from services.cli.crowd.raters import draw, make_crowd
from services.consensus import offline
from services.synthesis.domain.params import StudyParams
from services.synthesis.study import analysis, report, runner
from services.synthesis.study.data import check, from_folder
from services.synthesis.study.ledger import FileLedger

SETS = ("wbc_bloodsmear", "usgra_ultrasound", "isic2017_dermoscopy")
RATERS, LABELS, SIDE = 30, 5, 192
ROUGH = 3.0
"""Hands are so much less steady than `bramble crowd` has them: then half of the answers lie under a Dice of about 0.88, as people's do in
bubil_multirater (median 0.89), the only real ones at hand."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("out/headline"))
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--arms", default=",".join(StudyParams().arms))
    parser.add_argument("--sizes", default="8")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--curve", default="0.25,0.5")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    params = StudyParams(
        arms=tuple(args.arms.split(",")),
        base_images=tuple(int(n) for n in args.sizes.split(",")),
        curve=tuple(float(p) for p in args.curve.split(",") if p),
        seeds=args.seeds,
        seed=args.seed,
        labels_per_image=LABELS,
    )
    for name in args.sets.split(","):
        study(prepare(args.data / name, args.out / name / name, args.seed), args.out / name, params)


def study(folder: Path, out: Path, params: StudyParams) -> None:
    """Run what is missing, write the report, print Dice."""
    data = from_folder(folder, params.size, params.seed)
    check(data, params.folds, params.base_images)
    runs = []
    for run, found in runner.run_all(data, params, FileLedger(out / "runs")):
        runs.append((run, found))
        sys.stderr.write(f"{out.name}: {len(runs)} of {len(runner.plan(data, params)[0])} {run}\n")
    outcome = analysis.analyse(data, params, runs, runner.plan(data, params)[1])
    report.write(outcome, out / f"report-{'-'.join(map(str, params.base_images))}")
    figure("consensus_dice", float(data.crowd_dice() or 0), "", set=out.name, seed_project=0.766)
    for row in (c.row() for c in outcome.comparisons if c.measure == "dice"):
        figure("dice_gain", row.pop("relative"), "", set=out.name, dice=row.pop("value"), **row)
    for row in outcome.worth:
        figure("marginal_worth", row.pop("gain"), "Dice", set=out.name, **row)


def prepare(source: Path, out: Path, seed: int) -> Path:
    """``out`` with images and label maps of at most `SIDE` pixels, and a consensus of simulated volunteers for each image."""
    if (out / "manifest.csv").exists():
        return out
    shutil.rmtree(out, ignore_errors=True)
    rng = np.random.default_rng([seed, 51])
    crowd = [
        dataclasses.replace(k, jitter=k.jitter * ROUGH, bias=k.bias * ROUGH, shift=k.shift * ROUGH)
        for k in make_crowd(RATERS, rng)
    ]
    for part in ("images", "masks", "votes"):
        (out / part).mkdir(parents=True)
    with (source / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if r["mask_kind"] != "instance_id" and r["rater"][:4] in ("", "gold")
        ]
    for row in rows:
        stem = Path(row["image"]).stem
        with Image.open(source / row["image"]) as picture, Image.open(source / row["mask"]) as drawn:
            scale = min(1.0, SIDE / max(picture.size))
            size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
            truth = np.array(drawn.resize(size, Image.Resampling.NEAREST))
            picture.resize(size, Image.Resampling.BOX).save(out / "images" / f"{stem}.png")
        truth = (truth > 127).astype(np.uint8) if truth.max() == 255 else truth.astype(np.uint8)
        Image.fromarray(truth).save(out / "masks" / f"{stem}.png")
        (out / "votes" / stem).mkdir()
        for rater in rng.permutation(RATERS)[:LABELS]:
            answer = np.zeros_like(truth)
            for label in range(1, int(np.max(truth, initial=1)) + 1):
                answer[draw(crowd[rater], truth == label, rng)] = label
            Image.fromarray(answer).save(out / "votes" / stem / f"r{rater:02d}.png")
    offline.run(out / "votes", out / "consensus")
    written: list[dict[str, Any]] = []
    for row in rows:
        stem, group = Path(row["image"]).stem, row["group"]
        image = f"images/{stem}.png"
        written.append({"image": image, "mask": f"masks/{stem}.png", "rater": "gold", "group": group})
        merged = f"consensus/{stem}.png"
        written.append({"image": image, "mask": merged, "rater": "simulated consensus", "group": group})
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(written[0]))
        writer.writeheader()
        writer.writerows(written)
    return out


if __name__ == "__main__":
    main()
