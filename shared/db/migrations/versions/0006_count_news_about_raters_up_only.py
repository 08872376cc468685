"""count news about raters up only."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLE = "consensus_projects"


def upgrade() -> None:
    with op.batch_alter_table(_TABLE, schema=None) as batch_op:
        batch_op.drop_index("ix_consensus_projects_dirty")
        batch_op.alter_column("dirty", new_column_name="arrived", existing_type=sa.Integer())
        batch_op.add_column(sa.Column("counted", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.execute(sa.text("UPDATE consensus_projects SET arrived = arrived - counted"))
    with op.batch_alter_table(_TABLE, schema=None) as batch_op:
        batch_op.drop_column("counted")
        batch_op.alter_column("arrived", new_column_name="dirty", existing_type=sa.Integer())
        batch_op.create_index("ix_consensus_projects_dirty", ["dirty"], unique=False)
