"""Appeal: a rater in quarantine passes practice again. Pure.

What keeps it from being a game: only practice images whose reference the rater has never seen count, of these only the first attempt, each
image once for ever, and one appeal at a time. So somebody who guesses runs out of images. An image counts only where it shows a label
that the rater is in quarantine for: "nothing here" would pass on the others. Three answers with a known truth tell a spammer from an
honest rater nearly always (docs/consensus.md), so three must reach the project's threshold; one slip is forgiven.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Literal

from services.annotations.domain.answers import MaskOf
from services.annotations.domain.gold import LabelScore
from services.annotations.domain.practice import overall

NEEDED = 3
SPARE = 1

#: open: goes on; passed; failed: too few images are left to pass; void: it became needless or impossible without the rater's doing.
State = Literal["open", "passed", "failed", "void"]


def draw(appeal_id: str, fresh: Collection[str]) -> list[str]:
    """The images of an appeal, `NEEDED` + `SPARE` at most, drawn by a hash from those that are fresh to the rater; [] where too few are."""
    if len(fresh) < NEEDED:
        return []

    def key(image: str) -> bytes:
        return blake2b(f"{appeal_id}\x1f{image}".encode(), digest_size=8).digest()

    return sorted(fresh, key=key)[: NEEDED + SPARE]


def shows(truth: Sequence[MaskOf], labels: Collection[int]) -> bool:
    """Whether an image's truth has a pixel of one of the labels."""
    return any(mask.area and mask.label_id in labels for mask in truth)


def dice(
    scores: Sequence[LabelScore], answer: Sequence[MaskOf], truth: Sequence[MaskOf], labels: Collection[int]
) -> float:
    """How well an answer meets the truth on the labels in question: `practice.overall` of these only."""
    return overall(
        [s for s in scores if s.label_id in labels],
        [m for m in answer if m.label_id in labels],
        [m for m in truth if m.label_id in labels],
    )


def judge(dices: Sequence[float], left: int, needed: int, threshold: float) -> State:
    """What became of an appeal with these first attempts when `left` images remain to be tried."""
    good = sum(d >= threshold for d in dices)
    if good >= needed:
        return "passed"
    return "open" if good + left >= needed else "failed"
