"""Which synthetic images stay, with thresholds learnt from real ones.

Three questions, in order: is the mask found back in the image (by a model trained on real images)? is it no near copy of a training
image? is it like the real images at all? The first "no" is the reason that the manifest carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.features import Features
from services.synthesis.domain.measures import distances, nearest_other

ACCEPTED = ""
MASK, COPY, OFF = "mask-not-found", "near-copy", "off-distribution"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``dice``: least Dice of the refound mask; ``copy``: least distance to the nearest training image; ``off``: greatest mean distance
    to the nearest ``k`` training images. Each with where it came from in ``notes``."""

    dice: float
    copy: float
    off: float
    k: int = 3
    notes: tuple[str, ...] = ()


def dice_threshold(matched: NDArray[np.float64], shuffled: NDArray[np.float64]) -> tuple[float, str]:
    """The Dice that best tells real pairs from real images with another image's mask (Youden's J), from held-out real images.

    Every cut between two neighbouring values tells equally well, so the middle of that gap is taken: where real and shuffled pairs lie far
    apart, nothing in the data speaks for the upper end of it. At most the 10 % quantile of the matched, so that nine real pairs in ten
    would pass; 0 (nobody is refused) with fewer than 4 pairs, or where the model can't tell the two apart, since then a refusal would
    say nothing.
    """
    if len(matched) < 4 or not len(shuffled):
        return 0.0, "too few held-out real images to learn a Dice threshold; none is applied"
    cuts = np.unique(np.concatenate([matched, shuffled]))
    youden = [(matched >= c).mean() - (shuffled >= c).mean() for c in cuts]
    best = int(np.argmax(youden))
    if youden[best] < 0.3:
        return (
            0.0,
            f"the segmenter doesn't tell real masks from shuffled ones (J = {youden[best]:.2f}); no Dice threshold",
        )
    below = float(cuts[best - 1]) if best else 0.0
    cut = min((below + float(cuts[best])) / 2, float(np.quantile(matched, 0.1)))
    return cut, f"Dice >= {cut:.2f} (J = {youden[best]:.2f} on {len(matched)} held-out real images)"


def learn(
    layout: Features, style: Features, matched: NDArray[np.float64], shuffled: NDArray[np.float64], k: int = 3
) -> Thresholds:
    """Thresholds from the real training images' features (``layout`` for copies, ``style`` for outliers; standardised).

    ``copy`` is the 1 % quantile of real images' distances to their nearest neighbour; ``off`` the largest leave-one-out mean distance to
    ``k`` neighbours, times 1.25. With fewer than ``k + 2`` images neither is applied.
    """
    cut, note = dice_threshold(matched, shuffled)
    if len(layout) < k + 2:
        return Thresholds(cut, 0.0, float("inf"), k, (note, "too few real images for distance thresholds"))
    copy = float(np.quantile(nearest_other(layout), 0.01))
    table = distances(style, style)
    np.fill_diagonal(table, np.inf)
    off = 1.25 * float(np.sort(table, axis=1)[:, :k].mean(axis=1).max())
    return Thresholds(cut, copy, off, k, (note, f"copy < {copy:.3g}", f"off > {off:.3g}"))


def judge(
    dice: NDArray[np.float64],
    layout: Features,
    style: Features,
    real_layout: Features,
    real_style: Features,
    thresholds: Thresholds,
) -> list[str]:
    """The reason for each sample: "" (kept), "mask-not-found", "near-copy" or "off-distribution", with figures after a colon."""
    if not len(dice):
        return []
    nearest = distances(layout, real_layout).min(axis=1)
    k = min(thresholds.k, len(real_style))
    outlying = np.sort(distances(style, real_style), axis=1)[:, :k].mean(axis=1)
    out = []
    for score, near, far in zip(dice, nearest, outlying, strict=True):
        if score < thresholds.dice:
            out.append(f"{MASK}: Dice {score:.2f} < {thresholds.dice:.2f}")
        elif near < thresholds.copy:
            out.append(f"{COPY}: distance {near:.3g} < {thresholds.copy:.3g}")
        elif far > thresholds.off:
            out.append(f"{OFF}: distance {far:.3g} > {thresholds.off:.3g}")
        else:
            out.append(ACCEPTED)
    return out
