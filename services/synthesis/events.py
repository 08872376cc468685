"""Events in (projects, images, gold, consensus, deletions) and out (generator, synthetic images, dataset)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from sqlalchemy import Connection

from services.synthesis.store import Store
from shared.blobs import BlobStore
from shared.bus.runner import Handler
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded, ProjectCreated, ProjectUpdated
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Envelope, ImageRef, LabelMask
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusAccepted, ConsensusUpdated
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageStored
from shared.imaging import rle


def handlers(
    store: Store, blobs: BlobStore, ask: Callable[[Connection, str], object] | None = None
) -> list[Handler]:
    """What this service does on each event; each in one transaction with the inbox. ``ask`` is told of each project whose accepted
    consensus grew or changed."""

    def on_project(conn: Connection, _envelope: Envelope, message: Any) -> None:
        labels = [{"id": label.id, "name": label.name, "color": label.color} for label in message.labels]
        store.put_project(conn, message.project_id, message.name, labels)

    def on_gold(conn: Connection, _envelope: Envelope, message: GoldAdded) -> None:
        image = message.image
        if message.removed:
            store.tell(conn, message.project_id, "gold", image.id, {"gold": None})
            return
        gold = {"masks": [_mask(blobs, mask) for mask in message.masks]}
        store.tell(conn, message.project_id, "gold", image.id, {**_image(image), "gold": gold})

    def on_consensus(conn: Connection, _envelope: Envelope, message: ConsensusAccepted) -> None:
        image = message.image
        consensus = {
            "masks": [_mask(blobs, label.mask) for label in message.labels if label.mask.area],
            "version": message.version,
            "method": message.method,
            "submissions": sorted(message.submission_ids),
            "raters": sorted(message.rater_ids),
            "by_expert": message.by_expert,
            "agreement": {str(label.mask.label_id): round(label.agreement, 6) for label in message.labels},
        }
        told = {**_image(image), "consensus": consensus}
        if store.tell(conn, message.project_id, "consensus", image.id, told) and ask is not None:
            ask(conn, message.project_id)

    def on_state(conn: Connection, envelope: Envelope, message: ConsensusUpdated) -> None:
        # A message from before the status existed tells of escalation only.
        status = message.status or ("review" if message.escalated else "")
        if not status:
            return
        told = {"version": message.version, "status": status, "at_us": envelope.occurred_at_us}
        store.tell(conn, message.project_id, "state", message.image_id, told)

    def on_image(conn: Connection, _envelope: Envelope, message: ImageStored) -> None:
        store.tell(conn, message.image.project_id, "image", message.image.id, _image(message.image))

    def on_deleted(conn: Connection, _envelope: Envelope, message: ImageDeleted) -> None:
        store.tell(conn, message.project_id, "deleted", message.image_id, {})

    return [
        Handler(ProjectCreated, on_project),
        Handler(ProjectUpdated, on_project),
        Handler(GoldAdded, on_gold),
        Handler(ConsensusAccepted, on_consensus),
        Handler(ConsensusUpdated, on_state),
        Handler(ImageStored, on_image),
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


def read_ref(blobs: BlobStore, ref: Mapping[str, Any]) -> bytes:
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
