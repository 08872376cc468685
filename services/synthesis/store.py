"""What this service knows of projects and images, and what it has made: generators, synthetic images, datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, insert, or_, select, update

from services.synthesis import journal
from services.synthesis.domain.facts import COLUMNS, Known, apply, label_list
from services.synthesis.tables import datasets, generators, items, projects, splits, synthetic
from shared.clock import Clock
from shared.db.session import Database
from shared.db.upsert import put
from shared.db.upsert import upsert as insert_into
from shared.errors import NotFound

Record = Row[Any]
ANY_MASKS = or_(items.c.gold.is_not(None), items.c.consensus.is_not(None))


def known(row: Record) -> Known:
    """A row of `items`."""
    return Known(image_id=row.image_id, **{name: getattr(row, name) for name in COLUMNS})


_ITEM = select(items).where(items.c.project_id == bindparam("p"), items.c.image_id == bindparam("i"))


class Store:
    """SQL of the synthesis service, but for the job queue."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock

    # What events tell

    def put_project(
        self, conn: Connection, project_id: str, name: str, labels: Sequence[Mapping[str, Any]]
    ) -> None:
        """Remember a project's name and labels."""
        values: dict[str, Any] = {"name": name[:200], "labels": list(labels)}
        journal.add(conn, self.clock, project_id, "project", "", values)
        values["updated_at_us"] = self.clock.now_us()
        put(conn, projects, {"project_id": project_id}, values)

    def tell(
        self, conn: Connection, project_id: str, kind: str, image_id: str, data: Mapping[str, Any]
    ) -> bool:
        """Remember a fact about an image, see `domain.facts`; what changes nothing isn't kept. Whether it changed anything."""
        keys = {"project_id": project_id, "image_id": image_id}
        row = conn.execute(_ITEM, {"p": project_id, "i": image_id}).first()
        before = known(row) if row is not None else Known(image_id)
        after = apply(before, kind, data)
        if after == before:
            return False
        journal.add(conn, self.clock, project_id, kind, image_id, data)
        put(conn, items, keys, {**after.columns(), "updated_at_us": self.clock.now_us()})
        return True

    # Projects, items, splits

    def project(self, project_id: str) -> Record | None:
        """The project's row, None when no event has told of it."""
        with self.db.read() as conn:
            return conn.execute(select(projects).where(projects.c.project_id == project_id)).first()

    def view(self, project_id: str, upto: int | None = None) -> journal.View:
        """The project as of a fact's number; None: now."""
        return journal.View(self.db, project_id, upto)

    def labels(self, project_id: str) -> list[dict[str, Any]]:
        """``[{id, name, color}]`` in order of id; without a project's event, numbers stand in for names."""
        row = self.project(project_id)
        return label_list(row.labels if row is not None else (), self.items(project_id))

    def items(self, project_id: str) -> Iterator[Known]:
        """All labelled images of a project in order of id, read in pages so that memory stays flat."""
        last = ""
        while True:
            query = select(items).where(items.c.project_id == project_id, items.c.image_id > last)
            query = query.where(items.c.deleted.is_(False), ANY_MASKS)
            with self.db.read() as conn:
                rows = conn.execute(query.order_by(items.c.image_id).limit(500)).all()
            yield from (item for item in map(known, rows) if item.labelled)
            if len(rows) < 500:
                return
            last = rows[-1].image_id

    def unread(self, project_id: str) -> list[Any]:
        """(image_id, frame) of up to 200 items whose picture hash isn't known yet."""
        here = (
            (items.c.project_id == project_id) & items.c.picture_hash.is_(None) & items.c.deleted.is_(False)
        )
        query = select(items.c.image_id, items.c.frame).where(here, ANY_MASKS).limit(200)
        with self.db.read() as conn:
            return list(conn.execute(query).all())

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

    def record_splits(
        self, project_id: str, seed: int, split: Mapping[str, float], chosen: Mapping[str, str]
    ) -> None:
        """Record new groups' splits, and the seed and shares when they are the first. What is recorded never changes."""
        now = self.clock.now_us()
        with self.db.begin() as conn:
            if chosen:
                told = {"seed": seed, "shares": dict(split), "groups": dict(chosen)}
                journal.add(conn, self.clock, project_id, "split", "", told)
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
        """Insert the synthetic images of one job, kept and rejected ones."""
        if rows:
            about = {"job_id": rows[0]["job_id"], "images": len(rows)}
            journal.add(conn, self.clock, rows[0]["project_id"], "synthetic", "", about)
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
