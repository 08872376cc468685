"""What a format is given of each image, and what each format can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.synthesis.formats.zips import ZipFile
from shared.imaging import codecs


@dataclass(frozen=True)
class Item:
    """One image of a dataset: its manifest row, image and mask as PNG files, and the exact mask ``(H, W)`` of each label id."""

    row: Mapping[str, Any]
    image: bytes
    mask: bytes
    masks: Mapping[int, NDArray[np.bool_]]

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8 ``(H, W)`` or ``(H, W, 3)``."""
        return np.asarray(codecs.decode_png(self.image), np.uint8)

    @cached_property
    def label_map(self) -> NDArray[np.uint8]:
        """uint8 ``(H, W)`` of label ids."""
        return np.asarray(codecs.decode_png(self.mask), np.uint8)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for a whole dataset. ``channels``: 3 where any image has colour. ``work``: a folder for what isn't finished."""

    archive: ZipFile
    work: Path
    name: str
    labels: Sequence[Mapping[str, Any]]
    channels: int


class Format(Protocol):
    """Writes a dataset in one format, image by image."""

    def add(self, item: Item) -> None:
        """Take one image; nothing of it may be kept in memory."""
        ...

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write what needs all images. ``facts``: as the card's."""
        ...


class Lines:
    """Parts of a JSON list, streamed to disk, and copied into the file that needs the list."""

    def __init__(self, path: Path) -> None:
        self._path, self._file, self.count = path, path.open("w", encoding="utf-8"), 0

    def add(self, text: str) -> None:
        """One more element, already JSON."""
        self._file.write((",\n" if self.count else "") + text)
        self.count += 1

    def copy_to(self, target: Any) -> None:
        """Close, and write ``[`` elements ``]`` into a binary file."""
        self._file.close()
        target.write(b"[\n")
        with self._path.open("rb") as source:
            while piece := source.read(1 << 20):
                target.write(piece)
        target.write(b"\n]")
        self._path.unlink()
