"""How an image's consensus came to be: versions with what they rest on, decisions of the platform, words of experts. SQL only."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, insert, select, update

from services.consensus import tables as t
from services.consensus.domain.hierarchical import RaterModel, RaterParams
from services.consensus.domain.overlap import Bounds, Outlook, Verdict
from shared.contracts.bramble.annotations.v1.events_pb2 import AppealPassed
from shared.ids import new_id

Basis = dict[int, tuple[str, RaterModel]]


def bounds_of(project: Row[Any]) -> Bounds:
    """The project's setting of dynamic overlap."""
    return Bounds(project.overlap_least, project.overlap_most, project.overlap_dice)


def pack_basis(basis: Basis) -> bytes:
    """Method and raters' parameters by label, as kept with a version; floats survive unchanged."""
    out = {
        str(label): {
            "method": method,
            "power": model.power,
            "raters": {r: asdict(p) for r, p in model.raters.items()},
        }
        for label, (method, model) in basis.items()
    }
    return orjson.dumps(out, option=orjson.OPT_SORT_KEYS)


def unpack_basis(data: bytes) -> Basis:
    """The inverse of `pack_basis`."""
    found: Basis = {}
    for label, about in orjson.loads(data).items():
        raters = {r: RaterParams(**{**p, "shift": tuple(p["shift"])}) for r, p in about["raters"].items()}
        found[int(label)] = (about["method"], RaterModel(raters, about["power"]))
    return found


def version(conn: Connection, image_id: str, number: int) -> Row[Any] | None:
    """One version of an image's consensus, or None."""
    v = t.versions
    return conn.execute(select(v).where(v.c.image_id == image_id, v.c.version == number)).first()


def versions(conn: Connection, image_id: str, limit: int) -> list[Row[Any]]:
    """The versions of an image, newest first, without their masks."""
    v = t.versions.c
    query = select(
        v.version, v.method, v.submissions, v.by_expert, v.created_at, v.basis.is_not(None).label("kept")
    )
    return list(conn.execute(query.where(v.image_id == image_id).order_by(v.version.desc()).limit(limit)))


def set_overlap(conn: Connection, image_id: str, decision: str) -> None:
    """Remember what was decided last about an image's labels."""
    conn.execute(update(t.images).where(t.images.c.image_id == image_id).values(overlap=decision))


def add_decision(
    conn: Connection, image: Row[Any], verdict: Verdict, version: int, labels: int, now: int
) -> None:
    """Keep a decision of the platform with its reason."""
    known = verdict.expected == verdict.expected
    conn.execute(
        insert(t.decisions).values(
            id=new_id(),
            project_id=image.project_id,
            image_id=image.image_id,
            version=version,
            labels=labels,
            decision=verdict.decision,
            why=verdict.why,
            expected_dice=verdict.expected if known else None,
            gain=verdict.gain if known else None,
            created_at=now,
        )
    )


def decisions(conn: Connection, image_id: str, limit: int) -> list[Row[Any]]:
    """The platform's decisions about an image, newest first."""
    d = t.decisions
    return list(conn.execute(select(d).where(d.c.image_id == image_id).order_by(d.c.id.desc()).limit(limit)))


def reviews(conn: Connection, image_id: str, limit: int) -> list[Row[Any]]:
    """The experts' words about an image, newest first."""
    r = t.reviews
    return list(conn.execute(select(r).where(r.c.image_id == image_id).order_by(r.c.id.desc()).limit(limit)))


def decided(conn: Connection, project_id: str) -> dict[str, int]:
    """How many images stand at which decision of dynamic overlap."""
    i = t.images.c
    query = (
        select(i.overlap, func.count()).where(i.project_id == project_id, i.overlap != "").group_by(i.overlap)
    )
    return {name: int(n) for name, n in conn.execute(query)}


def outlooks(conn: Connection, project_id: str) -> list[Outlook | None]:
    """The outlook of every merged image: of its worst label; None where one of its labels has none. An image that an expert decided
    is as good as it gets."""
    lab, i = t.labels.c, t.images.c
    query = (
        select(lab.image_id, lab.raters, lab.expected_dice, lab.sampling, i.decision)
        .join(t.images, i.image_id == lab.image_id)
        .where(lab.project_id == project_id, i.is_gold.is_(False))
        .order_by(lab.image_id)
    )
    found: dict[str, Outlook | None] = {}
    for row in conn.execute(query):
        if row.decision in ("accept", "fix"):
            found[row.image_id] = Outlook(max(1, row.raters), 1.0, 0.0)
            continue
        one = None if row.sampling is None else Outlook(row.raters, row.expected_dice, row.sampling)
        if row.image_id not in found:
            found[row.image_id] = one
        else:
            before = found[row.image_id]
            worse = before is not None and one is not None and one.expected < before.expected
            found[row.image_id] = one if one is None or worse else before
    return list(found.values())


def mark_undecided(conn: Connection, project_id: str, now: int) -> None:
    """Have every merged image that no expert has decided looked at again: the project's setting changed."""
    i, d = t.images.c, t.dirty.c
    marked = select(d.image_id)
    rows = select(i.image_id).where(
        i.project_id == project_id,
        i.version > 0,
        i.decision == "",
        i.is_gold.is_(False),
        i.image_id.not_in(marked),
    )
    new = [{"image_id": image, "since": now, "complete": False} for image in conn.execute(rows).scalars()]
    if new:
        conn.execute(insert(t.dirty), new)


def add_rater_decision(
    conn: Connection, project_id: str, rater_id: str, label_id: int, decision: str, why: str, now: int
) -> None:
    """Keep a decision about a rater with its reason: `quarantine`, `lifted` or `appeal` (which begins a term at `now`)."""
    row = {"id": new_id(), "project_id": project_id, "rater_id": rater_id, "label_id": label_id}
    conn.execute(insert(t.rater_decisions).values(**row, decision=decision, why=why, created_at=now))


def add_appeal(conn: Connection, message: AppealPassed) -> None:
    """Keep that a rater passed practice again, once, for each label that they were in quarantine for."""
    dices = ", ".join(f"{dice:.2f}" for dice in message.dices)
    why = f"Passed practice again: {message.needed} images of Dice {message.threshold:.2f} or more ({dices})."
    where = (message.project_id, message.rater_id)
    known = terms_of(conn, message.project_id)
    for label in message.label_ids:
        if message.passed_at_us not in known.get(label, {}).get(message.rater_id, ()):
            add_rater_decision(conn, *where, label, "appeal", why, message.passed_at_us)


def rater_decisions(conn: Connection, project_id: str) -> list[Row[Any]]:
    """All decisions about a project's raters, oldest first."""
    d = t.rater_decisions
    query = select(d).where(d.c.project_id == project_id)
    return list(conn.execute(query.order_by(d.c.created_at, d.c.id)))


def terms_of(conn: Connection, project_id: str) -> dict[int, dict[str, list[int]]]:
    """When raters' terms after the first began, by label (`domain.terms`)."""
    found: dict[int, dict[str, list[int]]] = {}
    for row in rater_decisions(conn, project_id):
        if row.decision == "appeal":
            starts = found.setdefault(row.label_id, {}).setdefault(row.rater_id, [])
            if row.created_at not in starts:
                starts.append(row.created_at)
    return found
