"""How many more labels a project needs: the cheapest ones first, until enough of its images are expected to be good.

Each image's outlook (:mod:`overlap`) says how many further labels take it to the target, or that none do. Images nobody has labelled
yet cost what the labelled ones cost on average, their labels included. The interval is a bootstrap over images (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.overlap import Outlook

REPEATS = 400
NEVER = -1


@dataclass(frozen=True, slots=True)
class Budget:
    """What it takes. ``labels``: further labels with a 90 % interval ``low`` … ``high``; None: no number of labels reaches the share.

    images: all there are; there: at the target now; reachable: can get there by labels; experts: images of the share that only an
    expert can bring there; assessed: images with an outlook, from which the others were judged.
    """

    labels: int | None
    low: int | None
    high: int | None
    images: int
    there: int
    reachable: int
    experts: int
    assessed: int


def budget(
    outlooks: Sequence[Outlook | None], untouched: int, target: float, share: float, rng: np.random.Generator
) -> Budget:
    """The labels that bring ``share`` of the images to ``target`` Dice, as expected.

    outlooks: one an image that has labels (its worst class), None where too little is known; untouched: images without any label.
    Nothing known of any image: no figure, labels None.
    """
    known = [o for o in outlooks if o is not None]
    unknown = len(outlooks) - len(known) + untouched
    images = len(outlooks) + untouched
    if not known or not images:
        return Budget(None, None, None, images, 0, 0, 0, 0)
    costs = np.array([_cost(o, target) for o in known])
    whole = np.array([o.labels for o in known])
    total, there, reachable = _total(costs, whole, unknown, share)
    draws = []
    for _ in range(REPEATS):
        pick = rng.integers(0, len(costs), len(costs))
        draw, _, _ = _total(costs[pick], whole[pick], unknown, share)
        draws.append(np.inf if draw is None else draw)
    low, high = np.quantile(np.array(draws), [0.05, 0.95], method="nearest")
    needed = int(np.ceil(share * images - 1e-9))
    return Budget(
        total,
        None if np.isinf(low) else int(low),
        None if np.isinf(high) else int(high),
        images,
        there,
        reachable,
        max(0, needed - reachable),
        len(known),
    )


def _cost(one: Outlook, target: float) -> int:
    k = one.to_reach(target)
    return NEVER if k is None else k


def _total(
    costs: NDArray[np.int64], whole: NDArray[np.int64], unknown: int, share: float
) -> tuple[int | None, int, int]:
    """Further labels for the share (None: out of reach), images at the target, images that can get there."""
    possible = np.sort(costs[costs != NEVER])
    # An image without an outlook is like the others: it gets there as often as they do, and costs as much from nothing.
    extra = round(unknown * possible.size / costs.size)
    if extra:
        full = float((costs + whole)[costs != NEVER].mean())
        possible = np.sort(np.concatenate([possible, np.full(extra, int(np.ceil(full)))]))
    needed = int(np.ceil(share * (costs.size + unknown) - 1e-9))
    there = int((possible == 0).sum())
    if needed > possible.size:
        return None, there, int(possible.size)
    return int(possible[:needed].sum()), there, int(possible.size)
