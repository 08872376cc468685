"""What a project's own segmenter says of an image, and whether that is good enough to be shown.

The network comes as one ONNX file with its calibration inside (docs/segmenter.md): the frame in, a probability a pixel and an expected
Dice a label out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Net = Callable[[Mapping[str, npt.NDArray[np.uint8]]], Mapping[str, Float]]

LEAST_EXPECTED = 0.7
"""Expected Dice under which a proposal isn't shown: about what three clicks reach (docs/segmenter.md), so it would save none."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One label's mask, bool (H, W), and the Dice to expect of it, 0..1."""

    label_id: int
    mask: Mask
    expected: float

    @property
    def is_shown(self) -> bool:
        """Whether it helps more than it misleads. An empty mask is nothing to show."""
        return self.expected >= LEAST_EXPECTED and bool(self.mask.any())


def guess(net: Net, frame: npt.NDArray[np.uint8], label_ids: Sequence[int], size: int) -> list[Guess]:
    """The masks of a frame uint8 (H, W) or (H, W, 3), one a label, in the frame's grid.

    The square's probabilities are brought to the frame by linear interpolation and cut at a half, so edges are smooth.
    """
    from PIL import Image

    rgb = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)
    height, width = rgb.shape[:2]
    square = Image.fromarray(np.ascontiguousarray(rgb[..., :3])).resize(
        (size, size), Image.Resampling.BILINEAR
    )
    found = net({"image": np.asarray(square)})
    out = []
    for k, label_id in enumerate(label_ids):
        plane = Image.fromarray(np.ascontiguousarray(found["probability"][k], np.float32))
        mask = np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR)) > 0.5
        out.append(Guess(label_id, mask, float(np.clip(found["expected"][k], 0.0, 1.0))))
    return out


def doubt(guesses: Sequence[Guess]) -> float:
    """How much is to be learnt from the image, 0..1: the Dice that is missing of its labels' masks, on average. 0 without labels."""
    return 1.0 - float(np.mean([g.expected for g in guesses])) if guesses else 0.0
