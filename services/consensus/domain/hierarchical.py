"""Hierarchical reliability: who a rater is across images decides what their mask on this image is worth.

Model. Rater r answers honestly on an image with probability ``honesty`` (a Beta prior pools raters partially: one seen on 2 images
isn't believed like one seen on 200); otherwise the mask says nothing (spam, another object, a slip). An honest mask is truth's level
set with a habitual offset and shift and noise of variance ``variance`` px² (:mod:`boundary`; priors pull all three to the crowd's).
Consensus is the vote of the masks with habits undone, weighted by honesty on this image over variance^power. EM-like rounds go
back and forth between images and raters.

Sources: Dawid and Skene 1979 (rater errors as latent parameters); Warfield, Zou and Wells, "Validation of image segmentation by
estimating rater bias and variance", Phil. Trans. R. Soc. A 2008 (offset and variance of level sets); Asman and Landman, "Formulating
spatially varying performance in the statistical fusion framework", IEEE TMI 2012. The combination is this project's.

Two choices are empirical (tuned on simulated crowds with seed 11 and on the public half of BU-BIL, see docs/consensus.md):
habits are undone only where they stand out of the rater's own noise, and the power of the inverse variance grows from 1 in a crowd of
passers-by to 2 in a panel that rates every image, where the variances are known well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.apart import from_others, from_truth
from services.consensus.domain.boundary import (
    CORRELATION,
    FAR,
    BoundaryStats,
    border_points,
    compare,
    correct,
    crop,
    signed_distance,
)
from services.consensus.domain.patterns import Patterns, dice_with, overlaps, pairwise_dice, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, object_box
from shared.imaging.rle import RLE

Floats = NDArray[np.float64]

HONEST_PRIOR = (2.1, 0.9)  # pseudo-images: honest, not
VARIANCE_PRIOR = (9.0, 20.0)  # px², pseudo-points
HABIT_PRIOR = np.diag([10.0, 20.0, 20.0])  # pseudo-points at no offset and no shift
DICE_HALF, DICE_SCALE = 0.5, 0.05  # an agreement below a half is hardly an honest mask of this object
ROUNDS = 4
MIX = 0.5  # of the two measures of noise: mean gap and squared residual
TEMPER = (
    0.5  # raters are judged by a milder vote than they cast: or the heaviest would prove themselves right
)
FINEST = 0.5  # px² added to every variance: nobody draws so finely that they should decide alone
RATE_PRIOR = 200.0  # pseudo-pixels of the per-class sensitivity and specificity


@dataclass(frozen=True, slots=True)
class RaterParams:
    """What is believed of one rater and class. offset: px, positive over-draws; shift: (rows, columns) px; images: answers seen.
    ``variance``: px² that the vote weighs by, with what habits are left; ``scatter``: px² around the habits.

    ``agreement`` is the mean Dice with the consensus of the others and ``honest`` the sum of honest images behind it.
    """

    honesty: float = HONEST_PRIOR[0] / sum(HONEST_PRIOR)
    variance: float = VARIANCE_PRIOR[0]
    offset: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    sensitivity: float = 0.9
    specificity: float = 0.99
    images: int = 0
    honest: float = 0.0
    agreement: float = 0.0
    agreement_sd: float = 0.0
    scatter: float = VARIANCE_PRIOR[0]

    @property
    def habitual(self) -> tuple[float, tuple[float, float]]:
        """Offset and shift that are undone: those that stand out of the noise, in half pixels; otherwise 0."""
        offset = self.offset if self.offset**2 > self.scatter else 0.0
        moved = self.shift if self.shift[0] ** 2 + self.shift[1] ** 2 > self.scatter else (0.0, 0.0)
        return round(4 * offset) / 4, (round(2 * moved[0]) / 2, round(2 * moved[1]) / 2)


@dataclass(frozen=True, slots=True)
class RaterModel:
    """All raters of one class of one project. Unknown raters get the prior. ``power``: of the inverse variance."""

    raters: Mapping[str, RaterParams] = field(default_factory=dict)
    power: float = 1.0

    def of(self, rater: str) -> RaterParams:
        """The parameters of a rater, known or not."""
        return self.raters.get(rater, _UNKNOWN)


_UNKNOWN = RaterParams()


def straighten(
    votes: ImageVotes, model: RaterModel, cache: dict[tuple[str, str], tuple[object, RLE]]
) -> list[RLE]:
    """The masks with each rater's habits undone; ``cache`` keeps them between rounds, keyed by image and rater."""
    out = []
    for rater, mask in zip(votes.raters, votes.masks, strict=True):
        habit = model.of(rater).habitual
        if habit == (0.0, (0.0, 0.0)):
            out.append(mask)
            continue
        key = (votes.image, rater)
        known = cache.get(key)
        if known is None or known[0] != (habit, mask):
            known = ((habit, mask), correct(mask, *habit))
            cache[key] = known
        out.append(known[1])
    return out


