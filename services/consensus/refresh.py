"""Brings an image's consensus up to its votes and to what is believed of the raters, in the caller's transaction.

A version depends on the set of votes and on the raters' model. The model is fitted to all votes of the project at once, so that once
the `Estimator` has caught up, the result doesn't depend on the order in which anything came.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, update

from services.consensus import metrics, store, store_history
from services.consensus import tables as t
from services.consensus.domain.overlap import Verdict, decide
from services.consensus.merge import Merged, merge, probability
from shared.blobs import BlobStore
from shared.blobs.abstract import sha256_hex
from shared.clock import Clock
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, ImageRef, LabelMask
from shared.contracts.bramble.consensus.v1.events_pb2 import (
    ConsensusAccepted,
    ConsensusUpdated,
    LabelConsensus,
)
from shared.db import emit
from shared.imaging import rle
from shared.imaging.rle import RLE

SERVICE = "consensus"


def refresh(
    conn: Connection, blobs: BlobStore, clock: Clock, image_id: str, *, cause: str, correlation_us: int = 0
) -> bool:
    """Merge an image's votes; a new version, with its events, when masks, figures or the votes counted changed.

    Gold images have no consensus (their truth is known); an expert's fix stays until it is sent back.
    """
    image = store.find_image(conn, image_id)
    if image is None or image.is_gold or image.decision == "fix":
        return False
    votes, submissions = store.votes_of(conn, image_id)
    if not votes:
        return False
    project = store.project(conn, image.project_id)
    basis = {i: (store.method_of(project, i), store.model(conn, project, i, v)) for i, v in votes.items()}
    decides = store_history.bounds_of(project).on
    merged = [merge(i, v, basis[i][1], basis[i][0], ahead=decides) for i, v in votes.items()]
    status, verdict = judge(image, project, merged)
    decision = verdict.decision if verdict else ""
    unsettled = status != image.status or decision != image.overlap
    if not unsettled and not _changed(store.newest(conn, image_id), merged, submissions):
        return False
    if not decides and status != "pending":
        # For the budget only; under a fixed quorum the versions of an image that still waits for raters aren't worth its price.
        merged = [merge(i, v, basis[i][1], basis[i][0], ahead=True) for i, v in votes.items()]
    version = publish(
        conn,
        blobs,
        clock,
        image,
        merged,
        submissions,
        status,
        verdict=verdict,
        basis=store_history.pack_basis(basis),
    )
    if decision != image.overlap:
        store_history.set_overlap(conn, image_id, decision)
    if verdict and decision not in ("wait", image.overlap):
        count = max(m.raters for m in merged)
        store_history.add_decision(conn, image, verdict, version, count, clock.now_us())
        metrics.OVERLAP.labels(decision).inc()
    metrics.VERSIONS.labels(cause).inc()
    if correlation_us:
        metrics.DELAY.observe(max(0.0, (clock.now_us() - correlation_us) / 1e6))
    return True


def publish(
    conn: Connection,
    blobs: BlobStore,
    clock: Clock,
    image: Row[Any],
    merged: Sequence[Merged],
    submissions: list[str],
    status: str,
    by_expert: str = "",
    verdict: Verdict | None = None,
    basis: bytes | None = None,
) -> int:
    """Append a version and emit ConsensusUpdated, and ConsensusAccepted where it is accepted; answers the version."""
    now = clock.now_us()
    version = store.add_version(conn, image, list(merged), submissions, status, now, by_expert, basis)
    ref = ImageRef.FromString(image.ref)
    labels = [_label(blobs, image, version, m, status == "accepted") for m in merged]
    emit(
        conn,
        SERVICE,
        ref.id,
        ConsensusUpdated(
            project_id=image.project_id,
            image_id=ref.id,
            version=version,
            method=merged[0].method,
            labels=labels,
            submission_ids=submissions,
            escalated=status == "review",
            status=status,
            needs_more=verdict is not None and verdict.decision == "more",
            enough=verdict is not None and verdict.decision == "enough",
            expected_dice=_known(verdict.expected) if verdict else 0.0,
            predicted_gain=_known(verdict.gain) if verdict else 0.0,
        ),
        clock=clock,
    )
    if status == "accepted":
        raters = sorted({r for m in merged for r in m.weights})
        emit(
            conn,
            SERVICE,
            ref.id,
            ConsensusAccepted(
                project_id=image.project_id,
                image=ref,
                version=version,
                method=merged[0].method,
                labels=labels,
                submission_ids=submissions,
                rater_ids=raters,
                by_expert=bool(by_expert),
            ),
            clock=clock,
        )
    return version


def set_decision(conn: Connection, image_id: str, decision: str, status: str | None = None) -> None:
    """Keep the expert's word for an image."""
    values = {"decision": decision, **({"status": status} if status else {})}
    conn.execute(update(t.images).where(t.images.c.image_id == image_id).values(**values))


