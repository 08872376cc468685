"""The shapes of the public API of this service, for the OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Cursor = Annotated[str | None, Field(description="Pass as `cursor` for the next page; null on the last.")]

BYTES: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "PNG, JPEG, TIFF, DICOM or NIfTI files, or ZIP files of these.",
                    }
                },
            },
            "example": {"files": ["slice-041.png", "slice-042.png", "scans.zip"]},
        }
    },
}


class Urls(BaseModel):
    """Where the bytes are."""

    frame: str = Field(examples=["/api/v1/images/01938c7e-6f1e-7a10-8a42-6d1f0c2b9e55/frame"])
    thumbnail: str
    original: str | None = Field(None, description="Only for the lab.")


class Image(BaseModel):
    """One displayed frame, the pixel grid in which masks live."""

    id: str
    project_id: str
    source_id: str = Field(description="The uploaded file that this frame came from.")
    name: str = Field(
        description="For the lab: the file's name, or one made of modality and pseudonym for DICOM. Else empty."
    )
    height: int = Field(examples=[233])
    width: int = Field(examples=[197])
    channels: int = Field(description="1 (grey) or 3 (RGB).")
    group: str = Field(description="Patient, volume or source; splits are made by it.")
    frame_index: int
    frames: int = Field(description="How many frames the source has.")
    modality: str = Field(examples=["MR"])
    window: list[float] | None = Field(
        description="Centre and width that the frame shows, in the source's values."
    )
    spacing: list[float] | None = Field(description="Row and column spacing, mm.", examples=[[1.0, 1.0]])
    slice_mm: float | None = Field(description="Distance to the next slice, mm.")
    affine: list[float] | None = Field(
        description="4 × 4, row-major: index (column, row, slice), this frame being slice 0, to RAS+ mm."
    )
    created_at: str
    frame_url: str
    thumbnail_url: str
    urls: Urls


class Neighbours(BaseModel):
    """What lies beside a frame in its stack."""

    before: Image | None
    after: Image | None


class ImagePage(BaseModel):
    """A page of images."""

    items: list[Image]
    next: Cursor


class UploadResult(BaseModel):
    """What became of one file."""

    name: str = Field(examples=["slice-017.png"])
    status: Literal["stored", "duplicate", "rejected"]
    code: str | None = Field(
        None, examples=["truncated"], description="Why it was refused; listed in docs/images.md."
    )
    reason: str | None = Field(None, examples=["The PNG is cut off before its end: upload it again."])
    source_id: str | None = None
    image_ids: list[str] = Field(default_factory=list, description="One for each frame, in order.")
    warnings: list[str] = Field(default_factory=list)


class UploadAnswer(BaseModel):
    """A refused file doesn't hold up the others."""

    accepted: int = Field(examples=[499])
    duplicate: int = Field(examples=[0])
    rejected: int = Field(examples=[1])
    results: list[UploadResult]


class RejectionItem(BaseModel):
    """A refused file, as it is remembered."""

    id: str
    name: str
    code: str
    reason: str
    created_at: str


class RejectionPage(BaseModel):
    """A page of refused files."""

    items: list[RejectionItem]
    next: Cursor
