"""Where a frame lies in the patient: affines from frame indices to millimetres, and the cutting of volumes into frames.

One convention everywhere: an affine is float64 (4, 4) and maps ``(column, row, slice, 1)`` to RAS+ millimetres, that is
+x = Right, +y = Anterior, +z = Superior, as NIfTI and nibabel use. DICOM speaks LPS+ (+x = Left, +y = Posterior), so x and y
change sign on the way.

A volume's frames are laid out as a radiologist's axial slices: columns run to the patient's left, rows to the back, slices to the
head. That is the layout of an unrotated axial DICOM series, so both sources look alike to a volunteer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import InvalidInput

Affine = NDArray[np.float64]


def lps_to_ras(affine: NDArray[Any]) -> Affine:
    """The same affine with its target changed from LPS+ to RAS+ (its own inverse)."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(affine, np.float64)


def dicom_affine(
    orientation: Sequence[float],
    position: Sequence[float],
    spacing: Sequence[float],
    slice_mm: float | None = None,
) -> Affine:
    """Affine of one DICOM frame, RAS+ (PS3.3 C.7.6.2.1.1, then LPS to RAS).

    ``orientation``: Image Orientation (Patient), six cosines: of the growing column index, then of the growing row index.
    ``position``: Image Position (Patient), centre of the first pixel, mm. ``spacing``: Pixel Spacing, (row, column) mm. ``slice_mm``:
    distance to the next slice along the normal; None: 1 mm, so that the affine can be inverted. Raises InvalidInput when the
    cosines aren't two unit vectors at right angles (to 1e-2) or a spacing isn't positive.
    """
    across = np.asarray(orientation[:3], np.float64)
    down = np.asarray(orientation[3:6], np.float64)
    values = np.concatenate([across, down, np.asarray(position, np.float64), np.asarray(spacing, np.float64)])
    if values.shape != (11,) or not np.isfinite(values).all():
        raise InvalidInput("The DICOM orientation, position or spacing is incomplete.")
    if (
        abs(across @ across - 1) > 1e-2
        or abs(down @ down - 1) > 1e-2
        or abs(across @ down) > 1e-2
        or min(spacing) <= 0
    ):
        raise InvalidInput(
            "The DICOM orientation isn't two unit vectors at right angles, or the spacing isn't positive."
        )
    affine = np.eye(4)
    affine[:3, 0] = across * spacing[1]
    affine[:3, 1] = down * spacing[0]
    affine[:3, 2] = np.cross(across, down) * (slice_mm if slice_mm else 1.0)
    affine[:3, 3] = position
    return lps_to_ras(affine)


def slice_position(orientation: Sequence[float], position: Sequence[float]) -> float:
    """Where a frame lies along its own normal, mm (LPS+): differences between parallel frames are slice distances."""
    normal = np.cross(np.asarray(orientation[:3], np.float64), np.asarray(orientation[3:6], np.float64))
    return float(normal @ np.asarray(position, np.float64))


def spacing_of(affine: NDArray[Any]) -> tuple[float, float, float]:
    """``(row_mm, column_mm, slice_mm)``: the lengths of one step down, across and to the next slice."""
    steps = np.linalg.norm(np.asarray(affine, np.float64)[:3, :3], axis=0)
    return float(steps[1]), float(steps[0]), float(steps[2])


def at_slice(affine: NDArray[Any], index: float) -> Affine:
    """The affine of the frame ``index`` slices further: the same steps, its origin moved."""
    moved = np.array(affine, np.float64)
    moved[:3, 3] += moved[:3, 2] * index
    return moved


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How a volume is cut into frames, and back.

    ``axes``: the volume axis along which columns, rows and slices run. ``flips``: whether that axis is read from its end. ``shape``:
    of the volume, three voxel counts. ``affine``: of frame indices ``(column, row, slice)``, RAS+ mm.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    shape: tuple[int, int, int]
    affine: Affine

    @property
    def height(self) -> int:
        return self.shape[self.axes[1]]

    @property
    def width(self) -> int:
        return self.shape[self.axes[0]]

    @property
    def slices(self) -> int:
        return self.shape[self.axes[2]]

    def cut(self, volume: Any, index: int) -> NDArray[Any]:
        """Frame ``index`` as (height, width[, channels]) of an array (or anything with basic slicing) of shape ``shape[, channels]``."""
        plane = np.asarray(volume[self._selector(index)])
        if self.axes[1] > self.axes[0]:
            plane = np.swapaxes(plane, 0, 1)
        return plane[:: -1 if self.flips[1] else 1, :: -1 if self.flips[0] else 1]

    def paste(self, volume: NDArray[Any], index: int, frame: NDArray[Any]) -> None:
        """Write a frame (height, width) back to where ``cut`` read it."""
        plane = frame[:: -1 if self.flips[1] else 1, :: -1 if self.flips[0] else 1]
        volume[self._selector(index)] = np.swapaxes(plane, 0, 1) if self.axes[1] > self.axes[0] else plane

    def _selector(self, index: int) -> tuple[Any, ...]:
        if not 0 <= index < self.slices:
            raise InvalidInput(f"There is no slice {index}; the volume has {self.slices}.")
        selector: list[Any] = [slice(None)] * 3
        selector[self.axes[2]] = self.slices - 1 - index if self.flips[2] else index
        return tuple(selector)


def axial_layout(affine: NDArray[Any], shape: Sequence[int]) -> FrameLayout:
    """How to cut a volume of ``shape`` (three voxel counts) with voxel-to-RAS+ ``affine`` (4, 4) into display frames.

    Slices run along the volume axis nearest to superior. A volume with just one axis of a single voxel is a slab: it is cut across
    that axis, whatever its direction. An oblique volume isn't resampled: each axis goes by the direction it is nearest to, each
    once, closest first. Raises InvalidInput when the affine can't be inverted.
    """
    matrix = np.asarray(affine, np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-12:
        raise InvalidInput("The volume's affine can't be inverted, so its axes have no direction.")
    voxels = (int(shape[0]), int(shape[1]), int(shape[2]))
    world_axis, sign = _nearest_directions(matrix)
    single = [axis for axis in range(3) if voxels[axis] == 1]
    slice_axis = single[0] if len(single) == 1 else world_axis.index(2)
    axes, flips = [0, 0, slice_axis], [False, False, sign[slice_axis] < 0]
    plane = sorted((axis for axis in range(3) if axis != slice_axis), key=lambda axis: world_axis[axis])
    for place, axis in enumerate(plane):
        axes[place] = axis
        # The first world axis of the plane runs across, the second down: towards Left or Posterior, and Posterior or Inferior
        flips[place] = sign[axis] > 0
    permutation = np.zeros((4, 4))
    permutation[3, 3] = 1
    for place, (axis, flip) in enumerate(zip(axes, flips, strict=True)):
        permutation[axis, place] = -1 if flip else 1
        permutation[axis, 3] = voxels[axis] - 1 if flip else 0
    return FrameLayout(
        (axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]), voxels, matrix @ permutation
    )


def _nearest_directions(matrix: Affine) -> tuple[list[int], list[int]]:
    """For each voxel axis the RAS+ axis that it is nearest to (each used once) and the sign along it."""
    cosines = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    world_axis, sign = [-1, -1, -1], [1, 1, 1]
    for flat in np.argsort(-np.abs(cosines), axis=None, kind="stable"):
        world, axis = divmod(int(flat), 3)
        if world_axis[axis] < 0 and world not in world_axis:
            world_axis[axis], sign[axis] = world, 1 if cosines[world, axis] >= 0 else -1
    return world_axis, sign
