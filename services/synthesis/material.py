"""Brings a project's labelled images to the generator's grid: what training, sampling and studies work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import labelmaps
from services.synthesis.events import decode_masks, read_ref
from services.synthesis.folds import Folds
from services.synthesis.store import Store
from shared.blobs import BlobStore
from shared.errors import InvalidInput
from shared.imaging import codecs


@dataclass(frozen=True, slots=True)
class Material:
    """Images float32 ``(n, C, S, S)`` in [-1, 1], maps uint8 ``(n, S, S)`` of positions in ``label_ids`` (from 1), and whose they are."""

    images: NDArray[np.float32]
    maps: NDArray[np.uint8]
    ids: list[str]
    groups: list[str]
    splits: list[str]
    label_ids: list[int]

    def of(self, split: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """The images and maps of one split."""
        chosen = [i for i, s in enumerate(self.splits) if s == split]
        return self.images[chosen], self.maps[chosen]

    def where(self, split: str) -> list[int]:
        """Positions of one split's images."""
        return [i for i, s in enumerate(self.splits) if s == split]


def load(
    store: Store,
    blobs: BlobStore,
    project_id: str,
    folds: Folds,
    size: int,
    splits: Sequence[str] = ("train", "val", "test"),
) -> Material:
    """The labelled images of ``splits`` at ``size``: the lab's gold masks where there are any, else the consensus.

    Raises InvalidInput when the project has no labelled image, or its masks are not of their image's size.
    """
    label_ids = [int(label["id"]) for label in store.labels(project_id)]
    rows: list[tuple[Any, Any]] = []
    ids, groups, found = [], [], []
    channels = max((item.channels for item in store.items(project_id)), default=1)
    channels = 3 if channels >= 3 else 1
    for item in store.items(project_id):
        split = folds.of.get(item.image_id)
        if split is None or split not in splits:
            continue
        pixels = codecs.decode_png(read_ref(blobs, item.frame))
        shape = (pixels.shape[0], pixels.shape[1])
        masks = decode_masks(item.masks, *shape)
        label_map = labelmaps.from_masks(masks, label_ids, shape)
        rows.append((labelmaps.fit_image(pixels, size, channels), labelmaps.fit_label_map(label_map, size)))
        ids.append(item.image_id)
        groups.append(item.group_name)
        found.append(split)
    if not rows:
        raise InvalidInput(
            "This project has no labelled image to work on yet; add gold masks or let volunteers finish some images."
        )
    return Material(
        np.stack([r[0] for r in rows]), np.stack([r[1] for r in rows]), ids, groups, found, label_ids
    )
