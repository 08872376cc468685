"""let a rater hold leases ahead."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("annotations_leases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("slot", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.drop_index(batch_op.f("uq_annotations_leases_live"), sqlite_where=sa.text("state = 0"))
        batch_op.create_index(
            "uq_annotations_leases_live",
            ["project_id", "rater_id", "slot"],
            unique=True,
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )
        batch_op.create_index(
            "uq_annotations_leases_live_task",
            ["task_id", "rater_id"],
            unique=True,
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )


def downgrade() -> None:
    with op.batch_alter_table("annotations_leases", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_annotations_leases_live_task",
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )
        batch_op.drop_index(
            "uq_annotations_leases_live",
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )
        batch_op.create_index(
            batch_op.f("uq_annotations_leases_live"),
            ["project_id", "rater_id"],
            unique=True,
            sqlite_where=sa.text("state = 0"),
            postgresql_where=sa.text("state = 0"),
        )
        batch_op.drop_column("slot")
