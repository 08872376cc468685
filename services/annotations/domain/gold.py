"""Gold: images whose truth the lab knows, handed out among the others to measure a rater, and to teach.

Whether a rater's n-th task is gold is decided by a hash of rater, project and n, so it is reproducible, needs no state and
can't be guessed from outside. Gold looks like any other task until it is answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.annotations.domain.answers import MaskOf
from services.annotations.domain.chance import hash_of, share_of
from shared.imaging import rle as rle_codec


def is_gold_turn(project_id: str, rater_id: str, turn: int, share: float) -> bool:
    """Whether the rater's `turn`-th task (from 0) in the project is gold, with probability `share` (0..1)."""
    return share > 0 and share_of("turn", project_id, rater_id, turn) < share


#: Three gold answers tell a spammer from others nearly always (issue 7), so a newcomer meets those soon; ten make a narrow interval.
NEW_UNTIL, KNOWN_FROM = 3, 10
NEW_SHARE = 0.34
DOUBTFUL = 0.6  # lower end of the interval of Dice on gold


def share_for(share: float, gold_seen: int, low: float | None) -> float:
    """The share of gold among a rater's tasks in a project that adapts it, at least `share`; a project without gold (0) stays so.

    Every third task for who has answered fewer than three gold images; twice the share until ten, and for whom the lower end `low` of
    the 95 % interval of Dice on gold leaves in doubt.
    """
    if share <= 0:
        return 0.0
    if gold_seen < NEW_UNTIL:
        return max(share, NEW_SHARE)
    if gold_seen < KNOWN_FROM or (low is not None and low < DOUBTFUL):
        return max(share, min(0.5, 2 * share))
    return share


def starting_point(project_id: str, rater_id: str, span: int) -> int:
    """Where in 0..`span` the rater's way round the gold begins, so that raters don't all meet it in the same order."""
    return hash_of("start", project_id, rater_id) % span if span > 0 else 0


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How an answer compares with gold for one label. `missed_px`: gold not covered; `extra_px`: covered but not gold."""

    label_id: int
    dice: float
    missed_px: int
    extra_px: int
    message: str

    def to_json(self) -> dict[str, Any]:
        return {
            "label_id": self.label_id,
            "dice": round(self.dice, 4),
            "missed_px": self.missed_px,
            "extra_px": self.extra_px,
            "message": self.message,
        }


def score(label_ids: Sequence[int], answer: Sequence[MaskOf], truth: Sequence[MaskOf]) -> list[LabelScore]:
    """Dice of every label on RLE runs, in the order of `label_ids`; a label without a mask is empty, two empty agree: 1.

    All masks must have one size (`check_fits`). Dice is 2|A∩B| / (|A|+|B|): Dice, "Measures of the amount of ecologic
    association between species", Ecology 26, 1945.
    """
    given = {mask.label_id: mask for mask in answer}
    wanted = {mask.label_id: mask for mask in truth}
    return [_score_label(label_id, given.get(label_id), wanted.get(label_id)) for label_id in label_ids]


def _score_label(label_id: int, mine: MaskOf | None, gold: MaskOf | None) -> LabelScore:
    area, target = (mine.area if mine else 0), (gold.area if gold else 0)
    both = rle_codec.intersection(mine.rle, gold.rle) if mine and gold else 0
    dice = 2 * both / (area + target) if area + target else 1.0
    missed, extra = target - both, area - both
    return LabelScore(label_id, dice, missed, extra, _message(dice, missed, extra, area, target))


def _message(dice: float, missed: int, extra: int, area: int, target: int) -> str:
    """One sentence that says what to do better next time."""
    if target == 0:
        return (
            "Right: there is nothing to outline here."
            if area == 0
            else "There is nothing of this label here."
        )
    if area == 0:
        return "There is something of this label here that you left out."
    if dice >= 0.95:
        return "Excellent: nearly the same outline as the reference."
    if missed > 2 * extra:
        advice = "go out to the edge of the structure"
    elif extra > 2 * missed:
        advice = "stay within the edge of the structure"
    else:
        advice = "follow the edge more closely"
    praise = "Good" if dice >= 0.85 else "Fair" if dice >= 0.6 else "Not yet"
    return f"{praise}: {round(100 * dice)} % agreement; {advice}."


def mean_dice(scores: Sequence[LabelScore]) -> float:
    """The unweighted mean over labels; 1 where there is none."""
    return sum(s.dice for s in scores) / len(scores) if scores else 1.0
