"""Messages to calls: images to segment, consensus to learn from, and the segmenters that were trained on it."""

from __future__ import annotations

from sqlalchemy import Connection

from services.inference import project_models, store
from services.inference.domain.prior import learn
from shared.blobs import BlobStore
from shared.blobs.masks import read_mask
from shared.bus.runner import Handler
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusAccepted
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageStored
from shared.contracts.bramble.synthesis.v1.events_pb2 import SegmenterTrained
from shared.imaging import rle


def handlers(blobs: BlobStore) -> tuple[Handler, ...]:
    """What inference does on the events of images and consensus."""

    def on_image_stored(conn: Connection, envelope: Envelope, message: ImageStored) -> None:
        """The frame can be segmented from now on."""
        store.add_image(conn, message.image, envelope.occurred_at_us)

    def on_consensus_accepted(conn: Connection, envelope: Envelope, message: ConsensusAccepted) -> None:
        """Each label of an accepted image is an example of what the project looks for; the image needs no proposal now."""
        store.add_image(conn, message.image, envelope.occurred_at_us)
        if store.is_forgotten(conn, message.image.id):
            return
        image = store.find_image(conn, message.image.id)
        frame = store.read_frame(blobs, image)
        for label in message.labels:
            mask = rle.decode(read_mask(blobs, label.mask))
            if mask.shape == frame.shape[:2]:
                store.put_example(conn, image.id, label.mask.label_id, image.project_id, learn(frame, mask))
        store.settle(conn, image.id)

    def on_image_deleted(conn: Connection, envelope: Envelope, message: ImageDeleted) -> None:
        """Nothing is proposed for it, nobody has it segmented, and it teaches nothing any more."""
        store.forget_image(conn, message.image_id, message.project_id, envelope.occurred_at_us)

    def on_segmenter_trained(conn: Connection, envelope: Envelope, message: SegmenterTrained) -> None:
        """A new version of a project's own segmenter: it proposes from now on, unless the lab has chosen another."""
        project_models.add(conn, message, envelope.occurred_at_us)

    return (
        Handler(ImageStored, on_image_stored),
        Handler(ConsensusAccepted, on_consensus_accepted),
        Handler(ImageDeleted, on_image_deleted),
        Handler(SegmenterTrained, on_segmenter_trained),
    )
