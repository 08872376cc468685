"""The tables that inference owns. Times are UTC microseconds; ids are UUIDv7 text."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from shared.db.session import metadata

ID = String(36)

images = Table(
    "inference_images",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False, index=True),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("frame_key", String(512), nullable=False),
    Column("frame_offset", BigInteger, nullable=False),
    Column("frame_length", BigInteger, nullable=False),
    Column("frame_sha256", String(64), nullable=False),
    Column("stored_at_us", BigInteger, nullable=False),
    # How many consensus images the proposals were made from; -1: none were made yet. NULL: settled, none are wanted.
    Column("proposed_from", Integer, nullable=True, index=True),
)

proposals = Table(
    "inference_proposals",
    metadata,
    Column("image_id", ID, primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("project_id", ID, nullable=False, index=True),
    Column("counts", Text, nullable=False),  # COCO RLE
    Column("area", BigInteger, nullable=False),
    Column("score", Float, nullable=False),
    Column("model", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
)

# What an accepted consensus image taught about its project, one row a label (`domain.prior.Example`).
examples = Table(
    "inference_examples",
    metadata,
    Column("image_id", ID, primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("project_id", ID, nullable=False, index=True),
    Column("data", Text, nullable=False),
)
