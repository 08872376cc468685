"""let raters appeal."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "annotations_appeals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=64), nullable=False),
        sa.Column("label_ids", sa.Text(), nullable=False),
        sa.Column("task_ids", sa.Text(), nullable=False),
        sa.Column("dices", sa.Text(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations_appeals")),
    )
    with op.batch_alter_table("annotations_appeals", schema=None) as batch_op:
        batch_op.create_index("ix_annotations_appeals_rater", ["project_id", "rater_id"], unique=False)
        batch_op.create_index(
            "uq_annotations_appeals_open",
            ["project_id", "rater_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
    op.create_table(
        "consensus_rater_decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("rater_id", sa.String(length=36), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consensus_rater_decisions")),
    )
    with op.batch_alter_table("consensus_rater_decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_consensus_rater_decisions_project_id_rater_id", ["project_id", "rater_id"], unique=False
        )
    with op.batch_alter_table("consensus_raters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("earlier", sa.Text(), server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("consensus_raters", schema=None) as batch_op:
        batch_op.drop_column("earlier")
        batch_op.drop_column("since")
    op.drop_table("consensus_rater_decisions")
    op.drop_table("annotations_appeals")
