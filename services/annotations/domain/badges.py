"""Badges: for care and for beginning, not for count alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

#: code → in which order they are shown.
CODES = ("first", "practised", "ten", "watchful", "steady", "sharp", "hundred", "seen_through")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a rater. `gold_low` is the lower end of the 95 % interval of Dice on gold, None without gold."""

    submissions: int = 0
    gold_seen: int = 0
    gold_low: float | None = None
    practised: int = 0  # practice images mastered
    notes_resolved: int = 0  # notes to the lab that the lab acted on
    consensus_seen: int = 0  # own answers looked at beside what came of them


def earned(facts: Facts) -> list[str]:
    """The badges that these facts earn, in the order of `CODES`.

    `steady` and `sharp` ask for the lower end of the interval, so luck on one image earns neither.
    """
    low = facts.gold_low or 0.0
    rules = {
        "first": facts.submissions >= 1,
        "practised": facts.practised >= 1,
        "ten": facts.submissions >= 10,
        "watchful": facts.notes_resolved >= 1,
        "steady": facts.gold_seen >= 5 and low >= 0.7,
        "sharp": facts.gold_seen >= 10 and low >= 0.85,
        "hundred": facts.submissions >= 100,
        "seen_through": facts.consensus_seen >= 5,
    }
    return [code for code in CODES if rules[code]]
