"""Every real DICOM and NIfTI file goes through the door; the table says what comes of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.images.domain.intake import open_source
from services.images.domain.source import Limits, OpenedSource, Rejected
from shared.imaging.codecs import decode_png
from tests.unit.images.conftest import PSEUDONYMS, real_dicoms

# name: (frames, height, width, channels), or the code of its refusal
DICOM = {
    "dcmqa_AxInt36mb_jp2k1.dcm": (1, 516, 516, 1),
    "dcmqa_axasc35_vol1.dcm": (1, 384, 384, 1),
    "highdicom_ct_image.dcm": (1, 128, 128, 1),
    "highdicom_dx_image.dcm": (1, 169, 211, 1),
    "highdicom_seg_image_cr_binary.dcm": "dicom-segmentation",
    "highdicom_seg_image_ct_binary.dcm": "dicom-segmentation",
    "highdicom_seg_image_ct_binary_overlap.dcm": "dicom-segmentation",
    "highdicom_seg_image_ct_true_fractional.dcm": "dicom-segmentation",
    "highdicom_sm_image.dcm": (25, 10, 10, 3),
    "nibabel_0.dcm": (1, 256, 256, 1),
    "nibabel_csa_slice_norm.dcm": "dicom-no-pixels",
    "nibabel_decimal_rescale.dcm": (1, 96, 128, 1),
    "nibabel_philips_mprage.dcm.gz": (176, 256, 256, 1),
    "pydicom_CT2_17106.dcm": (1, 16, 16, 1),
    "pydicom_CT2_17136.dcm": (1, 16, 16, 1),
    "pydicom_CT2_17166.dcm": (1, 16, 16, 1),
    "pydicom_CT2_17196.dcm": (1, 16, 16, 1),
    "pydicom_CT_small.dcm": (1, 128, 128, 1),
    "pydicom_ExplVR_BigEnd.dcm": (1, 60, 80, 3),
    "pydicom_JPEG2000.dcm": (1, 1024, 256, 1),
    "pydicom_JPGExtended.dcm": (1, 1024, 256, 1),
    "pydicom_MR_small.dcm": (1, 64, 64, 1),
    "pydicom_MR_small_RLE.dcm": (1, 64, 64, 1),
    "pydicom_MR_small_jp2klossless.dcm": (1, 64, 64, 1),
    "pydicom_examples_jpeg2k.dcm": (1, 480, 640, 3),
    "pydicom_examples_overlay.dcm": (1, 300, 484, 1),
    "pydicom_examples_ybr_color.dcm": (30, 240, 320, 3),
    "pydicom_liver_1frame.dcm": "dicom-segmentation",
    "pydicom_rtstruct.dcm": "dicom-structure-set",
}
NIFTI = {  # frames, height (anterior-posterior), width (right-left), spacing, slice distance
    "dcmqa_ax_asc_35sl_6.nii": (70, 64, 64, (3.25, 3.25), 3.6),
    "nibabel_anatomical.nii": (25, 41, 33, (2.0, 2.0), 2.0),
    "nibabel_example4d.nii.gz": (48, 96, 128, (2.0, 2.0), 2.199999),
    "nibabel_example_nifti2.nii.gz": (24, 20, 32, (2.0, 2.0), 2.199999),
    "nibabel_functional.nii": (60, 21, 17, (4.0, 4.0), 8.0),
}
# Of the files within pydicom's package: those that are refused, and why. All others come in.
REFUSED_OF_PYDICOM = {
    "ExplVR_BigEndNoMeta.dcm": "dicom-no-pixels",
    "ExplVR_LitEndNoMeta.dcm": "dicom-no-pixels",
    "JPEG-lossy.dcm": "damaged",  # 12-bit progressive, which no decoder here reads
    "JPEG2000-embedded-sequence-delimiter.dcm": "size-mismatch",
    "MR_truncated.dcm": "truncated",
    "UN_sequence.dcm": "dicom-no-pixels",
    "badVR.dcm": "damaged",
    "empty_charset_LEI.dcm": "dicom-no-pixels",
    "liver_1frame.dcm": "dicom-segmentation",
    "liver_expb_1frame.dcm": "dicom-segmentation",
    "meta_missing_tsyntax.dcm": "no-pixels",
    "nested_priv_SQ.dcm": "no-pixels",
    "no_meta.dcm": "unsupported-type",
    "no_meta_group_length.dcm": "dicom-no-pixels",
    "priv_SQ.dcm": "dicom-no-pixels",
    "reportsi.dcm": "dicom-no-pixels",
    "reportsi_with_empty_number_tags.dcm": "dicom-no-pixels",
    "rtplan.dcm": "dicom-no-pixels",
    "rtplan_truncated.dcm": "dicom-no-pixels",
    "rtstruct.dcm": "dicom-structure-set",
    "test-SR.dcm": "dicom-no-pixels",
    "waveform_ecg.dcm": "dicom-no-pixels",
}


def outcome(path: Path) -> tuple[int, int, int, int] | str:
    data = path.read_bytes()
    try:
        source = open_source(io.BytesIO(data), len(data), path.name, Limits(), lambda: PSEUDONYMS)
        frames = list(source.frames())
    except Rejected as refused:
        return refused.code if refused.reason.endswith(".") else f"{refused.code} without a sentence"
    assert len(frames) == source.count
    assert [f.index for f in frames] == list(range(source.count))
    first = frames[0]
    for frame in frames:
        pixels = decode_png(frame.png or data)
        assert pixels.dtype == np.uint8
        assert pixels.shape[:2] == (frame.height, frame.width) == (first.height, first.width)
        assert pixels.ndim == (2 if frame.channels == 1 else 3)
    return len(frames), first.height, first.width, first.channels


@pytest.mark.parametrize("name", DICOM)
def test_shared_dicom(name: str, shared_data: Path) -> None:
    assert outcome(shared_data / "dicom" / name) == DICOM[name]


def test_the_table_names_every_shared_file(shared_data: Path) -> None:
    assert {p.name for p in (shared_data / "dicom").glob("*.dcm*")} == set(DICOM)
    assert {p.name for p in (shared_data / "nifti").glob("*.nii*")} == set(NIFTI)


@pytest.mark.parametrize(
    "path", [p for p in real_dicoms() if p.parent.name == "test_files"], ids=lambda p: p.name
)
def test_dicom_of_the_pydicom_package(path: Path) -> None:
    result = outcome(path)
    assert (result if isinstance(result, str) else None) == REFUSED_OF_PYDICOM.get(path.name)


@pytest.mark.parametrize("name", NIFTI)
def test_shared_nifti(name: str, shared_data: Path) -> None:
    frames, height, width, spacing, slice_mm = NIFTI[name]
    path = shared_data / "nifti" / name
    assert outcome(path) == (frames, height, width, 1)
    data = path.read_bytes()
    first = next(open_source(io.BytesIO(data), len(data), name, Limits(), lambda: PSEUDONYMS).frames())
    assert first.geometry.spacing == pytest.approx(spacing, abs=1e-5)
    assert first.geometry.slice_mm == pytest.approx(slice_mm, abs=1e-5)
    assert len(first.geometry.affine) == 16


def test_nifti_frames_look_like_the_dicom_they_came_from(
    shared_data: Path, opened: Callable[..., OpenedSource]
) -> None:
    """The NIfTI is dcm2niix's conversion of the very DICOM mosaic (6 × 6 tiles): orientation must agree tile by tile."""
    mosaic = next(opened((shared_data / "dicom" / "dcmqa_axasc35_vol1.dcm").read_bytes()).frames())
    picture = decode_png(mosaic.png or b"").astype(float)
    tiles = [picture[r : r + 64, c : c + 64] for r in range(0, 384, 64) for c in range(0, 384, 64)][:35]
    volume = list(opened((shared_data / "nifti" / "dcmqa_ax_asc_35sl_6.nii").read_bytes()).frames())[:35]
    for index, (tile, frame) in enumerate(zip(tiles, volume, strict=True)):
        shown = decode_png(frame.png or b"").astype(float)
        right = np.corrcoef(tile.ravel(), shown.ravel())[0, 1]
        mirrored = np.corrcoef(tile.ravel(), shown[:, ::-1].ravel())[0, 1]
        assert right > 0.9, index
        assert right > mirrored, index
