"""What this service knows of projects and images, and what it has made: generators, synthetic images, datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update

from services.synthesis.tables import datasets, generators, items, projects, splits, synthetic
from shared.clock import Clock
from shared.db.session import Database
from shared.db.upsert import upsert as insert_into
from shared.errors import NotFound

Record = Row[Any]


def upsert(conn: Connection, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite ``values`` of the one with these ``keys``."""
    statement = insert_into(conn.dialect.name, table).values(**keys, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=dict(values)))


class Store:
    """SQL of the synthesis service, but for the job queue."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock

    # What events tell

    def put_project(
        self, conn: Connection, project_id: str, name: str, labels: Sequence[Mapping[str, Any]]
    ) -> None:
        """Remember a project's name and labels."""
        values = {"name": name[:200], "labels": list(labels), "updated_at_us": self.clock.now_us()}
        upsert(conn, projects, {"project_id": project_id}, values)

    def put_item(self, conn: Connection, project_id: str, image_id: str, values: Mapping[str, Any]) -> None:
        """Remember an image with its gold or consensus masks; one that was deleted stays deleted."""
        here = (items.c.project_id == project_id) & (items.c.image_id == image_id)
        if conn.execute(select(items.c.deleted).where(here)).scalar():
            return
        upsert(
            conn,
            items,
            {"project_id": project_id, "image_id": image_id},
            {**values, "updated_at_us": self.clock.now_us()},
        )

    def consensus_version(self, conn: Connection, project_id: str, image_id: str) -> int:
        """The version of the consensus that is known of an image; -1: none."""
        here = (items.c.project_id == project_id) & (items.c.image_id == image_id)
        found = conn.execute(select(items.c.consensus).where(here)).scalar()
        return int(found["version"]) if found else -1

    def drop_gold(self, conn: Connection, project_id: str, image_id: str) -> None:
        """The lab took gold back; the image stays only if it has a consensus."""
        here = (items.c.project_id == project_id) & (items.c.image_id == image_id)
        conn.execute(update(items).where(here).values(gold=None, updated_at_us=self.clock.now_us()))
        conn.execute(delete(items).where(here, items.c.consensus.is_(None), items.c.deleted.is_(False)))

    def delete_image(self, conn: Connection, project_id: str, image_id: str) -> None:
        """Leave an image out of everything that is made from now on, also where its masks are told of later than this."""
        gone = {"gold": None, "consensus": None, "deleted": True, "updated_at_us": self.clock.now_us()}
        here = (items.c.project_id == project_id) & (items.c.image_id == image_id)
        if conn.execute(update(items).where(here).values(gone)).rowcount:
            return
        never = {"group_name": "", "name": "", "source_id": "", "height": 0, "width": 0, "channels": 1}
        row = {"project_id": project_id, "image_id": image_id, **never, "frame": {}, "geometry": {}}
        conn.execute(insert(items).values(**row, **gone))

    # Projects, items, splits

    def project(self, project_id: str) -> Record | None:
        """The project's row, None when no event has told of it."""
        with self.db.read() as conn:
            return conn.execute(select(projects).where(projects.c.project_id == project_id)).first()

    def labels(self, project_id: str) -> list[dict[str, Any]]:
        """``[{id, name, color}]`` in order of id; without a project's event, numbers stand in for names."""
        row = self.project(project_id)
        if row is not None and row.labels:
            return sorted((dict(label) for label in row.labels), key=lambda label: int(label["id"]))
        seen: set[int] = set()
        for item in self.items(project_id):
            for source in (item.gold, item.consensus):
                seen |= {int(m["label_id"]) for m in (source or {}).get("masks", [])}
        return [{"id": n, "name": f"label {n}", "color": ""} for n in sorted(seen)]

    def items(self, project_id: str) -> Iterator[Record]:
        """All labelled images of a project in order of id, read in pages so that memory stays flat."""
        last = ""
        while True:
            query = select(items).where(items.c.project_id == project_id, items.c.image_id > last)
            query = query.where(items.c.deleted.is_(False))
            with self.db.read() as conn:
                rows = conn.execute(query.order_by(items.c.image_id).limit(500)).all()
            yield from rows
            if len(rows) < 500:
                return
            last = rows[-1].image_id

    def has_colour(self, project_id: str, synthetic_too: bool) -> bool:
        """Whether any image of a project has three channels."""
        tables = [items, synthetic] if synthetic_too else [items]
        with self.db.read() as conn:
            for table in tables:
                here = (table.c.project_id == project_id) & (table.c.channels >= 3)
                if conn.execute(select(table.c.channels).where(here).limit(1)).first():
                    return True
        return False

    def unread(self, project_id: str) -> list[Any]:
        """(image_id, frame) of up to 200 items whose picture hash isn't known yet."""
        here = (
            (items.c.project_id == project_id) & items.c.picture_hash.is_(None) & items.c.deleted.is_(False)
        )
        with self.db.read() as conn:
            return list(conn.execute(select(items.c.image_id, items.c.frame).where(here).limit(200)).all())

    def item_heads(self, project_id: str) -> list[tuple[str, str, str, str]]:
        """(image_id, group, picture hash, SHA-256 of the frame) of all items in order of id: little enough for 100,000 of them."""
        columns = (items.c.image_id, items.c.group_name, items.c.picture_hash, items.c.frame)
        here = (items.c.project_id == project_id) & items.c.deleted.is_(False)
        query = select(*columns).where(here).order_by(items.c.image_id)
        with self.db.read() as conn:
            rows = conn.execution_options(yield_per=1000).execute(query)
            return [
                (r.image_id, r.group_name, r.picture_hash or "", r.frame["sha256"] or r.image_id)
                for r in rows
            ]

    def thumbprints(self, project_id: str, image_ids: Sequence[str]) -> dict[str, bytes]:
        """Image id → thumbprint."""
        out: dict[str, bytes] = {}
        for start in range(0, len(image_ids), 500):
            here = (items.c.project_id == project_id) & items.c.image_id.in_(image_ids[start : start + 500])
            with self.db.read() as conn:
                rows = conn.execute(select(items.c.image_id, items.c.thumbprint).where(here)).all()
            out |= {row.image_id: row.thumbprint for row in rows}
        return out

    def put_picture(self, project_id: str, prints: Sequence[tuple[str, str, bytes]]) -> None:
        """Note (image_id, picture hash, thumbprint) of frames that were read."""
        with self.db.begin() as conn:
            for image_id, digest, thumb in prints:
                here = (items.c.project_id == project_id) & (items.c.image_id == image_id)
                conn.execute(update(items).where(here).values(picture_hash=digest, thumbprint=thumb))

    def recorded_splits(self, project_id: str) -> dict[str, str]:
        """Group → split, as recorded."""
        with self.db.read() as conn:
            rows = conn.execute(select(splits).where(splits.c.project_id == project_id)).all()
        return {row.group_name: row.split for row in rows}

    def record_splits(
        self, project_id: str, seed: int, split: Mapping[str, float], chosen: Mapping[str, str]
    ) -> None:
        """Record new groups' splits, and the seed and shares when they are the first. What is recorded never changes."""
        now = self.clock.now_us()
        with self.db.begin() as conn:
            first = (projects.c.project_id == project_id) & projects.c.split_seed.is_(None)
            conn.execute(update(projects).where(first).values(split_seed=seed, split=dict(split)))
            for group, name in chosen.items():
                row = {"project_id": project_id, "group_name": group, "split": name, "decided_at_us": now}
                conn.execute(insert_into(conn.dialect.name, splits).values(row).on_conflict_do_nothing())

    # Generators and synthetic images

    def add_generator(self, conn: Connection, values: Mapping[str, Any]) -> None:
        """Insert a generator."""
        conn.execute(insert(generators).values(**values, created_at_us=self.clock.now_us()))

    def generator(self, project_id: str, generator_id: str = "") -> Record:
        """The generator asked for, or the project's newest. Raises NotFound."""
        query = select(generators).where(generators.c.project_id == project_id)
        if generator_id:
            query = query.where(generators.c.id == generator_id)
        with self.db.read() as conn:
            row = conn.execute(query.order_by(generators.c.id.desc()).limit(1)).first()
        if row is None:
            raise NotFound("This project has no such generator; start a job of kind train first.")
        return row

    def generators_of(self, project_id: str) -> list[Record]:
        """All generators of a project."""
        with self.db.read() as conn:
            query = select(generators).where(generators.c.project_id == project_id).order_by(generators.c.id)
            return list(conn.execute(query).all())

    def add_synthetic(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert synthetic images, kept and rejected ones."""
        if rows:
            conn.execute(insert(synthetic), [{**row, "created_at_us": self.clock.now_us()} for row in rows])

    def synthetic_image(self, synthetic_id: str) -> Record:
        """One synthetic image. Raises NotFound."""
        with self.db.read() as conn:
            row = conn.execute(select(synthetic).where(synthetic.c.id == synthetic_id)).first()
        if row is None:
            raise NotFound("There is no such synthetic image.")
        return row

    def synthetic_of(self, project_id: str) -> Iterator[Record]:
        """All synthetic images of a project, kept and rejected, in order of id."""
        last = ""
        while True:
            query = select(synthetic).where(synthetic.c.project_id == project_id, synthetic.c.id > last)
            with self.db.read() as conn:
                rows = conn.execute(query.order_by(synthetic.c.id).limit(500)).all()
            yield from rows
            if len(rows) < 500:
                return
            last = rows[-1].id

    def page(
        self, table: Table, project_id: str, cursor: str | None, limit: int, **where: Any
    ) -> list[Record]:
        """The newest rows of a project, older than ``cursor``."""
        query = select(table).where(table.c.project_id == project_id)
        for name, value in where.items():
            if value is not None:
                query = query.where(table.c[name] == value)
        if cursor:
            query = query.where(table.c.id < cursor)
        with self.db.read() as conn:
            return list(conn.execute(query.order_by(table.c.id.desc()).limit(limit)).all())

    # Datasets

    def dataset(self, dataset_id: str) -> Record:
        """One dataset. Raises NotFound."""
        with self.db.read() as conn:
            row = conn.execute(select(datasets).where(datasets.c.id == dataset_id)).first()
        if row is None:
            raise NotFound("There is no such dataset.")
        return row

    def same_dataset(self, conn: Connection, project_id: str, name: str, sha256: str) -> Record | None:
        """A dataset of this name with this very content, if one was published."""
        here = (
            (datasets.c.project_id == project_id) & (datasets.c.name == name) & (datasets.c.sha256 == sha256)
        )
        return conn.execute(select(datasets).where(here).limit(1)).first()

    def add_dataset(self, conn: Connection, values: Mapping[str, Any]) -> int:
        """Insert a dataset as the next version of its name; the version."""
        here = (datasets.c.project_id == values["project_id"]) & (datasets.c.name == values["name"])
        last = conn.execute(select(func.max(datasets.c.version)).where(here)).scalar()
        version = int(last or 0) + 1
        conn.execute(insert(datasets).values(**values, version=version, created_at_us=self.clock.now_us()))
        return version
