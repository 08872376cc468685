"""The Basic Application Level Confidentiality Profile as a table: what becomes of each attribute (DICOM PS3.15 Annex E, E.1-1).

The table is `ps315_basic.json`, one line an attribute. Where the standard leaves a choice by the type that the attribute has in
its object (X/Z/D), the choice that every type accepts is taken: a dummy before an empty value before removal. Dates and times are
the exception: the least that the table allows is kept of them.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("ps315_basic.json")


class Action(enum.Enum):
    """What happens to an attribute."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    REMAP = "U"
    CLEAN = "U*"  # keep the sequence, clean its items


_RESOLVED = {
    "X": Action.REMOVE,
    "Z": Action.EMPTY,
    "D": Action.DUMMY,
    "U": Action.REMAP,
    "X/Z": Action.EMPTY,
    "X/D": Action.DUMMY,
    "Z/D": Action.DUMMY,
    "X/Z/D": Action.DUMMY,
    "X/Z/U*": Action.CLEAN,
}
_TEMPORAL = frozenset({"DA", "DT", "TM"})


@dataclass(frozen=True, slots=True)
class Profile:
    """The table, by tag as an integer (group << 16 | element)."""

    codes: dict[int, str]
    edition: str

    def action(self, tag: int, vr: str) -> Action | None:
        """What the profile says of a tag; None: nothing."""
        # Repeating groups: curves (50xx) and overlays (60xx) go entirely. The profile removes an overlay's data and comments;
        # what is left describes nothing then, and its label and description are free text.
        if (tag >> 16) & 0xFF01 in (0x5000, 0x6000):
            return Action.REMOVE
        code = self.codes.get(tag)
        if code is None:
            return None
        return Action(code[0]) if vr in _TEMPORAL else _RESOLVED[code]


@cache
def basic_profile() -> Profile:
    """The kept table. Raises ValueError at once if the file holds an action that isn't known."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    codes = {int(tag, 16): str(action) for tag, (_, action) in table["attributes"].items()}
    unknown = set(codes.values()) - set(_RESOLVED)
    if unknown:
        raise ValueError(f"{TABLE.name} holds unknown actions: {sorted(unknown)}")
    return Profile(codes, table["edition"])
