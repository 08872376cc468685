"""What a lab reads about a rater: how well their masks agree with the truth as far as it is known, and what stands out.

The interval is a normal one around a mean that is pulled to the crowd's by two pseudo-images (partial pooling, as in Efron and
Morris 1975); quarantine asks whether the 97.5 % bound of the Beta posterior of honesty lies below a half, which takes about 8 images
without gold, or 3 with it (a gold image counts three times). Quarantined masks are down-weighted, never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from services.consensus.domain.bias import Bias
from services.consensus.domain.drift import Answer, Drift, Point, curve, drift
from services.consensus.domain.hierarchical import HONEST_PRIOR, RaterModel, RaterParams, Trail
from services.consensus.domain.votes import ImageVotes
from shared.imaging import rle
from shared.imaging.rle import RLE

PSEUDO = 2.0
PASTES = 3  # images with one and the same mask of a rater's own before it is called pasting
COPIES = 3  # identical masks with one other rater before it is called copying
GOLD_WEIGHT = 3.0
HASTY_MS = 1000  # nobody looks at an image and draws on it in less; ...
HASTY_LEAST = 5  # ... said of somebody whose median over so many drawn answers lies below


@dataclass(frozen=True, slots=True)
class Given:
    """When an answer was given, microseconds, and how long it took, milliseconds (0: not known)."""

    at: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class RaterReport:
    """One rater and class. reliability: expected Dice in [0, 1] with a 95 % interval; offset and shift in px; gold_dice: nan without."""

    rater: str
    images: int
    reliability: float
    low: float
    high: float
    honesty: float
    sensitivity: float
    specificity: float
    offset: float
    shift: tuple[float, float]
    noise: float
    gold_images: int
    gold_dice: float
    quarantined: bool
    flags: tuple[str, ...]
    drift: Drift | None = None
    over_time: tuple[Point, ...] = ()
    bias: Bias | None = None


def report(
    model: RaterModel,
    images: Iterable[ImageVotes],
    gold: Mapping[str, RLE] | None = None,
    given: Mapping[tuple[str, str], Given] | None = None,
    trail: Trail | None = None,
    bias: Mapping[str, Bias] | None = None,
) -> list[RaterReport]:
    """Reports of all raters of the model, sorted by rater.

    ``given``: when each answer was given, by (image, rater), and ``trail``: how well it agreed (:func:`hierarchical.estimate`); without
    both of them nothing is said about time. ``bias``: where they over- or under-draw (:func:`bias.biases`).
    """
    gold, given, trail, bias = gold or {}, given or {}, trail or {}, bias or {}
    answers: dict[str, list[Answer]] = {}
    for (image, rater), (agreed, excess) in trail.items():
        if (image, rater) in given:
            answers.setdefault(rater, []).append(Answer(given[image, rater].at, agreed, excess))
    spans: dict[str, list[int]] = {}
    dice: dict[str, list[float]] = {}
    twins: dict[str, Counter[str]] = {}
    drawn: dict[str, Counter[RLE]] = {}
    for votes in images:
        if votes.image in gold:
            for rater, mask in zip(votes.raters, votes.masks, strict=True):
                dice.setdefault(rater, []).append(rle.dice_rle(mask, gold[votes.image]))
        seen: dict[RLE, list[str]] = {}
        nothing = rle.empty(*votes.size)
        for rater, mask in zip(votes.raters, votes.masks, strict=True):
            if mask != nothing:
                seen.setdefault(mask, []).append(rater)
                drawn.setdefault(rater, Counter())[mask] += 1
                if (span := given.get((votes.image, rater))) is not None and span.duration_ms > 0:
                    spans.setdefault(rater, []).append(span.duration_ms)
        for group in seen.values():
            for rater in group:
                twins.setdefault(rater, Counter()).update(r for r in group if r != rater)
    weight = sum(p.images for p in model.raters.values())
    crowd = sum(p.agreement * p.images for p in model.raters.values()) / weight if weight else 0.5
    return [
        _one(
            r,
            model.raters[r],
            crowd,
            dice.get(r, []),
            twins.get(r, Counter()),
            answers.get(r, []),
            spans.get(r, []),
            bias.get(r),
            drawn.get(r, Counter()),
        )
        for r in sorted(model.raters)
    ]


def is_spam(params: RaterParams, gold_images: int = 0) -> bool:
    """Whether the rater's honesty is surely below a half."""
    from scipy.special import betaincinv  # lazily: serving a page doesn't need it

    answers = params.images + (GOLD_WEIGHT - 1) * gold_images
    honest = min(params.honest, answers)
    upper = betaincinv(HONEST_PRIOR[0] + honest, HONEST_PRIOR[1] + answers - honest, 0.975)
    return bool(upper < 0.5)


def _one(
    rater: str,
    p: RaterParams,
    crowd: float,
    gold: list[float],
    twins: Counter[str],
    answers: Sequence[Answer],
    spans: Sequence[int],
    bias: Bias | None,
    drawn: Counter[RLE],
) -> RaterReport:
    n = p.images
    mean = (p.agreement * n + crowd * PSEUDO) / (n + PSEUDO)
    spread = np.sqrt((p.agreement_sd**2 * n + 0.25**2 * PSEUDO) / (n + PSEUDO))
    half = 1.96 * float(spread) / np.sqrt(n + PSEUDO)
    spam = is_spam(p, len(gold))
    offset, shift = p.habitual
    fell = drift(answers)
    flags = [
        *(["spam"] if spam else []),
        *(["few-images"] if n < 3 else []),
        *(["over-draws"] if offset > 0 and not spam else []),
        *(["under-draws"] if offset < 0 and not spam else []),
        *(["shifted"] if shift != (0.0, 0.0) and not spam else []),
        *(["drifting"] if fell is not None else []),
        *(["too-fast"] if len(spans) >= HASTY_LEAST and median(spans) < HASTY_MS else []),
        # The very same pixels on image after image: whoever, or whatever, drew them didn't look.
        *(
            ["pasted"]
            if (same := max(drawn.values(), default=0)) >= PASTES and 2 * same > drawn.total()
            else []
        ),
        *[f"same-as:{other}" for other, k in sorted(twins.items()) if k >= COPIES and 2 * k > n],
    ]
    return RaterReport(
        rater,
        n,
        float(mean),
        float(max(0.0, mean - half)),
        float(min(1.0, mean + half)),
        p.honesty,
        p.sensitivity,
        p.specificity,
        p.offset,
        p.shift,
        float(np.sqrt(p.variance)),
        len(gold),
        float(np.mean(gold)) if gold else float("nan"),
        spam,
        tuple(flags),
        fell,
        tuple(curve(answers)),
        bias,
    )
