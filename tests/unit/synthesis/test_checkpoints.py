"""Checkpoints as blobs: the newest complete one is named by the job's row, and a full disk leaves it whole."""

from __future__ import annotations

import errno

import pytest

from services.synthesis.training.checkpoints import BlobCheckpoints, FileCheckpoints
from shared.blobs import create_blobs
from shared.errors import StorageFull


class Row:
    key = ""
    step = 0

    def point(self, key: str, step: int) -> None:
        self.key, self.step = key, step


@pytest.fixture
def kept(tmp_path):
    blobs, row = create_blobs("", tmp_path), Row()
    return blobs, row, BlobCheckpoints(blobs, "synthesis/checkpoints/j", lambda: row.key, row.point)


def keys(blobs) -> list[str]:
    return [info.key.rsplit("/", 1)[-1] for info in blobs.list("synthesis/checkpoints/")]


def test_the_newest_replaces_the_one_before(kept):
    blobs, row, keeper = kept
    assert keeper.load() is None
    keeper.save(3, b"three")
    keeper.save(7, b"seven")
    assert (keeper.load(), row.step, keys(blobs)) == (b"seven", 7, ["000000007.ckpt"])
    keeper.clear()
    assert (keys(blobs), keeper.load()) == ([], None)


@pytest.mark.parametrize(
    "error",
    [StorageFull("The blob store has no room left."), OSError(errno.ENOSPC, "No space left on device")],
)
def test_a_full_disk_says_so_and_keeps_the_one_before(kept, monkeypatch, error):
    blobs, row, keeper = kept
    keeper.save(3, b"three")

    def full(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(blobs, "put", full)
    with pytest.raises(StorageFull, match="step 7 could not be written .*the one before is intact"):
        keeper.save(7, b"seven")
    assert (keeper.load(), row.step) == (b"three", 3)


def test_a_kill_between_blob_and_row_leaves_the_old_one_in_force(kept):
    blobs, _row, keeper = kept
    keeper.save(3, b"three")
    blobs.put("synthesis/checkpoints/j/000000007.ckpt", b"seven")
    assert keeper.load() == b"three"
    keeper.save(9, b"nine")
    assert keeper.load() == b"nine"
    keeper.clear()
    assert keys(blobs) == []


def test_half_a_file_is_never_a_checkpoint(tmp_path, monkeypatch):
    keeper = FileCheckpoints(tmp_path / "a" / "state.ckpt")
    keeper.save(1, b"one")
    (tmp_path / "a" / "state.99.part").write_bytes(b"ha")
    assert keeper.load() == b"one"
