"""DICOM: de-identified first, then cut into display frames with their geometry.

Everything that leaves this module, the kept file included, is made from the de-identified data set. Frames are decoded one at a
time: modality LUT or rescale, then the window of the tags (the frame's own, else the file's), else a VOI LUT, else percentiles;
MONOCHROME1 is inverted; colours become RGB.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from services.images.domain import codestream
from services.images.domain.deidentify import Pseudonyms, deidentify
from services.images.domain.dicom_geometry import frame_groups, frame_window, geometry_of, number
from services.images.domain.dicom_read import pydicom, read_dataset
from services.images.domain.names import dicom_name
from services.images.domain.source import (
    Frame,
    Limits,
    OpenedSource,
    Rejected,
    check_frames,
    check_pixels,
    decoding,
)
from services.images.domain.window import apply_window, automatic_window, spread
from shared.imaging.codecs import encode_png

_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_DIRECTORY = "1.2.840.10008.1.3.10"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_TEXT_ON_PIXELS = frozenset(
    {"US", "ES", "SC", "XC", "OT", "GM"}
)  # modalities whose pictures often carry burnt-in text
_WINDOW_FRAMES = 8
# Stands for this program in the files that it writes (PS3.7 D.3.3.2); made once, never changed.
_IMPLEMENTATION_UID = "2.25.302089671120482713934466317401225164801"


def open_dicom(file: BinaryIO, limits: Limits, pseudonyms: Pseudonyms) -> OpenedSource:
    """A DICOM image of any kind with pixels. Raises Rejected for objects that aren't images, each with what to do instead.

    The uploaded bytes are read here and nowhere else; `original` of the answer is the de-identified file.
    """
    dataset = read_dataset(file, limits)
    with decoding("DICOM file"):  # any value that is looked at may turn out to be unreadable
        _refuse_what_is_no_image(dataset)
        rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
        count = int(dataset.get("NumberOfFrames") or 1)
        check_pixels(rows, columns, limits)
        check_frames(count, limits)
        warnings = _burned_in(dataset, limits)
        _check_pixel_data(dataset, rows, columns, count)
        group = deidentify(dataset, pseudonyms)
        original = _written(dataset, pseudonyms)
        modality = str(dataset.get("Modality") or "")
        instance = str(dataset.get("SOPInstanceUID") or "")
        name = dicom_name(
            modality,
            group or pseudonyms.study(instance),
            dataset.get("SeriesNumber"),
            dataset.get("InstanceNumber"),
        )
    return OpenedSource(
        "dicom",
        "application/dicom",
        original,
        name,
        count,
        lambda: _frames(dataset, count),
        modality=modality,
        group=group,
        warnings=warnings,
    )


def _refuse_what_is_no_image(dataset: Any) -> None:
    sop_class = str(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID") or "")
    modality = str(dataset.get("Modality") or "").upper()
    if sop_class in _SEGMENTATIONS or modality == "SEG":
        raise Rejected(
            "dicom-segmentation",
            "This is a DICOM Segmentation, a mask and not an image: upload the images that it belongs to, and give the mask as "
            "gold for them.",
        )
    if sop_class == _STRUCTURE_SET or modality == "RTSTRUCT":
        raise Rejected(
            "dicom-structure-set",
            "This is an RT Structure Set, contours and not an image: upload the images that it belongs to, and give its masks as "
            "gold for them.",
        )
    if sop_class == _DIRECTORY:
        raise Rejected(
            "dicom-directory", "This is a DICOMDIR, a list of files: upload the files that it lists."
        )
    if not any(keyword in dataset for keyword in _PIXELS):
        raise Rejected(
            "dicom-no-pixels", "This DICOM file holds no pixel data, so there is no image to show."
        )


def _burned_in(dataset: Any, limits: Limits) -> tuple[str, ...]:
    flag = str(dataset.get("BurnedInAnnotation") or "").strip().upper()
    if flag == "YES" and limits.reject_burned_in:
        raise Rejected(
            "burned-in-annotation",
            "The file says that text is burnt into its pixels (Burned In Annotation is YES), which may name the patient: black it "
            "out, set the attribute to NO and upload it again.",
        )
    if flag == "YES":
        return ("Text is burnt into the pixels; make sure that it names nobody.",)
    if not flag and str(dataset.get("Modality") or "").upper() in _TEXT_ON_PIXELS:
        return (
            "The file doesn't say whether text is burnt into its pixels; make sure that none names anybody.",
        )
    return ()


def _check_pixel_data(dataset: Any, rows: int, columns: int, count: int) -> None:
    """Check the pixel data's length or streams against the header, and drop what hides behind the last pixel."""
    syntax = dataset.file_meta.TransferSyntaxUID
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if "PixelData" not in dataset or not isinstance(dataset.PixelData, bytes):
        return
    bits = int(dataset.get("BitsAllocated") or 8)
    if syntax.is_compressed and not syntax.is_deflated:
        longest = (
            2 * rows * columns * samples * max(bits, 8) // 8 + 1024 if syntax.name == "RLE Lossless" else None
        )
        dataset.PixelData = codestream.inspect(dataset.PixelData, rows, columns, samples, longest)
        return
    per_pixel = 2 if dataset.get("PhotometricInterpretation") == "YBR_FULL_422" else samples
    expected = (rows * columns * per_pixel * count * bits + 7) // 8
    if len(dataset.PixelData) < expected:
        raise Rejected(
            "truncated",
            f"The DICOM should hold {expected:,} bytes of pixels but has {len(dataset.PixelData):,}: upload it again.",
        )
    if len(dataset.PixelData) > expected:
        dataset.PixelData = dataset.PixelData[:expected] + b"\0" * (expected % 2)


