"""Mask packs: the masks of one commit lie in one blob, each a byte range of it (docs/decisions/003-masks-share-a-blob.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from services.annotations.domain.answers import MaskOf
from shared.blobs import BlobStore
from shared.contracts.bramble.common.v1 import common_pb2 as common

RLE_TYPE = "application/x-coco-rle"

#: A mask's place: [label_id, height, width, area, offset, length, sha256 of the range].
Ref = list[Any]


@dataclass
class Pack:
    """Collects masks, and writes them as one blob. A pack without masks writes none and has the key ""."""

    key: str

    def __post_init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, masks: Sequence[MaskOf]) -> list[Ref]:
        """Append masks; answers where each will lie."""
        refs: list[Ref] = []
        for mask in masks:
            counts = mask.rle.counts
            length = len(counts)
            digest = sha256(counts).hexdigest()
            refs.append(
                [mask.label_id, mask.rle.height, mask.rle.width, mask.area, self._size, length, digest]
            )
            self._parts.append(counts)
            self._size += length
        return refs

    def write(self, blobs: BlobStore) -> None:
        """Store the blob; it is durable when this returns. Raises StorageFull, Unavailable."""
        if self._parts:
            blobs.put(self.key, b"".join(self._parts))


def pack_key(pack_id: str) -> str:
    """The key of a pack with the id `pack_id`. A UUIDv7 begins with the time: a folder holds 2¹⁶ ms, so none grows for ever."""
    return f"annotations/masks/{pack_id[:8]}/{pack_id}.rle"


def messages(key: str, refs: Sequence[Ref]) -> list[common.LabelMask]:
    """Masks of a pack as they travel in events."""
    return [
        common.LabelMask(
            label_id=label_id,
            height=height,
            width=width,
            area=area,
            rle=common.BlobRef(
                key=key, sha256=digest, size=length, media_type=RLE_TYPE, offset=offset, length=length
            ),
        )
        for label_id, height, width, area, offset, length, digest in refs
    ]


def read_masks(blobs: BlobStore, key: str, refs: Sequence[Ref]) -> list[dict[str, Any]]:
    """The public masks of a submission: `[{"label_id", "rle"}]`, read in one piece of the pack."""
    if not refs:
        return []
    start = min(ref[4] for ref in refs)
    stop = max(ref[4] + ref[5] for ref in refs)
    data = blobs.get(key, start, stop - start)
    return [
        {
            "label_id": r[0],
            "rle": {"size": [r[1], r[2]], "counts": data[r[4] - start : r[4] - start + r[5]].decode("ascii")},
        }
        for r in refs
    ]
