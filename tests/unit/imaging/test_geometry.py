"""Frames, volumes and the space they lie in. Expectations are worked out by hand or by nibabel."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from shared.errors import InvalidInput
from shared.imaging.geometry import (
    at_slice,
    axial_layout,
    dicom_affine,
    lps_to_ras,
    slice_position,
    spacing_of,
)


def test_an_axial_dicom_frame_maps_to_ras() -> None:
    affine = dicom_affine([1, 0, 0, 0, 1, 0], [-10, -20, 30], (0.5, 0.25), 3.0)
    assert (affine @ [0, 0, 0, 1] == [10, 20, 30, 1]).all()
    assert (affine @ [4, 0, 0, 1] == [9, 20, 30, 1]).all()  # columns run to the patient's left, which is -x
    assert (affine @ [0, 2, 0, 1] == [10, 19, 30, 1]).all()  # rows to the back, -y
    assert (affine @ [0, 0, 1, 1] == [10, 20, 33, 1]).all()
    assert spacing_of(affine) == (0.5, 0.25, 3.0)
    assert (at_slice(affine, 2) @ [0, 0, 0, 1] == [10, 20, 36, 1]).all()
    assert np.linalg.det(dicom_affine([1, 0, 0, 0, 1, 0], [0, 0, 0], (1, 1))) != 0


@pytest.mark.parametrize(
    "orientation", [[1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 1, 0], [np.nan, 0, 0, 0, 1, 0], [1, 0, 0, 0, 1]]
)
def test_cosines_that_are_no_frame_are_refused(orientation: list[float]) -> None:
    with pytest.raises(InvalidInput):
        dicom_affine(orientation, [0, 0, 0], (1, 1))


def test_slice_position_is_along_the_normal() -> None:
    assert slice_position([1, 0, 0, 0, 1, 0], [5, 6, 7]) == 7
    assert slice_position([0, 1, 0, 0, 0, -1], [5, 6, 7]) == -5


def test_lps_to_ras_is_its_own_inverse() -> None:
    affine = np.arange(16.0).reshape(4, 4)
    assert (lps_to_ras(lps_to_ras(affine)) == affine).all()


ORIENTATIONS = [
    (axes, signs)
    for axes in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_all_48_orientations_show_the_same_picture_and_place_each_voxel(
    axes: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    """A volume stored along any axes in any direction is cut into the same frames, and the affine finds each voxel."""
    rng = np.random.default_rng(0)
    ras = rng.integers(0, 1000, (3, 4, 5))  # x to Right, y to Anterior, z to Superior
    stored = ras.transpose(axes)[tuple(slice(None, None, s) for s in signs)]
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[world, axis] = sign
        affine[world, 3] += 0 if sign > 0 else ras.shape[world] - 1
    layout = axial_layout(affine, stored.shape)
    assert (layout.height, layout.width, layout.slices) == (4, 3, 5)
    written = np.zeros_like(stored)
    for k in range(5):
        frame = layout.cut(stored, k)
        assert (frame == ras[::-1, ::-1, k].T).all()  # left on the right, front on top, feet first
        layout.paste(written, k, frame)
        for row, column in itertools.product(range(4), range(3)):
            x, y, z, _ = np.rint(layout.affine @ [column, row, k, 1]).astype(int)
            assert frame[row, column] == ras[x, y, z]
    assert (written == stored).all()


def test_a_slab_is_cut_across_its_single_axis() -> None:
    coronal = np.arange(12).reshape(3, 1, 4)
    layout = axial_layout(np.eye(4), coronal.shape)
    assert (layout.slices, layout.height, layout.width) == (1, 4, 3)
    assert (layout.cut(coronal, 0) == coronal[::-1, 0, ::-1].T).all()
    with pytest.raises(InvalidInput):
        layout.cut(coronal, 1)


def test_an_oblique_volume_goes_by_its_nearest_axes() -> None:
    angle = np.deg2rad(30)
    affine = np.eye(4)
    affine[:3, :3] = [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    assert axial_layout(affine, (2, 3, 4)).slices == 4


@pytest.mark.parametrize("affine", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.eye(3)])
def test_an_affine_without_directions_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        axial_layout(affine, (2, 2, 2))
