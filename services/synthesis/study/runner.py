"""Runs the arms of a study: every arm the same test images, the same segmenter, the same number of optimiser steps.

Patients or volumes are split into folds once. In each fold and for each size of the base set: the generator is trained on the training
part only, then each arm's segmenter is trained with each seed and tested on the fold's images with an expert's masks. Each finished run is
in the ledger, and isn't done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import labelmaps
from services.synthesis.domain.masks import draw_masks
from services.synthesis.domain.params import MIN_TRAIN_IMAGES, SYNTHETIC_ARMS, StudyParams, TrainParams
from services.synthesis.study.data import StudySet, check, folds_of
from services.synthesis.study.ledger import Ledger, Pairs
from services.synthesis.training.progress import Report, part, silent
from shared.imaging import metrics

MEASURES = ("dice", "iou", "hd95", "presence")
#: Fewer kept samples than this are no arm: a batch would repeat one or two pictures, and a single one's mask can't be swapped.
MIN_KEPT = 4


CURVES = ("crowd", "crowd_synthetic")
"""Arms that are also tried with a part of what they add: `crowd@0.25` has a quarter of the volunteers' images."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training: which arm, with how many base images, in which fold, with which seed."""

    arm: str
    base: int
    fold: int
    seed: int

    def key(self, prefix: str) -> str:
        """The run's name in the ledger."""
        return f"{prefix}-{self.arm}-n{self.base}-f{self.fold}-s{self.seed}"

    @property
    def kind(self) -> str:
        """The arm without its part."""
        return self.arm.partition("@")[0]

    @property
    def part(self) -> float:
        """The part of what the arm adds: 1 is all of it."""
        return float(self.arm.partition("@")[2] or 1)


#: Raised with every change of what a run does that no parameter tells: runs of another recipe are not mixed in.
RECIPE = 4
#: The same for how synthetic images come about. Arms without them don't care, and stay.
DRAWING = 2

_FREE = ("arms", "seeds", "base_images", "curve", "labels_per_image", "minutes_per_label")
_OF_DRAWING = ("generator_steps", "synthetic_images", "guidance", "filter_steps")


@dataclass(frozen=True, slots=True)
class Prints:
    """Names of the inputs, for arms with and without synthetic images: runs of other data or settings are never mixed in."""

    plain: str
    synthetic: str

    def key(self, run: Run) -> str:
        """The run's name in the ledger."""
        return run.key(self.synthetic if run.kind in SYNTHETIC_ARMS else self.plain)


def fingerprints(data: StudySet, params: StudyParams) -> Prints:
    """What the runs depend on. Lists of arms, parts, seeds and sizes may grow; another generator leaves the other arms as they are."""
    digest = hashlib.sha256()
    for array in (data.images, data.expert, data.crowd, data.has_expert, data.has_crowd):
        digest.update(np.ascontiguousarray(array).tobytes())
    settings = asdict(params)
    fixed = {k: v for k, v in settings.items() if k not in (*_FREE, *_OF_DRAWING)}
    digest.update(json.dumps([fixed, data.groups, RECIPE], sort_keys=True).encode())
    plain = digest.hexdigest()[:12]
    digest.update(json.dumps([DRAWING, *(settings[k] for k in _OF_DRAWING)]).encode())
    return Prints(plain, digest.hexdigest()[:12])


def plan(data: StudySet, params: StudyParams) -> tuple[list[Run], dict[str, str]]:
    """All runs, grouped so that a generator is needed once; and the arms that this data can't have, with the reason."""
    skipped: dict[str, str] = {}
    if not data.has_crowd.any():
        reason = "the data has no volunteers' masks"
        skipped = {
            arm: reason for arm in params.arms if arm.startswith("crowd") or arm in ("enhanced", "pretrained")
        }
    arms = [arm for arm in params.arms if arm not in skipped]
    arms += [f"{arm}@{share:g}" for arm in CURVES if arm in arms for share in sorted(params.curve)]
    runs = [
        Run(arm, base, fold, seed)
        for base in params.base_images
        for fold in range(params.folds)
        for seed in range(params.seeds)
        for arm in arms
    ]
    return runs, skipped


