"""What a rater is told about their own outlines, once: a habit of size or place, or a label that they often miss.

Said only where it is sure and worth changing. The estimate is renewed with every few answers, so a rater is looked at many times: an
interval of 95 % would be wrong about somebody in the end. So 99.9 % are asked for, from `LEAST` answers on, and at least a pixel. A
label counts as missed when the rater leaves it out surely more often than the others do on the same images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.consensus.domain.bias import SECTORS, Mean, Seen, by_rater, summarise

CERTAIN = 0.999
LEAST = 8
WORTH_PX = 1.0
WORTH_SHARE = 0.1  # of the images that show the label

Kind = Literal["over", "under", "shifted", "misses"]


@dataclass(frozen=True, slots=True)
class Advice:
    """direction: one of `SECTORS` where ``kind`` is shifted, else ""; px: how far (0 for misses); share: of the images that show the label,
    left out (misses only); answers: that it rests on."""

    kind: Kind
    direction: str
    px: float
    share: float
    answers: int


def advise(seen: Sequence[Mapping[str, Seen]]) -> dict[str, list[Advice]]:
    """The advice for each rater of a class from all images of it (`bias.seen_in`); nobody to tell anything: {}."""
    answers = by_rater(seen)
    there = sum(len(a) for a in answers.values())
    missed = sum(not one.drawn for a in answers.values() for one in a)
    found = {}
    for rater, mine in answers.items():
        left = sum(not one.drawn for one in mine)
        others = (missed - left) / (there - len(mine)) if there > len(mine) else 1.0
        if told := [*_habits(mine), *_misses(left, len(mine), others)]:
            found[rater] = told
    return found


def _habits(answers: Sequence[Seen]) -> list[Advice]:
    bias = summarise(answers, CERTAIN)
    whole, rows, columns = bias.whole, bias.rows, bias.columns
    if whole is None or rows is None or columns is None or whole.n < LEAST:
        return []
    told = []
    if whole.sure and abs(whole.mean) >= WORTH_PX:
        kind: Kind = "over" if whole.mean > 0 else "under"
        told.append(Advice(kind, "", round(abs(whole.mean), 2), 0.0, whole.n))
    sure = [m for m in (rows, columns) if m.sure and abs(m.mean) >= WORTH_PX]
    if sure:
        far = math.hypot(*(m.mean for m in sure))
        told.append(Advice("shifted", _direction(rows, columns), round(far, 2), 0.0, whole.n))
    return told


def _direction(rows: Mean, columns: Mean) -> str:
    up = -rows.mean if rows.sure else 0.0
    right = columns.mean if columns.sure else 0.0
    return SECTORS[round(math.atan2(up, right) / (math.pi / 4)) % len(SECTORS)]


def _misses(left: int, there: int, others: float) -> list[Advice]:
    from scipy.special import betaincinv  # lazily: serving a page doesn't need it

    if there < LEAST or left == 0:
        return []
    low = float(betaincinv(left, there - left + 1, 1 - CERTAIN))  # Clopper and Pearson 1934
    if low <= max(WORTH_SHARE, others):
        return []
    return [Advice("misses", "", 0.0, round(left / there, 3), there)]
