"""Picks the method by evidence and says why.

With gold on at least six images, the candidates are compared on them, each with the gold of that half of images hidden from the
estimate, and the best by mean Dice wins if it beats the default by more than two standard errors. Without, what decides is whether raters
return: knowing a rater across images is what beats the majority; where nobody returns, only agreement on the image is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.consensus.domain.hierarchical import RaterModel, estimate, fuse
from services.consensus.domain.majority import majority
from services.consensus.domain.result import Fused
from services.consensus.domain.simple import simple
from services.consensus.domain.staple import staple
from services.consensus.domain.staple_many import staple_many
from services.consensus.domain.votes import ImageVotes
from services.consensus.domain.weighted import weighted
from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.rle import RLE

METHODS: dict[str, Callable[[ImageVotes], Fused]] = {
    "majority": majority,
    "staple": staple,
    "simple": simple,
    "weighted": weighted,
}
NAMES = ("auto", "hierarchical", *METHODS)
LEAST_GOLD = 6
RETURNING = 2.0  # images a rater, on average, from which the raters are known across images


@dataclass(frozen=True, slots=True)
class Choice:
    """The method and the sentence that says why."""

    method: str
    why: str


def check_method(method: str) -> str:
    """The method's name, or InvalidInput that lists the names."""
    if method not in NAMES:
        raise InvalidInput(f"There is no method {method!r}; the methods are {', '.join(NAMES)}.")
    return method


def choose(images: Sequence[ImageVotes], gold: Mapping[str, RLE] | None = None) -> Choice:
    """The method for these images. Deterministic."""
    known = [v for v in images if gold and v.image in gold]
    if gold and len(known) >= LEAST_GOLD:
        return _by_gold(images, known, gold)
    raters = {r for v in images for r in v.raters}
    answers = sum(len(v.raters) for v in images)
    if not raters or answers / len(raters) < RETURNING:
        return Choice(
            "weighted", "Hardly a rater returns, so a mask is judged by its agreement on the image alone."
        )
    return Choice(
        "hierarchical",
        f"{len(raters)} raters gave {answers} answers, {answers / len(raters):.1f} each, so they are known across images.",
    )


def _by_gold(images: Sequence[ImageVotes], known: Sequence[ImageVotes], gold: Mapping[str, RLE]) -> Choice:
    scores: dict[str, list[float]] = {name: [] for name in ("hierarchical", *METHODS)}
    order = sorted(known, key=lambda v: v.image)
    for part in (0, 1):
        hidden = {v.image for v in order[part::2]}
        model = estimate(images, {k: m for k, m in gold.items() if k not in hidden}, rounds=2)
        for votes in order[part::2]:
            truth = gold[votes.image]
            scores["hierarchical"].append(rle.dice_rle(fuse(votes, model).mask, truth))
            for name, method in METHODS.items():
                scores[name].append(rle.dice_rle(method(votes).mask, truth))
    best = max(scores, key=lambda name: (float(np.mean(scores[name])), name))
    gain = np.array(scores[best]) - np.array(scores["hierarchical"])
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    means = ", ".join(f"{name} {float(np.mean(s)):.3f}" for name, s in sorted(scores.items()))
    if best != "hierarchical" and float(gain.mean()) > 2 * error:
        return Choice(best, f"Best on {len(known)} gold images (mean Dice: {means}).")
    return Choice(
        "hierarchical", f"Nothing is clearly better on {len(known)} gold images (mean Dice: {means})."
    )


def merge(
    images: Sequence[ImageVotes], method: str = "auto", gold: Mapping[str, RLE] | None = None
) -> tuple[list[Fused], RaterModel, Choice]:
    """Consensus of many images of one class, the rater model, and the choice. Independent of the order of images and raters."""
    check_method(method)
    ordered = sorted(images, key=lambda v: v.image)
    choice = choose(ordered, gold) if method == "auto" else Choice(method, "Asked for.")
    model = estimate(ordered, gold)
    if choice.method == "staple":
        return staple_many(ordered), model, choice
    return [fuse_with(v, choice.method, model) for v in ordered], model, choice


def fuse_with(votes: ImageVotes, method: str, model: RaterModel) -> Fused:
    """One image by a named method (not auto)."""
    return fuse(votes, model) if method == "hierarchical" else METHODS[method](votes)
