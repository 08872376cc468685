"""The tables that inference owns. Times are UTC microseconds; ids are UUIDv7 text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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
    # The project model that looked at it last; empty: none did.
    Column("proposed_by", ID, nullable=False, default="", server_default=text("''")),
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

# Versions of each project's own segmenter, as synthesis told of them.
project_models = Table(
    "inference_project_models",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("version", Integer, nullable=False),  # 1, 2, … within the project
    Column("images", Integer, nullable=False),  # that it was trained on
    Column("size", Integer, nullable=False),
    Column(
        "labels", Text, nullable=False
    ),  # JSON list of label_id, images, groups, dice, error, present; in the file's order
    Column("weights_key", String(300), nullable=False),
    Column("weights_sha256", String(64), nullable=False),
    Column("made_at_us", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),  # the one that proposes; at most one of a project
    UniqueConstraint("project_id", "version"),
)

# Where the lab chose a version itself (0: none is to propose). Without a row the newest does.
model_choices = Table(
    "inference_model_choices",
    metadata,
    Column("project_id", ID, primary_key=True),
    Column("version", Integer, nullable=False),
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
