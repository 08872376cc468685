"""Draws, filters and measures synthetic images. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import features, filters, labelmaps, masks, measures
from services.synthesis.domain.params import SampleParams
from services.synthesis.training import denoiser, sampling, segmenter
from services.synthesis.training.progress import Report, part


@dataclass(frozen=True, slots=True)
class Drawn:
    """Samples ``(n, C, S, S)`` with their draws, the filters' reasons ("" is kept), refound Dice, and what was measured."""

    images: NDArray[np.float32]
    draws: list[masks.Draw]
    reasons: list[str]
    dice: NDArray[np.float64]
    measures: dict[str, Any]


def draw(
    generator: denoiser.Generator,
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    held: tuple[NDArray[np.float32], NDArray[np.uint8]],
    params: SampleParams,
    report: Report,
) -> Drawn:
    """Sample ``params.samples`` images for masks made from ``maps`` and judge them.

    ``images`` and ``maps`` are the generator's training fold. The judge is a segmenter trained on three quarters of it; the last quarter,
    which it never saw, teaches the Dice threshold. ``held`` (validation images, may be empty) serves the membership attack.
    """
    classes = generator.shape.classes
    rng = np.random.default_rng([params.seed, 1])
    drawn, refused = masks.draw_masks(list(maps), params.samples, classes, rng, params.kinds, params.strength)
    wanted = np.stack([d.label_map for d in drawn])
    found = sampling.sample(
        generator,
        wanted,
        steps=params.steps,
        guidance=params.guidance,
        seed=params.seed,
        batch=params.batch,
        report=part(report, 0.0, 0.7),
    )
    samples = np.stack(list(found))
    dice, matched, shuffled = refind(images, maps, samples, wanted, classes, params, part(report, 0.7, 0.95))
    report(0.96, "filtering", f"{len(samples)} images")
    spaces = {s: features.extract(images, s) for s in features.SPACES}
    fakes = {s: features.extract(samples, s) for s in features.SPACES}
    real = {s: features.standardise(spaces[s], fakes[s]) for s in features.SPACES}
    thresholds = filters.learn(real["pooled16"][0], real["texture"][0], matched, shuffled)
    reasons = filters.judge(
        dice, real["pooled16"][1], real["texture"][1], real["pooled16"][0], real["texture"][0], thresholds
    )
    kept = np.array([not r for r in reasons])
    report(0.98, "measuring", "distances to real images")
    scores = measures.measure(
        spaces,
        {s: fakes[s][kept] for s in features.SPACES},
        {s: features.extract(held[0], s) for s in features.SPACES},
        np.random.default_rng([params.seed, 2]),
    )
    facts = {
        "drawn": len(samples),
        "kept": int(kept.sum()),
        "refused_masks": len(refused),
        "thresholds": {
            "dice": thresholds.dice,
            "copy": thresholds.copy,
            "off": thresholds.off if np.isfinite(thresholds.off) else None,
            "notes": list(thresholds.notes),
        },
        "faithfulness": {
            "synthetic": _mean(dice),
            "real_held_out": _mean(matched),
            "real_shuffled": _mean(shuffled),
        },
        "spaces": [s.as_dict() for s in scores],
    }
    return Drawn(samples, drawn, reasons, dice, facts)


def refind(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    samples: NDArray[np.float32],
    wanted: NDArray[np.uint8],
    classes: int,
    params: SampleParams,
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean Dice ``(n,)`` of each sample's mask as a segmenter trained on real images finds it; then the same of held-out real images with
    their own mask and with another image's.

    The held-out quarter is a block of neighbours in the order given (ids follow the upload), so that near-identical slices of one
    volume don't stand on both sides more than at the block's ends.
    """
    quarter = max(1, len(images) // 4)
    start = int(np.random.default_rng([params.seed, 3]).integers(0, len(images)))
    held = np.zeros(len(images), bool)
    held[[(start + i) % len(images) for i in range(quarter)]] = len(images) >= 8
    net = segmenter.train(
        [segmenter.Pool(images[~held], maps[~held])],
        classes,
        steps=params.filter_steps,
        seed=params.seed,
        augment=True,
        report=report,
    )
    dice = _dice(segmenter.predict(net, samples), wanted, classes)
    matched = _dice(segmenter.predict(net, images[held]), maps[held], classes)
    shuffled = _dice(
        segmenter.predict(net, images[held]), np.roll(maps[held], max(1, quarter // 2), axis=0), classes
    )
    return dice, matched, shuffled


def _dice(found: NDArray[np.uint8], wanted: NDArray[np.uint8], classes: int) -> NDArray[np.float64]:
    return np.array([labelmaps.mean_dice(a, b, classes) for a, b in zip(found, wanted, strict=True)], float)


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
