"""COCO run-length encoding of binary masks, byte-exact with pycocotools, in vectorised numpy.

A mask is a bool array ``(H, W)``, row-major, origin top left. COCO RLE reads it **column by column** (Fortran order) and
writes the lengths of alternating runs, zeros first (a leading 0 says that the first pixel is set). The compressed form
writes each run (from the fourth on: its difference to the run two before) as little-endian groups of five bits with a
continuation bit, each group shifted to a printable character by 48.

Source: the format of Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, as defined by its reference
implementation (``rleEncode``, ``rleToString``). ``tests/unit/imaging`` compares every function with pycocotools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput

MAX_SIDE = (
    1 << 16
)  # a frame of 65,536² is beyond every scanner; larger sizes are lies that would allocate memory
MAX_PIXELS = 1 << 31  # runs stay within 32 bits, as in the reference implementation
_MAX_GROUPS = 7  # seven groups of five bits hold every signed 32-bit run
_POWERS = (
    1 << 5 * np.arange(1, _MAX_GROUPS, dtype=np.int64)
) >> 1  # 16, 512, ... : where one more group is needed

_SIGNED = np.concatenate((np.arange(16), np.arange(-16, 0))).astype(np.int64)  # five bits as a signed number

Runs = NDArray[np.int64]
Mask = NDArray[np.bool_]


class InvalidRLE(InvalidInput):
    """An RLE that does not describe a mask; the message is one sentence that says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RLE:
    """A binary mask of ``height`` × ``width`` pixels as compressed COCO counts (ASCII bytes). Hashable, comparable."""

    height: int
    width: int
    counts: bytes

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)`` in pixels."""
        return self.height, self.width

    def to_json(self) -> dict[str, Any]:
        return to_json(self)


def encode(mask: NDArray[Any]) -> RLE:
    """Encode a mask ``(H, W)`` (bool, or numbers of which non-zero means set). An empty side gives counts ``b''``."""
    if mask.ndim != 2:
        raise InvalidRLE(f"A mask has two axes (height, width), but this array has {mask.ndim}.")
    height, width = mask.shape
    flat = (mask if mask.dtype == np.bool_ else mask != 0).ravel(order="F")
    return from_runs(height, width, _runs_of_flat(flat))


def _runs_of_flat(flat: Mask) -> Runs:
    """Alternating run lengths, zeros first, of a flat bool array."""
    if flat.size == 0:
        return np.zeros(0, np.int64)
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    edges += 1
    lead = 1 if flat[0] else 0
    bounds = np.empty(edges.size + 2 + lead, np.int64)
    bounds[: 1 + lead] = 0
    bounds[1 + lead : -1] = edges
    bounds[-1] = flat.size
    return np.diff(bounds)


def from_runs(height: int, width: int, run_lengths: Runs | Sequence[int]) -> RLE:
    """Compress run lengths (column-major, zeros first, summing to ``height * width``) to an :class:`RLE`.

    Raises :class:`InvalidRLE` for a negative run or a wrong sum. Zero-length runs other than the first are merged away,
    so that equal masks have equal bytes.
    """
    _check_size(height, width)
    lengths = np.asarray(run_lengths, np.int64)
    _check_runs(lengths, height, width)
    lengths = _canonical(lengths)
    delta = lengths.copy()
    delta[3:] -= lengths[1:-2]
    groups = 1 + _POWERS.searchsorted(delta ^ (delta >> 63), side="right")  # the complement where negative
    most = int(groups.max()) if groups.size else 0
    place = np.arange(most)
    codes = (delta[:, None] >> 5 * place) & 0x1F
    left = groups[:, None] - place
    codes += np.where(left > 1, 80, 48)  # another group follows, or none
    out = codes[left > 0].astype(np.uint8)
    return RLE(int(height), int(width), out.tobytes())


def runs(rle: RLE) -> Runs:
    """Run lengths (int64, column-major, zeros first, canonical) of an RLE; raises :class:`InvalidRLE` if it is not valid.

    Valid means: a plausible size, only characters 48–111, no unfinished or overlong number, no negative run, and runs that
    sum to ``height * width``.
    """
    return _parse(rle)[0]


def _parse(rle: RLE) -> tuple[Runs, bool]:
    """Canonical runs of an RLE, and whether its bytes are already the canonical ones."""
    height, width = rle.height, rle.width
    _check_size(height, width)
    pixels = height * width
    if len(rle.counts) > _MAX_GROUPS * (pixels + 1):
        raise InvalidRLE(f"The RLE counts are longer than any mask of {height} × {width} pixels needs.")
    codes = np.frombuffer(rle.counts, np.uint8)
    if codes.size == 0:
        if pixels:
            raise InvalidRLE(f"The RLE counts are empty, but the mask has {height} × {width} pixels.")
        return np.zeros(0, np.int64), True
    codes = codes - np.uint8(48)  # wraps around for what lies below, which is then above 63 too
    if codes.max() > 63:
        raise InvalidRLE("The RLE counts hold characters that COCO RLE does not use.")
    ends = (codes < 32).nonzero()[0]  # no continuation bit: the number ends here
    if ends.size == 0 or ends[-1] != codes.size - 1:
        raise InvalidRLE("The RLE counts end in the middle of a number.")
    values, minimal = _SIGNED[codes[ends]], True  # the highest group carries the sign
    if ends.size < codes.size:
        minimal = _lower_groups(codes, ends, values)
    np.add.accumulate(values[1::2], out=values[1::2])
    np.add.accumulate(values[2::2], out=values[2::2])
    _check_runs(values, height, width)
    lengths = _canonical(values)
    return lengths, minimal and lengths is values


def _lower_groups(codes: NDArray[np.uint8], ends: NDArray[np.intp], values: Runs) -> bool:
    """Shift the groups below the highest into `values`, in place; False where a number has a group that it doesn't need."""
    groups = ends + 1
    groups[1:] -= groups[:-1].copy()
    longest = int(groups.max())
    if longest > _MAX_GROUPS:
        raise InvalidRLE("The RLE counts hold a number too long for a run of pixels.")
    here, minimal = (groups > 1).nonzero()[0], True
    at = ends[here]
    for k in range(1, longest):
        at -= 1
        some = (values[here] << 5) + (codes[at] & 31)
        if k == 1:
            # The highest group only repeats the sign of the one below where both fit into five bits.
            minimal = bool(np.abs(2 * some + 1).min() > 32)
        values[here] = some
        if k + 1 < longest:
            more = groups[here] > k + 1
            here, at = here[more], at[more]
    return minimal


