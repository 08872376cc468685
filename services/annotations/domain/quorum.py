"""How many answers a task still needs, and when it is done.

A task counts the raters who answered it (`submissions`) and those who hold it just now (`leases`). Only
`need = quorum - submissions - leases` places are handed out, so that answers never exceed the quorum: a lease is a reserved
place. Gold is handed out beside the quorum and has no need of its own.
"""

from __future__ import annotations

OPEN, RETIRED = "open", "retired"
DELETED = "deleted"  # the image is gone; the row stays for the answers that refer to it


def need(*, quorum: int, submissions: int, leases: int, is_gold: bool = False, status: str = OPEN) -> int:
    """Places of a task that may still be handed out; 0 for gold (served beside the quorum) and for a retired task."""
    if is_gold or status != OPEN:
        return 0
    return max(0, quorum - submissions - leases)


def is_done(*, quorum: int, submissions: int, is_gold: bool) -> bool:
    """Whether a task retires: its quorum is reached. Gold never retires."""
    return not is_gold and submissions >= quorum


def overshoots(*, quorum: int, submissions: int, is_gold: bool) -> bool:
    """Whether the answer that made `submissions` went beyond the quorum (possible only after a lab lowers it)."""
    return not is_gold and submissions > quorum


def raised(
    *, most: int, quorum: int, submissions: int, leases: int, status: str, seen_by_consensus: int
) -> int | None:
    """The task's quorum when consensus needs one more rater; None: leave it.

    Nothing is raised while answers that were asked for are still on their way, or when the consensus had not seen them all yet (an
    older message that comes late), or beyond `most`, the project's bound. On a task that was stopped early a live lease is the one
    more: the task only asks for another rater should that lease end without an answer.
    """
    if seen_by_consensus < submissions or (status == OPEN and submissions < quorum):
        return None
    return submissions + max(1, leases) if submissions < most else None


def stopped(*, least: int, submissions: int, leases: int, status: str, seen_by_consensus: int) -> int | None:
    """The task's quorum when consensus needs no more raters; None: leave it. Live leases are worked off within it."""
    if status != OPEN or submissions < max(1, least) or seen_by_consensus < submissions:
        return None
    return submissions + leases