def tell_sent_back(conn: Connection, clock: Clock, image: Row[Any], version: int) -> None:
    """Tell that a version, accepted or not, waits for an expert again: what was built on it may leave it out."""
    message = ConsensusUpdated(
        project_id=image.project_id, image_id=image.image_id, version=version, status="review"
    )
    emit(conn, SERVICE, image.image_id, message, clock=clock)


def probability_png(conn: Connection, image_id: str, label_id: int) -> bytes | None:
    """The probability map of the newest version as a 16-bit PNG; None where nobody answered for the label."""
    image = store.find_image(conn, image_id)
    newest = store.newest(conn, image_id)
    counted = json.loads(newest.submissions) if newest is not None else ()
    votes, _ = store.votes_of(conn, image_id, counted)
    if image is None or label_id not in votes:
        return None
    project = store.project(conn, image.project_id)
    method = store.method_of(project, label_id)
    return encode_png16(
        probability(votes[label_id], store.model(conn, project, label_id, votes[label_id]), method)
    )


def encode_png16(values: object) -> bytes:
    """A uint16 array (H, W) as a 16-bit grey PNG."""
    import io

    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.asarray(values, np.uint16)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _known(value: float) -> float:
    return 0.0 if value != value else value


def judge(image: Row[Any], project: Row[Any], merged: Sequence[Merged]) -> tuple[str, Verdict | None]:
    """The image's status, and where the project lets the platform decide on labels, its verdict."""
    if image.decision == "accept":
        return "accepted", None
    count = max(m.raters for m in merged)
    agreed = min(m.agreement for m in merged) >= image.accept_agreement
    bounds = store_history.bounds_of(project)
    if not bounds.on:
        if count < max(1, image.quorum):
            return "pending", None
        return ("accepted" if agreed else "review"), None
    # Where no more labels were asked for, those that were on their way may never come.
    asked = count if image.overlap in ("enough", "escalate") else image.quorum
    verdict = decide([m.outlook for m in merged], count, asked, bounds, agreed)
    return {"enough": "accepted", "escalate": "review"}.get(verdict.decision, "pending"), verdict


def _changed(newest: Row[Any] | None, merged: Sequence[Merged], submissions: list[str]) -> bool:
    if newest is None or json.loads(newest.submissions) != submissions:
        return True
    return differs(orjson.loads(newest.labels), merged)


def differs(stored: Sequence[dict[str, Any]], merged: Sequence[Merged]) -> bool:
    """Whether a version with these labels (as `Merged.to_json`) is worth another: a mask, a method, or more than 0.005 of agreement."""
    before = {row["label_id"]: row for row in stored}
    return any(
        m.label_id not in before
        or before[m.label_id]["rle"] != rle.to_json(m.mask)
        or abs(before[m.label_id]["agreement"] - m.agreement) > 0.005
        or before[m.label_id]["method"] != m.method
        for m in merged
    )


def _label(blobs: BlobStore, image: Row[Any], version: int, merged: Merged, keep: bool) -> LabelConsensus:
    # Masks of pending versions stay in the table: nobody reads them from the event, and a blob costs two flushes of the disk.
    mask = LabelMask(
        label_id=merged.label_id, height=merged.mask.height, width=merged.mask.width, area=merged.area
    )
    if keep:
        mask.rle.CopyFrom(_put_rle(blobs, image, version, merged.label_id, merged.mask))
    return LabelConsensus(
        mask=mask,
        agreement=merged.agreement,
        predicted_dice=merged.predicted_dice,
        raters=merged.raters,
    )


def blob_key(image: Row[Any], version: int, label_id: int) -> str:
    """Where the mask of an accepted version lies."""
    return f"consensus/{image.project_id}/{image.image_id}/{version}-{label_id}.rle"


def _put_rle(blobs: BlobStore, image: Row[Any], version: int, label_id: int, mask: RLE) -> BlobRef:
    key = blob_key(image, version, label_id)
    blobs.put(key, mask.counts, media_type="application/octet-stream")
    return BlobRef(
        key=key, sha256=sha256_hex(mask.counts), size=len(mask.counts), media_type="application/octet-stream"
    )
