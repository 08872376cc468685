"""What a person gives the segmenter, checked against the frame before any model sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.inference.domain.clicker import Click
from shared.errors import InvalidInput

BoolMask = npt.NDArray[np.bool_]
MAX_POINTS = 500
"""Points and scribble vertices of one prompt together; a person draws fewer, and a script that wants more sends a mask."""


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in pixels, x right, y down: x0 < x1, y0 < y1."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Scribble:
    """A stroke through `points` (x, y), about three pixels wide."""

    points: tuple[tuple[float, float], ...]
    is_positive: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """Clicks in the order given (of two on one pixel, the later counts), a box, strokes, and the mask to correct."""

    points: tuple[Click, ...] = ()
    box: Box | None = None
    scribbles: tuple[Scribble, ...] = ()
    mask: BoolMask | None = field(default=None, compare=False)

    @property
    def is_empty(self) -> bool:
        return not (self.points or self.box or self.scribbles or (self.mask is not None and self.mask.any()))

    def clicks(self) -> list[Click]:
        """Clicks and scribble vertices (strokes sampled at most every two pixels, 400 samples a stroke)."""
        found = [Click(x, y, s.is_positive) for s in self.scribbles for x, y in _along(s.points)]
        return found + list(self.points)


def _along(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) < 2:
        return list(points)
    path = np.asarray(points, float)
    lengths = np.hypot(*np.diff(path, axis=0).T)
    at = np.concatenate([[0], np.cumsum(lengths)])
    if at[-1] == 0:
        return [points[0]]
    where = np.linspace(0, at[-1], int(min(400, max(2, at[-1] / 2))))
    return list(
        zip(np.interp(where, at, path[:, 0]).tolist(), np.interp(where, at, path[:, 1]).tolist(), strict=True)
    )


def _inside(x: float, y: float, height: int, width: int, what: str) -> None:
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InvalidInput(
            f"A {what} has a coordinate that is not a number; send finite x and y.", code="bad-prompt"
        )
    if not (0 <= x <= width and 0 <= y <= height):
        raise InvalidInput(
            f"The {what} ({x:g}, {y:g}) lies outside of the image of {width} × {height} pixels.",
            code="bad-prompt",
        )


def checked(prompt: Prompt, height: int, width: int) -> Prompt:
    """The prompt as a model may take it: points and strokes inside the frame, the box clipped to it.

    Raises InvalidInput (422) for: nothing given; NaN or infinite numbers; a point outside of the frame; more than 500 points;
    a box without area or wholly outside; a mask of another size than the frame.
    """
    if prompt.is_empty:
        raise InvalidInput(
            "Give at least one point, box, scribble or a mask that is not empty.", code="bad-prompt"
        )
    count = len(prompt.points) + sum(len(s.points) for s in prompt.scribbles)
    if count > MAX_POINTS:
        raise InvalidInput(
            f"{count} points are more than the {MAX_POINTS} of one prompt; send the mask so far and the newest points.",
            code="too-many-points",
        )
    for click in prompt.points:
        _inside(click.x, click.y, height, width, "point")
    for scribble in prompt.scribbles:
        if not scribble.points:
            raise InvalidInput("A scribble needs at least one point.", code="bad-prompt")
        for x, y in scribble.points:
            _inside(x, y, height, width, "scribble point")
    if prompt.mask is not None and prompt.mask.shape != (height, width):
        raise InvalidInput(
            f"The mask is {prompt.mask.shape[-1]} × {prompt.mask.shape[0]}, the image {width} × {height} pixels.",
            code="bad-prompt",
        )
    box = prompt.box
    if box is not None:
        if not all(math.isfinite(v) for v in (box.x0, box.y0, box.x1, box.y1)):
            raise InvalidInput(
                "The box has a corner that is not a number; send four finite numbers.", code="bad-prompt"
            )
        box = Box(max(0.0, box.x0), max(0.0, box.y0), min(float(width), box.x1), min(float(height), box.y1))
        if box.x1 <= box.x0 or box.y1 <= box.y0:
            raise InvalidInput(
                "The box has no area inside of the image; give x0 < x1 and y0 < y1 within the frame.",
                code="bad-prompt",
            )
    return Prompt(prompt.points, box, prompt.scribbles, prompt.mask)
