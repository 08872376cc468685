"""keep the facts that datasets are built of."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_HEADS = ("group_name", "name", "source_id", "height", "width", "channels", "frame", "geometry")


def upgrade() -> None:
    with op.batch_alter_table("synthesis_projects") as batch_op:
        batch_op.add_column(sa.Column("facts", sa.Integer(), nullable=False, server_default=sa.text("0")))
    with op.batch_alter_table("synthesis_items") as batch_op:
        batch_op.add_column(sa.Column("state", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("synthesis_datasets") as batch_op:
        batch_op.add_column(sa.Column("basis", sa.JSON(none_as_null=True), nullable=True))
    facts = op.create_table(
        "synthesis_facts",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("image_id", sa.String(length=36), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number", name=op.f("pk_synthesis_facts")),
    )
    with op.batch_alter_table("synthesis_facts") as batch_op:
        batch_op.create_index("ix_synthesis_facts_image", ["project_id", "image_id", "number"])
        batch_op.create_index("ix_synthesis_facts_kind", ["project_id", "kind", "number"])
    _seed(op.get_bind(), facts)


def _seed(conn: Any, facts: Any) -> None:
    """What was known before facts were kept becomes the first facts of each project."""
    tables = sa.MetaData()
    tables.reflect(
        conn, only=["synthesis_projects", "synthesis_items", "synthesis_splits", "synthesis_synthetic"]
    )
    projects, items = tables.tables["synthesis_projects"], tables.tables["synthesis_items"]
    splits, synthetic = tables.tables["synthesis_splits"], tables.tables["synthesis_synthetic"]
    for (project_id,) in conn.execute(
        sa.union(sa.select(projects.c.project_id), sa.select(items.c.project_id))
    ).all():
        told: list[tuple[str, str, dict[str, Any]]] = []
        row = conn.execute(sa.select(projects).where(projects.c.project_id == project_id)).first()
        if row is None:
            conn.execute(
                sa.insert(projects).values(project_id=project_id, name="", labels=[], updated_at_us=0)
            )
        else:
            told.append(("project", "", {"name": row.name, "labels": row.labels}))
        here = splits.c.project_id == project_id
        groups = {r.group_name: r.split for r in conn.execute(sa.select(splits).where(here))}
        if row is not None and row.split_seed is not None:
            told.append(("split", "", {"seed": row.split_seed, "shares": row.split, "groups": groups}))
        drawn = sa.select(synthetic.c.job_id).where(synthetic.c.project_id == project_id).distinct()
        told += [
            ("synthetic", "", {"job_id": r.job_id}) for r in conn.execute(drawn.order_by(synthetic.c.job_id))
        ]
        number = 0
        for number, (kind, image_id, data) in enumerate(told, start=1):
            _insert(conn, facts, project_id, number, kind, image_id, data)
        query = sa.select(items).where(items.c.project_id == project_id).order_by(items.c.image_id)
        for item in conn.execute(query).all():
            number += 1
            names = (*_HEADS, "gold", "consensus", "deleted")
            data = {name: getattr(item, name) for name in names}
            data["deleted"] = bool(item.deleted)
            _insert(conn, facts, project_id, number, "known", item.image_id, data)
        mine = projects.c.project_id == project_id
        conn.execute(sa.update(projects).where(mine).values(facts=number))


def _insert(conn: Any, facts: Any, project_id: str, number: int, kind: str, image_id: str, data: Any) -> None:
    row = {"project_id": project_id, "number": number, "kind": kind, "image_id": image_id, "data": data}
    conn.execute(sa.insert(facts).values(**row, at_us=0))


def downgrade() -> None:
    op.drop_table("synthesis_facts")
    for table, column in (
        ("synthesis_datasets", "basis"),
        ("synthesis_items", "state"),
        ("synthesis_projects", "facts"),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