def decode(rle: RLE) -> Mask:
    """The mask ``(H, W)``, bool, C-contiguous."""
    lengths = runs(rle)
    flat = np.zeros(rle.height * rle.width, np.bool_)
    bounds = np.cumsum(lengths)
    if bounds.size > 1:
        starts, ends = bounds[0:-1:2], bounds[1::2]
        if starts.size < 64:  # few runs: slices beat a repeat over all pixels
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
                flat[start:end] = True
        else:
            flat = np.repeat(np.arange(lengths.size, dtype=np.uint8) & 1, lengths).view(np.bool_)
    return np.ascontiguousarray(flat.reshape(rle.width, rle.height).T)


def validate(rle: RLE, height: int | None = None, width: int | None = None) -> RLE:
    """Return the RLE in canonical bytes, or raise :class:`InvalidRLE`; with ``height`` and ``width``, its size must match."""
    if (height is not None and rle.height != height) or (width is not None and rle.width != width):
        raise InvalidRLE(
            f"The mask is {rle.height} × {rle.width} pixels, but the image is {height} × {width} (height × width)."
        )
    lengths, canonical = _parse(rle)
    return rle if canonical else from_runs(rle.height, rle.width, lengths)


def area(rle: RLE) -> int:
    """Number of set pixels."""
    return int(runs(rle)[1::2].sum())


@lru_cache(
    maxsize=64
)  # asked for with each submission that leaves a label out, for the few sizes that a project's images have
def empty(height: int, width: int) -> RLE:
    """The RLE of a mask without a set pixel."""
    return from_runs(height, width, [height * width] if height * width else [])


def intersection(a: RLE, b: RLE) -> int:
    """Number of pixels set in both masks, on runs, without decoding; raises when sizes differ."""
    _check_same(a, b)
    return _intersection(np.cumsum(runs(a)), np.cumsum(runs(b)))


def dice_rle(a: RLE, b: RLE) -> float:
    """Dice of two masks on their runs; two empty masks agree: 1. Raises when sizes differ."""
    _check_same(a, b)
    ra, rb = runs(a), runs(b)
    total = int(ra[1::2].sum()) + int(rb[1::2].sum())
    return 1.0 if total == 0 else 2.0 * _intersection(np.cumsum(ra), np.cumsum(rb)) / total


