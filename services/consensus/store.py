"""SQL and blobs of the consensus service."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, tuple_, update

from services.consensus import tables as t
from services.consensus.domain.hierarchical import RaterModel, RaterParams
from services.consensus.domain.terms import Belief
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.merge import FIRST, Merged
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.errors import NotFound
from shared.imaging.rle import RLE

DELETED = "deleted"  # status of an image that the lab deleted; its row keeps later news from bringing it back


# Every merge passes here, so the statements are built once: building one costs as much as running it.
_v, _r = t.votes.c, t.raters.c
_HAS_PROJECT = select(t.projects.c.project_id).where(t.projects.c.project_id == bindparam("p"))
_PROJECT = select(t.projects).where(t.projects.c.project_id == bindparam("p"))
_IMAGE = select(t.images).where(t.images.c.image_id == bindparam("i"), t.images.c.status != DELETED)
_VOTES = select(t.votes).where(_v.image_id == bindparam("i")).order_by(_v.submission_id)
_MODEL = select(_r.rater_id, _r.params, _r.since, _r.earlier).where(
    _r.project_id == bindparam("p"),
    _r.label_id == bindparam("l"),
    _r.rater_id.in_(bindparam("raters", expanding=True)),
)
_GIVEN = (
    select(_v.rater_id, func.max(_v.created_at))
    .where(_v.image_id == bindparam("i"), _v.label_id == bindparam("l"))
    .group_by(_v.rater_id)
)
_ADD_VERSION = insert(t.versions)
_POINT = (
    update(t.images)
    .where(t.images.c.image_id == bindparam("i"))
    .values(version=bindparam("b_version"), status=bindparam("b_status"), updated_at=bindparam("b_now"))
)
_NO_LABELS = delete(t.labels).where(t.labels.c.image_id == bindparam("i"))
_NEWEST = (
    select(t.versions)
    .where(t.versions.c.image_id == bindparam("i"))
    .order_by(t.versions.c.version.desc())
    .limit(1)
)


def put_project(conn: Connection, project_id: str, **values: Any) -> None:
    """Create or change a project's row."""
    if conn.execute(_HAS_PROJECT, {"p": project_id}).first() is None:
        conn.execute(insert(t.projects).values(project_id=project_id, **values))
    elif values:
        conn.execute(update(t.projects).where(t.projects.c.project_id == project_id).values(**values))


def project(conn: Connection, project_id: str) -> Row[Any]:
    """A project's row. Raises NotFound."""
    row = conn.execute(_PROJECT, {"p": project_id}).first()
    if row is None:
        raise NotFound(f"There is no project {project_id[:64]}, or nothing has been labelled in it.")
    return row


def method_of(row: Row[Any], label_id: int) -> str:
    """The method by which a project's label is merged: the one asked for, or what `auto` chose."""
    if row.method != "auto":
        return str(row.method)
    choice = json.loads(row.choices).get(str(label_id))
    return str(choice["method"]) if choice else FIRST


def find_image(conn: Connection, image_id: str) -> Row[Any] | None:
    """An image's row, or None; a deleted one is none."""
    return conn.execute(_IMAGE, {"i": image_id}).first()


def is_deleted(conn: Connection, image_id: str) -> bool:
    """Whether the lab deleted the image."""
    query = select(t.images.c.status).where(t.images.c.image_id == image_id)
    return conn.execute(query).scalar() == DELETED


def delete_image(conn: Connection, project_id: str, image_id: str, now: int) -> None:
    """List an image no more, nor merge it again, also where its first vote comes later than this. Its votes and versions stay."""
    conn.execute(delete(t.labels).where(t.labels.c.image_id == image_id))
    conn.execute(delete(t.gold).where(t.gold.c.image_id == image_id))
    values = {"status": DELETED, "is_gold": False, "updated_at": now}
    if conn.execute(update(t.images).where(t.images.c.image_id == image_id).values(**values)).rowcount == 0:
        ref = ImageRef(id=image_id, project_id=project_id)
        row = {"image_id": image_id, "project_id": project_id, "ref": ref.SerializeToString(), "quorum": 0}
        conn.execute(insert(t.images).values(**row, accept_agreement=0.7, **values))


def set_gold(conn: Connection, ref: ImageRef, masks: Mapping[int, RLE] | None) -> None:
    """Keep an image's truth; None: it isn't gold any more. A deleted image gets none."""
    if is_deleted(conn, ref.id):
        return
    conn.execute(delete(t.gold).where(t.gold.c.image_id == ref.id))
    conn.execute(update(t.images).where(t.images.c.image_id == ref.id).values(is_gold=masks is not None))
    rows = [
        {
            "image_id": ref.id,
            "label_id": i,
            "project_id": ref.project_id,
            "height": m.height,
            "width": m.width,
            "counts": m.counts,
        }
        for i, m in (masks or {}).items()
    ]
    if rows:
        conn.execute(insert(t.gold), rows)


