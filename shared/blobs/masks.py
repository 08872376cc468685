"""The masks behind the LabelMasks of events."""

from __future__ import annotations

from collections.abc import Sequence

from shared.blobs.abstract import BlobStore
from shared.contracts.bramble.common.v1.common_pb2 import LabelMask
from shared.imaging import rle
from shared.imaging.rle import RLE


def read_mask(blobs: BlobStore, mask: LabelMask) -> RLE:
    """The RLE (height, width of the message), checked. Raises InvalidRLE where the bytes aren't a mask of that size."""
    ref = mask.rle
    data = blobs.get(ref.key, ref.offset, ref.length or None)
    return rle.validate(RLE(mask.height, mask.width, data), mask.height, mask.width)


#: Masks of one pack are read together where that reads at most so many bytes for each byte that is wanted, or hardly any at all.
_WASTE, _LITTLE = 4, 64 << 10


def read_masks(blobs: BlobStore, masks: Sequence[LabelMask]) -> list[RLE]:
    """As `read_mask`, in order. Masks that were stored together lie in one blob, so one read serves all that came in one batch."""
    by_key: dict[str, list[int]] = {}
    for position, mask in enumerate(masks):
        by_key.setdefault(mask.rle.key, []).append(position)
    found: dict[int, RLE] = {}
    for key, positions in by_key.items():
        refs = [masks[p].rle for p in positions]
        start = min(ref.offset for ref in refs)
        span = max(ref.offset + ref.length for ref in refs) - start
        wanted = sum(ref.length for ref in refs)
        if len(refs) == 1 or not all(ref.length for ref in refs) or span > max(_LITTLE, _WASTE * wanted):
            found |= {p: read_mask(blobs, masks[p]) for p in positions}
            continue
        data = blobs.get(key, start, span)
        for position, ref in zip(positions, refs, strict=True):
            mask, here = masks[position], ref.offset - start
            counts = data[here : here + ref.length]
            found[position] = rle.validate(RLE(mask.height, mask.width, counts), mask.height, mask.width)
    return [found[p] for p in range(len(masks))]
