"""Practice: gold that shows its reference, and how a volunteer qualifies for real work with it.

Practice gold is another set than the gold that measures raters: whoever has seen a reference can redraw it, so an image that has
taught can't measure. Learning by immediate feedback on known images before real work, and a threshold to reach, is how annotators
are trained elsewhere too: Snow et al., "Cheap and fast, but is it good?", EMNLP 2008, section 5; Ørting et al., "A survey of
crowdsourcing in medical image analysis", Human Computation 7, 2020, section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from services.annotations.domain.answers import MaskOf
from services.annotations.domain.gold import LabelScore


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rater stands: `passed` of `required` images mastered at the Dice `threshold` or better."""

    required: int
    threshold: float
    passed: int

    @property
    def qualified(self) -> bool:
        return self.passed >= self.required

    @property
    def missing(self) -> int:
        return max(0, self.required - self.passed)


def standing(required: int, threshold: float, images: int, bests: Iterable[float]) -> Standing:
    """The standing of a rater whose best Dice on each practice image tried are `bests`.

    `images` is how many count. A lab that asks for more than it offers gets all that it offers: nobody is locked out by it.
    """
    return Standing(min(required, images), threshold, sum(best >= threshold for best in bests))


def overall(scores: Sequence[LabelScore], answer: Sequence[MaskOf], truth: Sequence[MaskOf]) -> float:
    """Mean Dice over the labels that are in the truth or were drawn; 1 where there are none and none were drawn.

    Labels that both leave empty are left out: with four absent labels, an empty answer would reach 0.8 by drawing nothing.
    """
    there = {mask.label_id for mask in (*answer, *truth) if mask.area}
    dices = [score.dice for score in scores if score.label_id in there]
    return sum(dices) / len(dices) if dices else 1.0


def order(project_id: str, rater_id: str, image_ids: Sequence[str], bests: Mapping[str, float]) -> list[str]:
    """The way through the images: those not tried first, in an order of the rater's own, then from the worst answer up."""

    def key(image_id: str) -> tuple[float, bytes]:
        place = blake2b(f"{project_id}\x1f{rater_id}\x1f{image_id}".encode(), digest_size=8).digest()
        return bests.get(image_id, -1.0), place

    return sorted(image_ids, key=key)