def iou_rle(a: RLE, b: RLE) -> float:
    """Intersection over union of two masks on their runs; two empty masks agree: 1. Raises when sizes differ."""
    _check_same(a, b)
    ra, rb = runs(a), runs(b)
    both = _intersection(np.cumsum(ra), np.cumsum(rb))
    union = int(ra[1::2].sum()) + int(rb[1::2].sum()) - both
    return 1.0 if union == 0 else both / union


def to_json(rle: RLE) -> dict[str, Any]:
    """``{"size": [height, width], "counts": "..."}`` as in COCO and in the public API."""
    return {"size": [rle.height, rle.width], "counts": rle.counts.decode("ascii")}


def from_json(value: Any, height: int | None = None, width: int | None = None) -> RLE:
    """Parse and validate ``{"size": [h, w], "counts": str}``; with ``height`` and ``width`` the size must match.

    Raises :class:`InvalidRLE` for everything else. Uncompressed counts (a list) are refused: on the wire there is one form.
    """
    return validate(_read_json(value), height, width)


def measured_from_json(value: Any) -> tuple[RLE, int]:
    """As :func:`from_json`, with the number of set pixels, which comes of the same pass over the runs."""
    rle = _read_json(value)
    lengths, canonical = _parse(rle)
    return rle if canonical else from_runs(rle.height, rle.width, lengths), int(lengths[1::2].sum())


def _read_json(value: Any) -> RLE:
    """The RLE that the JSON spells, not yet validated."""
    if not isinstance(value, Mapping):
        raise InvalidRLE('An RLE is an object {"size": [height, width], "counts": "..."}.')
    size, counts = value.get("size"), value.get("counts")
    if not (
        isinstance(size, list | tuple)
        and len(size) == 2
        and all(isinstance(n, int) and not isinstance(n, bool) for n in size)
    ):
        raise InvalidRLE("The size of an RLE is a list of two integers, [height, width].")
    if isinstance(counts, bytes):
        data = counts
    elif isinstance(counts, str):
        try:
            data = counts.encode("ascii")
        except UnicodeEncodeError:
            raise InvalidRLE("The RLE counts hold characters that COCO RLE does not use.") from None
    else:
        raise InvalidRLE("The counts of an RLE are its compressed COCO string.")
    return RLE(size[0], size[1], data)


def _intersection(ends_a: Runs, ends_b: Runs) -> int:
    """Pixels set in both of two masks given by the cumulated ends of their runs."""
    if ends_a.size < 2 or ends_b.size < 2:
        return 0
    bounds = np.sort(np.concatenate((ends_a, ends_b)), kind="stable")
    both = (
        np.searchsorted(ends_a, bounds[:-1], side="right")
        & np.searchsorted(ends_b, bounds[:-1], side="right")
        & 1
    )
    return int((np.diff(bounds) * both).sum())


def _canonical(lengths: Runs) -> Runs:
    """Merge zero-length runs (but a leading one that is needed) so that equal masks have equal runs."""
    if lengths.size < 2 or lengths[1:].all():
        return lengths
    ends = np.cumsum(lengths)
    odd = np.arange(lengths.size) & 1
    keep = lengths > 0
    values, stops = odd[keep], ends[keep]
    if not values.size:  # nothing but runs of zero pixels: a mask with an empty side
        return np.zeros(0, np.int64)
    change = np.append(values[1:] != values[:-1], True)
    stops = stops[change]
    if values.size and values[0]:
        stops = np.insert(stops, 0, 0)
    return np.diff(stops, prepend=0)


def _check_size(height: int, width: int) -> None:
    if height < 0 or width < 0 or height > MAX_SIDE or width > MAX_SIDE or height * width > MAX_PIXELS:
        raise InvalidRLE(f"A mask of {height} × {width} pixels (height × width) is not possible.")


def _check_runs(lengths: Runs, height: int, width: int) -> None:
    if lengths.size and int(lengths.min()) < 0:
        raise InvalidRLE("The RLE counts hold a run of negative length.")
    total = int(lengths.sum())
    if total != height * width or (lengths.size and int(lengths.max()) > height * width):
        raise InvalidRLE(
            f"The RLE runs cover {total} pixels, but the mask has {height} × {width} = {height * width}."
        )


def _check_same(a: RLE, b: RLE) -> None:
    if a.size != b.size:
        raise InvalidRLE(
            f"Two masks of different size, {a.height} × {a.width} and {b.height} × {b.width}, cannot be compared."
        )
