"""Draws, filters and measures synthetic images. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import features, filters, labelmaps, masks, measures
from services.synthesis.domain.params import SampleParams
from services.synthesis.training import backends, sampling, segmenter
from services.synthesis.training.progress import Report, part


@dataclass(frozen=True, slots=True)
class Drawn:
    """Samples ``(n, C, S, S)`` with their draws, the filters' reasons ("" is kept), refound Dice, and what was measured."""

    images: NDArray[np.float32]
    draws: list[masks.Draw]
    reasons: list[str]
    dice: NDArray[np.float64]
    measures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sifted:
    """What the filters say of samples: reasons ("" is kept), refound Dice ``(n,)``, the thresholds, the same Dice of real images with
    their own masks and with others', and both sides' features."""

    reasons: list[str]
    dice: NDArray[np.float64]
    thresholds: filters.Thresholds
    matched: NDArray[np.float64]
    shuffled: NDArray[np.float64]
    real: dict[str, features.Features]
    fake: dict[str, features.Features]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which samples passed ``(n,)``."""
        return np.array([not r for r in self.reasons], bool)

    def counts(self) -> dict[str, Any]:
        """How many were drawn and kept, and how many were refused for each reason."""
        why = filters.tally(self.reasons)
        return {
            "drawn": len(self.reasons),
            "kept": int(self.kept.sum()),
            "reasons": dict(sorted(why.items())),
        }


def sift(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    samples: NDArray[np.float32],
    wanted: NDArray[np.uint8],
    classes: int,
    *,
    steps: int,
    seed: int,
    report: Report,
) -> Sifted:
    """Judge samples ``(n, C, S, S)`` drawn for the masks ``wanted``. The one filter of datasets and of studies.

    ``images`` and ``maps`` are the generator's training fold, neighbours in order. The judges are segmenters of ``steps`` trained on two
    thirds of it; what they find in the thirds that they never saw teaches the Dice threshold.
    """
    dice, matched, shuffled = refind(
        images, maps, samples, wanted, classes, steps, seed, part(report, 0.0, 0.9)
    )
    report(0.95, "filtering", f"{len(samples)} images")
    spaces = {s: features.extract(images, s) for s in features.SPACES}
    fakes = {s: features.extract(samples, s) for s in features.SPACES}
    scaled = {s: features.standardise(spaces[s], fakes[s]) for s in features.SPACES}
    layout, style = scaled["pooled16"], scaled["texture"]
    thresholds = filters.learn(layout[0], style[0], filters.grain(images), matched, shuffled)
    reasons = filters.judge(
        dice, layout[1], style[1], filters.grain(samples), layout[0], style[0], thresholds
    )
    return Sifted(reasons, dice, thresholds, matched, shuffled, spaces, fakes)


def draw(
    generator: backends.AnyGenerator,
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    held: tuple[NDArray[np.float32], NDArray[np.uint8]],
    params: SampleParams,
    report: Report,
) -> Drawn:
    """Sample ``params.samples`` images for masks made from ``maps`` and judge them.

    ``images`` and ``maps`` are the generator's training fold, neighbours in order. ``held`` (validation images, may be empty) serves the
    membership attack.
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
        sampler=params.sampler,
        report=part(report, 0.0, 0.7),
    )
    samples = np.stack(list(found))
    sifted = sift(
        images,
        maps,
        samples,
        wanted,
        classes,
        steps=params.filter_steps,
        seed=params.seed,
        report=part(report, 0.7, 0.97),
    )
    thresholds = sifted.thresholds
    report(0.98, "measuring", "distances to real images")
    scores = measures.measure(
        sifted.real,
        {s: sifted.fake[s][sifted.kept] for s in features.SPACES},
        {s: features.extract(held[0], s) for s in features.SPACES},
        np.random.default_rng([params.seed, 2]),
    )
    facts = {
        "drawn": len(samples),
        "kept": int(sifted.kept.sum()),
        "refused_masks": len(refused),
        "thresholds": {
            "dice": thresholds.dice,
            "copy": thresholds.copy,
            "grain": [v if np.isfinite(v) else None for v in thresholds.grain],
            "off": thresholds.off if np.isfinite(thresholds.off) else None,
            "notes": list(thresholds.notes),
        },
        "faithfulness": {
            "synthetic": _mean(sifted.dice),
            "real_held_out": _mean(sifted.matched),
            "real_shuffled": _mean(sifted.shuffled),
        },
        "spaces": [s.as_dict() for s in scores],
    }
    return Drawn(samples, drawn, sifted.reasons, sifted.dice, facts)


def refind(
    images: NDArray[np.float32],
    maps: NDArray[np.uint8],
    samples: NDArray[np.float32],
    wanted: NDArray[np.uint8],
    classes: int,
    steps: int,
    seed: int,
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean Dice ``(n,)`` of each sample's mask as segmenters trained on real images find it; then the same of *every* real image with
    its own mask and with another image's, by the one that didn't see it; both empty below 8 images.

    Cross-fitted over three blocks of neighbours in the order given (ids follow the upload), so that near-identical slices of one volume
    don't stand on both sides more than at the blocks' ends. A sample's score is the mean over the three.
    """
    count = len(images)
    parts = 3 if count >= 8 else 1
    start = int(np.random.default_rng([seed, 3]).integers(0, count))
    block = (np.arange(count) - start) % count * parts // count if parts > 1 else np.full(count, -1)
    scores, matched, shuffled = [], [], []
    for number in range(parts):
        held = block == number
        net = segmenter.train(
            images[~held],
            maps[~held],
            classes,
            steps=steps,
            seed=seed + number,
            augment=True,
            report=part(report, number / parts, (number + 1) / parts),
        )
        scores.append(_dice(segmenter.predict(net, samples), wanted, classes))
        if held.any():
            found = segmenter.predict(net, images[held])
            matched.append(_dice(found, maps[held], classes))
            shuffled.append(_dice(found, np.roll(maps[held], max(1, len(found) // 2), axis=0), classes))
    none = np.zeros(0)
    dice = np.asarray(np.mean(scores, axis=0), np.float64)
    return dice, np.concatenate(matched or [none]), np.concatenate(shuffled or [none])


def _dice(found: NDArray[np.uint8], wanted: NDArray[np.uint8], classes: int) -> NDArray[np.float64]:
    return np.array([labelmaps.mean_dice(a, b, classes) for a, b in zip(found, wanted, strict=True)], float)


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
