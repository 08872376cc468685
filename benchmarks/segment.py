"""Interactive segmentation as the field measures it: `make bench-segment`, one JSON line a figure on standard output.

    python benchmarks/segment.py [--per-set 8] [--clicks 20] [--seed 0] [--models drupelet,random-walker,colour-cut]
                                 [--sam FOLDER] [--sets unseen] [--human]

Sets: held-back groups of the sets that Drupelet was trained on (`seen`), and whole sets that were left out (`unseen`). Truths:
each class of a class mask, one random instance of an instance mask, the binary mask. Clicks at the middle of the largest error,
fed back with the previous mask; `--human` adds jitter and wrong buttons (RClicks 2024 shows that the middle flatters).
NoC@q: clicks until IoU >= q, 20 when never (Xu et al. 2016). NoF@90: share that never reaches 0.9. Intervals: 95 %, bootstrap
over images. Data is looked for in BRAMBLE_SHARED_DATA, else ../shared/data beside the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from services.inference.domain.classical import colour_cut, random_walker
from services.inference.domain.clicker import Click, human_click, next_click
from services.inference.domain.port import Segmenter
from services.inference.domain.prompt import Box, Prompt, Scribble
from services.inference.models import DRUPELET, DrupeletSegmenter
from services.inference.runners import OnnxRunner
from services.inference.sam import SamSegmenter
from services.inference.training.data import TRAINABLE, read_items

UNSEEN = ("wbc_bloodsmear", "msd_lung_tumour_ct", "isic2017_dermoscopy", "bhsd_head_ct")
AT = (1, 3, 5, 8, 10)
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    dataset: str
    name: str
    rgb: npt.NDArray[np.uint8]
    truth: Mask


def cases(root: Path, per_set: int, seed: int, sets: Iterable[str], least: int = 30) -> list[Case]:
    """At most `per_set` truths of each set, drawn by `seed`; of training sets only from groups that were held back."""
    rng = np.random.default_rng(seed)
    found: list[Case] = []
    for dataset in sets:
        pool: list[Case] = []
        for item in read_items(root, (dataset,), held=True if dataset in TRAINABLE else None):
            for labels in item.maps:
                ids = [int(i) for i in np.unique(labels) if i > 0]
                if len(ids) > 9:  # instances: one of them
                    ids = [int(rng.choice(ids))]
                for i in ids:
                    truth = labels == i
                    if truth.sum() >= least:
                        pool.append(Case(dataset, f"{item.name}#{i}", item.rgb, truth))
        found += [pool[j] for j in rng.permutation(len(pool))[:per_set]]
    return found


def iou(a: Mask, b: Mask) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def loop(
    model: Segmenter, case: Case, clicks: int, rng: np.random.Generator | None, ms: list[float]
) -> list[float]:
    """IoU after each click."""
    embedding = model.encode(case.rgb)
    predicted = np.zeros(case.truth.shape, bool)
    points: list[Click] = []
    ious: list[float] = []
    for _ in range(clicks):
        click = next_click(predicted, case.truth) if rng is None else human_click(predicted, case.truth, rng)
        if click is None:
            ious += [1.0] * (clicks - len(ious))
            break
        points.append(click)
        before = predicted if predicted.any() else None
        began = time.perf_counter()
        predicted = model.decode(embedding, Prompt(tuple(points), mask=before))[0].mask
        ms.append((time.perf_counter() - began) * 1000)
        ious.append(iou(predicted, case.truth))
    return ious


def box_only(model: Segmenter, case: Case, rng: np.random.Generator) -> float:
    """IoU of a box whose sides are each off by up to 5 % of its size."""
    height, width = case.truth.shape
    rows, cols = np.flatnonzero(case.truth.any(1)), np.flatnonzero(case.truth.any(0))
    h, w = rows[-1] + 1 - rows[0], cols[-1] + 1 - cols[0]
    off = rng.uniform(-0.05, 0.05, 4)
    box = Box(max(0, cols[0] + off[0] * w), max(0, rows[0] + off[1] * h),
              min(width, cols[-1] + 1 + off[2] * w), min(height, rows[-1] + 1 + off[3] * h))  # fmt: skip
    return iou(model.decode(model.encode(case.rgb), Prompt(box=box))[0].mask, case.truth)


def scribble_only(model: Segmenter, case: Case, rng: np.random.Generator) -> float:
    """IoU of one stroke inside and one outside, each between two inner pixels."""
    from scipy import ndimage

    strokes = []
    for region, positive in ((case.truth, True), (~ndimage.binary_dilation(case.truth, iterations=4), False)):
        depth = ndimage.distance_transform_edt(region)
        inner = (
            np.flatnonzero(depth.ravel() >= 0.5 * depth.max()) if depth.max() > 0 else np.flatnonzero(region)
        )
        if not len(inner):
            continue
        a, b = (divmod(int(p), region.shape[1]) for p in rng.choice(inner, 2))
        path = [
            (a[1] + 0.5 + (b[1] - a[1]) * t, a[0] + 0.5 + (b[0] - a[0]) * t) for t in np.linspace(0, 1, 30)
        ]
        path = [p for p in path if region[int(p[1]), int(p[0])]]
        if path:
            strokes.append(Scribble(tuple(path), positive))
    return iou(model.decode(model.encode(case.rgb), Prompt(scribbles=tuple(strokes)))[0].mask, case.truth)


def dice(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 2 * values / (1 + values)


def interval(values: npt.NDArray[np.float64], rng: np.random.Generator) -> list[float]:
    means = values[rng.integers(0, len(values), (1000, len(values)))].mean(1)
    return [round(float(v), 3) for v in np.percentile(means, (2.5, 97.5))]


def report(name: str, group: str, how: str, table: npt.NDArray[np.float64], rng: np.random.Generator) -> None:
    noc = {
        q: np.where((table >= q).any(1), (table >= q).argmax(1) + 1, 20).astype(float)
        for q in (0.8, 0.85, 0.9)
    }
    line: dict[str, object] = {
        "bench": "segment",
        "model": name,
        "set": group,
        "clicks": how,
        "n": len(table),
    }
    for k in AT:
        if k <= table.shape[1]:
            line[f"dice@{k}"] = round(float(dice(table[:, k - 1]).mean()), 3)
    line["dice@3_ci"] = interval(dice(table[:, min(2, table.shape[1] - 1)]), rng)
    for q, values in noc.items():
        line[f"noc@{round(q * 100)}"] = round(float(values.mean()), 2)
    line["noc@85_ci"] = interval(noc[0.85], rng)
    line["nof@90"] = round(float((table < 0.9).all(1).mean()), 3)
    say(line)


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def models(names: list[str], sam: Path | None, weights: Path) -> dict[str, Segmenter]:
    makers: dict[str, Callable[[], Segmenter]] = {
        "drupelet": lambda: DrupeletSegmenter(OnnxRunner(weights), weights=weights),
        "random-walker": random_walker,
        "colour-cut": colour_cut,
    }
    found = {n: makers[n]() for n in names if n != "drupelet" or weights.exists()}
    if sam is not None:
        model = SamSegmenter.from_folder(sam)
        found[model.info.name] = model
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--per-set", type=int, default=8)
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", default="drupelet,random-walker,colour-cut")
    parser.add_argument("--sam", type=Path, help="folder that `bramble model import sam` wrote")
    parser.add_argument("--weights", type=Path, default=DRUPELET, help="another Drupelet to measure")
    parser.add_argument("--sets", default="all", help="all, seen, unseen, or names separated by commas")
    parser.add_argument("--human", action="store_true")
    args = parser.parse_args()
    root = Path(
        os.environ.get("BRAMBLE_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    )
    if not root.is_dir():
        say(
            {
                "bench": "segment",
                "skipped": "no data: set BRAMBLE_SHARED_DATA to the folder of the image sets",
            }
        )
        return 0
    groups = {"all": (*TRAINABLE, *UNSEEN), "seen": TRAINABLE, "unseen": UNSEEN}
    drawn = cases(root, args.per_set, args.seed, groups.get(args.sets, tuple(args.sets.split(","))))
    for name, model in models(args.models.split(","), args.sam, args.weights).items():
        ms: list[float] = []
        for how in ("centre", "human") if args.human else ("centre",):
            rng = np.random.default_rng(args.seed)
            rows = [loop(model, c, args.clicks, rng if how == "human" else None, ms) for c in drawn]
            table = np.array(rows)
            for dataset in dict.fromkeys(c.dataset for c in drawn):
                report(name, dataset, how, table[[c.dataset == dataset for c in drawn]], rng)
            for label, group in (("seen", TRAINABLE), ("unseen", UNSEEN)):
                chosen = [c.dataset in group for c in drawn]
                if any(chosen):
                    report(name, label, how, table[chosen], rng)
        rng = np.random.default_rng(args.seed)
        for label, group in (("seen", TRAINABLE), ("unseen", UNSEEN)):
            chosen_cases = [c for c in drawn if c.dataset in group]
            if chosen_cases:
                boxes = dice(np.array([box_only(model, c, rng) for c in chosen_cases]))
                strokes = dice(np.array([scribble_only(model, c, rng) for c in chosen_cases]))
                say({"bench": "segment", "model": name, "set": label, "n": len(chosen_cases),
                     "dice_box": round(float(boxes.mean()), 3), "dice_box_ci": interval(boxes, rng),
                     "dice_scribble": round(float(strokes.mean()), 3), "dice_scribble_ci": interval(strokes, rng)})  # fmt: skip
        p50, p95 = np.percentile(ms, (50, 95))
        say(
            {
                "bench": "segment",
                "model": name,
                "ms_p50": round(float(p50), 1),
                "ms_p95": round(float(p95), 1),
                "n": len(ms),
            }
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
