"""An image's consensus as it follows from its votes, compared with what is stored, and put right without taking anything away.

The newest version is right when computing it again gives the same bytes: from the basis that was kept with it as long as that gives the
masks and methods that today's beliefs about the raters give (`refresh.differs`), else from today's beliefs. A version that is wrong is
superseded by a further one; rows and blobs that only repeat a version are written again from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select, update

from services.consensus import refresh, store, store_history
from services.consensus import tables as t
from services.consensus.domain.votes import ImageVotes
from services.consensus.merge import Merged, from_json, merge
from shared.blobs import BlobStore
from shared.clock import Clock
from shared.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Image:
    """What an image's consensus follows from: its votes by label, the submissions that count (sorted), and what is believed of its
    raters. Neither gold nor deleted."""

    row: Row[Any]
    project: Row[Any]
    votes: Mapping[int, ImageVotes]
    submissions: Sequence[str]
    basis: store_history.Basis


@dataclass(slots=True)
class Finding:
    """`wrong`: what is wrong, in words; [] where all is as it must be. `lost`: an expert's masks, which nothing can give again."""

    wrong: list[str] = field(default_factory=list)
    lost: bool = False
    version: list[Merged] | None = None  # to be appended; None: the newest version is right
    basis: bytes | None = None
    status: str = ""
    labels: list[Merged] | None = None  # what `consensus_labels` must say, where it doesn't
    newest: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)  # what must lie under a key, where it doesn't


def examine(conn: Connection, blobs: BlobStore, image: Image) -> Finding:
    """Compare; writes nothing. An image without votes and versions is right."""
    found, row = Finding(status=image.row.status), store.newest(conn, image.row.image_id)
    stored = None if row is None else readable(row)
    if row is not None:
        found.newest = int(row.version)
        if stored is None:
            found.wrong.append(f"version {row.version} can't be read")
    right: list[Merged] | None = None
    if image.row.decision == "fix":
        found.lost = stored is None
        if found.lost:
            found.wrong.append("its masks were an expert's, which no votes give again")
    elif image.votes:
        right = _recompute(conn, image, row, stored, found)
    if stored is not None and found.version is None:
        _repeated(conn, blobs, image.row, stored, right, found)
    return found


def repair(conn: Connection, blobs: BlobStore, clock: Clock, image: Image, found: Finding) -> int | None:
    """Put right what `examine` found, in this transaction; answers the number of the version that was appended, or None.

    The version that was wrong stays in the history. An expert's lost masks stay as they are.
    """
    for key, data in found.blobs.items():
        blobs.put(key, data, media_type="application/octet-stream")
    if found.labels is not None:
        store.put_labels(conn, image.row, found.labels)
    if found.version is None:
        if found.newest != image.row.version and not found.lost:
            _point_at(conn, image.row.image_id, found.newest)
        return None
    _point_at(conn, image.row.image_id, max(int(image.row.version), found.newest))
    row = store.find_image(conn, image.row.image_id)
    if row is None:
        raise NotFound(f"The image {image.row.image_id} was deleted meanwhile.")
    # No verdict: what dynamic overlap asked for was told with the version that this one supersedes.
    return refresh.publish(
        conn, blobs, clock, row, found.version, list(image.submissions), found.status, basis=found.basis
    )


def _point_at(conn: Connection, image_id: str, version: int) -> None:
    conn.execute(update(t.images).where(t.images.c.image_id == image_id).values(version=version))


def readable(row: Row[Any]) -> list[dict[str, Any]] | None:
    """The labels of a version, or None where they aren't masks with figures any more."""
    try:
        labels: list[dict[str, Any]] = orjson.loads(row.labels)
        sound = [from_json(label) for label in labels]
        json.loads(row.submissions)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidInput):
        return None
    whole = all(m.area == label["area"] for m, label in zip(sound, labels, strict=True))
    return labels if labels and whole else None


