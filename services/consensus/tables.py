"""Tables of the consensus service. Submissions and versions are append-only; `consensus_images` and `consensus_labels` hold the newest."""

from __future__ import annotations

from sqlalchemy import (
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

from shared.db.session import metadata

projects = Table(
    "consensus_projects",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("labels", Text, nullable=False, default="[]"),
    Column("quorum", Integer, nullable=False, default=0),
    Column("accept_agreement", Float, nullable=False, default=0.7),
    Column("method", String(32), nullable=False, default="auto"),
    # Dynamic overlap: labels an image at least and at most (0: the quorum is fixed), and the Dice that is aimed at.
    Column("overlap_least", Integer, nullable=False, default=0, server_default=text("0")),
    Column("overlap_most", Integer, nullable=False, default=0, server_default=text("0")),
    Column("overlap_dice", Float, nullable=False, default=0.9, server_default=text("0.9")),
    # What `auto` chose for each label, why, and the power of the raters' model: {label_id: {method, why, power}}.
    Column("choices", Text, nullable=False, default="{}"),
    # Pieces of news about the raters that ever arrived, how many of them the last estimate counted, and when the newest came. Both only
    # grow, so that two replicas that estimate the same project at the same moment can't take the same news off twice.
    Column("arrived", Integer, nullable=False, default=0),
    Column("counted", Integer, nullable=False, default=0, server_default=text("0")),
    Column("touched_at", BigInteger, nullable=False, default=0),
    Column("fitted_at", BigInteger, nullable=False, default=0),
)

images = Table(
    "consensus_images",
    metadata,
    Column("image_id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("ref", LargeBinary, nullable=False),
    Column("quorum", Integer, nullable=False),
    Column("accept_agreement", Float, nullable=False),
    Column("is_gold", Boolean, nullable=False, default=False),
    Column("version", Integer, nullable=False, default=0),
    Column("status", String(16), nullable=False, default="pending"),
    # The expert's word, if there is one: accept, fix (with masks of the version) or send_back.
    Column("decision", String(16), nullable=False, default=""),
    # What dynamic overlap decided last: wait, more, enough, escalate; "" while it is off.
    Column("overlap", String(16), nullable=False, default="", server_default=text("''")),
    Column("updated_at", BigInteger, nullable=False, default=0),
    Index("ix_consensus_images_project_id_image_id", "project_id", "image_id"),
)

# Images with votes that their consensus doesn't count yet: written with the vote, so that no crash forgets one; deleted with the merge.
dirty = Table(
    "consensus_dirty",
    metadata,
    Column("image_id", String(36), primary_key=True),
    # When the oldest of these votes was accepted, microseconds.
    Column("since", BigInteger, nullable=False),
    # Whether as many raters as the quorum asks for have answered: such an image goes first.
    Column("complete", Boolean, nullable=False),
    # Of the newest of these votes, so that the merge and what it tells belong to the request that caused them.
    Column("correlation_id", String(64), nullable=False, default="", server_default=text("''")),
    Column("traceparent", String(64), nullable=False, default="", server_default=text("''")),
    Index("ix_consensus_dirty_complete_since", "complete", "since"),
)

votes = Table(
    "consensus_votes",
    metadata,
    Column("submission_id", String(36), primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("rater_id", String(36), nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("counts", LargeBinary, nullable=False),
    Column("gold_dice", Float),
    Column("duration_ms", Integer, nullable=False, default=0),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_consensus_votes_image_id_label_id", "image_id", "label_id"),
    Index("ix_consensus_votes_project_id_label_id", "project_id", "label_id"),
)

gold = Table(
    "consensus_gold",
    metadata,
    Column("image_id", String(36), primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("counts", LargeBinary, nullable=False),
)

versions = Table(
    "consensus_versions",
    metadata,
    Column("image_id", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("method", String(32), nullable=False),
    Column("labels", LargeBinary, nullable=False),
    Column("submissions", Text, nullable=False),
    Column("by_expert", String(36), nullable=False, default=""),
    # JSON: method, power and parameters of the raters by label, so that the version can be computed again bit for bit; NULL: an
    # expert's, or made before this was kept.
    Column("basis", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
)

labels = Table(
    "consensus_labels",
    metadata,
    Column("image_id", String(36), primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("agreement", Float, nullable=False),
    Column("predicted_dice", Float, nullable=False),
    Column("raters", Integer, nullable=False),
    Column("area", BigInteger, nullable=False),
    # domain.overlap.Outlook: NULL where fewer than two reliable raters answered, and for an expert's mask.
    Column("expected_dice", Float),
    Column("sampling", Float),
    Index("ix_consensus_labels_project_id_image_id", "project_id", "image_id", "label_id"),
)

raters = Table(
    "consensus_raters",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("label_id", Integer, primary_key=True),
    Column("rater_id", String(36), primary_key=True),
    Column("params", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("quarantined", Boolean, nullable=False, default=False),
    # domain.terms: `params` weigh the answers from `since` on (microseconds), `earlier` ([[start, params], …]) those before.
    Column("since", BigInteger, nullable=False, default=0, server_default=text("0")),
    Column("earlier", Text, nullable=False, default="[]", server_default=text("'[]'")),
    Column("updated_at", BigInteger, nullable=False),
)

# What was decided about a rater, each with its reason: quarantine, its end, practice passed again (which begins a term).
rater_decisions = Table(
    "consensus_rater_decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False),
    Column("rater_id", String(36), nullable=False),
    Column("label_id", Integer, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_consensus_rater_decisions_project_id_rater_id", "project_id", "rater_id"),
)

reviews = Table(
    "consensus_reviews",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("image_id", String(36), nullable=False, index=True),
    Column("expert_id", String(36), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# What the platform decided about an image by itself, each with its reason: the other half of the audit trail.
decisions = Table(
    "consensus_decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("image_id", String(36), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("expected_dice", Float),
    Column("gain", Float),
    Column("created_at", BigInteger, nullable=False),
)