def _written(dataset: Any, pseudonyms: Pseudonyms) -> BinaryIO:
    """The de-identified file, with an empty preamble and file meta information of our own."""
    library = pydicom()
    meta = library.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID") or library.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID") or pseudonyms.uid("no instance")
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = _IMPLEMENTATION_UID
    meta.ImplementationVersionName = "BRAMBLE"
    dataset.file_meta = meta
    dataset.preamble = bytes(128)
    target = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115 - closed by whoever keeps the source
    library.dcmwrite(target, dataset, enforce_file_format=True)
    target.seek(0)
    return cast(BinaryIO, target)


def _frames(dataset: Any, count: int) -> Iterator[Frame]:
    from pydicom.pixels import iter_pixels

    photometric = str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").upper()
    is_grey = photometric.startswith("MONOCHROME")
    with decoding("DICOM's pixel data"):
        automatic = _automatic_window(dataset, count) if is_grey else None
        index = -1
        for index, stored in enumerate(iter_pixels(dataset)):
            if index >= count:
                break
            if is_grey:
                pixels, window = _grey(dataset, stored, index, automatic, photometric == "MONOCHROME1")
            else:
                pixels, window = _colour(dataset, stored, photometric), None
            geometry = geometry_of(dataset, index, window)
            channels = 1 if pixels.ndim == 2 else 3
            yield Frame(index, pixels.shape[0], pixels.shape[1], channels, geometry, encode_png(pixels))
        if index + 1 < count:
            raise Rejected(
                "truncated", f"The DICOM should hold {count} frames but has {index + 1}: upload it again."
            )


def _grey(
    dataset: Any, stored: NDArray[Any], index: int, automatic: tuple[float, float] | None, is_inverted: bool
) -> tuple[NDArray[np.uint8], tuple[float, float] | None]:
    from pydicom.pixels import apply_voi

    values = _rescaled(dataset, stored, index)
    window = frame_window(dataset, index)
    shown: tuple[float, float] | None
    if window is not None:
        centre, width, function = window
        pixels, shown = apply_window(values, centre, width, function), (centre, width)
    elif dataset.get("VOILUTSequence"):
        looked_up = np.asarray(apply_voi(values.astype(np.int32), dataset))
        bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2]) or 16
        shown = (2.0 ** (bits - 1), 2.0**bits)
        pixels = apply_window(looked_up, *shown, function="LINEAR_EXACT")
        shown = None
    elif automatic is not None:
        pixels, shown = apply_window(values, *automatic, function="LINEAR_EXACT"), automatic
    else:
        pixels, shown = values.astype(np.uint8), None
    if is_inverted:
        pixels = 255 - pixels
    padding = _padding(dataset, stored)
    if padding is not None:
        pixels[padding] = 0
    return pixels, shown


def _rescaled(dataset: Any, stored: NDArray[Any], index: int) -> NDArray[Any]:
    """Stored values through the modality LUT or the rescale of the frame or file (PS3.3 C.11.1)."""
    from pydicom.pixels import apply_modality_lut

    if dataset.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(stored, dataset))
    transform = next(frame_groups(dataset, index, "PixelValueTransformationSequence"), dataset)
    slope, intercept = number(transform.get("RescaleSlope")), number(transform.get("RescaleIntercept"))
    if slope is None and intercept is None:
        return stored
    slope = 1.0 if slope is None or slope == 0 else slope
    return stored * np.float32(slope) + np.float32(intercept or 0.0)


def _padding(dataset: Any, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where the file says that there is no image (PS3.3 C.7.5.1.1.2), or None."""
    first, last = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if not isinstance(first, int):
        return None
    low, high = sorted((first, last if isinstance(last, int) else first))
    inside: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return inside if inside.any() else None


def _automatic_window(dataset: Any, count: int) -> tuple[float, float] | None:
    """The file's percentile window where no tag gives one; None where values are shown as they are (plain 8-bit pictures)."""
    from pydicom.pixels import pixel_array

    if frame_window(dataset, 0) is not None or dataset.get("VOILUTSequence"):
        return None
    is_plain = int(dataset.get("BitsStored") or 0) == 8 and not int(dataset.get("PixelRepresentation") or 0)
    is_scaled = (
        bool(dataset.get("ModalityLUTSequence"))
        or number(dataset.get("RescaleSlope")) not in (None, 1.0)
        or number(dataset.get("RescaleIntercept")) not in (None, 0.0)
    )
    if is_plain and not is_scaled:
        return None

    def samples() -> Iterator[NDArray[Any]]:
        for index in spread(count, _WINDOW_FRAMES):
            stored = pixel_array(dataset, index=index)
            values, padding = _rescaled(dataset, stored, index), _padding(dataset, stored)
            yield values if padding is None else values[~padding]

    window = automatic_window(samples())
    if window is None and "PixelPaddingValue" not in dataset:
        raise Rejected("all-nan", "Every value of the DICOM is NaN or infinite, so there is nothing to show.")
    return window or (0.5, 1.0)


def _colour(dataset: Any, stored: NDArray[Any], photometric: str) -> NDArray[np.uint8]:
    """RGB, 8 bits. YBR became RGB in the decoder."""
    from pydicom.pixels import apply_color_lut

    if photometric == "PALETTE COLOR":
        colours = np.asarray(apply_color_lut(stored, dataset))[..., :3]
        return (colours >> 8 if colours.dtype == np.uint16 else colours).astype(np.uint8)
    if stored.ndim != 3 or stored.shape[2] != 3:
        raise Rejected(
            "dicom-unsupported-colour",
            f"The DICOM's colours ({photometric[:32]}) can't be shown: export it as RGB.",
        )
    shift = max(int(dataset.get("BitsStored") or 8) - 8, 0)
    return (stored >> shift if shift else stored).astype(np.uint8)
