"""What frames show: windows, inversion, colours, depth, order, geometry."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from services.images.domain.names import dicom_name, display_name
from services.images.domain.source import Frame, OpenedSource
from services.images.domain.window import apply_window, automatic_window
from shared.imaging.codecs import decode_png
from tests.unit.images import makers

Frames = Callable[..., list[Frame]]


def shown(frame: Frame, data: bytes = b"") -> np.ndarray:
    return decode_png(frame.png or data)


# ------------------------------------------------------------------------------------------------------------- windows


def test_linear_windows_follow_the_standard() -> None:
    """PS3.3 C.11.2.1.2.1: centre 2048, width 4096 maps 0 to 0 and 4095 to 255; below and above is clipped."""
    assert apply_window(np.array([-5, 0, 4095, 9000]), 2048, 4096).tolist() == [0, 0, 255, 255]
    assert apply_window(np.array([99, 100]), 100.5, 1).tolist() == [0, 0]
    assert apply_window(np.array([100, 101]), 101, 1).tolist() == [0, 255]
    assert apply_window(np.array([0.0, 0.5, 1.0]), 0.5, 1, "LINEAR_EXACT").tolist() == [0, 128, 255]
    assert apply_window(np.array([-1e9, 5, 1e9]), 5, 2, "SIGMOID").tolist() == [0, 128, 255]
    assert apply_window(np.array([np.nan, np.inf, -np.inf]), 0, 10).tolist() == [0, 255, 0]


def test_automatic_windows() -> None:
    assert automatic_window([np.arange(1001.0)]) == pytest.approx((500, 990))
    assert automatic_window([np.full(9, 7)]) == (7.5, 1)
    assert automatic_window([np.full(9, np.nan)]) is None
    sparse = np.zeros(10_000)
    sparse[0] = 50
    assert automatic_window([sparse]) == (25, 50)


# --------------------------------------------------------------------------------------------------------------- DICOM


def test_rescale_then_window_then_inversion(frames_of: Frames) -> None:
    values = np.array([[0, 1024, 1074, 3000]], np.int16)
    tags = {"RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": [25, 400], "WindowWidth": [51, 9]}
    [frame] = frames_of(makers.dicom(values, **tags))
    assert shown(frame).tolist() == [[0, 3, 255, 255]]
    assert frame.geometry.window == (25, 51)
    [inverted] = frames_of(makers.dicom(values, **tags, PhotometricInterpretation="MONOCHROME1"))
    assert shown(inverted).tolist() == [[255, 252, 0, 0]]


def test_without_a_window_percentiles_are_taken_and_padding_is_left_out(frames_of: Frames) -> None:
    values = np.tile(np.arange(100, 200, dtype=np.int16), (10, 1))
    values[0] = -2000
    [frame] = frames_of(makers.dicom(values, PixelPaddingValue=-2000))
    picture = shown(frame)
    assert (picture[0] == 0).all()
    assert (picture[1, 0], picture[1, -1]) == (0, 255)
    assert frame.geometry.window == pytest.approx((149.5, 99), abs=2)


def test_plain_8_bit_values_are_shown_as_they_are(frames_of: Frames) -> None:
    values = makers.grey(6, 5)
    [frame] = frames_of(makers.dicom(values))
    assert (shown(frame) == values).all()
    assert frame.geometry.window is None


def test_float_pixels_and_nan(frames_of: Frames) -> None:
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    values[0, 0] = np.nan
    data = makers.dicom(
        np.zeros((8, 8), np.uint32),
        PixelData=None,
        FloatPixelData=values.tobytes(),
        BitsAllocated=32,
        HighBit=None,
    )
    [frame] = frames_of(data)
    assert shown(frame)[0, 0] == 0
    assert shown(frame)[-1, -1] == 255


def test_colours_and_palettes(frames_of: Frames) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), np.uint8)
    frames = frames_of(makers.dicom(colours))
    assert [f.channels for f in frames] == [3, 3]
    assert all((shown(f) == c).all() for f, c in zip(frames, colours, strict=True))
    indices = np.array([[0, 1], [2, 3]], np.uint8)
    ramp = np.array([0, 255 << 8, 128 << 8, 7 << 8], np.uint16).tobytes()
    palette = {f"{c}PaletteColorLookupTableDescriptor": [4, 0, 16] for c in ("Red", "Green", "Blue")}
    palette |= {f"{c}PaletteColorLookupTableData": ramp for c in ("Red", "Green", "Blue")}
    [frame] = frames_of(makers.dicom(indices, PhotometricInterpretation="PALETTE COLOR", **palette))
    assert shown(frame)[..., 0].tolist() == [[0, 255], [128, 7]]


def test_geometry_of_a_slice_and_of_an_enhanced_object(frames_of: Frames) -> None:
    place = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [-10, -20, 30]}
    [frame] = frames_of(makers.dicom(makers.grey(), **place, PixelSpacing=[0.5, 0.25], SliceThickness=9))
    assert frame.geometry.spacing == (0.5, 0.25)
    assert frame.geometry.slice_mm is None  # thickness is no distance
    assert frame.geometry.affine[:4] == (-0.25, 0, 0, 10)
    [projection] = frames_of(makers.dicom(makers.grey(), ImagerPixelSpacing=[0.2, 0.2]))
    assert (projection.geometry.spacing, projection.geometry.affine) == ((0.2, 0.2), ())

    def item(**values: object) -> Dataset:
        made = Dataset()
        for key, value in values.items():
            setattr(made, key, value)
        return made

    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[2, 3])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
    )
    own = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
            FrameVOILUTSequence=[item(WindowCenter=w, WindowWidth=10)],
        )
        for z, w in ((0, 50), (4, 60), (9, 70))
    ]
    stack = np.zeros((3, 4, 4), np.uint16)
    frames = frames_of(
        makers.dicom(stack, SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=own)
    )
    assert [f.geometry.window for f in frames] == [(50, 10), (60, 10), (70, 10)]
    assert [f.geometry.slice_mm for f in frames] == [4, 5, 5]
    assert [f.geometry.affine[11] for f in frames] == [0, 4, 9]
    assert frames[0].geometry.spacing == (2, 3)


# ------------------------------------------------------------------------------------------------------------- NIfTI


def test_nifti_frames_run_to_the_head_and_know_their_voxels(frames_of: Frames) -> None:
    values = np.arange(2 * 3 * 4 * 2, dtype=np.int16).reshape(2, 3, 4, 2)
    affine = np.diag([2.0, 3.0, -4.0, 1.0])  # stored from head to feet
    frames = frames_of(makers.nifti(values, affine, cal_min=0, cal_max=255))
    assert len(frames) == 8
    assert (shown(frames[0]) == values[::-1, ::-1, -1, 0].T).all()
    assert (shown(frames[5]) == values[::-1, ::-1, 2, 1].T).all()
    for frame in frames:
        matrix = np.array(frame.geometry.affine).reshape(4, 4)
        voxel = np.linalg.inv(affine) @ matrix @ [1, 2, 0, 1]
        i, j, k = np.rint(voxel[:3]).astype(int)
        assert shown(frame)[2, 1] == values[i, j, k, frame.index // 4]
    assert frames[0].geometry.spacing == (3.0, 2.0)
    assert frames[0].geometry.slice_mm == 4.0


def test_nifti_scaling_nan_and_gzip_keep_the_original(
    frames_of: Frames, opened: Callable[..., OpenedSource]
) -> None:
    values = np.full((4, 4, 2), np.nan, np.float32)
    values[1:3] = [[[1]], [[2]]]
    data = gzip.compress(makers.nifti(values))
    first = frames_of(data)[0]
    assert shown(first)[0, 0] == 0
    assert shown(first).max() == 255
    source = opened(data, "brain.nii.gz")
    source.original.seek(0)
    assert (source.original.read(), source.name) == (data, "brain.nii.gz")


# ------------------------------------------------------------------------------------------------------------ pictures


def test_a_plain_png_is_its_own_frame_and_text_is_left_behind(frames_of: Frames) -> None:
    from PIL.PngImagePlugin import PngInfo

    plain = makers.png()
    assert frames_of(plain)[0].png is None
    note = PngInfo()
    note.add_text("Patient", "Ypsilanti")
    noted = makers.png(pnginfo=note)
    frame = frames_of(noted)[0]
    assert b"Ypsilanti" in noted
    assert frame.png is not None
    assert b"Ypsilanti" not in frame.png
    assert (shown(frame) == makers.grey()).all()


def test_deep_pictures_are_windowed_and_orientation_tags_are_not_applied(frames_of: Frames) -> None:
    deep = np.linspace(1000, 5000, 24 * 32).reshape(24, 32).astype(np.uint16)
    [frame] = frames_of(makers.png(deep))
    assert (shown(frame).min(), shown(frame).max()) == (0, 255)
    assert frame.geometry.window == pytest.approx((3000, 3960), rel=0.01)
    turned = Image.Exif()
    turned[0x0112] = 6
    [photo] = frames_of(makers.saved(Image.fromarray(makers.grey(10, 20)), "JPEG", exif=turned))
    assert (photo.height, photo.width) == (10, 20)


def test_tiff_pages_are_frames_in_order(frames_of: Frames) -> None:
    pages = [Image.fromarray(makers.grey(8, 9, seed=s)) for s in range(3)]
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "packbits"):
        data = makers.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression)
        frames = frames_of(data)
        assert all((shown(f) == np.asarray(p)).all() for f, p in zip(frames, pages, strict=True))
    floats = Image.fromarray(np.array([[0.0, np.nan, 1.0]], np.float32))
    assert shown(frames_of(makers.saved(floats, "TIFF"))[0]).tolist() == [[0, 0, 255]]


# --------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Doe^John/scan 1.png", "scan 1.png"),
        ("C:\\Patients\\x.tif", "x.tif"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\u202egnp.exe", "abgnp.exe"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
    ],
)
def test_display_names(path: str, name: str) -> None:
    assert display_name(path) == name


def test_dicom_names_hold_nothing_but_numbers() -> None:
    assert dicom_name("m/r", "p0123456789abcdef", 3, "17") == "MR-p01234567-s3-i17.dcm"
    assert dicom_name("", "s0", None, "Doe") == "DICOM-s0.dcm"


def test_every_code_of_a_refusal_is_documented() -> None:
    root = Path(__file__).resolve().parents[3]
    text = "".join(p.read_text() for p in (root / "services" / "images").rglob("*.py"))
    codes = set(re.findall(r'Rejected\(\s*"([a-z-]+)"', text)) | {"gzip-bomb"}
    documented = set(re.findall(r"`([a-z-]+)`", (root / "docs" / "images.md").read_text()))
    assert len(codes) > 20
    assert codes <= documented, codes - documented
