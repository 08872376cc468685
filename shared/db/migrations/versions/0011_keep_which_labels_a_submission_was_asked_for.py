"""keep which labels a submission was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("annotations_submissions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("label_ids", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("annotations_submissions", schema=None) as batch_op:
        batch_op.drop_column("label_ids")
