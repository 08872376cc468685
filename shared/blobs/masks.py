"""The mask behind an event's LabelMask."""

from __future__ import annotations

from shared.blobs.abstract import BlobStore
from shared.contracts.bramble.common.v1.common_pb2 import LabelMask
from shared.imaging import rle
from shared.imaging.rle import RLE


def read_mask(blobs: BlobStore, mask: LabelMask) -> RLE:
    """The RLE (height, width of the message), checked. Raises InvalidRLE where the bytes aren't a mask of that size."""
    ref = mask.rle
    data = blobs.get(ref.key, ref.offset, ref.length or None)
    return rle.validate(RLE(mask.height, mask.width, data), mask.height, mask.width)