def run_all(
    data: StudySet,
    params: StudyParams,
    ledger: Ledger,
    report: Report = silent,
    only: tuple[int, int] | None = None,
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Do what the ledger lacks; yields every run with its scores: per measure a list over the fold's test images.

    ``only`` one base size and fold: what a process of several does.
    """
    check(data, params.folds, params.base_images)
    where = folds_of(data, params.folds, params.seed)
    prints = fingerprints(data, params)
    runs = [run for run in plan(data, params)[0] if only is None or only == (run.base, run.fold)]
    samples: tuple[tuple[int, int], _Synthetic] | None = None
    for number, run in enumerate(runs):
        tell = part(report, number / len(runs), (number + 1) / len(runs))
        found = ledger.get(prints.key(run))
        if found is None:
            sets = _sets(data, params, where, run)
            if run.kind in SYNTHETIC_ARMS and (samples is None or samples[0] != (run.base, run.fold)):
                key = f"{prints.synthetic}-samples-n{run.base}-f{run.fold}"
                made = _recall(ledger, key)
                if made is None:
                    made = _generate(sets, data.classes, params, run, tell)
                    ledger.put(key, {"counts": made.counts, "why": made.why}, made.pairs)
                samples = ((run.base, run.fold), made)
            found = _train_and_test(data, params, sets, samples[1] if samples else None, run, tell)
            ledger.put(prints.key(run), found)
        yield run, found


@dataclass(frozen=True, slots=True)
class _Sets:
    """Positions and label maps of a fold: the base set, the volunteers' part, all of the expert's, and the test images."""

    base: Pairs
    crowd: Pairs
    expert: Pairs
    test: NDArray[np.int64]
    order: NDArray[np.int64]
    """Puts base and crowd, joined, in the order of the data, where neighbours of one volume lie together."""


@dataclass(frozen=True, slots=True)
class _Synthetic:
    """Pairs that passed the filters; how many were drawn, kept and refused why; and, where there are too few, why there are none."""

    pairs: Pairs | None = None
    counts: dict[str, Any] | None = None
    why: str = ""


def _recall(ledger: Ledger, key: str) -> _Synthetic | None:
    """What a generator made in an earlier call; None where the ledger doesn't keep pictures."""
    found = ledger.get(key)
    if found is None:
        return None
    pairs = ledger.pairs(key)
    return _Synthetic(pairs, found["counts"], found["why"]) if pairs is not None or found["why"] else None


def _sets(data: StudySet, params: StudyParams, where: NDArray[np.int64], run: Run) -> _Sets:
    training = where != run.fold
    known = np.flatnonzero(training & data.has_expert)
    # Nested: the 8 are among the 16. The same for all seeds and arms, so that arms differ in nothing else.
    order = np.random.default_rng([params.seed, 21, run.fold]).permutation(known)
    base = np.sort(order[: run.base])
    rest = np.setdiff1d(np.flatnonzero(training & data.has_crowd), base)
    return _Sets(
        (data.images[base], data.expert[base]),
        (data.images[rest], data.crowd[rest]),
        (data.images[known], data.expert[known]),
        np.flatnonzero((where == run.fold) & data.has_expert),
        np.argsort(np.concatenate([base, rest])),
    )


def _generate(sets: _Sets, classes: int, params: StudyParams, run: Run, report: Report) -> _Synthetic:
    """Synthetic pairs from a generator that saw base and crowd of the training part, and that pass the filters of a dataset."""
    from services.synthesis import judge
    from services.synthesis.training import diffusion, sampling

    images, maps = _join(sets.base, sets.crowd)
    images, maps = images[sets.order], maps[sets.order]
    if len(images) < MIN_TRAIN_IMAGES or not maps.any():
        return _Synthetic(why="too few images to train a generator")
    training = TrainParams(
        size=params.size,
        max_steps=params.generator_steps,
        max_seconds=86400,
        seed=params.seed * 1000 + run.fold,
    )
    generator = diffusion.train(images, maps, classes, training, report=part(report, 0.0, 0.6))
    rng = np.random.default_rng([params.seed, 31, run.fold, run.base])
    draws, _ = draw_masks(list(maps), params.synthetic_images, classes, rng)
    wanted = np.stack([d.label_map for d in draws])
    found = sampling.sample(
        generator, wanted, guidance=params.guidance, seed=run.fold, report=part(report, 0.6, 0.7)
    )
    drawn = np.stack(list(found))
    sifted = judge.sift(
        images,
        maps,
        drawn,
        wanted,
        classes,
        steps=params.filter_steps,
        seed=params.seed * 1000 + 100 + run.fold,
        report=part(report, 0.7, 0.8),
    )
    counts = {"fold": run.fold, "base": run.base, **sifted.counts()}
    if sifted.kept.sum() < MIN_KEPT:
        few = f"only {counts['kept']} of {counts['drawn']} samples passed the filters; {MIN_KEPT} are needed"
        return _Synthetic(counts=counts, why=few)
    return _Synthetic((drawn[sifted.kept], wanted[sifted.kept]), counts)


def _train_and_test(
    data: StudySet,
    params: StudyParams,
    sets: _Sets,
    samples: _Synthetic | None,
    run: Run,
    report: Report,
) -> dict[str, Any]:
    from services.synthesis.training import segmenter

    synthetic = samples if run.kind in SYNTHETIC_ARMS else None
    if synthetic is not None and synthetic.pairs is None:
        return {"scores": None, "why": synthetic.why, "synthetic": synthetic.counts}
    seed = params.seed * 1000 + run.seed
    real = _real(sets, run)
    fake = _fake(synthetic, run) if synthetic is not None else (real[0][:0], real[1][:0])
    steps, start = params.steps, None
    images, maps = fake if run.kind == "synthetic_only" else _join(real, fake)
    if run.kind == "fewer_steps":
        steps = max(1, round(params.steps * len(sets.base[0]) / (len(sets.base[0]) + len(sets.crowd[0]))))
    elif run.kind == "pretrained":
        first = params.steps // 3
        start = segmenter.train(*fake, data.classes, steps=first, batch=params.batch, seed=seed + 500)
        steps, (images, maps) = params.steps - first, real
    net = segmenter.train(
        images,
        maps,
        data.classes,
        steps=steps,
        batch=params.batch,
        seed=seed,
        augment=run.kind in ("augmented", "crowd_augmented", "enhanced"),
        report=part(report, 0.8, 1.0),
        start_from=start,
    )
    found = segmenter.predict(net, data.images[sets.test])
    scores = [score(found[i], data.expert[place], data.classes) for i, place in enumerate(sets.test)]
    return {
        "test": [int(i) for i in sets.test],
        "scores": {name: [s[name] for s in scores] for name in MEASURES},
        "steps": steps,
        "images": len(fake[0]) + (0 if run.kind == "synthetic_only" else len(real[0])),
        "synthetic": synthetic.counts if synthetic is not None else None,
    }


def _real(sets: _Sets, run: Run) -> Pairs:
    """The really labelled pairs of an arm; all that base and crowd have, unless it says otherwise."""
    if run.kind in ("base", "fewer_steps", "augmented"):
        return sets.base
    if run.kind == "expert":
        return sets.expert
    return _join(sets.base, _some(sets.crowd, run.part if run.kind == "crowd" else 1.0))


def _fake(synthetic: _Synthetic, run: Run) -> Pairs:
    """An arm's synthetic pairs, with their masks swapped where that is asked for."""
    assert synthetic.pairs is not None
    images, maps = _some(synthetic.pairs, run.part)
    return images, np.roll(maps, 1 + len(maps) // 3, axis=0) if run.kind == "crowd_shuffled" else maps


def _some(pairs: Pairs, part: float) -> Pairs:
    """A part of image and map pairs, spread evenly over them: smaller parts aren't the first volumes only."""
    count = max(1, round(part * len(pairs[0]))) if len(pairs[0]) else 0
    places = np.linspace(0, len(pairs[0]) - 1, count).round().astype(int)
    return pairs[0][places], pairs[1][places]


def _join(a: Pairs, b: Pairs) -> Pairs:
    return np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]])


def score(found: NDArray[np.uint8], truth: NDArray[np.uint8], classes: int) -> dict[str, float]:
    """Dice and IoU (mean over classes that occur in either; 1 when none does), HD95 in pixels of the grid (the diagonal where one side is
    empty), and presence: the share of classes whose presence in the image is told right."""
    present = [k for k in range(1, classes + 1) if (found == k).any() or (truth == k).any()]
    diagonal = float(np.hypot(*truth.shape))
    iou, hd = [], []
    for k in present:
        a, b = found == k, truth == k
        iou.append(metrics.iou(a, b))
        hd.append(metrics.hd95(a, b, (1.0, 1.0)) if a.any() and b.any() else diagonal)
    right = [(found == k).any() == (truth == k).any() for k in range(1, classes + 1)]
    return {
        "dice": labelmaps.mean_dice(found, truth, classes),
        "iou": float(np.mean(iou)) if iou else 1.0,
        "hd95": float(np.mean(hd)) if hd else 0.0,
        "presence": float(np.mean(right)),
    }
