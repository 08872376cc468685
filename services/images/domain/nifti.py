"""NIfTI-1 and NIfTI-2, single file: a volume, or a series of volumes, becomes display frames along its axial axis.

Frames are cut as `shared.imaging.geometry.axial_layout` says; a 4D file's frames go slice by slice, then volume by volume
(``frame_index = volume * slices + slice``). All share one window: the header's cal_min/cal_max, else percentiles.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from services.images.domain.names import display_name
from services.images.domain.source import (
    Frame,
    Geometry,
    Limits,
    OpenedSource,
    Rejected,
    check_frames,
    check_pixels,
    decoding,
)
from services.images.domain.window import apply_window, automatic_window, spread
from shared.errors import InvalidInput
from shared.imaging.codecs import encode_png
from shared.imaging.geometry import FrameLayout, at_slice, axial_layout, spacing_of

_WINDOW_FRAMES = 24  # frames that are looked at for the automatic window
_MM = {1: 1000.0, 2: 1.0, 3: 0.001}  # spatial unit code of xyzt_units: metre, millimetre, micrometre


def open_nifti(file: BinaryIO, name: str, limits: Limits, original: BinaryIO | None = None) -> OpenedSource:
    """A NIfTI. ``file``: the uncompressed bytes; ``original``: what was uploaded, where that was compressed."""
    with decoding("NIfTI"):
        header = _header(file)
        shape, values = _values(file, header)
        layout, is_placed = _layout(header, shape)
        volumes = shape[3]
        check_pixels(layout.height, layout.width, limits)
        check_frames(layout.slices * volumes, limits)
        slope, inter = _scaling(header)

    def frame_values(index: int) -> NDArray[Any]:
        volume, slice_index = divmod(index, layout.slices)
        plane = layout.cut(values[..., volume], slice_index)
        if plane.dtype.names:  # RGB24 or RGBA32
            return np.stack([plane[n] for n in plane.dtype.names[:3]], axis=-1)
        return plane if (slope, inter) == (1.0, 0.0) else plane * np.float32(slope) + np.float32(inter)

    count = layout.slices * volumes
    _refuse_without_values(values)

    def frames() -> Iterator[Frame]:
        with decoding("NIfTI"):
            window = None if values.dtype.names else _window(header, frame_values, count)
            # Headers keep single precision; more digits than these are its rounding, not the scanner's word
            row_mm, column_mm, slice_mm = (round(mm, 6) for mm in spacing_of(layout.affine))
            for index in range(count):
                plane = frame_values(index)
                pixels = plane if window is None else apply_window(plane, *window, function="LINEAR_EXACT")
                affine = at_slice(layout.affine, index % layout.slices)
                geometry = Geometry(window=window)
                if is_placed:
                    geometry = Geometry(
                        spacing=(row_mm, column_mm),
                        slice_mm=slice_mm if layout.slices > 1 else None,
                        affine=tuple(float(v) for v in affine.ravel()),
                        window=window,
                    )
                channels = 1 if pixels.ndim == 2 else 3
                yield Frame(index, layout.height, layout.width, channels, geometry, encode_png(pixels))

    media_type = "application/gzip" if original is not None else "application/octet-stream"
    return OpenedSource("nifti", media_type, original or file, display_name(name), count, frames)


def _header(file: BinaryIO) -> Any:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    file.seek(0)
    head = file.read(540)
    is_second = head[4:8] in (b"n+2\0", b"ni2\0")
    if head[4:8] == b"ni2\0" or (not is_second and head[344:348] == b"ni1\0"):
        raise Rejected(
            "nifti-pair",
            "This is a NIfTI header whose image is in another file: save it as one .nii file and upload that.",
        )
    size = 540 if is_second else 348
    if len(head) < size:
        raise Rejected("truncated", "The NIfTI is cut off within its header: upload it again.")
    # check=False: nibabel would raise on oddities that don't matter, and log them; what matters is checked here
    return (Nifti2Header if is_second else Nifti1Header)(head[:size], check=False)


def _values(file: BinaryIO, header: Any) -> tuple[tuple[int, int, int, int], NDArray[Any]]:
    """``((nx, ny, nz, volumes), array of that shape)`` in Fortran order, mapped where the file is on disk: pages come as frames do."""
    dims = [int(n) for n in header["dim"]]
    if not 2 <= dims[0] <= 7 or min(dims[1 : dims[0] + 1]) < 1:
        raise Rejected("no-pixels", "The NIfTI's header gives no usable dimensions.")
    if any(n > 1 for n in dims[5 : dims[0] + 1]):
        raise Rejected(
            "nifti-unsupported", "The NIfTI has more than four axes: upload its volumes as 3D or 4D files."
        )
    sizes = [dims[axis] if axis <= dims[0] else 1 for axis in (1, 2, 3, 4)]
    shape = (sizes[0], sizes[1], sizes[2], sizes[3])
    dtype = header.get_data_dtype()
    if dtype.kind not in "iufV" or (dtype.kind == "V" and not dtype.names) or dtype.itemsize > 8:
        raise Rejected(
            "nifti-unsupported",
            f"NIfTI values of type {dtype} can't be shown: upload integers, floats or RGB.",
        )
    offset = max(int(header["vox_offset"]), 0)
    expected = dtype.itemsize * sizes[0] * sizes[1] * sizes[2] * sizes[3]
    buffer = _buffer(file)
    if len(buffer) < offset + expected:
        raise Rejected(
            "truncated",
            f"The NIfTI should hold {expected:,} bytes of values but has {max(len(buffer) - offset, 0):,}: upload it again.",
        )
    flat = np.frombuffer(buffer, dtype, count=expected // dtype.itemsize, offset=offset)
    return shape, flat.reshape(shape, order="F")


def _buffer(file: BinaryIO) -> Any:
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, io.UnsupportedOperation, AttributeError):  # a file in memory
        file.seek(0)
        return file.read()


def _layout(header: Any, shape: tuple[int, int, int, int]) -> tuple[FrameLayout, bool]:
    """The cut, and whether the header places it in space. A broken affine must not lose the image: its grid is then all there is."""
    affine = np.asarray(header.get_best_affine(), np.float64)
    affine[:3] *= _MM.get(int(header["xyzt_units"]) & 7, 1.0)
    try:
        return axial_layout(affine, shape[:3]), True
    except InvalidInput:
        return axial_layout(np.diag([-1.0, 1.0, 1.0, 1.0]), shape[:3]), False


def _scaling(header: Any) -> tuple[float, float]:
    """scl_slope and scl_inter; a slope of 0 or NaN means that values are stored as they are."""
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, inter if np.isfinite(inter) else 0.0


def _window(header: Any, frame_values: Any, count: int) -> tuple[float, float] | None:
    low, high = float(header["cal_min"]), float(header["cal_max"])
    if np.isfinite([low, high]).all() and high > low:
        return (low + high) / 2, high - low
    return automatic_window(frame_values(i) for i in spread(count, _WINDOW_FRAMES)) or automatic_window(
        frame_values(i) for i in range(count)
    )


def _refuse_without_values(values: NDArray[Any]) -> None:
    if values.dtype.kind != "f":
        return
    for volume in range(values.shape[3]):
        for plane in range(values.shape[2]):
            if np.isfinite(values[:, :, plane, volume]).any():
                return
    raise Rejected("all-nan", "Every value of the NIfTI is NaN or infinite, so there is nothing to show.")
