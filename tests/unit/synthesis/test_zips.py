"""The ZIP writer, read back by the standard library and by Info-ZIP."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tracemalloc
import zipfile

import pytest

from services.synthesis.formats.zips import ZipFile


def write(path, files, from_disk=()):
    archive = ZipFile(path, "root")
    for name, data in files.items():
        if name in from_disk:
            source = path.parent / "source"
            source.write_bytes(data)
            archive.add_file(name, source)
        else:
            archive.add(name, data)
    return archive.close()


def test_what_goes_in_comes_out_and_the_list_is_sorted(tmp_path):
    files = {
        "b/ü.txt": b"text " * 1000,
        "a.png": bytes(range(256)),
        "empty.json": b"",
        "c.csv": b"x" * 3_000_000,
    }
    content = write(tmp_path / "a.zip", files, from_disk=("c.csv", "empty.json"))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {n: archive.read(f"root/{n}") for n in files} == files
        listing = archive.read("root/checksums.sha256")
        assert archive.getinfo("root/b/ü.txt").compress_size < 1000
        assert archive.getinfo("root/a.png").compress_type == zipfile.ZIP_STORED
    assert content == hashlib.sha256(listing).hexdigest()
    names = [line[66:] for line in listing.decode().splitlines()]
    assert names == sorted(files)
    assert all(
        line[:64] == hashlib.sha256(files[line[66:]]).hexdigest() for line in listing.decode().splitlines()
    )
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tqq", tmp_path / "a.zip"], check=False).returncode == 0


def test_the_same_files_give_the_same_bytes(tmp_path):
    files = {"a.json": b"{}" * 100, "b.png": b"123"}
    write(tmp_path / "1.zip", files)
    write(tmp_path / "2.zip", files)
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_more_than_65535_files_in_flat_memory(tmp_path):
    archive = ZipFile(tmp_path / "many.zip", "r")
    tracemalloc.start()
    peaks = []
    for number in range(70_000):
        archive.add(f"images/{number:06d}.png", b"x")
        if number in (20_000, 69_999):
            peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    archive.close()
    # What is left waiting are at most 50,000 lines of checksums (about 140 bytes each).
    assert max(peaks) < 12_000_000
    with zipfile.ZipFile(tmp_path / "many.zip") as read:
        assert len(read.namelist()) == 70_001
        assert read.read("r/images/069999.png") == b"x"
        lines = read.read("r/checksums.sha256").splitlines()
        assert [line[66:] for line in lines] == sorted(line[66:] for line in lines)


def test_offsets_beyond_four_gibibytes(tmp_path):
    archive = ZipFile(tmp_path / "big.zip", "r")
    archive.add("first.png", b"1")
    try:
        archive._out.truncate(5 << 30)  # a hole: no disk is used
        archive._out.seek(5 << 30)
    except OSError:
        pytest.skip("no sparse files here")
    archive.add("last.png", b"2")
    archive.close()
    with zipfile.ZipFile(tmp_path / "big.zip") as read:
        assert (read.read("r/first.png"), read.read("r/last.png")) == (b"1", b"2")
    (tmp_path / "big.zip").unlink()
