"""Messages to calls: submissions, gold, appeals and deletions in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from services.consensus import store, store_history, store_votes
from services.consensus.domain.overlap import Bounds
from shared.blobs import BlobStore
from shared.blobs.masks import read_masks
from shared.bus.runner import Handler
from shared.clock import Clock
from shared.contracts.bramble.annotations.v1.events_pb2 import (
    AnnotationSubmitted,
    AppealPassed,
    GoldAdded,
    ProjectCreated,
    ProjectUpdated,
)
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.imaging import rle


def handlers(blobs: BlobStore, clock: Clock) -> tuple[Handler, ...]:
    """What consensus does on the events of annotations and images."""

    def on_project(conn: Connection, _envelope: Envelope, message: ProjectCreated | ProjectUpdated) -> None:
        labels = [{"id": label.id, "name": label.name} for label in message.labels]
        store.put_project(
            conn,
            message.project_id,
            labels=json.dumps(labels),
            quorum=message.quorum,
            accept_agreement=message.accept_agreement,
        )
        before = store_history.bounds_of(store.project(conn, message.project_id))
        # A message from before the setting existed says nothing about it.
        wanted = message.overlap if message.HasField("overlap") else None
        if wanted is not None and before != Bounds(wanted.least, wanted.most, wanted.target_dice):
            store.put_project(
                conn,
                message.project_id,
                overlap_least=wanted.least,
                overlap_most=wanted.most,
                overlap_dice=wanted.target_dice,
            )
            store_history.mark_undecided(conn, message.project_id, clock.now_us())

    def on_submissions(conn: Connection, arrived: Sequence[tuple[Envelope, AnnotationSubmitted]]) -> None:
        """Keep the votes of every label that was answered for (a label left out is an empty mask) and mark the images for their merge.

        Rows are locked in the merger's order: marks, then images, then projects.
        """
        masks = read_masks(blobs, [m for _, message in arrived for m in message.masks])
        rest = iter(masks)
        votes = []
        for envelope, message in arrived:
            votes += _votes(envelope, message, {m.label_id: next(rest) for m in message.masks})
        for project_id in sorted({message.project_id for _, message in arrived}):
            store.put_project(conn, project_id)
        new = store_votes.add_votes(conn, votes)
        images, marks = [], []
        counts: Counter[str] = Counter()
        for envelope, message in arrived:
            if message.submission_id not in new:
                continue  # what it says of its image may be older than what is known, and it teaches nothing
            new.discard(message.submission_id)  # twice in one call
            counts[message.project_id] += 1
            said = message.quorum, message.accept_agreement, message.is_gold
            images.append(store_votes.ImageNews(message.image, *said, envelope.occurred_at_us))
            if not message.is_gold:
                marks.append((message.image.id, message.quorum, envelope))
        store_votes.mark_dirty(conn, marks)
        store_votes.put_images(conn, images)
        for project_id, n in sorted(counts.items()):
            store_votes.touch(conn, project_id, clock.now_us(), n)

    def on_submission(conn: Connection, envelope: Envelope, message: AnnotationSubmitted) -> None:
        on_submissions(conn, [(envelope, message)])

    def on_gold(conn: Connection, envelope: Envelope, message: GoldAdded) -> None:
        """Truth teaches about raters; an image that isn't gold any more gets a consensus."""
        store.put_project(conn, message.project_id)
        if message.removed:
            store.set_gold(conn, message.image, None)
            store_votes.mark_dirty(conn, [(message.image.id, 1, envelope)])
        else:
            read = read_masks(blobs, message.masks)
            known = {m.label_id: mask for m, mask in zip(message.masks, read, strict=True)}
            labels = [label["id"] for label in json.loads(store.project(conn, message.project_id).labels)]
            empty = rle.empty(message.image.height, message.image.width)
            store.set_gold(conn, message.image, {i: known.get(i, empty) for i in {*labels, *known}})
        store_votes.touch(conn, message.project_id, clock.now_us())

    def on_appeal(conn: Connection, _envelope: Envelope, message: AppealPassed) -> None:
        """From then on the rater is judged anew; the next estimate, which this asks for, ends the quarantine and says so."""
        store.put_project(conn, message.project_id)
        store_history.add_appeal(conn, message)
        store_votes.touch(conn, message.project_id, clock.now_us())

    def on_deleted(conn: Connection, _envelope: Envelope, message: ImageDeleted) -> None:
        """Listed and merged no more. What the votes on it said about their raters stays known."""
        store.delete_image(conn, message.project_id, message.image_id, clock.now_us())

    apply: Callable[..., None] = on_project
    return (
        Handler(ProjectCreated, apply),
        Handler(ProjectUpdated, apply),
        Handler(AnnotationSubmitted, on_submission, on_submissions),
        Handler(GoldAdded, on_gold),
        Handler(AppealPassed, on_appeal),
        Handler(ImageDeleted, on_deleted),
    )


def _votes(
    envelope: Envelope, message: AnnotationSubmitted, drawn: Mapping[int, rle.RLE]
) -> list[store_votes.Vote]:
    empty = rle.empty(message.image.height, message.image.width)
    return [
        store_votes.Vote(
            submission_id=message.submission_id,
            label_id=label_id,
            project_id=message.project_id,
            image_id=message.image.id,
            rater_id=message.rater_id,
            mask=drawn.get(label_id, empty),
            gold_dice=message.gold_dice.get(label_id) if message.is_gold else None,
            duration_ms=message.duration_ms,
            created_at=envelope.occurred_at_us,
        )
        for label_id in sorted({*message.label_ids, *drawn})
    ]
