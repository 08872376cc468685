"""Fixtures of the images service: its parts on a temporary folder, and the real files where they are."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from services.images.domain.deidentify import Pseudonyms
from services.images.domain.intake import open_source
from services.images.domain.source import Frame, Limits, OpenedSource

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("BRAMBLE_SHARED_DATA") or ROOT.parent / "shared" / "data")
PSEUDONYMS = Pseudonyms(b"a test's key")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real files; the test is skipped where there is none."""
    if not (SHARED / "dicom").is_dir():
        pytest.skip("the shared data isn't here (BRAMBLE_SHARED_DATA)")
    return SHARED


@pytest.fixture
def opened() -> Callable[..., OpenedSource]:
    """Open bytes as an upload of that name."""

    def open_bytes(data: bytes, name: str = "file", limits: Limits | None = None) -> OpenedSource:
        return open_source(io.BytesIO(data), len(data), name, limits or Limits(), lambda: PSEUDONYMS)

    return open_bytes


@pytest.fixture
def frames_of(opened: Callable[..., OpenedSource]) -> Callable[..., list[Frame]]:
    """All frames of bytes."""
    return lambda data, name="file", limits=None: list(opened(data, name, limits).frames())


def real_dicoms() -> list[Path]:
    """DICOM files: those that pydicom ships within its package, and the shared ones where they are."""
    import pydicom.data

    shipped = Path(pydicom.data.__file__).parent / "test_files"
    return sorted(shipped.glob("*.dcm")) + sorted((SHARED / "dicom").glob("*.dcm*"))
