"""The facts that events told, kept in order for each project, so that any earlier state can be read again.

A project's facts are numbered by a counter in its row, whose lock a transaction holds until it commits: a fact with a lower number is
never committed after one with a higher, and "as of fact n" means the same for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from services.synthesis.domain.facts import Known, apply, label_list
from services.synthesis.tables import facts, items, projects
from shared.clock import Clock
from shared.db.session import Database
from shared.db.upsert import upsert as insert_into

_PAGE = 1000
_IMAGE_KINDS = ("image", "gold", "consensus", "state", "deleted", "known")


# Built once: every version of every consensus comes here.
_COUNT = (
    update(projects)
    .where(projects.c.project_id == bindparam("b_project"))
    .values(facts=projects.c.facts + 1)
    .returning(projects.c.facts)
)
_ADD = insert(facts)


def add(
    conn: Connection, clock: Clock, project_id: str, kind: str, image_id: str, data: Mapping[str, Any]
) -> int:
    """Append a fact; its number. Locks the project's row."""
    number = conn.execute(_COUNT, {"b_project": project_id}).scalar()
    if number is None:  # its first fact
        new = {"name": "", "labels": [], "facts": 0, "updated_at_us": clock.now_us()}
        conn.execute(
            insert_into(conn.dialect.name, projects)
            .values(project_id=project_id, **new)
            .on_conflict_do_nothing(index_elements=["project_id"])
        )
        number = conn.execute(_COUNT, {"b_project": project_id}).scalar_one()
    row = {"project_id": project_id, "number": number, "kind": kind, "image_id": image_id, "data": dict(data)}
    conn.execute(_ADD, {**row, "at_us": clock.now_us()})
    return int(number)


class View:
    """A project as of its fact number ``upto`` (None: the newest). Reads only; nothing in it changes while events arrive."""

    def __init__(self, db: Database, project_id: str, upto: int | None = None) -> None:
        self._db, self.project_id = db, project_id
        self.upto = self._newest() if upto is None else upto

    def _newest(self) -> int:
        query = select(func.max(facts.c.number)).where(facts.c.project_id == self.project_id)
        with self._db.read() as conn:
            return int(conn.execute(query).scalar() or 0)

    def later(self) -> View:
        """The view as of now."""
        return View(self._db, self.project_id)

    def images(self) -> Iterator[Known]:
        """All images that weren't deleted, in order of id, read in pages so that memory stays flat."""
        for image_id, rows in groupby(self._rows(), key=lambda row: str(row.image_id)):
            known = Known(image_id)
            for row in rows:
                known = apply(known, row.kind, row.data)
            if not known.deleted:
                yield known

    def _rows(self) -> Iterator[Any]:
        here = (facts.c.project_id == self.project_id) & (facts.c.number <= self.upto)
        query = select(facts).where(here, facts.c.kind.in_(_IMAGE_KINDS))
        last: tuple[str, int] = ("", 0)
        while True:
            after = or_(
                facts.c.image_id > last[0], (facts.c.image_id == last[0]) & (facts.c.number > last[1])
            )
            page = query.where(after).order_by(facts.c.image_id, facts.c.number).limit(_PAGE)
            with self._db.read() as conn:
                rows = conn.execute(page).all()
            yield from rows
            if len(rows) < _PAGE:
                return
            last = (rows[-1].image_id, rows[-1].number)

    def _of_kind(self, kind: str) -> list[Any]:
        here = (facts.c.project_id == self.project_id) & (facts.c.number <= self.upto)
        query = select(facts).where(here, facts.c.kind == kind).order_by(facts.c.number)
        with self._db.read() as conn:
            return list(conn.execute(query).all())

    def name(self) -> str:
        """The project's name; its id where no event told it."""
        told = self._of_kind("project")
        return str(told[-1].data["name"]) if told else self.project_id

    def labels(self) -> list[dict[str, Any]]:
        """``[{id, name, color}]`` in order of id; without a project's event, numbers stand in for names."""
        told = self._of_kind("project")
        return label_list(told[-1].data["labels"] if told else (), self.images())

    def heads(self) -> list[tuple[str, str, str, str]]:
        """(image_id, group, picture hash, SHA-256 of the frame) of all labelled images: little enough for 100,000 of them."""
        query = select(items.c.image_id, items.c.picture_hash).where(items.c.project_id == self.project_id)
        with self._db.read() as conn:
            hashes = {row.image_id: row.picture_hash or "" for row in conn.execute(query)}
        return [
            (i.image_id, i.group_name, hashes.get(i.image_id, ""), i.frame["sha256"] or i.image_id)
            for i in self.images()
            if i.labelled
        ]

    def has_colour(self) -> bool:
        """Whether any labelled image has three channels."""
        return any(image.channels >= 3 for image in self.images() if image.labelled)

    def splits(self) -> tuple[tuple[int, dict[str, float]] | None, dict[str, str]]:
        """(seed and shares, None before any was fixed; group → split). What was recorded first holds."""
        settings, groups = None, dict[str, str]()
        for row in self._of_kind("split"):
            settings = settings or (int(row.data["seed"]), dict(row.data["shares"]))
            groups = {**row.data["groups"], **groups}
        return settings, groups

    def synthetic_jobs(self) -> set[str]:
        """Ids of the jobs whose synthetic images there were."""
        return {str(row.data["job_id"]) for row in self._of_kind("synthetic")}
