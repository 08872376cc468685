"""The life of a job, as a table.

A job is a row with a lease and a heart-beat. A worker claims it, beats while it works, and ends it; one whose heart-beat is older than
the lease is claimed by another worker, which goes on from the last checkpoint.
"""

from __future__ import annotations

from shared.errors import Conflict

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = "queued", "running", "succeeded", "failed", "cancelled"
ENDED = (SUCCEEDED, FAILED, CANCELLED)
MAX_ATTEMPTS = 8
"""Take-overs after which a job is failed: one that kills its worker each time would go round for ever."""

PREVIEWS = "synthesis/previews"
"""Where the blobs lie that show what a generator in training draws."""


def preview_key(job_id: str, step: int) -> str:
    """The blob of what a job's generator draws after ``step`` steps."""
    return f"{PREVIEWS}/{job_id}/{step:09d}.png"


TRANSITIONS: dict[tuple[str, str], str] = {
    (QUEUED, "claim"): RUNNING,
    (QUEUED, "cancel"): CANCELLED,
    (RUNNING, "claim"): RUNNING,  # after the lease ran out
    (RUNNING, "succeed"): SUCCEEDED,
    (RUNNING, "fail"): FAILED,
    (RUNNING, "cancel"): CANCELLED,
    (RUNNING, "release"): QUEUED,  # the worker was told to stop and gives it back
}


def after(status: str, event: str) -> str:
    """The status after ``event``. Raises Conflict where the table has no such line."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise Conflict(
            f"This job is {status}; it can't be {event}led now."
            if event == "cancel"
            else f"A {status} job can't {event}."
        ) from None
