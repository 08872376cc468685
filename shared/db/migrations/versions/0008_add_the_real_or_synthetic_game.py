"""add the real-or-synthetic game: games, rounds, answers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "synthesis_games",
        sa.Column("generator_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("generator_id", name=op.f("pk_synthesis_games")),
    )
    op.create_table(
        "synthesis_rounds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("generator_id", sa.String(length=36), nullable=False),
        sa.Column("player_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("finished_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synthesis_rounds")),
    )
    op.create_table(
        "synthesis_answers",
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "position", name=op.f("pk_synthesis_answers")),
    )
    with op.batch_alter_table("synthesis_games") as batch_op:
        batch_op.create_index(batch_op.f("ix_synthesis_games_project_id"), ["project_id"])
    with op.batch_alter_table("synthesis_rounds") as batch_op:
        batch_op.create_index(
            "uq_synthesis_rounds_number", ["generator_id", "player_id", "number"], unique=True
        )


def downgrade() -> None:
    op.drop_table("synthesis_answers")
    op.drop_table("synthesis_rounds")
    op.drop_table("synthesis_games")