def votes_of(
    conn: Connection, image_id: str, among: Collection[str] | None = None
) -> tuple[dict[int, ImageVotes], list[str]]:
    """An image's votes by label, and the submissions that count: each rater's newest (ids sort by time). `among`: of these only."""
    rows = [r for r in conn.execute(_VOTES, {"i": image_id}) if among is None or r.submission_id in among]
    newest = {r.rater_id: r.submission_id for r in rows}
    by_label: dict[int, dict[str, RLE]] = {}
    for r in rows:
        if newest[r.rater_id] == r.submission_id:
            by_label.setdefault(r.label_id, {})[r.rater_id] = RLE(r.height, r.width, r.counts)
    votes = {label: image_votes(image_id, masks) for label, masks in sorted(by_label.items())}
    return votes, sorted(newest.values())


def label_ids(conn: Connection, project_id: str) -> list[int]:
    """Labels that somebody answered for."""
    query = select(t.votes.c.label_id).where(t.votes.c.project_id == project_id).distinct()
    return sorted(conn.execute(query).scalars())


def gold_of(conn: Connection, project_id: str, label_id: int) -> dict[str, RLE]:
    """Truth of the gold images for one label, by image."""
    g = t.gold.c
    query = select(g.image_id, g.height, g.width, g.counts).where(
        g.project_id == project_id, g.label_id == label_id
    )
    return {r.image_id: RLE(r.height, r.width, r.counts) for r in conn.execute(query)}


def model(conn: Connection, row: Row[Any], label_id: int, votes: ImageVotes) -> RaterModel:
    """What is believed of the raters of an image's `votes` for one label of the project `row`, each as of the term in which they answered;
    only theirs is read, since a project may have thousands."""
    choice = json.loads(row.choices).get(str(label_id), {})
    found = conn.execute(_MODEL, {"p": row.project_id, "l": label_id, "raters": list(votes.raters)}).all()
    given: dict[str, int] = {}
    if any(x.since for x in found):
        given = {x[0]: x[1] for x in conn.execute(_GIVEN, {"i": votes.image, "l": label_id})}
    raters = {
        x.rater_id: params_of(x.params) if given.get(x.rater_id, x.since) >= x.since else _former(x, given)
        for x in found
    }
    return RaterModel(raters, power=choice.get("power", 1.0))


def _former(row: Any, given: Mapping[str, int]) -> RaterParams:
    at = given[row.rater_id]
    fitting = [params for start, params in json.loads(row.earlier) if start <= at]
    return params_of(fitting[-1]) if fitting else RaterParams()


def put_model(
    conn: Connection, project_id: str, label_id: int, beliefs: Sequence[Belief], now: int
) -> list[Belief]:
    """Replace what is believed of a label's raters; answers those of whom the belief changed."""
    r = t.raters.c
    where = and_(r.project_id == project_id, r.label_id == label_id)
    query = select(r.rater_id, r.params, r.since, r.earlier).where(where)
    before = {row.rater_id: tuple(row)[1:] for row in conn.execute(query)}
    conn.execute(delete(t.raters).where(where))
    changed, rows = [], []
    for belief in beliefs:
        kept = kept_of(belief)
        rows.append(
            {
                "project_id": project_id,
                "label_id": label_id,
                "rater_id": belief.rater,
                **kept,
                "report": orjson.dumps(asdict(belief.report)).decode(),
                "quarantined": belief.report.quarantined,
                "updated_at": now,
            }
        )
        if before.get(belief.rater) != tuple(kept.values()):
            changed.append(belief)
    if rows:
        conn.execute(insert(t.raters), rows)
    return changed


def kept_of(belief: Belief) -> dict[str, Any]:
    """`params`, `since` and `earlier` as a row of `consensus_raters` keeps them."""
    return {
        "params": json.dumps(asdict(belief.params)),
        "since": belief.since,
        "earlier": json.dumps([[start, json.dumps(asdict(params))] for start, params in belief.earlier]),
    }


def quarantined(conn: Connection, project_id: str) -> set[tuple[int, str]]:
    """Who is in quarantine: (label, rater)."""
    r = t.raters.c
    query = select(r.label_id, r.rater_id).where(r.project_id == project_id, r.quarantined)
    return {(row.label_id, row.rater_id) for row in conn.execute(query)}


def params_of(text: str) -> RaterParams:
    """A rater's parameters as `kept_of` keeps them."""
    values = json.loads(text)
    values["shift"] = tuple(values["shift"])
    return RaterParams(**values)


