"""The life of a lease, as a table.

A lease is one place of a task, reserved for one rater until `expires_at`. Time alone ends it too: a lease whose time is over is
treated as EXPIRED from that moment, whether or not the sweep has got to it. An expired one comes back to life only by RENEW, and only
where the task still has a place.
"""

from __future__ import annotations

import enum

from shared.errors import BrambleError, Conflict, Forbidden, Gone

#: Leases that a rater may hold in a project beside the one at work, so that the next image appears at once and a train's bad line
#: costs nothing (docs/decisions/006-tasks-ahead.md).
MAX_AHEAD = 20
PREFETCH = 3  # this many are always possible


class State(enum.IntEnum):
    LIVE = 0
    SUBMITTED = 1
    SKIPPED = 2
    RETURNED = 3
    EXPIRED = 4


class Action(enum.Enum):
    SUBMIT = "submit"
    RENEW = "renew"
    SKIP = "skip"
    GIVE_BACK = "give back"
    EXPIRE = "expire"
    DRAFT = "draft"


#: (state, action) → state after it. What is missing isn't allowed; `refuse` says why.
#: SUBMITTED → SUBMITTED: the rater corrects the answer, which supersedes the earlier one and takes no place.
#: EXPIRED, DRAFT: the browser's journal may come late; the drawing is kept although the place is gone.
TABLE: dict[tuple[State, Action], State] = {
    (State.LIVE, Action.SUBMIT): State.SUBMITTED,
    (State.LIVE, Action.RENEW): State.LIVE,
    # whoever was without a line for longer than the lease takes it up again, as long as the place is free
    (State.EXPIRED, Action.RENEW): State.LIVE,
    (State.LIVE, Action.SKIP): State.SKIPPED,
    (State.LIVE, Action.GIVE_BACK): State.RETURNED,
    (State.LIVE, Action.EXPIRE): State.EXPIRED,
    (State.LIVE, Action.DRAFT): State.LIVE,
    (State.SUBMITTED, Action.SUBMIT): State.SUBMITTED,
    (State.EXPIRED, Action.DRAFT): State.EXPIRED,
    (State.RETURNED, Action.DRAFT): State.RETURNED,
    # saying the same twice is no error: a retry after a lost answer
    (State.SKIPPED, Action.SKIP): State.SKIPPED,
    (State.RETURNED, Action.GIVE_BACK): State.RETURNED,
    (State.EXPIRED, Action.GIVE_BACK): State.EXPIRED,
}


def ahead_allowed(asked: int, open_tasks: int) -> int:
    """How many leases a rater who asks for `asked` may hold beside the one at work.

    At most `MAX_AHEAD`, and beyond `PREFETCH` no more than a quarter of the project's open tasks: who takes work along must not leave
    the others of a small project without any.
    """
    return max(0, min(asked, MAX_AHEAD, max(PREFETCH, open_tasks // 4)))


def effective(state: State, expires_at: int, now: int) -> State:
    """The state at `now` (microseconds): a live lease whose time is over has expired."""
    return State.EXPIRED if state is State.LIVE and expires_at <= now else state


def check(state: State, action: Action, *, owner: bool) -> State:
    """The state after `action`. Raises Forbidden on someone else's lease, Gone on an expired one, Conflict on a closed one."""
    if not owner:
        raise Forbidden(
            "This lease belongs to another rater; ask for a task of your own with `next`.",
            code="lease-not-yours",
        )
    after = TABLE.get((state, action))
    if after is None:
        raise refuse(state, action)
    return after


def image_deleted() -> Gone:
    """The error for an answer or a draft to an image that the lab deleted."""
    return Gone("The lab deleted this image; ask for the next task.", code="image-deleted", draft_kept=False)


def refuse(state: State, action: Action) -> BrambleError:
    """The error for an action that the table doesn't have."""
    if state is State.EXPIRED:
        kept = "your drawing is kept as a draft and comes back when the image is handed to you again"
        return Gone(f"The time for this image ran out; {kept}.", code="lease-expired", draft_kept=True)
    word = {
        State.SUBMITTED: "was answered already",
        State.SKIPPED: "was skipped",
        State.RETURNED: "was given back",
        State.LIVE: "is still live",
    }[state]
    return Conflict(
        f"This lease {word}, so it can't be used to {action.value}; ask for the next task.",
        code="lease-closed",
    )
