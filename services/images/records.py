"""What the store reads and writes: a kept source, its images, a refused file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.images.domain.source import Geometry
from shared.clock import to_rfc3339


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded file as it is kept."""

    id: str
    project_id: str
    sha256: str
    size: int
    media_type: str
    format: str
    name: str
    frames: int
    blob_key: str
    uploaded_by: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Image:
    """One frame of a source: the pixel grid in which masks live."""

    id: str
    project_id: str
    source_id: str
    frame_index: int
    frames: int
    height: int
    width: int
    channels: int
    group: str
    name: str
    modality: str
    geometry: Geometry
    frame_key: str
    frame_sha256: str
    frame_size: int
    created_at: int

    @property
    def thumbnail_key(self) -> str:
        """Where the thumbnail is kept once it was asked for."""
        return f"images/{self.project_id}/{self.source_id}.{self.frame_index}.t256.webp"

    def to_json(self, *, is_lab: bool) -> dict[str, Any]:
        """The contract's `Image`. The name is the lab's business: file names tell of patients and of the right answer."""
        base = f"/api/v1/images/{self.id}"
        geometry = self.geometry
        urls = {"frame": f"{base}/frame", "thumbnail": f"{base}/thumbnail"}
        if is_lab:
            urls["original"] = f"{base}/original"
        return {
            "id": self.id,
            "project_id": self.project_id,
            "source_id": self.source_id,
            "name": self.name if is_lab else "",
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "group": self.group,
            "frame_index": self.frame_index,
            "frames": self.frames,
            "modality": self.modality,
            "window": list(geometry.window) if geometry.window else None,
            "spacing": list(geometry.spacing) if geometry.spacing else None,
            "slice_mm": geometry.slice_mm,
            "affine": list(geometry.affine) or None,
            "created_at": to_rfc3339(self.created_at),
            "frame_url": urls["frame"],
            "thumbnail_url": urls["thumbnail"],
            "urls": urls,
        }


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused file. `name` is one that may be remembered (`domain.intake.remembered_name`)."""

    id: str
    project_id: str
    name: str
    code: str
    reason: str
    uploaded_by: str
    created_at: int

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "code": self.code,
            "reason": self.reason,
            "created_at": to_rfc3339(self.created_at),
        }
