"""What happened to images, as messages. Images consumes none."""

from __future__ import annotations

from services.images.records import Image, Rejection, Source
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Geometry, ImageRef
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageRejected, ImageStored


def image_stored(image: Image, source: Source) -> ImageStored:
    """One for each frame, in the transaction that keeps it. Key: the project."""
    geometry = image.geometry
    place = Geometry(
        spacing_mm=geometry.spacing or (),
        affine=geometry.affine,
        modality=image.modality,
        window=geometry.window or (),
    )
    if geometry.slice_mm is not None:
        place.slice_mm = geometry.slice_mm
    reference = ImageRef(
        id=image.id,
        project_id=image.project_id,
        height=image.height,
        width=image.width,
        channels=image.channels,
        frame=BlobRef(
            key=image.frame_key, sha256=image.frame_sha256, size=image.frame_size, media_type="image/png"
        ),
        source_id=image.source_id,
        group=image.group,
        frame_index=image.frame_index,
        frames=image.frames,
        geometry=place,
        name=image.name,
    )
    original = BlobRef(
        key=source.blob_key, sha256=source.sha256, size=source.size, media_type=source.media_type
    )
    return ImageStored(image=reference, original=original)


def image_rejected(refused: Rejection) -> ImageRejected:
    """One for each refused file. Key: the project."""
    return ImageRejected(
        project_id=refused.project_id, name=refused.name, code=refused.code, reason=refused.reason
    )


def image_deleted(image: Image) -> ImageDeleted:
    """One for each deleted frame, in the transaction that forgets it. Key: the image."""
    return ImageDeleted(image_id=image.id, project_id=image.project_id)
