"""Label maps: several classes' masks in one array, and both images and label maps brought to the generator's square grid.

A *label map* is uint8 ``(H, W)``, row-major, origin top left: 0 is background, ``k`` is the k-th label of the project (its *index*,
1-based position in the list of label ids, not the id itself). Where masks overlap the later label wins; the exact masks stay in the
COCO file of a dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput

LabelMap = NDArray[np.uint8]
Image = NDArray[np.uint8]
Plane = NDArray[np.float32]


def from_masks(
    masks: Mapping[int, NDArray[Any]], label_ids: Sequence[int], shape: tuple[int, int]
) -> LabelMap:
    """The label map ``shape`` of ``masks`` (label id → bool ``(H, W)``); a label left out is empty.

    Raises InvalidInput for a mask of another size or a label that the project doesn't have.
    """
    out = np.zeros(shape, np.uint8)
    known = {label: index for index, label in enumerate(label_ids, start=1)}
    for label in masks:
        if label not in known:
            raise InvalidInput(f"Label {label} isn't one of the project's labels {list(label_ids)}.")
    for label, index in known.items():
        mask = masks.get(label)
        if mask is None:
            continue
        if mask.shape != shape:
            raise InvalidInput(
                f"A mask of label {label} is {mask.shape[0]}x{mask.shape[1]}, its image {shape[0]}x{shape[1]}; "
                "masks must have their image's size."
            )
        out[mask.astype(bool)] = index
    return out


def to_masks(label_map: LabelMap, label_ids: Sequence[int]) -> dict[int, NDArray[np.bool_]]:
    """Label id → bool mask ``(H, W)``, for every label, the empty ones too."""
    return {label: label_map == index for index, label in enumerate(label_ids, start=1)}


def resample_matrix(source: int, target: int) -> NDArray[np.float64]:
    """Weights ``(target, source)`` of area resampling along one axis; rows sum to 1.

    Shrinking averages exactly the source pixels that a target pixel covers (no aliasing, whatever the ratio); growing is linear.
    """
    if source < 1 or target < 1:
        raise InvalidInput(f"Can't resample {source} to {target} pixels; both must be at least 1.")
    scale = source / target
    if scale >= 1:
        low = np.arange(target)[:, None] * scale
        cells = np.arange(source)[None, :]
        overlap = np.minimum(low + scale, cells + 1) - np.maximum(low, cells)
        weights = np.clip(overlap, 0.0, None)
    else:
        centre = np.clip((np.arange(target) + 0.5) * scale - 0.5, 0, source - 1)
        weights = np.clip(1 - np.abs(centre[:, None] - np.arange(source)[None, :]), 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _square(array: NDArray[Any], fill: Any) -> NDArray[Any]:
    """Centred in a square of the longer side; the aspect ratio stays, the border is ``fill``."""
    height, width = array.shape[:2]
    side = max(height, width)
    if height == width:
        return array
    out = np.empty((side, side, *array.shape[2:]), array.dtype)
    out[...] = fill
    top, left = (side - height) // 2, (side - width) // 2
    out[top : top + height, left : left + width] = array
    return out


def fit_image(image: Image, size: int, channels: int) -> Plane:
    """``image`` uint8 ``(H, W)`` or ``(H, W, 1|3)`` → float32 ``(channels, size, size)`` in [-1, 1].

    Padded to a square with the border's median colour, then area-resampled. Grey ↔ colour as ``channels`` (1 or 3) asks.
    """
    pixels = image[..., None] if image.ndim == 2 else image
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise InvalidInput(f"An image must be (H, W) or (H, W, 1|3), not {image.shape}.")
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    square = _square(pixels, np.median(border, axis=0).astype(pixels.dtype))
    weights = resample_matrix(square.shape[0], size)
    small = np.einsum("ij,jkc,lk->cil", weights, square.astype(np.float64), weights, optimize=True)
    if small.shape[0] != channels:
        small = small.mean(axis=0, keepdims=True) if channels == 1 else np.repeat(small[:1], 3, axis=0)
    return np.asarray(small / 127.5 - 1.0, np.float32)


def fit_label_map(label_map: LabelMap, size: int) -> LabelMap:
    """``(H, W)`` → ``(size, size)``, with the same geometry as `fit_image`: each target pixel takes the class that covers most of it."""
    square = _square(label_map, 0)
    weights = resample_matrix(square.shape[0], size)
    classes = np.unique(square)
    cover = np.stack([weights @ (square == value).astype(np.float64) @ weights.T for value in classes])
    return np.asarray(classes[np.argmax(cover, axis=0)], np.uint8)


def to_uint8(planes: NDArray[Any]) -> Image:
    """float ``(C, H, W)`` in [-1, 1] → uint8 ``(H, W)`` for one channel, ``(H, W, 3)`` for three."""
    scaled = np.clip(np.rint((np.asarray(planes, np.float64) + 1.0) * 127.5), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(scaled[0] if scaled.shape[0] == 1 else np.moveaxis(scaled, 0, -1))


def mean_dice(a: LabelMap, b: LabelMap, classes: int) -> float:
    """Mean over the classes 1..``classes`` that occur in ``a`` or ``b`` of their Dice; 1 where neither has any foreground."""
    scores = []
    for index in range(1, classes + 1):
        left, right = a == index, b == index
        total = int(left.sum()) + int(right.sum())
        if total:
            scores.append(2.0 * int((left & right).sum()) / total)
    return float(np.mean(scores)) if scores else 1.0