def fuse(
    votes: ImageVotes,
    model: RaterModel,
    *,
    cache: dict[tuple[str, str], tuple[object, RLE]] | None = None,
    found: Patterns | None = None,
) -> Fused:
    """Consensus of one image under a rater model. Depends on nothing but its arguments; 1 rater: their mask."""
    if found is None:
        found = patterns(straighten(votes, model, {} if cache is None else cache))
    params = [model.of(r) for r in votes.raters]
    honesty = np.array([p.honesty for p in params])
    precision = (np.array([p.variance for p in params]) + FINEST) ** -model.power
    trust, chosen = _vote(found, honesty, precision)
    weights = trust * precision
    total = weights.sum()
    weights = weights / total if total > 0 else np.full(len(params), 1 / len(params))
    support = found.votes @ weights
    flags: list[str] = []
    areas, _ = overlaps(found)
    present = float(weights @ (areas > 0))
    if not chosen.any() and present > 0.5:
        # They agree that something is there but not where: better the most reliable one's place than none.
        best = int(np.argmax(np.where(areas > 0, weights, -1.0)))
        chosen = found.votes[:, best] > 0
        flags.append("no-overlap")
    if 0.2 < float((honesty / honesty.sum()) @ (areas > 0)) < 0.8:
        flags.append("presence-split")
    return Fused(
        "hierarchical",
        found,
        chosen,
        support,
        dict(zip(votes.raters, weights.tolist(), strict=True)),
        tuple(flags),
        float(weights @ honesty),
    )


def _vote(
    found: Patterns, honesty: Floats, precision: Floats, rounds: int = 4
) -> tuple[Floats, NDArray[np.bool_]]:
    """Vote, look who agrees, vote again. Answers the honesty of each rater on this image and the chosen patterns."""
    trust = honesty.copy()
    prior = np.log(np.clip(honesty, 1e-6, 1 - 1e-6)) - np.log1p(-np.clip(honesty, 1e-6, 1 - 1e-6))
    # The first vote decides whether there is anything, so it asks who is honest, not who draws finely.
    chosen = _majority(found, honesty**4)
    for _ in range(rounds):
        agreement = dice_with(found, chosen)
        trust = 1 / (1 + np.exp(-np.clip(prior + (agreement - DICE_HALF) / DICE_SCALE, -30, 30)))
        after = _majority(found, trust * precision)
        if np.array_equal(after, chosen):
            break
        chosen = after
    return trust, chosen


def _majority(found: Patterns, weights: Floats) -> NDArray[np.bool_]:
    total = weights.sum()
    if total <= 0:
        weights, total = np.ones_like(weights), float(len(weights))
    return np.asarray(found.votes @ (weights / total) > 0.5 + 1e-9)


Trail = dict[tuple[str, str], tuple[float, float]]


def estimate(
    images: Sequence[ImageVotes],
    gold: Mapping[str, RLE] | None = None,
    rounds: int = ROUNDS,
    trail: Trail | None = None,
) -> RaterModel:
    """Rater parameters from all images of a class; ``gold``: truth of some images, by image. Order of images doesn't matter.

    ``trail`` is filled with each answer's Dice with the consensus or gold, and the same less the mean of the image's other raters, by
    (image, rater).
    """
    ordered = sorted(images, key=lambda v: v.image)
    gold = gold or {}
    plain = {v.image: patterns(v.masks) for v in ordered}
    model = _first(ordered, plain, gold)
    cache: dict[tuple[str, str], tuple[object, RLE]] = {}
    for k in range(rounds):
        model = _round(ordered, plain, gold, model, cache, trail if k == rounds - 1 else None)
    return model


