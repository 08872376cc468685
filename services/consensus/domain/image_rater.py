"""The image as one more rater: what it shows moves the consensus' border where people left it open, as far as it has proved itself.

Each pixel near the border gets the image's say: the log-likelihood ratio of its look under the surely inside and the surely outside pixels
nearby. That is the local region term of Lankton and Tannenbaum, "Localizing Region-Based Active Contours", IEEE TIP 17(11), 2008, on the
direction in which inside and outside differ most (Fisher 1936). How far it is to be trusted is learnt as of a rater, for the project as a
whole: a logistic regression of the truth on the crowd's logit and the image's say, pulled to "the crowd alone" by a prior (the
stacking of Wolpert 1992). Where gold is known the truth is gold; elsewhere one half of an image's raters stands for it and the other
half for the crowd: an error that all share is then in both, so the image can only be trusted too little.

It is used where it lowers the log-loss on images that it wasn't fitted on by more than two standard errors, and it can move no pixel of
which the crowd is sure, nor one that nobody marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.boundary import CORRELATION, border_points, signed_distance
from services.consensus.domain.confidence import SLOPE, effective_raters, probability
from services.consensus.domain.hierarchical import RaterModel, fuse
from services.consensus.domain.patterns import Patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, image_votes, object_box
from shared.imaging import rle
from shared.imaging.metrics import dice
from shared.imaging.rle import RLE

Floats = NDArray[np.float64]

OPEN = 0.005  # a pixel of lower probability (or higher than its opposite) is not open to the image
BAND = 8.0  # px from the border beyond which nothing moves
SURE, EDGE, RING = (
    0.95,
    2.0,
    20.0,
)  # what teaches the look: probability, least and greatest distance to the border in px
LOCAL = 30.0  # px: spread of what counts as nearby
MOST_SAY = 8.0  # logits
FEW = 30  # pixels of each side that a look is learnt from at least
LEAST_LIKE = 0.75  # Dice with the crowd's mask: a border was to be moved, so an image that would redraw the object isn't believed
PRIOR = np.array([1.0, 0.0, 0.0])  # the crowd's logit as it is, nothing of the image, no bias
STRENGTH = 8.0  # independent border points that the prior is worth
FACTOR = 1e-3


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one image teaches. x: (N, 3) crowd's logit, image's say, 1; y: bool (N,); weight: independent border points."""

    x: Floats
    y: NDArray[np.bool_]
    weight: float


@dataclass(frozen=True, slots=True)
class ImageTrust:
    """What the image is worth. weights: (3,) as a Lesson's columns; gain: log-loss that it saves a border pixel on images not fitted on,
    mean over them, with its standard error; lessons: images that taught."""

    weights: Floats
    gain: float
    error: float
    lessons: int

    @property
    def earned(self) -> bool:
        """Whether it has proved itself."""
        return self.lessons > 1 and bool(self.weights[1] > 0) and self.gain > 2 * self.error


