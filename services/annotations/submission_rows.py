"""What a submission becomes: its row, and the event that tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from services.annotations.packs import messages
from services.annotations.receipts import Receipt, Submission
from services.annotations.records import AnyRow
from services.annotations.store import SERVICE
from shared.contracts.bramble.annotations.v1 import events_pb2 as events
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.db.outbox import outbox_row


def submission_row(
    pack: str,
    now: int,
    submission: Submission,
    row: AnyRow,
    receipt: Receipt,
    label_ids: Sequence[int],
    supersedes: str,
    dice: str | None,
) -> dict[str, Any]:
    """The row of `submissions`; `row` is its lease's with task and project, `pack` the key of the blob with its masks."""
    answer = submission.answer
    return {
        "id": submission.id,
        "project_id": row.project_id,
        "task_id": row.task_id,
        "image_id": row.image_id,
        "rater_id": submission.rater_id,
        "lease_id": submission.lease_id,
        "client_key": answer.client_key,
        "pack": pack if submission.refs else "",
        "masks": orjson.dumps(submission.refs).decode(),
        "label_ids": orjson.dumps(label_ids).decode(),
        "nothing_here": answer.nothing_here,
        "is_gold": bool(row.is_gold),
        "gold_dice": dice,
        "feedback": receipt.feedback,
        "next_available": receipt.next_available,
        "supersedes": supersedes or None,
        "superseded_by": None,
        "duration_ms": answer.duration_ms,
        "clicks": answer.clicks,
        "proposal_shown": answer.proposal_shown,
        "unsure": answer.unsure,
        "comment": answer.comment,
        "consensus_seen_at": None,
        "created_at": now,
    }


def submitted_row(
    pack: str,
    now: int,
    submission: Submission,
    row: AnyRow,
    label_ids: Sequence[int],
    supersedes: str,
    dice: str | None,
) -> dict[str, object]:
    """The outbox's row of `AnnotationSubmitted`, in the context that is set."""
    answer = submission.answer
    message = events.AnnotationSubmitted(
        submission_id=submission.id,
        project_id=row.project_id,
        task_id=row.task_id,
        image=common.ImageRef.FromString(row.image),
        rater_id=submission.rater_id,
        masks=messages(pack, submission.refs),
        label_ids=label_ids,
        nothing_here=answer.nothing_here,
        supersedes=supersedes,
        duration_ms=answer.duration_ms,
        is_gold=bool(row.is_gold),
        gold_dice={int(k): v for k, v in orjson.loads(dice).items()} if dice else {},
        quorum=row.quorum,
        accept_agreement=row.accept_agreement,
        clicks=answer.clicks,
        proposal_shown=answer.proposal_shown,
        unsure=answer.unsure,
    )
    return outbox_row(SERVICE, row.image_id, message, now)
