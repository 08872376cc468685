"""Square windows of a frame: cut out, resample, and bring back to the frame's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.inference.domain.clicker import Click

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """`side` × `side` source pixels whose top left pixel is (row y0, column x0); may reach beyond the frame."""

    x0: int
    y0: int
    side: int

    @classmethod
    def whole(cls, height: int, width: int) -> Window:
        """The smallest square that holds the frame, centred."""
        side = max(height, width)
        return cls(-((side - width) // 2), -((side - height) // 2), side)

    @classmethod
    def around(
        cls, x0: float, y0: float, x1: float, y1: float, height: int, width: int, least: int
    ) -> Window:
        """A square that holds the rectangle, at least `least` wide, moved inside the frame where it fits."""
        side = int(np.ceil(max(x1 - x0, y1 - y0, least)))
        if side >= max(height, width):
            return cls.whole(height, width)
        left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
        left = min(max(left, 0), width - side) if side <= width else -((side - width) // 2)
        top = min(max(top, 0), height - side) if side <= height else -((side - height) // 2)
        return cls(left, top, side)

    def part(self, height: int, width: int) -> tuple[slice, slice, slice, slice]:
        """(rows, columns) of the frame that the window covers, and (rows, columns) of the window where they lie."""
        top, bottom = max(0, self.y0), min(height, self.y0 + self.side)
        left, right = max(0, self.x0), min(width, self.x0 + self.side)
        return (
            slice(top, bottom),
            slice(left, right),
            slice(top - self.y0, bottom - self.y0),
            slice(left - self.x0, right - self.x0),
        )

    def place(self, click: Click, size: int) -> tuple[float, float]:
        """The click's (x, y) in a view of `size` × `size`."""
        return (click.x - self.x0) * size / self.side, (click.y - self.y0) * size / self.side

    def holds(self, click: Click) -> bool:
        return self.x0 <= click.x < self.x0 + self.side and self.y0 <= click.y < self.y0 + self.side


def view(frame: npt.NDArray[np.uint8], window: Window, size: int) -> Float:
    """(size, size, 3) float32 in [0, 1] of a uint8 (H, W, 3) frame, antialiased; the frame's border is repeated outside."""
    from PIL import Image

    height, width = frame.shape[:2]
    rows, cols, _, _ = window.part(height, width)
    scale = size / window.side
    part = Image.fromarray(np.ascontiguousarray(frame[rows, cols]))
    top, left = round((rows.start - window.y0) * scale), round((cols.start - window.x0) * scale)
    tall = min(max(1, round((rows.stop - rows.start) * scale)), size)
    wide = min(max(1, round((cols.stop - cols.start) * scale)), size)
    top, left = min(top, size - tall), min(left, size - wide)
    small: Float = np.asarray(part.resize((wide, tall), Image.Resampling.BILINEAR), np.float32)
    small *= np.float32(1 / 255)
    pads = ((top, size - top - tall), (left, size - left - wide), (0, 0))
    return np.pad(small, pads, mode="edge") if any(map(any, pads)) else small


def resample(plane: Float, source: Window, target: Window, size: int) -> Float:
    """`plane` (n, n), which covers `source`, seen through `target` at (size, size); zero outside of `source`."""
    from PIL import Image

    n = plane.shape[0]
    scale = n / source.side
    x0, y0 = (target.x0 - source.x0) * scale, (target.y0 - source.y0) * scale
    side = target.side * scale
    low = int(np.floor(min(x0, y0, 0)))
    high = int(np.ceil(max(x0 + side, y0 + side, n)))
    if low < 0 or high > n:
        plane = np.pad(plane, (-low, high - n))
    box = (x0 - low, y0 - low, x0 - low + side, y0 - low + side)
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=box), np.float32)


def cut(mask: npt.NDArray[np.bool_], window: Window, size: int) -> Float:
    """The share of set pixels of a frame-sized mask in each cell of a (size, size) view; zero outside of the frame. Memory is
    that of the frame's part in the window, never of the square, which is huge for a long, narrow frame."""
    from PIL import Image

    rows, cols, inner_rows, inner_cols = window.part(*mask.shape)
    scale = size / window.side
    tall, wide = rows.stop - rows.start, cols.stop - cols.start
    out = np.zeros((size, size), np.float32)
    if tall <= 0 or wide <= 0:
        return out
    # Whole cells of the view that the part covers; the box is the same stretch in the part's own pixels.
    top, bottom = int(inner_rows.start * scale), min(size, int(np.ceil(inner_rows.stop * scale - 1e-6)))
    left, right = int(inner_cols.start * scale), min(size, int(np.ceil(inner_cols.stop * scale - 1e-6)))
    box = (
        max(0.0, left / scale - inner_cols.start),
        max(0.0, top / scale - inner_rows.start),
        min(float(wide), right / scale - inner_cols.start),
        min(float(tall), bottom / scale - inner_rows.start),
    )
    part = Image.fromarray(np.ascontiguousarray(mask[rows, cols]).view(np.uint8) * np.uint8(255))
    how = Image.Resampling.BOX if window.side >= size else Image.Resampling.BILINEAR
    small = part.resize((max(1, right - left), max(1, bottom - top)), how, box=box)
    out[top : top + small.height, left : left + small.width] = np.asarray(small, np.float32) * np.float32(
        1 / 255
    )
    return out


def paste(out: Float, plane: Float, window: Window) -> None:
    """Write `plane` (n, n), which covers `window`, into the frame-sized `out` (H, W), bilinear, in place."""
    from PIL import Image

    rows, cols, inner_rows, inner_cols = window.part(*out.shape)
    tall, wide = rows.stop - rows.start, cols.stop - cols.start
    if tall <= 0 or wide <= 0:
        return
    scale = plane.shape[0] / window.side
    box = (
        inner_cols.start * scale,
        inner_rows.start * scale,
        inner_cols.stop * scale,
        inner_rows.stop * scale,
    )
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    out[rows, cols] = np.asarray(image.resize((wide, tall), Image.Resampling.BILINEAR, box=box), np.float32)