def _first(
    images: Sequence[ImageVotes], plain: Mapping[str, Patterns], gold: Mapping[str, RLE]
) -> RaterModel:
    """Start: mean Dice with the others, where others who are agreed with count more; gold counts like the best of raters."""
    raters = sorted({r for v in images for r in v.raters})
    index = {r: k for k, r in enumerate(raters)}
    score = np.full(len(raters), 0.5)
    seen = np.zeros(len(raters), int)
    blocks: list[tuple[NDArray[np.intp], Floats, Floats | None]] = []
    for v in images:
        who = np.array([index[r] for r in v.raters])
        seen[who] += 1
        pairs = pairwise_dice(plain[v.image])
        np.fill_diagonal(pairs, 0.0)
        known = None
        if v.image in gold:
            known = pairwise_dice(patterns([*v.masks, gold[v.image]]))[-1, :-1]
        blocks.append((who, pairs, known))
    for _ in range(20):
        top, base = np.full(len(raters), 0.5), np.ones(len(raters))
        weight = score**3
        for who, pairs, known in blocks:
            here = weight[who]
            top[who] += pairs @ here
            base[who] += here.sum() - here
            if known is not None:
                top[who] += 3 * known
                base[who] += 3
        score = top / base
    coverage = seen.sum() / (len(raters) * len(images)) if images else 0.0
    honesty = np.clip((score - 0.2) / 0.5, 0.02, 0.97)
    return RaterModel(
        {r: RaterParams(honesty=float(honesty[k]), images=int(seen[k])) for r, k in index.items()},
        power=1.0 + float(coverage),
    )


@dataclass(slots=True)
class _Sums:
    """What a round adds up for one rater."""

    boundary: BoundaryStats
    answers: float = 0.0
    honest: float = 0.0
    gap: float = 0.0  # px between the rater's border and that of the others' consensus, summed over points
    others: float = 0.0  # variance of the others' consensus, likewise
    gap_n: float = 0.0
    agreement: float = 0.0
    agreement2: float = 0.0
    hit: float = 0.0
    truth: float = 0.0
    rejected: float = 0.0
    background: float = 0.0


def _round(
    images: Sequence[ImageVotes],
    plain: Mapping[str, Patterns],
    gold: Mapping[str, RLE],
    model: RaterModel,
    cache: dict[tuple[str, str], tuple[object, RLE]],
    trail: Trail | None,
) -> RaterModel:
    sums: dict[str, _Sums] = {}
    for votes in images:
        straight = straighten(votes, model, cache)
        changed = any(a is not b for a, b in zip(straight, votes.masks, strict=True))
        found = patterns(straight) if changed else plain[votes.image]
        _look(votes, straight, found, gold.get(votes.image), model, sums, trail)
    raters = {r: _update(model.of(r), sums[r]) for r in sorted(sums)}
    return replace(model, raters=_gauge(raters) if not gold else raters)


def _gauge(raters: Mapping[str, RaterParams]) -> dict[str, RaterParams]:
    """Offsets are relative: without gold, the crowd as a whole (weighted by precision) has none."""
    weight = np.array([p.honest / p.variance for p in raters.values()])
    if weight.sum() <= 0:
        return dict(raters)
    common = float(weight @ np.array([p.offset for p in raters.values()]) / weight.sum())
    return {r: replace(p, offset=p.offset - common) for r, p in raters.items()}


