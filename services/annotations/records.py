"""Rows as the service passes them on, and the translations between events' ImageRef and the public one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Row

from services.annotations.domain.answers import MaskOf
from services.annotations.domain.project import Label, labels_from_json
from shared.clock import to_rfc3339
from shared.contracts.bramble.annotations.v1 import events_pb2 as events
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.imaging.rle import RLE, area

AnyRow: TypeAlias = Row[*tuple[Any, ...]]

COUNTERS = ("images", "gold", "practice", "open", "retired", "submissions", "raters", "leases", "overshoot")


@lru_cache(maxsize=1024)
def parse_labels(text: str) -> tuple[Label, ...]:
    """A project's stored label schema."""
    return labels_from_json(orjson.loads(text))


@dataclass(frozen=True, slots=True)
class Project:
    """One row of `annotations_projects`."""

    id: str
    name: str
    summary: str
    instructions: str
    labels: tuple[Label, ...]
    quorum: int
    gold_share: float
    gold_feedback: bool
    open: bool
    accept_agreement: float
    lease_seconds: int
    show_proposals: bool
    task_order: str
    status: str
    owner_id: str
    created_at: int
    updated_at: int
    practice_required: int = 0
    practice_dice: float = 0.7
    outcomes: str = ""
    overlap_least: int = 0
    overlap_most: int = 0
    overlap_dice: float = 0.9
    gold_adaptive: bool = False
    proposal_control: float = 0.0

    @property
    def label_ids(self) -> list[int]:
        return [label.id for label in self.labels]

    def to_json(self, counts: dict[str, int]) -> dict[str, Any]:
        """The public Project."""
        return {
            "id": self.id,
            "name": self.name,
            "summary": self.summary,
            "instructions": self.instructions,
            "labels": [label.to_json() for label in self.labels],
            "quorum": self.quorum,
            "gold_share": self.gold_share,
            "gold_feedback": self.gold_feedback,
            "open": self.open,
            "accept_agreement": self.accept_agreement,
            "lease_seconds": self.lease_seconds,
            "show_proposals": self.show_proposals,
            "task_order": self.task_order,
            "practice_required": self.practice_required,
            "practice_dice": self.practice_dice,
            "outcomes": self.outcomes,
            "overlap_least": self.overlap_least,
            "overlap_most": self.overlap_most,
            "overlap_dice": self.overlap_dice,
            "gold_adaptive": self.gold_adaptive,
            "proposal_control": self.proposal_control,
            "status": self.status,
            "owner_id": self.owner_id,
            "created_at": to_rfc3339(self.created_at),
            "updated_at": to_rfc3339(self.updated_at),
            "counts": counts,
        }


def project_of(row: Any) -> Project:
    """A Project from a row of the table."""
    values = dict(row._mapping)
    return Project(**{**values, "labels": parse_labels(values["labels"])})


def image_json(image: common.ImageRef) -> dict[str, Any]:
    """The public ImageRef of an event's. Unknown geometry is null, never guessed."""
    spacing = list(image.geometry.spacing_mm)
    return {
        "id": image.id,
        "project_id": image.project_id,
        "height": image.height,
        "width": image.width,
        "channels": image.channels,
        "group": image.group,
        "frame_index": image.frame_index,
        "frames": image.frames,
        "spacing": spacing if len(spacing) == 2 else None,
        "slice_mm": image.geometry.slice_mm if image.geometry.HasField("slice_mm") else None,
        "frame_url": f"/api/v1/images/{image.id}/frame",
        "thumbnail_url": f"/api/v1/images/{image.id}/thumbnail",
    }


def masks_to_text(masks: Sequence[MaskOf]) -> str:
    """Masks as they are stored with gold and drafts: a JSON list of `{"label_id", "rle"}`."""
    return orjson.dumps([mask.to_json() for mask in masks]).decode()


@lru_cache(maxsize=256)
def masks_from_text(text: str) -> tuple[MaskOf, ...]:
    """The inverse of `masks_to_text`. Kept for gold, which every rater meets."""
    masks = []
    for entry in orjson.loads(text):
        height, width = entry["rle"]["size"]
        rle = RLE(height, width, entry["rle"]["counts"].encode())
        masks.append(MaskOf(entry["label_id"], rle, area(rle)))
    return tuple(masks)


def overlap_message(project: Project) -> events.Overlap:
    """A project's dynamic overlap as it travels in events."""
    return events.Overlap(
        least=project.overlap_least, most=project.overlap_most, target_dice=project.overlap_dice
    )


def label_messages(labels: Sequence[Label]) -> list[common.Label]:
    """A label schema as it travels in events."""
    return [common.Label(id=x.id, name=x.name, color=x.color, description=x.description) for x in labels]
