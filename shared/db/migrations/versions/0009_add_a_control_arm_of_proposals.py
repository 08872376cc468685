"""add a control arm of proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("annotations_projects", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("proposal_control", sa.Float(), server_default=sa.text("0"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("annotations_projects", schema=None) as batch_op:
        batch_op.drop_column("proposal_control")
