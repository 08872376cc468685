"""The whole segmenter as one function, for scripts, notebooks and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from services.inference.domain.clicker import Click
from services.inference.domain.port import Segmenter
from services.inference.domain.prompt import Box, Prompt


@cache
def default_segmenter() -> Segmenter:
    """Drupelet in process where its weights are at hand, else the random walker."""
    from services.inference.domain.classical import random_walker
    from services.inference.models import DRUPELET, DrupeletSegmenter
    from services.inference.runners import OnnxRunner

    return DrupeletSegmenter(OnnxRunner(DRUPELET), weights=DRUPELET) if DRUPELET.exists() else random_walker()


def predict(
    image: npt.NDArray[np.generic],
    points: Sequence[tuple[float, float, bool]],
    box: Sequence[float] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    *,
    segmenter: Segmenter | None = None,
) -> tuple[npt.NDArray[np.bool_], float]:
    """The mask, bool (H, W), and the predicted IoU in [0, 1].

    image: (H, W) or (H, W, 3), uint8 (other number types are stretched to it). points: (x, y, is_positive) in pixels, x right,
    y down, the centre of pixel (row r, column c) being (c + 0.5, r + 0.5). box: x0, y0, x1, y1. mask: bool (H, W), the previous
    answer, to be corrected; giving it keeps a click loop steady. Raises InvalidInput for a bad prompt.
    """
    model = segmenter or default_segmenter()
    clicks = tuple(Click(float(x), float(y), bool(positive)) for x, y, positive in points)
    corners = Box(*(float(v) for v in box)) if box is not None else None
    before = None if mask is None else np.asarray(mask).astype(bool)
    best = model.decode(model.encode(np.asarray(image)), Prompt(clicks, corners, (), before))[0]
    return best.mask, best.score
