"""mark images that wait for their merge."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "consensus_dirty",
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_consensus_dirty")),
    )
    with op.batch_alter_table("consensus_dirty", schema=None) as batch_op:
        batch_op.create_index("ix_consensus_dirty_complete_since", ["complete", "since"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("consensus_dirty", schema=None) as batch_op:
        batch_op.drop_index("ix_consensus_dirty_complete_since")

    op.drop_table("consensus_dirty")
