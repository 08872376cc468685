"""Events in (projects, gold, accepted consensus, deleted images) and out (generator, synthetic images, dataset)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict
from sqlalchemy import Connection

from services.synthesis.store import Store
from shared.blobs import BlobStore
from shared.bus.runner import Handler
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded, ProjectCreated, ProjectUpdated
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Envelope, ImageRef, LabelMask
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusAccepted
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.imaging import rle

log = logging.getLogger(__name__)


def handlers(store: Store, blobs: BlobStore) -> list[Handler]:
    """What this service does on each event; each in one transaction with the inbox."""

    def on_project(conn: Connection, _envelope: Envelope, message: Any) -> None:
        labels = [{"id": label.id, "name": label.name, "color": label.color} for label in message.labels]
        store.put_project(conn, message.project_id, message.name, labels)

    def on_gold(conn: Connection, _envelope: Envelope, message: GoldAdded) -> None:
        image = message.image
        if message.removed:
            store.drop_gold(conn, message.project_id, image.id)
            return
        gold = {"masks": [_mask(blobs, mask) for mask in message.masks]}
        store.put_item(conn, message.project_id, image.id, {**_image(image), "gold": gold})

    def on_consensus(conn: Connection, _envelope: Envelope, message: ConsensusAccepted) -> None:
        image = message.image
        # Versions of one image come in order from one partition, but a replayed dead letter may be old news.
        if message.version < store.consensus_version(conn, message.project_id, image.id):
            log.info(
                "consensus %d of image %s is older than what is known; skipped", message.version, image.id
            )
            return
        consensus = {
            "masks": [_mask(blobs, label.mask) for label in message.labels if label.mask.area],
            "version": message.version,
            "method": message.method,
            "submissions": sorted(message.submission_ids),
            "raters": sorted(message.rater_ids),
            "by_expert": message.by_expert,
            "agreement": {str(label.mask.label_id): round(label.agreement, 6) for label in message.labels},
        }
        store.put_item(conn, message.project_id, image.id, {**_image(image), "consensus": consensus})

    def on_deleted(conn: Connection, _envelope: Envelope, message: ImageDeleted) -> None:
        store.delete_image(conn, message.project_id, message.image_id)

    return [
        Handler(ProjectCreated, on_project),
        Handler(ProjectUpdated, on_project),
        Handler(GoldAdded, on_gold),
        Handler(ConsensusAccepted, on_consensus),
        Handler(ImageDeleted, on_deleted),
    ]


def _image(image: ImageRef) -> dict[str, Any]:
    frame = image.frame
    return {
        "group_name": (image.group or image.source_id or image.id)[:200],
        "name": image.name[:300],
        "source_id": image.source_id,
        "height": image.height,
        "width": image.width,
        "channels": image.channels or 1,
        "frame": _ref(frame),
        "geometry": MessageToDict(image.geometry, preserving_proto_field_name=True),
    }


def _ref(ref: BlobRef) -> dict[str, Any]:
    return {
        "key": ref.key,
        "sha256": ref.sha256,
        "size": ref.size,
        "offset": ref.offset,
        "length": ref.length,
    }


def read_ref(blobs: BlobStore, ref: dict[str, Any]) -> bytes:
    """The bytes that a stored BlobRef names (a range of the blob where it has a length)."""
    return blobs.get(ref["key"], ref["offset"], ref["length"]) if ref["length"] else blobs.get(ref["key"])


def _mask(blobs: BlobStore, mask: LabelMask) -> dict[str, Any]:
    """A label's mask as JSON. Read now and kept in the row: its blob belongs to another service. Raises InvalidInput on a bad RLE."""
    counts = read_ref(blobs, _ref(mask.rle)) if mask.rle.key else b""
    found = (
        rle.validate(rle.RLE(mask.height, mask.width, counts))
        if counts
        else rle.empty(mask.height, mask.width)
    )
    return {"label_id": mask.label_id, "rle": rle.to_json(found)}


def decode_masks(found: Iterable[dict[str, Any]], height: int, width: int) -> dict[int, Any]:
    """Label id → bool mask ``(height, width)`` of a stored list. Raises InvalidInput for a mask of another size."""
    return {int(m["label_id"]): rle.decode(rle.from_json(m["rle"], height, width)) for m in found}
