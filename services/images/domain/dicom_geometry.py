"""Window, spacing and place of a DICOM frame: from the classic tags, or from the functional groups of an enhanced object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.images.domain.source import Geometry
from shared.errors import InvalidInput
from shared.imaging.geometry import dicom_affine, slice_position

_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def number(value: Any) -> float | None:
    """A DS or IS value as float, the first of several; None where it is absent or no finite number."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        first = value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value
        result = float(first)
    except (TypeError, ValueError, IndexError):
        return None
    return result if abs(result) < float("inf") else None


def numbers(value: Any, count: int) -> list[float] | None:
    """Exactly ``count`` finite numbers, or None."""
    try:
        values = [float(v) for v in value]
    except (TypeError, ValueError):
        return None
    return values if len(values) == count and all(abs(v) < float("inf") for v in values) else None


def frame_groups(dataset: Any, index: int, keyword: str) -> Iterator[Any]:
    """The items of a functional group that apply to a frame: its own before the shared one (PS3.3 C.7.6.16)."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if per_frame and index < len(per_frame):
        yield from per_frame[index].get(keyword) or ()
    for shared in dataset.get("SharedFunctionalGroupsSequence") or ():
        yield from shared.get(keyword) or ()


def frame_window(dataset: Any, index: int) -> tuple[float, float, str] | None:
    """``(centre, width, function)`` of the tags: the frame's, else the file's; the first where several are given."""
    for holder in [*frame_groups(dataset, index, "FrameVOILUTSequence"), dataset]:
        centre, width = number(holder.get("WindowCenter")), number(holder.get("WindowWidth"))
        if centre is None or width is None or width <= 0:
            continue
        function = str(holder.get("VOILUTFunction") or "LINEAR").upper()
        return centre, width, function if function in _FUNCTIONS else "LINEAR"
    return None


def geometry_of(dataset: Any, index: int, window: tuple[float, float] | None) -> Geometry:
    """Where frame ``index`` lies. What the tags don't say stays unknown: slice thickness is no slice distance."""
    spacing = _spacing(dataset, index)
    orientation, position = _plane(dataset, index)
    slice_mm = _slice_mm(dataset, index)
    affine: tuple[float, ...] = ()
    if spacing is not None and orientation is not None and position is not None:
        try:
            matrix = dicom_affine(orientation, position, spacing, slice_mm)
            affine = tuple(float(v) for v in matrix.ravel())
        except InvalidInput:
            affine = ()
    return Geometry(spacing=spacing, slice_mm=slice_mm, affine=affine, window=window)


def _spacing(dataset: Any, index: int) -> tuple[float, float] | None:
    holders = [*frame_groups(dataset, index, "PixelMeasuresSequence"), dataset]
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        for holder in holders:
            values = numbers(holder.get(keyword), 2)
            if values is not None and min(values) > 0:
                return values[0], values[1]
    return _ultrasound_spacing(dataset)


def _ultrasound_spacing(dataset: Any) -> tuple[float, float] | None:
    """From the calibrated region, where there is just one and it is in centimetres (PS3.3 C.8.5.5)."""
    regions = list(dataset.get("SequenceOfUltrasoundRegions") or [])
    if (
        len(regions) != 1
        or regions[0].get("PhysicalUnitsXDirection") != 3
        or regions[0].get("PhysicalUnitsYDirection") != 3
    ):
        return None
    across, down = number(regions[0].get("PhysicalDeltaX")), number(regions[0].get("PhysicalDeltaY"))
    return (abs(down) * 10, abs(across) * 10) if across and down else None


def _plane(dataset: Any, index: int) -> tuple[list[float] | None, list[float] | None]:
    orientation = position = None
    for holder in [*frame_groups(dataset, index, "PlaneOrientationSequence"), dataset]:
        orientation = orientation or numbers(holder.get("ImageOrientationPatient"), 6)
    for holder in [*frame_groups(dataset, index, "PlanePositionSequence"), dataset]:
        position = position or numbers(holder.get("ImagePositionPatient"), 3)
    is_stack_without_places = int(dataset.get("NumberOfFrames") or 1) > 1 and index > 0
    if is_stack_without_places and not any(frame_groups(dataset, index, "PlanePositionSequence")):
        position = None  # the one position of the file is its first frame's
    return orientation, position


def _slice_mm(dataset: Any, index: int) -> float | None:
    for holder in [*frame_groups(dataset, index, "PixelMeasuresSequence"), dataset]:
        value = number(holder.get("SpacingBetweenSlices"))
        if value:
            return abs(value)
    count = int(dataset.get("NumberOfFrames") or 1)
    if count < 2 or not dataset.get("PerFrameFunctionalGroupsSequence"):
        return None
    here, there = (index, index + 1) if index + 1 < count else (index - 1, index)
    (orientation, first), (_, second) = _plane(dataset, here), _plane(dataset, there)
    if orientation is None or first is None or second is None:
        return None
    distance = abs(slice_position(orientation, second) - slice_position(orientation, first))
    return distance if distance > 1e-6 else None
