"""What the raters said about one class on one image: the input of every method in this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.rle import RLE
from shared.imaging.rle_many import runs_of_many

FULL = 0.75  # a mask over more of the frame than this says nothing about where the object is


@dataclass(frozen=True, slots=True)
class ImageVotes:
    """The masks of one class on one image, one a rater, sorted by rater so that the order of arrival can't matter.

    Build it with :func:`image_votes`, which checks and sorts. An empty mask is an answer ("nothing here").
    """

    image: str
    raters: tuple[str, ...]
    masks: tuple[RLE, ...]

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)`` in pixels."""
        return self.masks[0].size

    def without(self, rater: str) -> ImageVotes:
        """The same votes without one rater's; raises InvalidInput if none is left."""
        return image_votes(
            self.image, {r: m for r, m in zip(self.raters, self.masks, strict=True) if r != rater}
        )


def image_votes(image: str, masks: Mapping[str, RLE | NDArray[Any]]) -> ImageVotes:
    """Votes from ``{rater: mask}``; a mask is an RLE or an array (H, W), non-zero = set.

    Raises InvalidInput for no rater, NaN in a mask, or masks of different sizes (the sentence names image and rater).
    """
    if not masks:
        raise InvalidInput(f"Image {image!r} has no masks, so there is nothing to merge.")
    raters = tuple(sorted(masks))
    out: list[RLE] = []
    for rater in raters:
        mask = masks[rater]
        if not isinstance(mask, RLE):
            array = np.asarray(mask)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise InvalidInput(
                    f"The mask of {rater!r} on image {image!r} holds values that aren't numbers."
                )
            mask = rle.encode(array)
        if out and mask.size != out[0].size:
            raise InvalidInput(
                f"On image {image!r} the mask of {rater!r} is {mask.height} × {mask.width} pixels, "
                f"but that of {raters[0]!r} is {out[0].height} × {out[0].width}."
            )
        out.append(mask)
    return ImageVotes(image, raters, tuple(out))


Box = tuple[int, int, int, int]


def run_bounds(mask: RLE) -> NDArray[np.int64]:
    """Column-major positions at which the mask changes, starting from unset: rising, falling, rising, …"""
    ends = np.cumsum(rle.runs(mask))
    return ends[:-1] if ends.size and ends.size % 2 else ends


def bounds_of_many(masks: Sequence[RLE]) -> list[NDArray[np.int64]]:
    """:func:`run_bounds` of each mask, read in one pass."""
    ends = [np.cumsum(found) for found in runs_of_many(masks)]
    return [e[:-1] if e.size and e.size % 2 else e for e in ends]


def box_of(bounds: NDArray[np.int64], height: int) -> Box | None:
    """Rows and columns ``(y0, x0, y1, x1)`` (end exclusive) of a mask given by :func:`run_bounds`; None: empty."""
    if bounds.size == 0:
        return None
    starts, ends = bounds[0::2], bounds[1::2] - 1
    x0, x1 = int(starts[0] // height), int(ends[-1] // height) + 1
    if np.any(starts // height != ends // height):  # a run over a column's end touches the first and last row
        return 0, x0, height, x1
    return int((starts % height).min()), x0, int((ends % height).max()) + 1, x1


def object_box(votes: ImageVotes, margin: float = 0.1, least: int = 12) -> Box:
    """The frame part that matters: around all masks that cover less than three quarters of the frame, with a margin.

    How much background is counted changes STAPLE's answer (its specificity saturates), so methods that count background
    count this much. Without such a mask the whole frame is answered.
    """
    height, width = votes.size
    boxes = []
    for bounds in bounds_of_many(votes.masks):
        if bounds.size and int((bounds[1::2] - bounds[0::2]).sum()) <= FULL * height * width:
            found = box_of(bounds, height)
            if found is not None:
                boxes.append(found)
    if not boxes:
        return 0, 0, height, width
    y0, x0 = min(b[0] for b in boxes), min(b[1] for b in boxes)
    y1, x1 = max(b[2] for b in boxes), max(b[3] for b in boxes)
    my, mx = max(least, int(margin * (y1 - y0))), max(least, int(margin * (x1 - x0)))
    return max(0, y0 - my), max(0, x0 - mx), min(height, y1 + my), min(width, x1 + mx)


def box_rle(box: Box, height: int, width: int) -> RLE:
    """The mask of a box."""
    y0, x0, y1, x1 = box
    if y1 - y0 == height:
        lengths = [x0 * height, (x1 - x0) * height, (width - x1) * height]
        return rle.from_runs(height, width, lengths)
    columns = x1 - x0
    lengths_ = np.empty(2 * columns + 1, np.int64)
    lengths_[0::2], lengths_[1::2] = height - (y1 - y0), y1 - y0
    lengths_[0], lengths_[-1] = x0 * height + y0, (height - y1) + (width - x1) * height
    return rle.from_runs(height, width, lengths_)
