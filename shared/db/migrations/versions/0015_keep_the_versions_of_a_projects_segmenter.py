"""keep the versions of a project's segmenter, and train one at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "inference_model_choices",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_inference_model_choices")),
    )
    op.create_table(
        "inference_project_models",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("weights_key", sa.String(length=300), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at_us", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inference_project_models")),
        sa.UniqueConstraint(
            "project_id", "version", name=op.f("uq_inference_project_models_project_id_version")
        ),
    )
    with op.batch_alter_table("inference_images", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("proposed_by", sa.String(length=36), server_default=sa.text("''"), nullable=False)
        )

    with op.batch_alter_table("synthesis_jobs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_synthesis_jobs_segmenter",
            ["project_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'segmenter' AND status IN ('queued', 'running')"),
            postgresql_where=sa.text("kind = 'segmenter' AND status IN ('queued', 'running')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("synthesis_jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_synthesis_jobs_segmenter",
            sqlite_where=sa.text("kind = 'segmenter' AND status IN ('queued', 'running')"),
            postgresql_where=sa.text("kind = 'segmenter' AND status IN ('queued', 'running')"),
        )

    with op.batch_alter_table("inference_images", schema=None) as batch_op:
        batch_op.drop_column("proposed_by")

    op.drop_table("inference_project_models")
    op.drop_table("inference_model_choices")
