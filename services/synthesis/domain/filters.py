"""Which synthetic images stay, with thresholds learnt from real ones.

Four questions, in order: is the mask found back in the image (by models trained on real images)? is it no near copy of a training image? is
it as noisy, and as sharp, as real images are? is it like the real images at all? The first "no" is the reason that the manifest carries.

Every threshold is a limit that about one more *real* image in ten (masks) or in a hundred (the others) would fail, with the room that
few real images ask for: prediction limits instead of the largest value seen, which at small n says more about n than about the images.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from services.synthesis.domain.features import Features
from services.synthesis.domain.measures import distances, nearest_other

ACCEPTED = ""
MASK, COPY, NOISE, BLUR, OFF = "mask-not-found", "near-copy", "noisy", "blurred", "off-distribution"
_TELLS = 0.3  # Youden's J below which the segmenter says nothing about masks


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``dice``: least Dice of the refound mask; ``copy``: least distance to the nearest training image; ``grain``: least and greatest level
    of the finest detail; ``off``: greatest mean distance to the nearest ``k`` training images. ``notes`` say where each came from."""

    dice: float
    copy: float
    grain: tuple[float, float]
    off: float
    k: int = 3
    notes: tuple[str, ...] = ()


def tally(reasons: Iterable[str]) -> dict[str, int]:
    """How many were refused for each of the five names; `reasons` as `judge` gives them."""
    return dict(Counter(reason.partition(":")[0] for reason in reasons if reason))


def dice_threshold(matched: NDArray[np.float64], shuffled: NDArray[np.float64]) -> tuple[float, str]:
    """The Dice that nine in ten real pairs reach, from real images that the finding model didn't see; ``shuffled``: the same with another
    image's mask.

    0 (nobody is refused) with fewer than 4 pairs, or where the model can't tell real pairs from shuffled ones (Youden's J), since then a
    refusal would say nothing. A cut that merely parts real from shuffled pairs is no test of a sample: where those lie far apart, a
    picture with half of its mask drawn would pass.
    """
    if len(matched) < 4 or not len(shuffled):
        return 0.0, "too few held-out real images to learn a Dice threshold; none is applied"
    cuts = np.unique(np.concatenate([matched, shuffled]))
    youden = max(float((matched >= c).mean() - (shuffled >= c).mean()) for c in cuts)
    if youden < _TELLS:
        return (
            0.0,
            f"the segmenter doesn't tell real masks from shuffled ones (J = {youden:.2f}); no Dice threshold",
        )
    cut = float(np.quantile(matched, 0.1))
    return (
        cut,
        f"Dice >= {cut:.2f} (the 10 % quantile of {len(matched)} held-out real images; J = {youden:.2f})",
    )


def grain(images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Level of the finest detail ``(n,)`` of images ``(n, C, H, W)``: noise raises it, blur lowers it.

    The mean absolute response to the difference of two Laplacians, which a plane or an edge along an axis doesn't cause, on the scale
    of a standard deviation (Immerkær 1996, "Fast noise variance estimation"); the mean over channels.
    """
    x = np.asarray(images, np.float64)
    rows = x[..., :-2, :] - 2 * x[..., 1:-1, :] + x[..., 2:, :]
    both = rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]
    return np.asarray(math.sqrt(math.pi / 2) / 6 * np.abs(both).mean(axis=(1, 2, 3)))


def _limits(values: NDArray[np.float64], chance: float = 0.01) -> tuple[float, float]:
    """Prediction interval of one more value beside positive ``values``, on the log scale (Student's t): wider where they are few."""
    logs = np.log(np.maximum(values, 1e-9))
    reach = stats.t.ppf(1 - chance / 2, len(logs) - 1) * logs.std(ddof=1) * math.sqrt(1 + 1 / len(logs))
    return float(np.exp(logs.mean() - reach)), float(np.exp(logs.mean() + reach))


def learn(
    layout: Features,
    style: Features,
    real_grain: NDArray[np.float64],
    matched: NDArray[np.float64],
    shuffled: NDArray[np.float64],
    k: int = 3,
) -> Thresholds:
    """Thresholds from the real training images: features (``layout`` for copies, ``style`` for outliers; standardised) and `grain`.

    ``copy`` is the 1 % quantile of real images' distances to their nearest neighbour. With fewer than ``k + 2`` images none of distance or
    grain is applied.
    """
    cut, note = dice_threshold(matched, shuffled)
    if len(layout) < k + 2:
        why = "too few real images for thresholds of distance and grain"
        return Thresholds(cut, 0.0, (0.0, float("inf")), float("inf"), k, (note, why))
    copy = float(np.quantile(nearest_other(layout), 0.01))
    table = distances(style, style)
    np.fill_diagonal(table, np.inf)
    off = _limits(np.sort(table, axis=1)[:, :k].mean(axis=1), 0.02)[1]
    low, high = _limits(real_grain)
    notes = (note, f"copy < {copy:.3g}", f"grain {low:.3g} to {high:.3g}", f"off > {off:.3g}")
    return Thresholds(cut, copy, (low, high), off, k, notes)


def judge(
    dice: NDArray[np.float64],
    layout: Features,
    style: Features,
    grains: NDArray[np.float64],
    real_layout: Features,
    real_style: Features,
    thresholds: Thresholds,
) -> list[str]:
    """The reason for each sample: "" (kept), or one of the five names with figures after a colon."""
    if not len(dice):
        return []
    nearest = distances(layout, real_layout).min(axis=1)
    k = min(thresholds.k, len(real_style))
    outlying = np.sort(distances(style, real_style), axis=1)[:, :k].mean(axis=1)
    low, high = thresholds.grain
    out = []
    for score, near, level, far in zip(dice, nearest, grains, outlying, strict=True):
        if score < thresholds.dice:
            out.append(f"{MASK}: Dice {score:.2f} < {thresholds.dice:.2f}")
        elif near < thresholds.copy:
            out.append(f"{COPY}: distance {near:.3g} < {thresholds.copy:.3g}")
        elif level > high:
            out.append(f"{NOISE}: grain {level:.3g} > {high:.3g}")
        elif level < low:
            out.append(f"{BLUR}: grain {level:.3g} < {low:.3g}")
        elif far > thresholds.off:
            out.append(f"{OFF}: distance {far:.3g} > {thresholds.off:.3g}")
        else:
            out.append(ACCEPTED)
    return out
