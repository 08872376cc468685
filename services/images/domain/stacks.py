"""Which frames lie beside one another in a stack of slices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NUMBER = re.compile(r"^(.*?)(\d{1,9})(\D*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slice:
    """What says where a frame lies: its file and place there, or the number in its file's name."""

    id: str
    source_id: str
    frame_index: int
    frames: int
    name: str


def series(name: str) -> tuple[str, int] | None:
    """A numbered name without its last number, and that number; None for a name without one.

    "knee-s3-i017.dcm" is number 17 of "knee-s3-i#.dcm". Names are compared, never shown.
    """
    found = _NUMBER.match(name)
    return (f"{found[1]}#{found[3]}", int(found[2])) if found else None


def beside(here: Slice, others: Iterable[Slice]) -> tuple[str | None, str | None]:
    """Ids of the frames before and after `here` among `others`: None at an end, and both None where it is no stack.

    A file of several frames is a stack by itself. Files of one frame each are one where they share a group (the caller's
    choice of `others`) and their names differ in the last number only; what is next is what has the next number that is there.
    """
    if here.frames > 1:
        at = {o.frame_index: o.id for o in others if o.source_id == here.source_id}
        return at.get(here.frame_index - 1), at.get(here.frame_index + 1)
    mine = series(here.name)
    if mine is None:
        return None, None
    before: tuple[int, str] | None = None
    after: tuple[int, str] | None = None
    for other in others:
        theirs = series(other.name)
        if other.id == here.id or other.frames > 1 or theirs is None or theirs[0] != mine[0]:
            continue
        # Of two with the same number (uploaded twice under one name) the one that came first.
        if theirs[1] < mine[1] and (before is None or (-theirs[1], other.id) < (-before[0], before[1])):
            before = (theirs[1], other.id)
        elif theirs[1] > mine[1] and (after is None or (theirs[1], other.id) < after):
            after = (theirs[1], other.id)
    return before and before[1], after and after[1]