def say(image: NDArray[np.float32], p: Floats, level: NDArray[np.float32]) -> Floats:
    """The image's log-likelihood ratio of inside to outside, (H, W), clipped; 0 where it can't be learnt.

    image: (H, W, C) of any scale; p: probability (H, W); level: signed distance to the consensus' border (H, W) px.
    """
    from scipy import ndimage

    inside = (p > SURE) & (level > EDGE) & (level < RING)
    outside = (p < 1 - SURE) & (level < -EDGE) & (level > -RING)
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < FEW:
        return np.zeros(p.shape)

    def smooth(plane: Floats, sigma: float) -> Floats:
        return np.asarray(ndimage.gaussian_filter(plane, sigma, mode="nearest"), np.float64)

    seen = np.stack(
        [smooth(image[:, :, c].astype(np.float64), s) for c in range(image.shape[2]) for s in (0.7, 1.5)], -1
    )
    a, b = seen[inside], seen[outside]
    spread = (np.cov(a.T) * len(a) + np.cov(b.T) * len(b)) / (len(a) + len(b))
    spread += np.eye(len(spread)) * (0.02 * np.trace(spread) / len(spread) + 1e-9)
    look = seen @ np.linalg.solve(spread, a.mean(axis=0) - b.mean(axis=0))

    def nearby(which: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Mean and variance of the look around each pixel; far from all, those of the whole."""
        mean, variance = float(look[which].mean()), float(look[which].var())
        one = which.astype(np.float64)
        n = smooth(one, LOCAL) + FACTOR
        here = (smooth(one * look, LOCAL) + FACTOR * mean) / n
        square = (smooth(one * look**2, LOCAL) + FACTOR * (variance + mean**2)) / n
        return here, np.maximum(square - here**2, 0.05 * variance + 1e-12)

    (u, su), (v, sv) = nearby(inside), nearby(outside)
    ratio = ((look - v) ** 2 / sv + np.log(sv) - (look - u) ** 2 / su - np.log(su)) / 2
    return smooth(np.clip(ratio, -MOST_SAY, MOST_SAY), 1.0)


@dataclass(frozen=True, slots=True)
class _View:
    """A consensus and its image, cut to where anything could move. ``box``: that part; the rest (h, w) of it."""

    box: tuple[slice, slice]
    x: Floats
    open_: NDArray[np.bool_]
    mask: NDArray[np.bool_]


def _view(fused: Fused, image: NDArray[np.float32]) -> _View | None:
    """None where nothing can be learnt or moved: an empty or full mask, too little that people are sure of."""
    mask = fused.mask
    y0, x0, y1, x1 = object_box(ImageVotes("", ("",), (mask,)), margin=0.0, least=int(RING + 1.5 * LOCAL))
    box = slice(y0, y1), slice(x0, x1)
    dense = rle.decode(mask)[box]
    if not dense.any() or dense.all():
        return None
    p = fused.found.spread(probability(fused))[box]
    level = signed_distance(dense)
    sure = np.clip(p, 1e-3, 1 - 1e-3)
    told = say(image[box], p, level)
    if not told.any():
        return None
    x = np.stack((np.log(sure) - np.log1p(-sure), told, np.ones(p.shape)), -1)
    open_ = (p > OPEN) & (p < 1 - OPEN) & (np.abs(level) <= BAND)
    return _View(box, x, open_, dense)


def _lesson(view: _View | None, truth: RLE) -> Lesson | None:
    if view is None or not view.open_.any():
        return None
    weight = max(1.0, border_points(view.mask, 1)[2] / CORRELATION)
    return Lesson(view.x[view.open_], rle.decode(truth)[view.box][view.open_], weight)


def lesson_of_gold(fused: Fused, image: NDArray[np.float32], truth: RLE) -> Lesson | None:
    """What an image with gold teaches; None: nothing (an empty consensus, nothing open)."""
    return _lesson(_view(fused, image), truth)


def lesson_of_halves(votes: ImageVotes, model: RaterModel, image: NDArray[np.float32]) -> Lesson | None:
    """What an image without gold teaches: every second rater is the crowd, the others stand for the truth. Fewer than four raters: None."""
    if len(votes.raters) < 4:
        return None
    crowd, others = (
        fuse(
            image_votes(votes.image, dict(list(zip(votes.raters, votes.masks, strict=True))[first::2])),
            model,
        )
        for first in (0, 1)
    )
    return _lesson(_view(crowd, image), others.mask)


def trust(lessons: Sequence[Lesson]) -> ImageTrust:
    """What the image is worth, from all lessons; its gain by two folds, each judged by the other's fit. No lessons: nothing."""
    if not lessons:
        return ImageTrust(PRIOR.copy(), 0.0, 0.0, 0)
    saved = np.zeros(len(lessons))
    for fold in (0, 1):
        taught = list(lessons[1 - fold :: 2])
        if not taught:
            continue
        both = _fit(taught)
        alone = _fit([replace(one, x=one.x * [1, 0, 1]) for one in taught])
        for k in range(fold, len(lessons), 2):
            one = lessons[k]
            saved[k] = _loss(one, alone) - _loss(one, both)
    error = float(saved.std(ddof=1) / np.sqrt(len(saved))) if len(saved) > 1 else 0.0
    return ImageTrust(_fit(lessons), float(saved.mean()), error, len(lessons))


def _loss(lesson: Lesson, weights: Floats) -> float:
    """Mean log-loss of a lesson's pixels."""
    z = lesson.x @ weights
    return float(np.mean(np.logaddexp(0, z) - lesson.y * z))


def _fit(lessons: Sequence[Lesson]) -> Floats:
    """Weights (3,) by Newton's method; the image's is never negative."""
    x = np.concatenate([one.x for one in lessons])
    y = np.concatenate([one.y for one in lessons]).astype(np.float64)
    w = np.concatenate([np.full(len(one.y), one.weight / len(one.y)) for one in lessons])

    def loss(b: Floats) -> float:
        z = x @ b
        return float(w @ (np.logaddexp(0, z) - y * z) + 0.5 * STRENGTH * (b - PRIOR) @ (b - PRIOR))

    b = PRIOR.copy()
    for _ in range(50):
        q = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        slope = x.T @ (w * (q - y)) + STRENGTH * (b - PRIOR)
        curve = (x * (w * q * (1 - q))[:, None]).T @ x + STRENGTH * np.eye(3)
        step = np.linalg.solve(curve, slope)
        here = loss(b)
        while loss(b - step) > here and np.abs(step).max() > 1e-9:
            step /= 2
        b = b - step
        if np.abs(step).max() < 1e-8:
            break
    b[1] = max(b[1], 0.0)
    return np.asarray(b, np.float64)


def refine(fused: Fused, image: NDArray[np.float32], trusted: ImageTrust) -> Fused:
    """The consensus with the image's say. Nothing moved: ``fused`` itself.

    image: float32 (H, W, C). A moved pixel's probability is the calibrated one; all others keep the crowd's. The method's name gets
    "+image". The patterns are split where pixels of one pattern go different ways.
    """
    view = _view(fused, image)
    if view is None:
        return fused
    logit = view.x @ trusted.weights
    after = np.where(view.open_, logit > 0, view.mask)
    if np.array_equal(after, view.mask) or dice(after, view.mask) < LEAST_LIKE:
        return fused
    moved, say_there = np.zeros(fused.found.size, bool), np.zeros(fused.found.size)
    moved[view.box], say_there[view.box] = after != view.mask, logit
    found, old = _split(fused.found, moved, say_there)
    steep = SLOPE[0] + SLOPE[1] * np.sqrt(effective_raters(fused))
    # The support that stands for the mean calibrated logit of a new pattern's pixels: confidence.probability gives it back.
    support = np.clip((found.logit / steep + 1) / 2, 0, 1)
    return replace(
        fused,
        method=f"{fused.method}+image",
        found=found.patterns,
        chosen=np.concatenate((fused.chosen, ~fused.chosen[old])),
        support=np.concatenate((fused.support, support)),
    )


@dataclass(frozen=True, slots=True)
class _Split:
    """Patterns with those of moved pixels apart, behind the others; logit: (M,) the mean of these."""

    patterns: Patterns
    logit: Floats


def _split(found: Patterns, moved: NDArray[np.bool_], logit: Floats) -> tuple[_Split, NDArray[np.intp]]:
    """The split patterns, and which old pattern each new one comes from, (M,). moved, logit: (H, W)."""
    which = np.repeat(found.segment, np.diff(found.ends, prepend=0))
    there = moved.T.ravel()
    old, new = np.unique(which[there], return_inverse=True)
    pixels = np.bincount(new).astype(np.float64)
    mean = np.bincount(new, logit.T.ravel()[there]) / pixels
    counts = found.counts.copy()
    counts[old] = np.maximum(counts[old] - pixels, 0)
    which[there] = len(found.counts) + new
    ends = np.append(np.flatnonzero(which[1:] != which[:-1]) + 1, which.size)
    split = Patterns(
        found.size,
        np.concatenate((found.votes, found.votes[old])),
        np.concatenate((counts, pixels)),
        ends,
        which[ends - 1],
    )
    return _Split(split, mean), old
