"""The tables of this service. Masks are COCO RLE in JSON rows; pictures, weights and archives are blobs."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from shared.db.partial import partial_index
from shared.db.session import metadata

projects = Table(
    "synthesis_projects",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("labels", JSON, nullable=False),  # [{id, name, color}]
    # Decided once, when the first generator is trained; null before.
    Column("split_seed", BigInteger),
    Column("split", JSON),
    Column("facts", Integer, nullable=False, default=0, server_default=text("0")),  # how many were told
    Column("updated_at_us", BigInteger, nullable=False),
)

items = Table(
    "synthesis_items",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("image_id", String(36), primary_key=True),
    Column("group_name", String(200), nullable=False),
    Column("name", String(300), nullable=False),
    Column("source_id", String(36), nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("frame", JSON, nullable=False),  # BlobRef
    Column("geometry", JSON, nullable=False),
    Column("gold", JSON(none_as_null=True)),  # {masks: [{label_id, rle}]}
    Column(
        "consensus", JSON(none_as_null=True)
    ),  # {masks, version, method, submissions, raters, by_expert, agreement}
    Column("state", JSON(none_as_null=True)),  # {version, status, at_us} of the newest version
    # The lab deleted the image; the row stays so that older news of it can't bring it back.
    Column("deleted", Boolean, nullable=False, default=False, server_default=text("false")),
    Column("picture_hash", String(16)),  # filled by the first job that reads the frame
    Column("thumbprint", LargeBinary),
    Column("updated_at_us", BigInteger, nullable=False),
)

# What events told, in order: a dataset can be built again as of any number. Never changed.
facts = Table(
    "synthesis_facts",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("data", JSON, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("ix_synthesis_facts_image", "project_id", "image_id", "number"),
    Index("ix_synthesis_facts_kind", "project_id", "kind", "number"),
)

splits = Table(
    "synthesis_splits",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("group_name", String(200), primary_key=True),
    Column("split", String(8), nullable=False),
    Column("decided_at_us", BigInteger, nullable=False),
)

jobs = Table(
    "synthesis_jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("params", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("progress", Float, nullable=False),
    Column("stage", String(60), nullable=False),
    Column("detail", String(300), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("started_at_us", BigInteger),
    Column("finished_at_us", BigInteger),
    Column("heartbeat_at_us", BigInteger),
    Column("worker", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("checkpoint_key", String(300), nullable=False),
    Column("checkpoint_step", Integer, nullable=False),
    # The step whose picture is stored, of a generator in training; 0: none.
    Column("preview_step", Integer, nullable=False, default=0, server_default=text("0")),
    Column("state", JSON, nullable=False),  # what is finished of a job of several parts
    Column("result", JSON(none_as_null=True)),
    Column("error", Text),
    Index("ix_synthesis_jobs_project", "project_id", "id"),
    Index("ix_synthesis_jobs_work", "status", "created_at_us"),
)
# A project's segmenter is asked for by events and by people: never twice at once.
partial_index(
    "uq_synthesis_jobs_segmenter",
    jobs.c.project_id,
    unique=True,
    where="kind = 'segmenter' AND status IN ('queued', 'running')",
)

generators = Table(
    "synthesis_generators",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("job_id", String(36), nullable=False, unique=True),
    Column("weights_key", String(300), nullable=False),
    Column("weights_sha256", String(64), nullable=False),
    Column("weights_size", BigInteger, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("label_ids", JSON, nullable=False),
    Column(
        "image_ids", JSON, nullable=False
    ),  # what it saw: a dataset refuses its samples if one of these leaks
    Column("card", JSON, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)

synthetic = Table(
    "synthesis_synthetic",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("generator_id", String(36), nullable=False),
    Column("job_id", String(36), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("parents", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("image_key", String(300), nullable=False),
    Column("image_sha256", String(64), nullable=False),
    Column("mask_key", String(300), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("dice", Float, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Index("ix_synthesis_synthetic_project", "project_id", "id"),
)

datasets = Table(
    "synthesis_datasets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("job_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the list of checksums: the content's address
    Column("archive_key", String(300), nullable=False),
    Column("archive_sha256", String(64), nullable=False),
    Column("archive_size", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("params", JSON, nullable=False),
    # As of which facts it was built, {images, splits}; null: before facts were kept.
    Column("basis", JSON(none_as_null=True)),
    Column("created_at_us", BigInteger, nullable=False),
    Index("uq_synthesis_datasets_version", "project_id", "name", "version", unique=True),
)

# The real-or-synthetic game of a generator; one of a project's games is open at most.
games = Table(
    "synthesis_games",
    metadata,
    Column("generator_id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("images", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
)

rounds = Table(
    "synthesis_rounds",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("generator_id", String(36), nullable=False),
    Column("player_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),  # of this player in this game, from 1
    Column("seed", BigInteger, nullable=False),  # of the draw; random, so that nobody can draw it again
    Column("items", JSON, nullable=False),  # [{id, synthetic, seen, familiar}] in the order shown
    Column("images", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    # One of its images was deleted before the round was finished: it can't be, and another is drawn.
    Column("void", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("finished_at_us", BigInteger),
    Index("uq_synthesis_rounds_number", "generator_id", "player_id", "number", unique=True),
)

# Never changed: the first answer to an image counts.
answers = Table(
    "synthesis_answers",
    metadata,
    Column("round_id", String(36), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("synthetic", Boolean, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
