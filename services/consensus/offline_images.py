"""`bramble consensus --images`: reads a folder of images and lets each move its consensus' border where the image has earned it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.auto import LEAST_GOLD
from services.consensus.domain.hierarchical import RaterModel
from services.consensus.domain.image_rater import (
    ImageTrust,
    lesson_of_gold,
    lesson_of_halves,
    refine,
    trust,
)
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes
from services.consensus.files import Layout, read_array
from shared.errors import InvalidInput
from shared.imaging.codecs import MAX_PIXELS, as_pixels
from shared.imaging.rle import RLE

SUFFIXES = (".nii.gz", ".nii", ".png", ".jpg", ".jpeg", ".tif", ".tiff")
Image = NDArray[np.float32]


def read_images(folder: Path, layouts: Mapping[str, Layout]) -> dict[str, Image]:
    """Images of the labelled ones as float32 (H, W, C) in the masks' plane, by name. Others in the folder are passed over.

    Raises InvalidInput for no such folder, an image of another size than its masks, two of a name, one that can't be read, or none.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder of images.")
    out: dict[str, Image] = {}
    for path in sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")):
        name = _stem(path)
        if name is None or name not in layouts:
            continue
        if name in out:
            raise InvalidInput(f"{folder} holds two images of {name!r}; keep one of them.")
        plane, shape = _read(path)
        own = layouts[name]
        if shape[: len(own.shape)] != own.shape:
            raise InvalidInput(f"{path} has another size than the masks of that image.")
        out[name] = np.ascontiguousarray(plane if plane.ndim == 3 else plane[:, :, None], dtype=np.float32)
    if not out:
        raise InvalidInput(f"{folder} holds an image of none of the labelled ones.")
    return out


def _stem(path: Path) -> str | None:
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return None


def _read(path: Path) -> tuple[NDArray[np.generic], tuple[int, ...]]:
    """The plane (H, W) or (H, W, C), and the file's own shape."""
    if path.name.lower().endswith((".nii", ".nii.gz")):
        array, layout = read_array(path)
        return array, layout.shape
    from PIL import Image as Pillow

    try:
        with Pillow.open(path, formats=["PNG", "JPEG", "TIFF"]) as file:
            if file.width * file.height > MAX_PIXELS:
                raise InvalidInput(
                    f"{path} claims {file.width} × {file.height} pixels; the limit is {MAX_PIXELS:,}."
                )
            pixels = as_pixels(file)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise InvalidInput(f"{path} can't be read as an image.") from error
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise InvalidInput(f"{path} holds values that aren't numbers.")
    return pixels, pixels.shape[:2]


@dataclass(frozen=True, slots=True)
class Looked:
    """Consensus of each image, in order, and the sentence that says what the images were worth."""

    fused: list[Fused]
    why: str
    trust: ImageTrust


def look(
    votes: Sequence[ImageVotes],
    fused: Sequence[Fused],
    model: RaterModel,
    images: Mapping[str, Image],
    gold: Mapping[str, RLE],
    *,
    always: bool = False,
) -> Looked:
    """The consensus with the images' say where it is earned (or ``always``); gold teaches where there are enough images of it."""
    known = [k for k, v in enumerate(votes) if v.image in gold and v.image in images]
    by_gold = len(known) >= LEAST_GOLD
    if by_gold:
        found = [lesson_of_gold(fused[k], images[votes[k].image], gold[votes[k].image]) for k in known]
    else:
        found = [lesson_of_halves(v, model, images[v.image]) for v in votes if v.image in images]
    worth = trust([one for one in found if one is not None])
    whom = "gold" if by_gold else "what the other half of the raters drew"
    figures = (
        f"log-loss at the border {worth.gain:+.4f} ± {worth.error:.4f} on {worth.lessons} images, by {whom}"
    )
    if not worth.earned and not always:
        return Looked(list(fused), f"The images weren't used: they don't tell enough ({figures}).", worth)
    out = [
        refine(f, images[v.image], worth) if v.image in images else f
        for v, f in zip(votes, fused, strict=True)
    ]
    moved = sum(a is not b for a, b in zip(out, fused, strict=True))
    return Looked(out, f"The images moved {moved} of {len(out)} borders ({figures}).", worth)
