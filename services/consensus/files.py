"""Mask and image files in and out of arrays, for labs that run consensus without the platform.

A PNG is ``(H, W)``, non-zero = set (alpha is ignored; a grey scale with more than 20 values is cut at half). A NIfTI with two real axes is
read as ``[row, column]`` where its affine is diagonal and positive (an array that somebody wrapped), and transposed where it
has a scanner's geometry (first axis = x = column). One with three real axes is a volume: its slices are laid side by side with a
gutter between them, so that every method sees planes, and are put back for output.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import BrambleError, InvalidInput
from shared.imaging.codecs import decode_png, encode_png

SUFFIXES = (".nii.gz", ".nii", ".png")
GUTTER = 16
_LABELS = 20  # more distinct values than this are a grey scale, not classes
Array = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """How a file's array became a plane ``(H, W)``. shape: of the file's array; affine: None for PNG."""

    shape: tuple[int, ...]
    affine: Array | None = None
    transposed: bool = False

    @property
    def is_volume(self) -> bool:
        return len(self.shape) == 3

    def to_plane(self, array: Array) -> Array:
        """The plane of an array of this shape."""
        if not self.is_volume:
            return array.T if self.transposed else array
        rows, columns, slices = self.shape
        out = np.zeros((rows, slices * (columns + GUTTER)), array.dtype)
        for k in range(slices):
            at = k * (columns + GUTTER)
            out[:, at : at + columns] = array[:, :, k]
        return out

    def from_plane(self, plane: Array) -> Array:
        """The inverse of :meth:`to_plane`."""
        if not self.is_volume:
            return plane.T if self.transposed else plane
        _, columns, slices = self.shape
        parts = [plane[:, k * (columns + GUTTER) :][:, :columns] for k in range(slices)]
        return np.stack(parts, axis=-1)


def stem(path: Path) -> str | None:
    """The name without its known suffix; None: not a file of ours."""
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return None


def read_array(path: Path) -> tuple[Array, Layout]:
    """The plane ``(H, W)`` of a PNG or NIfTI, and its layout. Raises InvalidInput with the file's name for what can't be read."""
    try:
        if path.name.lower().endswith(".png"):
            pixels = decode_png(path.read_bytes())
            if pixels.ndim == 3:
                pixels = pixels.max(axis=2)
            return pixels, Layout(pixels.shape)
        return _read_nifti(path)
    except BrambleError as error:
        raise InvalidInput(f"{path}: {error}") from error
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror or error}.") from error


def _read_nifti(path: Path) -> tuple[Array, Layout]:
    import nibabel as nib

    try:
        file: Any = nib.load(path)
        array = np.asanyarray(file.dataobj)
    except Exception as error:  # nibabel raises a dozen kinds for damaged files
        raise InvalidInput("The NIfTI is damaged or cut off and can't be read.") from error
    if array.dtype.kind not in "biuf":
        raise InvalidInput("The NIfTI holds values that aren't plain numbers.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidInput("The mask holds NaN or infinite values.")
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InvalidInput(f"A mask has two or three axes, but this one's shape is {array.shape}.")
    affine = np.asarray(file.affine, float)
    turn = affine[:3, :3]
    wrapped = np.allclose(turn, np.diag(np.abs(np.diag(turn))))
    layout = Layout(array.shape, affine, transposed=array.ndim == 2 and not wrapped)
    return layout.to_plane(array), layout


def classes(plane: Array) -> list[int]:
    """The class ids of a mask: [1] for two values, the ids of a label map, [1] for a grey scale."""
    values = np.unique(plane)
    values = values[values != 0]
    if values.size <= 1:
        return [1]
    if values.size <= _LABELS and values.max() < 64 and np.array_equal(values, np.round(values)):
        return [int(v) for v in values]
    return [1]


def select(plane: Array, label: int, is_label_map: bool) -> NDArray[np.bool_]:
    """The mask of one class, bool (H, W)."""
    if is_label_map:
        return np.asarray(plane == label)
    values = np.unique(plane)
    if values.size > 2:
        return np.asarray(plane >= values.max() / 2)
    return np.asarray(plane != 0)


def write_plane(folder: Path, name: str, plane: Array, layout: Layout) -> None:
    """``name.png`` of a plane (uint8 or uint16), and beside it ``name.nii.gz`` in the source's space where that was NIfTI.

    A volume has no PNG.
    """
    if not layout.is_volume:
        (folder / f"{name}.png").write_bytes(encode_png(plane))
    if layout.affine is not None:
        import nibabel as nib

        array = np.ascontiguousarray(layout.from_plane(plane))
        nib.save(nib.Nifti1Image(array, layout.affine), folder / f"{name}.nii.gz")
