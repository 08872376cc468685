"""add practice, notes, badges, leaderboards."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "annotations_badges",
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("earned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rater_id", "code", name=op.f("pk_annotations_badges")),
    )
    op.create_table(
        "annotations_notes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("submission_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_notes")),
    )
    with op.batch_alter_table("annotations_notes", schema=None) as batch_op:
        batch_op.create_index("ix_annotations_notes_list", ["project_id", "id"], unique=False)
        batch_op.create_index("ix_annotations_notes_rater", ["rater_id", "id"], unique=False)

    op.create_table(
        "annotations_practice",
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("best", sa.Float(), nullable=False),
        sa.Column("last", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rater_id", "task_id", name=op.f("pk_annotations_practice")),
    )
    with op.batch_alter_table("annotations_practice", schema=None) as batch_op:
        batch_op.create_index("ix_annotations_practice_rater", ["project_id", "rater_id"], unique=False)

    with op.batch_alter_table("annotations_counters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("practice", sa.Integer(), server_default=sa.text("0"), nullable=False))

    with op.batch_alter_table("annotations_projects", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("practice_required", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("practice_dice", sa.Float(), server_default=sa.text("0.7"), nullable=False)
        )
        batch_op.add_column(sa.Column("outcomes", sa.Text(), server_default=sa.text("''"), nullable=False))

    with op.batch_alter_table("annotations_submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consensus_seen_at", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_annotations_submissions_rater", ["rater_id", "id"], unique=False)

    with op.batch_alter_table("annotations_tasks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_practice", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )

    with op.batch_alter_table("gateway_accounts", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("leaderboard", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("gateway_accounts", schema=None) as batch_op:
        batch_op.drop_column("leaderboard")

    with op.batch_alter_table("annotations_tasks", schema=None) as batch_op:
        batch_op.drop_column("is_practice")

    with op.batch_alter_table("annotations_submissions", schema=None) as batch_op:
        batch_op.drop_index("ix_annotations_submissions_rater")
        batch_op.drop_column("consensus_seen_at")

    with op.batch_alter_table("annotations_projects", schema=None) as batch_op:
        batch_op.drop_column("outcomes")
        batch_op.drop_column("practice_dice")
        batch_op.drop_column("practice_required")

    with op.batch_alter_table("annotations_counters", schema=None) as batch_op:
        batch_op.drop_column("practice")

    with op.batch_alter_table("annotations_practice", schema=None) as batch_op:
        batch_op.drop_index("ix_annotations_practice_rater")

    op.drop_table("annotations_practice")
    with op.batch_alter_table("annotations_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_annotations_notes_rater")
        batch_op.drop_index("ix_annotations_notes_list")

    op.drop_table("annotations_notes")
    op.drop_table("annotations_badges")
