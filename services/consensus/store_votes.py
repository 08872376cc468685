"""What happens to a vote on arrival, and the marks of images that wait for their merge.

Every submission of the platform passes here, so the statements are built once: building one costs more than SQLite takes to run it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, insert, select, update

from services.consensus import tables as t
from services.consensus.domain.reliability import Given
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.store import DELETED
from shared.contracts.bramble.common.v1.common_pb2 import Envelope, ImageRef
from shared.db.upsert import upsert
from shared.imaging.rle import RLE, InvalidRLE, validate

_v, _d, _i, _p = t.votes.c, t.dirty.c, t.images.c, t.projects.c
_TOUCH = (
    update(t.projects)
    .where(_p.project_id == bindparam("b_project"))
    .values(arrived=_p.arrived + bindparam("b_n"), touched_at=bindparam("b_now"))
)
_RATERS = (
    select(_v.image_id, func.count(_v.rater_id.distinct()))
    .where(_v.image_id.in_(bindparam("images", expanding=True)))
    .group_by(_v.image_id)
)
_IMAGES = select(_i.image_id, _i.status, _i.quorum, _i.accept_agreement, _i.is_gold).where(
    _i.image_id.in_(bindparam("images", expanding=True))
)
_ADD_IMAGE = insert(t.images)
_CHANGE_IMAGE = (
    update(t.images)
    .where(_i.image_id == bindparam("b_image"))
    .values(quorum=bindparam("quorum"), accept_agreement=bindparam("accept"), is_gold=bindparam("gold"))
)
_STATE = select(func.count(), func.min(_d.since)).select_from(t.dirty)


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's mask for one label, from one submission."""

    submission_id: str
    label_id: int
    project_id: str
    image_id: str
    rater_id: str
    mask: RLE
    gold_dice: float | None
    duration_ms: int
    created_at: int


@cache
def _add(dialect: str) -> Any:
    return upsert(dialect, t.votes).on_conflict_do_nothing().returning(_v.submission_id)


def add_votes(conn: Connection, votes: Iterable[Vote]) -> set[str]:
    """Keep votes; nothing is ever overwritten. Answers the submissions of which at least one vote wasn't there before: an event that an
    operator replays, or one whose vote a rebuild has put in already, is no news."""
    rows = []
    for vote in votes:
        row = {k: getattr(vote, k) for k in vote.__slots__ if k != "mask"}
        rows.append({**row, "height": vote.mask.height, "width": vote.mask.width, "counts": vote.mask.counts})
    return set(conn.execute(_add(conn.dialect.name), rows).scalars()) if rows else set()


@dataclass(frozen=True, slots=True)
class ImageNews:
    """What a submission says of its image. `at`: when it was accepted, microseconds."""

    ref: ImageRef
    quorum: int
    accept: float
    is_gold: bool
    at: int


def put_images(conn: Connection, news: Iterable[ImageNews]) -> None:
    """Create the rows of images, or refresh what may change; the last word on an image counts. A deleted one stays as it is."""
    latest = {one.ref.id: one for one in news}
    if not latest:
        return
    known = {row.image_id: row for row in conn.execute(_IMAGES, {"images": list(latest)})}
    new, changed = [], []
    for image_id, one in sorted(latest.items()):
        row, values = known.get(image_id), (one.quorum, one.accept, one.is_gold)
        if row is None:
            what = dict(zip(("quorum", "accept_agreement", "is_gold"), values, strict=True))
            ref = one.ref.SerializeToString()
            new.append({"image_id": image_id, "project_id": one.ref.project_id, "ref": ref, **what})
        elif row.status != DELETED and tuple(row)[2:] != values:
            changed.append(
                {"b_image": image_id, "quorum": one.quorum, "accept": one.accept, "gold": one.is_gold}
            )
    if new:
        conn.execute(_ADD_IMAGE, new)
    if changed:
        conn.execute(_CHANGE_IMAGE, changed)


def touch(conn: Connection, project_id: str, now: int, submissions: int = 1) -> None:
    """Note that there is something new to learn about the raters."""
    conn.execute(_TOUCH, {"b_project": project_id, "b_now": now, "b_n": submissions})


@cache
def _mark(dialect: str) -> Any:
    new = upsert(dialect, t.dirty).values(
        image_id=bindparam("i"),
        since=bindparam("since"),
        complete=bindparam("complete"),
        correlation_id=bindparam("correlation"),
        traceparent=bindparam("trace"),
    )
    older = case((_d.since < new.excluded.since, _d.since), else_=new.excluded.since)
    # An update and not "do nothing": it makes this vote wait for a merge that is deleting the mark, and mark the image anew.
    change = {
        "since": older,
        "complete": new.excluded.complete,
        "correlation_id": new.excluded.correlation_id,
        "traceparent": new.excluded.traceparent,
    }
    return new.on_conflict_do_update(index_elements=[_d.image_id], set_=change)


