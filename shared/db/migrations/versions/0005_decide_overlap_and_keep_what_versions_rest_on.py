"""decide overlap and keep what versions rest on."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ADDED = {
    "annotations_projects": ("overlap_least", "overlap_most", "overlap_dice", "gold_adaptive"),
    "consensus_projects": ("overlap_least", "overlap_most", "overlap_dice"),
    "consensus_images": ("overlap",),
    "consensus_labels": ("expected_dice", "sampling"),
    "consensus_versions": ("basis",),
}


_INT, _BOOL = sa.Integer(), sa.Boolean()
_TYPES: dict[str, tuple[sa.types.TypeEngine[Any], str | None]] = {
    "overlap_least": (_INT, "0"),
    "overlap_most": (_INT, "0"),
    "overlap_dice": (sa.Float(), "0.9"),
    "gold_adaptive": (_BOOL, "false"),
    "overlap": (sa.String(16), "''"),
    "basis": (sa.LargeBinary(), None),
    "expected_dice": (sa.Float(), None),
    "sampling": (sa.Float(), None),
}


def _column(name: str) -> sa.Column[Any]:
    kind, default = _TYPES[name]
    return sa.Column(
        name, kind, server_default=None if default is None else sa.text(default), nullable=default is None
    )


def upgrade() -> None:
    for table, names in _ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.add_column(_column(name))
    op.create_table(
        "consensus_decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("expected_dice", sa.Float(), nullable=True),
        sa.Column("gain", sa.Float(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consensus_decisions")),
    )
    with op.batch_alter_table("consensus_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consensus_decisions_image_id"), ["image_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consensus_decisions_project_id"), ["project_id"], unique=False)


def downgrade() -> None:
    op.drop_table("consensus_decisions")
    for table, names in reversed(_ADDED.items()):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in reversed(names):
                batch_op.drop_column(name)
