"""How many answers a task still needs, and when it is done.

A task counts the raters who answered it (`submissions`) and those who hold it just now (`leases`). Only
`need = quorum - submissions - leases` places are handed out, so that answers never exceed the quorum: a lease is a reserved
place. Gold is handed out beside the quorum and has no need of its own.
"""

from __future__ import annotations

OPEN, RETIRED = "open", "retired"
DELETED = "deleted"  # the image is gone; the row stays for the answers that refer to it
EXTRA_RATERS = 5  # consensus may ask for this many raters beyond the project's quorum on one image, no more


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


def raised(*, project_quorum: int, quorum: int, submissions: int, seen_by_consensus: int) -> int | None:
    """The task's new quorum when consensus needs one more rater; None: leave it.

    Nothing is raised while answers that were asked for are still on their way, or when the consensus had not seen them all
    yet (an older message that comes late), or beyond `project_quorum + EXTRA_RATERS`.
    """
    if submissions < quorum or seen_by_consensus < submissions:
        return None
    wanted = submissions + 1
    return wanted if quorum < wanted <= project_quorum + EXTRA_RATERS else None