def _look(
    votes: ImageVotes,
    straight: Sequence[RLE],
    found: Patterns,
    truth: RLE | None,
    model: RaterModel,
    sums: dict[str, _Sums],
    trail: Trail | None,
) -> None:
    """Compare each rater of an image with the consensus of the others, or with gold."""
    params = [model.of(r) for r in votes.raters]
    precision = (np.array([p.variance for p in params]) + FINEST) ** -model.power
    if truth is None:
        trust, chosen = _vote(found, np.array([p.honesty for p in params]), precision)
        reference = found.paint(chosen)
        agreement = dice_with(found, chosen)
        share = trust * precision
        share = share / share.sum() if share.sum() > 0 else np.full(len(params), 1 / len(params))
    else:
        reference = truth
        agreement = pairwise_dice(patterns([*straight, truth]))[-1, :-1]
        trust = 1 / (1 + np.exp(-np.clip((agreement - DICE_HALF) / DICE_SCALE, -30, 30)))
        share = np.zeros(len(params))
    if trail is not None:
        say = trust.sum() - trust
        rest = np.where(
            say > 1e-6, (trust @ agreement - trust * agreement) / np.maximum(say, 1e-6), agreement
        )
        for k, rater in enumerate(votes.raters):
            trail[votes.image, rater] = float(agreement[k]), float(agreement[k] - rest[k])
    box = object_box(ImageVotes(votes.image, ("all",), (reference,)), margin=0.5)
    dense = crop(reference, box)
    level = signed_distance(dense) if dense.any() and not dense.all() else None
    slope = np.gradient(level) if level is not None else None
    apart, others = (
        from_others(found, trust * precision**TEMPER, np.array([p.variance for p in params]))
        if truth is None
        else from_truth(straight, truth)
    )
    perimeter = float(border_points(dense, 1)[2])
    points = perimeter / CORRELATION
    for k, rater in enumerate(votes.raters):
        s = sums.setdefault(rater, _Sums(BoundaryStats.zero()))
        weight = 3.0 if truth is not None else 1.0
        s.answers += weight
        s.honest += weight * float(trust[k])
        s.agreement += weight * float(agreement[k])
        s.agreement2 += weight * float(agreement[k]) ** 2
        _count_rates(s, crop(votes.masks[k], box), dense)
        if level is None or slope is None or trust[k] < 0.2:
            continue
        if np.isfinite(apart[k]):
            n = weight * points * float(trust[k])
            s.gap += n * min(float(apart[k]) / perimeter, FAR)
            s.others += n * float(others[k])
            s.gap_n += n
        if share[k] < 0.9:
            here = compare(crop(straight[k], box), level, (slope[0], slope[1]))
            s.boundary.add(here, weight * float(trust[k]) * (1 - float(share[k])))


def _count_rates(s: _Sums, mine: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
    s.truth += float(np.count_nonzero(truth))
    s.hit += float(np.count_nonzero(truth & mine))
    s.background += float(truth.size - np.count_nonzero(truth))
    s.rejected += float(np.count_nonzero(~truth & ~mine))


def _update(old: RaterParams, s: _Sums) -> RaterParams:
    beta: Floats = np.linalg.solve(s.boundary.xtx + HABIT_PRIOR, s.boundary.xty).astype(np.float64)
    # Where a habit was undone, the regression saw the corrected mask: it tells what is left of the habit.
    undone, moved = old.habitual
    offset = (undone if undone else 0.0) + float(beta[0])
    shift = (moved[0] + float(beta[1]), moved[1] + float(beta[2]))
    mean, points = VARIANCE_PRIOR
    # The mean absolute gap of Gaussian noise is sqrt(2/π) of its deviation; unlike squares it forgives a rare lobe.
    noise, scatter = 0.0, mean
    if s.gap_n:
        seen = np.pi / 2 * (s.gap / s.gap_n) ** 2
        noise = max(seen - s.others / s.gap_n, 0.1 * seen)
    if s.boundary.n:
        # Squares around the habit see the rare large error that the mean gap forgives; the truth lies between.
        left = s.boundary.residual(float(beta[0]), beta[1:])
        around = max(left - s.others / max(s.gap_n, 1e-9), 0.1 * left)
        noise = MIX * noise + (1 - MIX) * around
        scatter = (around * s.boundary.n + mean * points) / (s.boundary.n + points)
    variance = (noise * s.gap_n + mean * points) / (s.gap_n + points)
    average = s.agreement / s.answers
    return RaterParams(
        honesty=(s.honest + HONEST_PRIOR[0]) / (s.answers + sum(HONEST_PRIOR)),
        variance=float(variance),
        offset=offset,
        shift=shift,
        sensitivity=(s.hit + 0.9 * RATE_PRIOR) / (s.truth + RATE_PRIOR),
        specificity=(s.rejected + 0.99 * RATE_PRIOR) / (s.background + RATE_PRIOR),
        images=old.images,
        honest=s.honest,
        scatter=float(scatter),
        agreement=average,
        agreement_sd=float(np.sqrt(max(0.0, s.agreement2 / s.answers - average**2))),
    )
