"""The tables that images owns. Times are UTC microseconds; ids are UUIDv7 text; lists and numbers of geometry are JSON text.

Within a project a file is kept once: `images_source.sha256` is of the bytes that are kept (DICOM: after de-identification, which is
deterministic), and unique together with the project.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from shared.db.session import metadata

ID = String(36)

sources = Table(
    "images_source",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("format", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("frames", Integer, nullable=False),
    Column("blob_key", String(200), nullable=False),
    Column("uploaded_by", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "sha256"),
)

images = Table(
    "images_image",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("source_id", ID, nullable=False),
    Column("frame_index", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("group_key", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("window", Text),  # JSON [centre, width]
    Column("spacing", Text),  # JSON [row, column] mm
    Column("slice_mm", Float),
    Column("affine", Text),  # JSON, 16 numbers
    Column("frame_key", String(200), nullable=False),
    Column("frame_sha256", String(64), nullable=False),
    Column("frame_size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_images_image_project_id_id", "project_id", "id"),
    Index("ix_images_image_source_id_frame_index", "source_id", "frame_index"),
)

rejections = Table(
    "images_rejection",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("name", String(200), nullable=False),
    Column("code", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("uploaded_by", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_images_rejection_project_id_id", "project_id", "id"),
)