def _recompute(
    conn: Connection,
    image: Image,
    row: Row[Any] | None,
    stored: list[dict[str, Any]] | None,
    found: Finding,
) -> list[Merged] | None:
    """What the newest version must be; None where its figures can't be computed again and its masks are right (it has no basis)."""
    known = {r.label_id for r in _labels(conn, image.row.image_id) if r.expected_dice is not None}
    looked = known | {label["label_id"] for label in stored or () if label.get("expected_dice") is not None}
    bounds = store_history.bounds_of(image.project)
    settled = bounds.on or image.row.status != "pending"
    ahead = {i: i in looked if stored is not None else settled for i in image.votes}
    fresh = [
        merge(i, v, image.basis[i][1], image.basis[i][0], ahead=ahead[i]) for i, v in image.votes.items()
    ]
    right, basis = fresh, store_history.pack_basis(image.basis)
    counts = row is not None and _submissions(row) == list(image.submissions)
    if row is not None and not counts and stored is not None:
        found.wrong.append(f"version {row.version} counts other submissions")
    kept = _kept(row, image, ahead, counts) if row is not None else None
    if kept is not None and row is not None and not refresh.differs([m.to_json() for m in kept], fresh):
        right, basis = kept, row.basis
    if not bounds.on:
        status, _ = refresh.judge(image.row, image.project, right)
        sent_back = image.row.status == "review" and not image.row.decision
        if status != image.row.status and not sent_back:
            found.wrong.append(f"its status is {image.row.status} and must be {status}")
            found.version, found.basis, found.status = right, basis, status
    if row is None:
        found.wrong.append("it has no version")
    elif stored is not None and counts:
        if kept is None and not refresh.differs(stored, fresh):
            return None
        if orjson.dumps([m.to_json() for m in right]) == row.labels:
            return right
        what = "masks" if refresh.differs(stored, right) else "figures"
        found.wrong.append(f"version {row.version} has other {what}")
    found.version, found.basis = right, basis
    return right


def _kept(row: Row[Any], image: Image, ahead: Mapping[int, bool], counts: bool) -> list[Merged] | None:
    """The version computed again from what was believed when it was made; None where that isn't there, can't be read, or where the version
    doesn't say that it counts these submissions (`counts`) and its raters aren't theirs."""
    if row.basis is None:
        return None
    try:
        basis = store_history.unpack_basis(row.basis)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if set(basis) != set(image.votes):
        return None
    if not counts and any(set(basis[i][1].raters) != set(v.raters) for i, v in image.votes.items()):
        return None
    return [merge(i, v, basis[i][1], basis[i][0], ahead=ahead[i]) for i, v in image.votes.items()]


def _submissions(row: Row[Any]) -> list[str] | None:
    try:
        found: list[str] = json.loads(row.submissions)
    except ValueError:
        return None
    return found


def _labels(conn: Connection, image_id: str) -> Sequence[Row[Any]]:
    table = t.labels
    return conn.execute(select(table).where(table.c.image_id == image_id).order_by(table.c.label_id)).all()


def _repeated(
    conn: Connection,
    blobs: BlobStore,
    row: Row[Any],
    stored: list[dict[str, Any]],
    right: list[Merged] | None,
    found: Finding,
) -> None:
    """What repeats the newest version, which is right: its number, the rows of its labels, and where it is accepted its blobs."""
    if row.version != found.newest:
        found.wrong.append(f"the newest version is {found.newest} and not {row.version}")
    masks = [from_json(label) for label in stored]
    # Where the figures can't be computed again, the two that only these rows keep can't be compared.
    must = [store.label_row(row, m) for m in (masks if right is None else right)]
    left_out = ("expected_dice", "sampling") if right is None else ()
    have = [dict(r._mapping) for r in _labels(conn, row.image_id)]
    if _without(have, left_out) != _without(sorted(must, key=lambda r: int(r["label_id"])), left_out):
        found.wrong.append("the list shows other figures than the version")
        found.labels = masks if right is None else right
    if row.status != "accepted":
        return
    for mask in masks:
        key = refresh.blob_key(row, found.newest, mask.label_id)
        try:
            data = blobs.get(key)
        except NotFound:
            found.wrong.append(f"the blob of label {mask.label_id} is missing")
        else:
            if data == mask.mask.counts:
                continue
            found.wrong.append(f"the blob of label {mask.label_id} is another mask")
        found.blobs[key] = mask.mask.counts


def _without(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in names} for row in rows]