def add_version(
    conn: Connection,
    image: Row[Any],
    merged: list[Merged],
    submissions: list[str],
    status: str,
    now: int,
    by_expert: str = "",
    basis: bytes | None = None,
) -> int:
    """Append a version and make it the newest; answers its number."""
    version = int(image.version) + 1
    row = {
        "image_id": image.image_id,
        "version": version,
        "project_id": image.project_id,
        "method": merged[0].method if merged else "none",
        "labels": orjson.dumps([m.to_json() for m in merged]),
        "submissions": json.dumps(submissions),
        "by_expert": by_expert,
        "basis": basis,
        "created_at": now,
    }
    conn.execute(_ADD_VERSION, row)
    conn.execute(_POINT, {"i": image.image_id, "b_version": version, "b_status": status, "b_now": now})
    put_labels(conn, image, merged)
    return version


def put_labels(conn: Connection, image: Row[Any], merged: Sequence[Merged]) -> None:
    """Replace the rows of an image's labels, from which lists are read, by those of its newest version."""
    conn.execute(_NO_LABELS, {"i": image.image_id})
    if merged:
        conn.execute(insert(t.labels), [label_row(image, m) for m in merged])


def label_row(image: Row[Any], merged: Merged) -> dict[str, Any]:
    """A row of `consensus_labels`."""
    return {
        "image_id": image.image_id,
        "label_id": merged.label_id,
        "project_id": image.project_id,
        "agreement": merged.agreement,
        "predicted_dice": merged.predicted_dice,
        "raters": merged.raters,
        "area": merged.area,
        "expected_dice": None if merged.outlook is None else merged.outlook.expected,
        "sampling": None if merged.outlook is None else merged.outlook.sampling,
    }


def newest(conn: Connection, image_id: str) -> Row[Any] | None:
    """The newest version of an image's consensus, or None."""
    return conn.execute(_NEWEST, {"i": image_id}).first()


def page(
    conn: Connection, project_id: str, after: tuple[str, int], limit: int, status: str | None
) -> list[Row[Any]]:
    """A page of the project's consensus, one row an image and label."""
    lab, img = t.labels.c, t.images.c
    query = (
        select(t.labels, img.status, img.version, img.updated_at, t.versions.c.method)
        .join(t.images, img.image_id == lab.image_id)
        .join(t.versions, and_(t.versions.c.image_id == img.image_id, t.versions.c.version == img.version))
        .where(lab.project_id == project_id, tuple_(lab.image_id, lab.label_id) > tuple_(*after))
    )
    if status:
        query = query.where(img.status == status)
    return list(conn.execute(query.order_by(lab.image_id, lab.label_id).limit(limit)))


def merged_images(conn: Connection, project_id: str) -> list[str]:
    """Images of a project that have votes and aren't gold."""
    img = t.images.c
    query = select(img.image_id).where(
        img.project_id == project_id, img.is_gold.is_(False), img.status != DELETED
    )
    return list(conn.execute(query.order_by(img.image_id)).scalars())


def stale_projects(conn: Connection, before: int, now: int) -> list[str]:
    """Projects with new votes, the newest of them older than `before`, or very many of them; or with one from after `now`: the clock was
    set back since, and waiting for it could take hours."""
    p = t.projects.c
    news = p.arrived - p.counted
    query = select(p.project_id).where(
        news > 0, (p.touched_at < before) | (p.touched_at > now) | (news > 500)
    )
    return list(conn.execute(query).scalars())


def rater_rows(conn: Connection, project_id: str) -> list[Row[Any]]:
    """What is believed of every rater and label."""
    r = t.raters
    return list(
        conn.execute(select(r).where(r.c.project_id == project_id).order_by(r.c.rater_id, r.c.label_id))
    )


def gold_scores(conn: Connection, project_id: str) -> dict[str, list[float]]:
    """Dice on gold by rater, each rater's answers in order of time."""
    v = t.votes.c
    query = (
        select(v.rater_id, v.gold_dice)
        .where(v.project_id == project_id, v.gold_dice.is_not(None))
        .order_by(v.submission_id)
    )
    out: dict[str, list[float]] = {}
    for row in conn.execute(query):
        out.setdefault(row.rater_id, []).append(row.gold_dice)
    return out


def voted(conn: Connection, image_id: str, rater_id: str) -> bool:
    """Whether the rater has answered for the image."""
    v = t.votes.c
    return (
        conn.execute(
            select(v.submission_id).where(v.image_id == image_id, v.rater_id == rater_id).limit(1)
        ).first()
        is not None
    )


def add_review(
    conn: Connection,
    review_id: str,
    image: Row[Any],
    expert: str,
    decision: str,
    comment: str,
    version: int,
    now: int,
) -> None:
    """Keep an expert's word: the audit trail of an image."""
    conn.execute(
        insert(t.reviews).values(
            id=review_id,
            project_id=image.project_id,
            image_id=image.image_id,
            expert_id=expert,
            decision=decision,
            comment=comment,
            version=version,
            created_at=now,
        )
    )
