"""keep the step of a job's picture."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("synthesis_jobs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("preview_step", sa.Integer(), server_default=sa.text("0"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("synthesis_jobs", schema=None) as batch_op:
        batch_op.drop_column("preview_step")
