"""The words of this domain: limits, a refused file, a frame, and a source that has been opened.

A *source* is one uploaded file (or one member of a ZIP). Opening it decides everything that can be decided from its header; its
frames are then decoded one at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from shared.errors import InvalidInput


class Rejected(InvalidInput):
    """One file can't come in. `code` is stable and documented in docs/images.md; the sentence says why and what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason, code=code)

    @property
    def reason(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost before it is refused. All are checked before the memory or disk is spent.

    The ratio counts only beyond `ratio_from` bytes: a volume of mostly air packs 500 : 1 and is no bomb (deflate ends near 1000 : 1).
    """

    max_file_bytes: int = 512 << 20
    max_pixels: int = 100_000_000
    max_frames: int = 5_000
    max_archive_files: int = 20_000
    max_archive_bytes: int = 16 << 30
    max_ratio: int = 200
    ratio_from: int = 32 << 20
    reject_burned_in: bool = True


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a frame lies; None or empty is unknown, never guessed.

    ``spacing``: (row, column) mm. ``slice_mm``: distance to the next slice. ``affine``: 16 numbers, row-major, from the index
    (column, row, slice) to RAS+ mm, this frame being slice 0; where ``slice_mm`` is unknown the slice step is 1 mm. ``window``:
    (centre, width) in the source's values (after rescale) that the 8-bit frame shows, None where values are shown as they are.
    """

    spacing: tuple[float, float] | None = None
    slice_mm: float | None = None
    affine: tuple[float, ...] = ()
    window: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One displayed frame. ``png`` is 8-bit grey or RGB, or None where the kept original is itself that PNG."""

    index: int
    height: int
    width: int
    channels: int
    geometry: Geometry
    png: bytes | None


@dataclass(slots=True)
class OpenedSource:
    """A file that may come in. ``original`` is what is kept (de-identified where it was DICOM); ``frames()`` decodes one by one and
    raises Rejected when a frame turns out to be damaged. ``name`` carries no identity of DICOM; ``group`` is a pseudonym or None."""

    format: str
    media_type: str
    original: BinaryIO
    name: str
    count: int
    frames: Callable[[], Iterator[Frame]]
    modality: str = ""
    group: str | None = None
    warnings: tuple[str, ...] = field(default=())


def check_pixels(height: int, width: int, limits: Limits) -> None:
    """Refuse a frame by the size that its header claims, before it is decoded."""
    if height <= 0 or width <= 0:
        raise Rejected(
            "no-pixels", f"The image claims to be {width} × {height} pixels, so there is nothing to show."
        )
    if height * width > limits.max_pixels:
        raise Rejected(
            "too-many-pixels",
            f"The image claims {width:,} × {height:,} pixels; the limit is {limits.max_pixels:,} pixels a frame: "
            "tile or downsample it first.",
        )


def check_frames(count: int, limits: Limits) -> None:
    """Refuse a file with more frames than one file may hold."""
    if count > limits.max_frames:
        raise Rejected(
            "too-many-frames",
            f"The file holds {count:,} frames; the limit is {limits.max_frames:,} a file: split it first.",
        )


@contextmanager
def decoding(kind: str) -> Iterator[None]:
    """Turn whatever a decoder raises on hostile bytes into one refusal of this file.

    Decoders raise nearly every built-in exception on damaged input, so all are caught here, and only here. An OSError with an errno
    is the machine's fault (disk full), not the file's, and goes on. The decoder's text is not repeated: it may quote the file.
    """
    try:
        yield
    except (Rejected, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Rejected(
            "damaged",
            f"The {kind} is damaged or cut off and can't be decoded: export it again and upload it anew.",
        ) from error
