"""The frames that were read a short while ago."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.images.recent import RecentBlobs
from shared.blobs import create_blobs
from shared.errors import NotFound


def test_blob_is_read_once(tmp_path: Path) -> None:
    blobs = create_blobs("", tmp_path)
    blobs.put("a", b"abc")
    recent = RecentBlobs(blobs)
    assert recent.get("a") == b"abc"
    blobs.delete("a")  # a stand-in for "not asked again"; blobs of images that are there stay
    assert recent.get("a") == b"abc"


def test_the_least_recently_read_goes_first(tmp_path: Path) -> None:
    blobs = create_blobs("", tmp_path)
    for i in range(10):
        blobs.put(f"k{i}", bytes([i]) * 10)
    recent = RecentBlobs(blobs, limit=80)
    for i in range(8):
        recent.get(f"k{i}")
    recent.get("k0")
    recent.get("k8")
    for i in range(10):
        blobs.delete(f"k{i}")
    assert recent.get("k0") == bytes(10)
    with pytest.raises(NotFound):
        recent.get("k1")


def test_a_large_blob_is_handed_on_and_not_kept(tmp_path: Path) -> None:
    blobs = create_blobs("", tmp_path)
    blobs.put("large", bytes(100))
    recent = RecentBlobs(blobs, limit=100)
    assert recent.get("large") == bytes(100)
    blobs.delete("large")
    with pytest.raises(NotFound):
        recent.get("large")
