"""create all tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "annotations_counters",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("images", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retired", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("submissions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("raters", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leases", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("overshoot", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_annotations_counters")),
    )
    op.create_table(
        "annotations_cursors",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("need", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "rater_id", "need", name=op.f("pk_annotations_cursors")),
    )
    op.create_table(
        "annotations_drafts",
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("masks", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rater_id", "task_id", name=op.f("pk_annotations_drafts")),
    )
    op.create_table(
        "annotations_gold",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("masks", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_annotations_gold")),
        sa.UniqueConstraint("project_id", "image_id", name=op.f("uq_annotations_gold_project_id_image_id")),
    )
    op.create_table(
        "annotations_leases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_leases")),
    )
    op.create_index(
        "ix_annotations_leases_expiry",
        "annotations_leases",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_index(
        "uq_annotations_leases_live",
        "annotations_leases",
        ["project_id", "rater_id"],
        unique=True,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_table(
        "annotations_projects",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("gold_share", sa.Float(), nullable=False),
        sa.Column("gold_feedback", sa.Boolean(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("accept_agreement", sa.Float(), nullable=False),
        sa.Column("lease_seconds", sa.Integer(), nullable=False),
        sa.Column("show_proposals", sa.Boolean(), nullable=False),
        sa.Column("task_order", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_projects")),
    )
    op.create_index(
        op.f("ix_annotations_projects_owner_id"), "annotations_projects", ["owner_id"], unique=False
    )
    op.create_table(
        "annotations_rater_tasks",
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rater_id", "task_id", name=op.f("pk_annotations_rater_tasks")),
    )
    op.create_index(
        "ix_annotations_rater_tasks_lapsed",
        "annotations_rater_tasks",
        ["project_id", "rater_id"],
        unique=False,
        sqlite_where=sa.text("state = 4"),
        postgresql_where=sa.text("state = 4"),
    )
    op.create_table(
        "annotations_raters",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("turns", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("submissions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold_seen", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold_total", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold_squares", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("gold_stamp", sa.BigInteger(), nullable=True),
        sa.Column("gold_wrapped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_day", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("today", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("streak", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("quarantined", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "rater_id", name=op.f("pk_annotations_raters")),
    )
    op.create_index(op.f("ix_annotations_raters_rater_id"), "annotations_raters", ["rater_id"], unique=False)
    op.create_table(
        "annotations_submissions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("lease_id", sa.String(length=36), nullable=False),
        sa.Column("client_key", sa.String(length=128), nullable=False),
        sa.Column("pack", sa.String(length=200), nullable=False),
        sa.Column("masks", sa.Text(), nullable=False),
        sa.Column("nothing_here", sa.Boolean(), nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("gold_dice", sa.Text(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("next_available", sa.Boolean(), nullable=False),
        sa.Column("supersedes", sa.String(length=36), nullable=True),
        sa.Column("superseded_by", sa.String(length=36), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.Column("proposal_shown", sa.Boolean(), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_submissions")),
        sa.UniqueConstraint(
            "client_key", "rater_id", name=op.f("uq_annotations_submissions_client_key_rater_id")
        ),
    )
    op.create_index(
        "ix_annotations_submissions_list", "annotations_submissions", ["project_id", "id"], unique=False
    )
    op.create_index(
        "ix_annotations_submissions_task", "annotations_submissions", ["task_id", "rater_id"], unique=False
    )
    op.create_table(
        "annotations_tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("image_json", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("has_proposal", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("submissions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leases", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("need", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_tasks")),
        sa.UniqueConstraint("project_id", "image_id", name=op.f("uq_annotations_tasks_project_id_image_id")),
    )
    op.create_index(
        "ix_annotations_tasks_gold",
        "annotations_tasks",
        ["project_id", "stamp"],
        unique=False,
        sqlite_where=sa.text("is_gold = 1"),
        postgresql_where=sa.text("is_gold"),
    )
    op.create_index(
        "ix_annotations_tasks_list", "annotations_tasks", ["project_id", "status", "id"], unique=False
    )
    op.create_index(
        "ix_annotations_tasks_queue", "annotations_tasks", ["project_id", "need", "stamp"], unique=False
    )
    op.create_table(
        "bus_dead_letters",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("consumer", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("replayed_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus_dead_letters")),
    )
    op.create_index(op.f("ix_bus_dead_letters_event_id"), "bus_dead_letters", ["event_id"], unique=False)
    op.create_table(
        "bus_inbox",
        sa.Column("consumer", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("applied_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_bus_inbox")),
    )
    op.create_index(op.f("ix_bus_inbox_applied_at_us"), "bus_inbox", ["applied_at_us"], unique=False)
    op.create_table(
        "bus_outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("service", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "consensus_gold",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "label_id", name=op.f("pk_consensus_gold")),
    )
    op.create_index(op.f("ix_consensus_gold_project_id"), "consensus_gold", ["project_id"], unique=False)
    op.create_table(
        "consensus_images",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("accept_agreement", sa.Float(), nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_consensus_images")),
    )
    op.create_index(
        "ix_consensus_images_project_id_image_id",
        "consensus_images",
        ["project_id", "image_id"],
        unique=False,
    )
    op.create_table(
        "consensus_labels",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("agreement", sa.Float(), nullable=False),
        sa.Column("predicted_dice", sa.Float(), nullable=False),
        sa.Column("raters", sa.Integer(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "label_id", name=op.f("pk_consensus_labels")),
    )
    op.create_index(
        "ix_consensus_labels_project_id_image_id",
        "consensus_labels",
        ["project_id", "image_id", "label_id"],
        unique=False,
    )
    op.create_table(
        "consensus_projects",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("accept_agreement", sa.Float(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("dirty", sa.Integer(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("fitted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_consensus_projects")),
    )
    op.create_index("ix_consensus_projects_dirty", "consensus_projects", ["dirty"], unique=False)
    op.create_table(
        "consensus_raters",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("rater_id", sa.String(length=36), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "label_id", "rater_id", name=op.f("pk_consensus_raters")),
    )
    op.create_table(
        "consensus_reviews",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("expert_id", sa.String(length=36), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consensus_reviews")),
    )
    op.create_index(op.f("ix_consensus_reviews_image_id"), "consensus_reviews", ["image_id"], unique=False)
    op.create_index(
        op.f("ix_consensus_reviews_project_id"), "consensus_reviews", ["project_id"], unique=False
    )
    op.create_table(
        "consensus_versions",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.Column("submissions", sa.Text(), nullable=False),
        sa.Column("by_expert", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "version", name=op.f("pk_consensus_versions")),
    )
    op.create_table(
        "consensus_votes",
        sa.Column("submission_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=36), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("gold_dice", sa.Float(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", "label_id", name=op.f("pk_consensus_votes")),
    )
    op.create_index(
        "ix_consensus_votes_image_id_label_id", "consensus_votes", ["image_id", "label_id"], unique=False
    )
    op.create_index(
        "ix_consensus_votes_project_id_label_id", "consensus_votes", ["project_id", "label_id"], unique=False
    )
    op.create_table(
        "gateway_accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("consent_version", sa.String(length=32), server_default="", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_gateway_accounts_email")),
    )
    op.create_table(
        "gateway_audit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("key_id", sa.String(length=36), server_default="", nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=36), server_default="", nullable=False),
        sa.Column("target", sa.String(length=200), server_default="", nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_audit")),
    )
    op.create_index("ix_gateway_audit_project_id_id", "gateway_audit", ["project_id", "id"], unique=False)
    op.create_table(
        "images_image",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("frame_index", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("window", sa.Text(), nullable=True),
        sa.Column("spacing", sa.Text(), nullable=True),
        sa.Column("slice_mm", sa.Float(), nullable=True),
        sa.Column("affine", sa.Text(), nullable=True),
        sa.Column("frame_key", sa.String(length=200), nullable=False),
        sa.Column("frame_sha256", sa.String(length=64), nullable=False),
        sa.Column("frame_size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images_image")),
    )
    op.create_index("ix_images_image_project_id_id", "images_image", ["project_id", "id"], unique=False)
    op.create_index(
        "ix_images_image_source_id_frame_index", "images_image", ["source_id", "frame_index"], unique=False
    )
    op.create_table(
        "images_rejection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images_rejection")),
    )
    op.create_index(
        "ix_images_rejection_project_id_id", "images_rejection", ["project_id", "id"], unique=False
    )
    op.create_table(
        "images_source",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images_source")),
        sa.UniqueConstraint("project_id", "sha256", name=op.f("uq_images_source_project_id_sha256")),
    )
    op.create_table(
        "inference_examples",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "label_id", name=op.f("pk_inference_examples")),
    )
    op.create_index(
        op.f("ix_inference_examples_project_id"), "inference_examples", ["project_id"], unique=False
    )
    op.create_table(
        "inference_images",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("frame_key", sa.String(length=512), nullable=False),
        sa.Column("frame_offset", sa.BigInteger(), nullable=False),
        sa.Column("frame_length", sa.BigInteger(), nullable=False),
        sa.Column("frame_sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_at_us", sa.BigInteger(), nullable=False),
        sa.Column("proposed_from", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inference_images")),
    )
    op.create_index(op.f("ix_inference_images_project_id"), "inference_images", ["project_id"], unique=False)
    op.create_index(
        op.f("ix_inference_images_proposed_from"), "inference_images", ["proposed_from"], unique=False
    )
    op.create_table(
        "inference_proposals",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "label_id", name=op.f("pk_inference_proposals")),
    )
    op.create_index(
        op.f("ix_inference_proposals_project_id"), "inference_proposals", ["project_id"], unique=False
    )
    op.create_table(
        "synthesis_datasets",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("archive_key", sa.String(length=300), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("archive_size", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synthesis_datasets")),
    )
    op.create_index(
        op.f("ix_synthesis_datasets_project_id"), "synthesis_datasets", ["project_id"], unique=False
    )
    op.create_index(
        "uq_synthesis_datasets_version", "synthesis_datasets", ["project_id", "name", "version"], unique=True
    )
    op.create_table(
        "synthesis_generators",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("weights_key", sa.String(length=300), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("weights_size", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("label_ids", sa.JSON(), nullable=False),
        sa.Column("image_ids", sa.JSON(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synthesis_generators")),
        sa.UniqueConstraint("job_id", name=op.f("uq_synthesis_generators_job_id")),
    )
    op.create_index(
        op.f("ix_synthesis_generators_project_id"), "synthesis_generators", ["project_id"], unique=False
    )
    op.create_table(
        "synthesis_items",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("group_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("frame", sa.JSON(), nullable=False),
        sa.Column("geometry", sa.JSON(), nullable=False),
        sa.Column("gold", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("consensus", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("picture_hash", sa.String(length=16), nullable=True),
        sa.Column("thumbprint", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "image_id", name=op.f("pk_synthesis_items")),
    )
    op.create_table(
        "synthesis_jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("started_at_us", sa.BigInteger(), nullable=True),
        sa.Column("finished_at_us", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat_at_us", sa.BigInteger(), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("checkpoint_key", sa.String(length=300), nullable=False),
        sa.Column("checkpoint_step", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synthesis_jobs")),
    )
    op.create_index("ix_synthesis_jobs_project", "synthesis_jobs", ["project_id", "id"], unique=False)
    op.create_index("ix_synthesis_jobs_work", "synthesis_jobs", ["status", "created_at_us"], unique=False)
    op.create_table(
        "synthesis_projects",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("split_seed", sa.BigInteger(), nullable=True),
        sa.Column("split", sa.JSON(), nullable=True),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_synthesis_projects")),
    )
    op.create_table(
        "synthesis_splits",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("group_name", sa.String(length=200), nullable=False),
        sa.Column("split", sa.String(length=8), nullable=False),
        sa.Column("decided_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "group_name", name=op.f("pk_synthesis_splits")),
    )
    op.create_table(
        "synthesis_synthetic",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("generator_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("image_key", sa.String(length=300), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("mask_key", sa.String(length=300), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("dice", sa.Float(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synthesis_synthetic")),
    )
    op.create_index(op.f("ix_synthesis_synthetic_job_id"), "synthesis_synthetic", ["job_id"], unique=False)
    op.create_index(
        "ix_synthesis_synthetic_project", "synthesis_synthetic", ["project_id", "id"], unique=False
    )
    op.create_table(
        "gateway_api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=64), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at_us", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_api_keys_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_api_keys")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_gateway_api_keys_token_hash")),
    )
    op.create_index(op.f("ix_gateway_api_keys_account_id"), "gateway_api_keys", ["account_id"], unique=False)
    op.create_table(
        "gateway_consents",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("given_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_consents_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_gateway_consents")),
    )
    op.create_table(
        "gateway_memberships",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("added_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_memberships_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "account_id", name=op.f("pk_gateway_memberships")),
    )
    op.create_index("ix_gateway_memberships_account_id", "gateway_memberships", ["account_id"], unique=False)
    op.create_table(
        "gateway_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_sessions_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_gateway_sessions")),
    )
    op.create_index(op.f("ix_gateway_sessions_account_id"), "gateway_sessions", ["account_id"], unique=False)
    op.create_index(
        op.f("ix_gateway_sessions_expires_at_us"), "gateway_sessions", ["expires_at_us"], unique=False
    )
    op.create_table(
        "gateway_webhooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["gateway_accounts.id"],
            name=op.f("fk_gateway_webhooks_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_webhooks")),
    )
    op.create_index(op.f("ix_gateway_webhooks_project_id"), "gateway_webhooks", ["project_id"], unique=False)
    op.create_table(
        "gateway_webhook_deliveries",
        sa.Column("webhook_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at_us", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["gateway_webhooks.id"],
            name=op.f("fk_gateway_webhook_deliveries_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event_id", name=op.f("pk_gateway_webhook_deliveries")),
    )
    op.create_index(
        "ix_gateway_webhook_deliveries_status_next_at_us",
        "gateway_webhook_deliveries",
        ["status", "next_at_us"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_gateway_webhook_deliveries_status_next_at_us", table_name="gateway_webhook_deliveries")
    op.drop_table("gateway_webhook_deliveries")
    op.drop_index(op.f("ix_gateway_webhooks_project_id"), table_name="gateway_webhooks")
    op.drop_table("gateway_webhooks")
    op.drop_index(op.f("ix_gateway_sessions_expires_at_us"), table_name="gateway_sessions")
    op.drop_index(op.f("ix_gateway_sessions_account_id"), table_name="gateway_sessions")
    op.drop_table("gateway_sessions")
    op.drop_index("ix_gateway_memberships_account_id", table_name="gateway_memberships")
    op.drop_table("gateway_memberships")
    op.drop_table("gateway_consents")
    op.drop_index(op.f("ix_gateway_api_keys_account_id"), table_name="gateway_api_keys")
    op.drop_table("gateway_api_keys")
    op.drop_index("ix_synthesis_synthetic_project", table_name="synthesis_synthetic")
    op.drop_index(op.f("ix_synthesis_synthetic_job_id"), table_name="synthesis_synthetic")
    op.drop_table("synthesis_synthetic")
    op.drop_table("synthesis_splits")
    op.drop_table("synthesis_projects")
    op.drop_index("ix_synthesis_jobs_work", table_name="synthesis_jobs")
    op.drop_index("ix_synthesis_jobs_project", table_name="synthesis_jobs")
    op.drop_table("synthesis_jobs")
    op.drop_table("synthesis_items")
    op.drop_index(op.f("ix_synthesis_generators_project_id"), table_name="synthesis_generators")
    op.drop_table("synthesis_generators")
    op.drop_index("uq_synthesis_datasets_version", table_name="synthesis_datasets")
    op.drop_index(op.f("ix_synthesis_datasets_project_id"), table_name="synthesis_datasets")
    op.drop_table("synthesis_datasets")
    op.drop_index(op.f("ix_inference_proposals_project_id"), table_name="inference_proposals")
    op.drop_table("inference_proposals")
    op.drop_index(op.f("ix_inference_images_proposed_from"), table_name="inference_images")
    op.drop_index(op.f("ix_inference_images_project_id"), table_name="inference_images")
    op.drop_table("inference_images")
    op.drop_index(op.f("ix_inference_examples_project_id"), table_name="inference_examples")
    op.drop_table("inference_examples")
    op.drop_table("images_source")
    op.drop_index("ix_images_rejection_project_id_id", table_name="images_rejection")
    op.drop_table("images_rejection")
    op.drop_index("ix_images_image_source_id_frame_index", table_name="images_image")
    op.drop_index("ix_images_image_project_id_id", table_name="images_image")
    op.drop_table("images_image")
    op.drop_index("ix_gateway_audit_project_id_id", table_name="gateway_audit")
    op.drop_table("gateway_audit")
    op.drop_table("gateway_accounts")
    op.drop_index("ix_consensus_votes_project_id_label_id", table_name="consensus_votes")
    op.drop_index("ix_consensus_votes_image_id_label_id", table_name="consensus_votes")
    op.drop_table("consensus_votes")
    op.drop_table("consensus_versions")
    op.drop_index(op.f("ix_consensus_reviews_project_id"), table_name="consensus_reviews")
    op.drop_index(op.f("ix_consensus_reviews_image_id"), table_name="consensus_reviews")
    op.drop_table("consensus_reviews")
    op.drop_table("consensus_raters")
    op.drop_index("ix_consensus_projects_dirty", table_name="consensus_projects")
    op.drop_table("consensus_projects")
    op.drop_index("ix_consensus_labels_project_id_image_id", table_name="consensus_labels")
    op.drop_table("consensus_labels")
    op.drop_index("ix_consensus_images_project_id_image_id", table_name="consensus_images")
    op.drop_table("consensus_images")
    op.drop_index(op.f("ix_consensus_gold_project_id"), table_name="consensus_gold")
    op.drop_table("consensus_gold")
    op.drop_table("bus_outbox")
    op.drop_index(op.f("ix_bus_inbox_applied_at_us"), table_name="bus_inbox")
    op.drop_table("bus_inbox")
    op.drop_index(op.f("ix_bus_dead_letters_event_id"), table_name="bus_dead_letters")
    op.drop_table("bus_dead_letters")
    op.drop_index("ix_annotations_tasks_queue", table_name="annotations_tasks")
    op.drop_index("ix_annotations_tasks_list", table_name="annotations_tasks")
    op.drop_index(
        "ix_annotations_tasks_gold",
        table_name="annotations_tasks",
        sqlite_where=sa.text("is_gold = 1"),
        postgresql_where=sa.text("is_gold"),
    )
    op.drop_table("annotations_tasks")
    op.drop_index("ix_annotations_submissions_task", table_name="annotations_submissions")
    op.drop_index("ix_annotations_submissions_list", table_name="annotations_submissions")
    op.drop_table("annotations_submissions")
    op.drop_index(op.f("ix_annotations_raters_rater_id"), table_name="annotations_raters")
    op.drop_table("annotations_raters")
    op.drop_index(
        "ix_annotations_rater_tasks_lapsed",
        table_name="annotations_rater_tasks",
        sqlite_where=sa.text("state = 4"),
        postgresql_where=sa.text("state = 4"),
    )
    op.drop_table("annotations_rater_tasks")
    op.drop_index(op.f("ix_annotations_projects_owner_id"), table_name="annotations_projects")
    op.drop_table("annotations_projects")
    op.drop_index(
        "uq_annotations_leases_live",
        table_name="annotations_leases",
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.drop_index(
        "ix_annotations_leases_expiry",
        table_name="annotations_leases",
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.drop_table("annotations_leases")
    op.drop_table("annotations_gold")
    op.drop_table("annotations_drafts")
    op.drop_table("annotations_cursors")
    op.drop_table("annotations_counters")