def mark_dirty(conn: Connection, waiting: Iterable[tuple[str, int, Envelope]]) -> None:
    """Note of images (id, quorum, what came) that they have votes which their consensus doesn't count yet."""
    oldest: dict[str, tuple[int, int]] = {}
    newest: dict[str, Envelope] = {}
    for image_id, quorum, envelope in waiting:
        since = envelope.occurred_at_us
        oldest[image_id] = (quorum, min(since, oldest[image_id][1]) if image_id in oldest else since)
        newest[image_id] = envelope
    if not oldest:
        return
    raters = {row[0]: row[1] for row in conn.execute(_RATERS, {"images": list(oldest)})}
    marks = [  # sorted: two consumers that mark the same images can't wait for each other
        {
            "i": image_id,
            "since": since,
            "complete": raters.get(image_id, 0) >= max(1, quorum),
            "correlation": newest[image_id].correlation_id[:64],
            "trace": newest[image_id].traceparent[:64],
        }
        for image_id, (quorum, since) in sorted(oldest.items())
    ]
    conn.execute(_mark(conn.dialect.name), marks)


def take_dirty(conn: Connection, complete: bool, limit: int, without: Iterable[str] = ()) -> list[Row[Any]]:
    """The images that wait longest for their merge, locked until the transaction ends; what another replica has locked is left out."""
    query = select(t.dirty).where(_d.complete.is_(complete)).order_by(_d.since, _d.image_id).limit(limit)
    if skipped := list(without):
        query = query.where(_d.image_id.not_in(skipped))
    return list(conn.execute(query.with_for_update(skip_locked=True)))


def clean(conn: Connection, image_ids: list[str]) -> None:
    """The consensus of these images counts all their votes."""
    conn.execute(delete(t.dirty).where(_d.image_id.in_(image_ids)))


def answers(
    conn: Connection, project_id: str, label_id: int
) -> tuple[list[ImageVotes], dict[tuple[str, str], Given]]:
    """Every image's votes for one label, and when each answer that counts was given and how long it took, by (image, rater)."""
    columns = (_v.image_id, _v.rater_id, _v.height, _v.width, _v.counts, _v.created_at, _v.duration_ms)
    query = select(*columns).where(_v.project_id == project_id, _v.label_id == label_id)
    masks: dict[str, dict[str, RLE]] = {}
    given: dict[tuple[str, str], Given] = {}
    for r in conn.execute(query.order_by(_v.image_id, _v.submission_id)):
        # Later submissions of a rater replace earlier ones.
        masks.setdefault(r.image_id, {})[r.rater_id] = RLE(r.height, r.width, r.counts)
        given[r.image_id, r.rater_id] = Given(r.created_at, r.duration_ms)
    return [image_votes(image, said) for image, said in masks.items()], given


def dirty_state(conn: Connection) -> tuple[int, int]:
    """How many images wait for their merge, and since when the oldest does (microseconds; 0: none waits)."""
    row = conn.execute(_STATE).one()
    return int(row[0]), int(row[1] or 0)


Key = tuple[str, int]  # submission, label


def votes_in(conn: Connection, project_id: str) -> dict[Key, tuple[str, Vote | None]]:
    """All votes of a project in order of their submissions, each with its image; None: its mask can't be read."""
    query = select(t.votes).where(_v.project_id == project_id).order_by(_v.submission_id, _v.label_id)
    found: dict[Key, tuple[str, Vote | None]] = {}
    for row in conn.execute(query):
        values = {k: v for k, v in row._mapping.items() if k not in ("height", "width", "counts")}
        try:
            mask = validate(RLE(row.height, row.width, row.counts), row.height, row.width)
        except InvalidRLE:
            found[row.submission_id, row.label_id] = row.image_id, None
        else:
            found[row.submission_id, row.label_id] = row.image_id, Vote(**values, mask=mask)
    return found


def put_back(conn: Connection, votes: Iterable[Vote]) -> None:
    """Make rows be these votes, as they were submitted: what stands there under the same key came to harm."""
    for vote in votes:
        key = (_v.submission_id == vote.submission_id) & (_v.label_id == vote.label_id)
        conn.execute(delete(t.votes).where(key))
        add_votes(conn, [vote])


def drop(conn: Connection, keys: Iterable[Key]) -> None:
    """Take votes away that no submission stands behind."""
    for submission_id, label_id in keys:
        conn.execute(delete(t.votes).where(_v.submission_id == submission_id, _v.label_id == label_id))
