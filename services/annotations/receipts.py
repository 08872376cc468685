"""A submission on its way in, and what its sender is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from services.annotations.domain.answers import Answer
from services.annotations.packs import Ref
from shared.errors import BrambleError
from shared.telemetry import Context


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer on its way in: who, on which lease, and where its masks lie in the batch's pack."""

    id: str
    rater_id: str
    lease_id: str
    answer: Answer
    refs: Sequence[Ref]
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the rater is told. `created` is False when the client_key had been seen: the same answer as then."""

    submission_id: str
    task_id: str
    feedback: str | None  # JSON
    next_available: bool
    created: bool = True

    def to_json(self) -> bytes:
        return orjson.dumps(
            {
                "submission_id": self.submission_id,
                "task_id": self.task_id,
                "feedback": orjson.Fragment(self.feedback) if self.feedback else None,
                "next_available": self.next_available,
            }
        )


Outcome = Receipt | BrambleError
