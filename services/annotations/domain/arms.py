"""The control arm of proposals: who is asked without one, so that a lab can see whether proposals pull the answers."""

from __future__ import annotations

from services.annotations.domain.chance import share_of


def is_control(project_id: str, rater_id: str, task_id: str, share: float) -> bool:
    """Whether this rater is asked for this task without a proposal, with probability `share` (0..1).

    Drawn by a hash of the pair: each image has answers of both arms and each rater works in both, so neither hard images nor careful
    people gather in one of them; and the same task is the same again after a reload or on another device.
    """
    return share > 0 and share_of("arm", project_id, rater_id, task_id) < share
