"""NIfTI-1: each frame a volume of one slice that lies where it lay in its source (Cox et al. 2004).

Array axes are (column, row, slice), as Bramble's affines have them: index → RAS+ millimetres. What isn't known isn't claimed: without an
affine both transform codes are 0, and without a spacing the unit is "unknown".
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.formats.item import Item, Setting

_LABELS = 1002  # NIFTI_INTENT_LABEL
_SCANNER = 1


class Nifti:
    """`nifti/images/<id>.nii.gz` and `nifti/labels/<id>.nii.gz` (label ids)."""

    def __init__(self, setting: Setting) -> None:
        self._archive = setting.archive

    def add(self, item: Item) -> None:
        geometry = item.row.get("geometry") or {}
        for folder, pixels in (("images", item.pixels), ("labels", item.label_map)):
            name = f"nifti/{folder}/{item.row['id']}.nii.gz"
            self._archive.add(name, pack(volume(pixels, geometry, labels=folder == "labels")))

    def close(self, facts: Mapping[str, Any]) -> None:
        """Nothing is left to write."""


def volume(pixels: NDArray[np.uint8], geometry: Mapping[str, Any], *, labels: bool = False) -> bytes:
    """A NIfTI-1 file of uint8 ``(H, W)``, or RGB24 of ``(H, W, 3)``, with the geometry of a frame as `Geometry` has it."""
    import nibabel

    if pixels.ndim == 3:
        colour = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
        data: NDArray[Any] = np.ascontiguousarray(pixels).view(colour)[..., 0].T[..., None]
    else:
        data = pixels.T[..., None]
    affine = geometry.get("affine") or []
    spacing = geometry.get("spacing_mm") or []
    image = nibabel.Nifti1Image(np.ascontiguousarray(data), None)
    header = image.header
    if len(affine) == 16:
        matrix = np.array(affine, np.float64).reshape(4, 4)
        image.set_sform(matrix, _SCANNER)
        # A quaternion can't hold shear; such an affine stands in the sform alone.
        steps = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
        image.set_qform(matrix, _SCANNER if np.allclose(steps.T @ steps, np.eye(3), atol=1e-4) else 0)
        header.set_xyzt_units("mm")
    elif len(spacing) == 2:
        header.set_zooms((spacing[1], spacing[0], geometry.get("slice_mm") or 1.0))
        header.set_xyzt_units("mm")
    if labels:
        header.set_intent(_LABELS)
    return bytes(image.to_bytes())


def pack(data: bytes) -> bytes:
    """gzip without a time in its header."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
