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
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import labelmaps
from services.synthesis.domain.masks import draw_masks
from services.synthesis.domain.params import MIN_TRAIN_IMAGES, SYNTHETIC_ARMS, StudyParams, TrainParams
from services.synthesis.study.data import StudySet, check, folds_of
from services.synthesis.training.progress import Report, part, silent
from shared.imaging import metrics

MEASURES = ("dice", "iou", "hd95", "presence")
#: Fewer kept samples than this are no arm: a batch would repeat one or two pictures, and a single one's mask can't be swapped.
MIN_KEPT = 4


class Ledger(Protocol):
    """Where finished runs are kept."""

    def get(self, key: str) -> dict[str, Any] | None: ...

    def put(self, key: str, value: dict[str, Any]) -> None: ...


class FileLedger:
    """One JSON file a run in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{key}.json").read_text())
            return found
        except (FileNotFoundError, ValueError):
            return None

    def put(self, key: str, value: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part_file = self._folder / f"{key}.part"
        part_file.write_text(json.dumps(value))
        part_file.replace(self._folder / f"{key}.json")


class MemoryLedger:
    """Runs kept in a dict."""

    def __init__(self, runs: dict[str, dict[str, Any]] | None = None) -> None:
        self.runs = runs if runs is not None else {}

    def get(self, key: str) -> dict[str, Any] | None:
        return self.runs.get(key)

    def put(self, key: str, value: dict[str, Any]) -> None:
        self.runs[key] = value


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


#: Raised with every change of what a run does that no parameter tells: runs of another recipe are not mixed in.
RECIPE = 2


def fingerprint(data: StudySet, params: StudyParams) -> str:
    """Names the inputs: runs of other data or settings are never mixed in. Lists of arms, seeds and sizes may grow."""
    digest = hashlib.sha256()
    for array in (data.images, data.expert, data.crowd, data.has_expert, data.has_crowd):
        digest.update(np.ascontiguousarray(array).tobytes())
    fixed = {k: v for k, v in asdict(params).items() if k not in ("arms", "seeds", "base_images")}
    digest.update(json.dumps([fixed, data.groups, RECIPE], sort_keys=True).encode())
    return digest.hexdigest()[:12]


def plan(data: StudySet, params: StudyParams) -> tuple[list[Run], dict[str, str]]:
    """All runs, grouped so that a generator is needed once; and the arms that this data can't have, with the reason."""
    skipped: dict[str, str] = {}
    if not data.has_crowd.any():
        reason = "the data has no volunteers' masks"
        skipped = {
            arm: reason for arm in params.arms if arm.startswith("crowd") or arm in ("enhanced", "pretrained")
        }
    arms = [arm for arm in params.arms if arm not in skipped]
    runs = [
        Run(arm, base, fold, seed)
        for base in params.base_images
        for fold in range(params.folds)
        for seed in range(params.seeds)
        for arm in arms
    ]
    return runs, skipped


def run_all(
    data: StudySet, params: StudyParams, ledger: Ledger, report: Report = silent
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Do what the ledger lacks; yields every run with its scores: per measure a list over the fold's test images."""
    check(data, params.folds, params.base_images)
    where = folds_of(data, params.folds, params.seed)
    prefix = fingerprint(data, params)
    runs, _ = plan(data, params)
    samples: tuple[tuple[int, int], _Synthetic] | None = None
    for number, run in enumerate(runs):
        tell = part(report, number / len(runs), (number + 1) / len(runs))
        found = ledger.get(run.key(prefix))
        if found is None:
            sets = _sets(data, params, where, run)
            if run.arm in SYNTHETIC_ARMS and (samples is None or samples[0] != (run.base, run.fold)):
                samples = ((run.base, run.fold), _generate(sets, data.classes, params, run, tell))
            found = _train_and_test(data, params, sets, samples[1] if samples else None, run, tell)
            ledger.put(run.key(prefix), found)
        yield run, found


@dataclass(frozen=True, slots=True)
class _Sets:
    """Positions and label maps of a fold: the base set, the volunteers' part, all of the expert's, and the test images."""

    base: tuple[NDArray[np.float32], NDArray[np.uint8]]
    crowd: tuple[NDArray[np.float32], NDArray[np.uint8]]
    expert: tuple[NDArray[np.float32], NDArray[np.uint8]]
    test: NDArray[np.int64]
    order: NDArray[np.int64]
    """Puts base and crowd, joined, in the order of the data, where neighbours of one volume lie together."""


@dataclass(frozen=True, slots=True)
class _Synthetic:
    """Pairs that passed the filters; how many were drawn, kept and refused why; and, where there are too few, why there are none."""

    pairs: tuple[NDArray[np.float32], NDArray[np.uint8]] | None = None
    counts: dict[str, Any] | None = None
    why: str = ""


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

    images, maps = (array[sets.order] for array in _join(sets.base, sets.crowd))
    if len(images) < MIN_TRAIN_IMAGES or not maps.any():
        return _Synthetic(why="too few images to train a generator")
    training = TrainParams(
        size=params.size,
        max_steps=params.generator_steps,
        max_seconds=86400,
        batch=8,
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

    synthetic = samples if run.arm in SYNTHETIC_ARMS else None
    if synthetic is not None and synthetic.pairs is None:
        return {"scores": None, "why": synthetic.why, "synthetic": synthetic.counts}
    steps, augment, start = params.steps, run.arm in ("augmented", "enhanced"), None
    real = (
        [segmenter.Pool(*_join(sets.base, sets.crowd))]
        if run.arm not in ("base", "fewer_steps", "augmented", "expert")
        else []
    )
    pools = {
        "base": [segmenter.Pool(*sets.base)],
        "fewer_steps": [segmenter.Pool(*sets.base)],
        "augmented": [segmenter.Pool(*sets.base)],
        "crowd": real,
        "expert": [segmenter.Pool(*sets.expert)],
    }.get(run.arm)
    seed = params.seed * 1000 + run.seed
    if pools is None:
        share = params.synthetic_share
        assert synthetic is not None
        assert synthetic.pairs is not None
        fake_images, fake_maps = synthetic.pairs
        if run.arm == "crowd_shuffled":
            fake_maps = np.roll(fake_maps, 1 + len(fake_maps) // 3, axis=0)
        fake = segmenter.Pool(fake_images, fake_maps, share)
        pools = [segmenter.Pool(real[0].images, real[0].maps, 1 - share), fake]
        if run.arm == "synthetic_only":
            pools = [fake]
        elif run.arm == "pretrained":
            first = params.steps // 3
            start = segmenter.train([fake], data.classes, steps=first, batch=params.batch, seed=seed + 500)
            pools, steps = real, params.steps - first
    if run.arm == "fewer_steps":
        everything = len(sets.base[0]) + len(sets.crowd[0])
        steps = max(1, round(params.steps * len(sets.base[0]) / everything))
    net = segmenter.train(
        pools,
        data.classes,
        steps=steps,
        batch=params.batch,
        seed=seed,
        augment=augment,
        report=part(report, 0.8, 1.0),
        start_from=start,
    )
    found = segmenter.predict(net, data.images[sets.test])
    scores = [score(found[i], data.expert[place], data.classes) for i, place in enumerate(sets.test)]
    return {
        "test": [int(i) for i in sets.test],
        "scores": {name: [s[name] for s in scores] for name in MEASURES},
        "steps": steps,
        "images": sum(len(p.images) for p in pools),
        "synthetic": synthetic.counts if synthetic is not None else None,
    }


def _join(a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
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
