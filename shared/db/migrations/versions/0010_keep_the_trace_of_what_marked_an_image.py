"""keep the trace of what marked an image."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    with op.batch_alter_table("consensus_dirty", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("correlation_id", sa.String(length=64), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("traceparent", sa.String(length=64), server_default=sa.text("''"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("consensus_dirty", schema=None) as batch_op:
        batch_op.drop_column("traceparent")
        batch_op.drop_column("correlation_id")
