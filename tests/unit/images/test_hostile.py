"""Files that lie. Each is refused alone, by its code, with a sentence, before it costs anything."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from services.images.domain import codestream
from services.images.domain.archive import zip_members
from services.images.domain.source import Frame, Limits, Rejected
from tests.unit.images import makers

PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
SMALL = Limits(
    max_file_bytes=4 << 20, max_pixels=1_000_000, max_frames=20, max_archive_files=50, ratio_from=1 << 20
)
PNG = makers.png()
JPEG = makers.saved(Image.fromarray(makers.grey(64, 64)), "JPEG")
NIFTI = makers.nifti(np.ones((4, 5, 6), np.int16))


def corrupt_crc(png: bytes) -> bytes:
    at = png.index(b"IDAT") + 6
    return png[:at] + bytes([png[at] ^ 0xFF]) + png[at + 1 :]


def nan_nifti() -> bytes:
    return makers.nifti(np.full((4, 5, 6), np.nan, np.float32))


HOSTILE = {
    "empty": (b"", "empty-file"),
    "png of 60,000 x 60,000": (makers.lying_png(60_000, 60_000), "too-many-pixels"),
    "png of 0 x 5": (makers.lying_png(0, 5), "no-pixels"),
    "png with less data than claimed": (makers.lying_png(200, 200), "truncated"),
    "png with more data than claimed": (makers.lying_png(3, 3, bytes(4000)), "damaged"),
    "png cut off": (PNG[: len(PNG) // 2], "truncated"),
    "png of a header only": (PNG[:33], "truncated"),
    "png with a wrong checksum": (corrupt_crc(PNG), "damaged"),
    "png without data": (
        makers.SIGNATURE + makers.chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)) + makers.chunk(b"IEND", b""),
        "no-pixels",
    ),
    "png with an impossible row filter": (makers.lying_png(2, 2, b"\x09ab\0ab"), "damaged"),
    "jpeg cut off": (JPEG[: len(JPEG) // 2], "damaged"),
    "jpeg of 65,000 x 65,000": (
        JPEG.replace(struct.pack(">BHH", 8, 64, 64), struct.pack(">BHH", 8, 65_000, 65_000)),
        "too-many-pixels",
    ),
    "tiff cut off": (makers.saved(Image.fromarray(makers.grey(64, 64)), "TIFF")[:2000], "damaged"),
    "text": (b"id,label\n1,cat\n" * 50, "unsupported-type"),
    "gif": (makers.saved(Image.fromarray(makers.grey()), "GIF"), "unsupported-type"),
    "dicom without pixels": (makers.dicom(None), "dicom-no-pixels"),
    "dicom cut off": (makers.dicom(PIXELS)[:-20], "truncated"),
    "dicom header only": (makers.dicom(PIXELS)[:160], "damaged"),
    "dicom of 65,000 x 65,000": (makers.dicom(PIXELS, Rows=65_000, Columns=65_000), "too-many-pixels"),
    "dicom of a million frames": (makers.dicom(PIXELS, NumberOfFrames=1_000_000), "too-many-frames"),
    "dicom with a count that is no number": (makers.dicom(PIXELS, Rows=None), "no-pixels"),
    "nifti of NaN": (nan_nifti(), "all-nan"),
    "nifti of NaN, compressed": (gzip.compress(nan_nifti()), "all-nan"),
    "nifti cut off": (NIFTI[:-50], "truncated"),
    "nifti cut off within its header": (NIFTI[:348], "truncated"),
    "nifti of complex numbers": (makers.nifti(np.ones((2, 2, 2), np.complex64)), "nifti-unsupported"),
    "nifti of five axes": (makers.nifti(np.ones((2, 2, 2, 2, 2), np.int16)), "nifti-unsupported"),
    "nifti header of a pair": (NIFTI[:344] + b"ni1\0" + NIFTI[348:], "nifti-pair"),
    "gzip cut off": (gzip.compress(NIFTI)[:-12], "truncated"),
    "gzip of text": (gzip.compress(b"hello " * 200), "unsupported-type"),
    "gzip bomb": (makers.gzip_bomb(NIFTI[:348], 3), "gzip-bomb"),
    "gzip beyond the file limit": (gzip.compress(NIFTI[:348] + np.random.default_rng(0).bytes(5 << 20)), "too-large"),
    "file beyond the limit": (PNG + bytes(5 << 20), "too-large"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_with_a_reason(name: str, frames_of: Callable[..., list[Frame]]) -> None:
    data, code = HOSTILE[name]
    with pytest.raises(Rejected) as refused:
        frames_of(data, "picture.png", SMALL)
    assert refused.value.code == code
    reason = refused.value.reason
    assert reason.endswith(".")
    assert "Traceback" not in reason
    assert refused.value.status == 422


def test_text_named_png_is_told_by_its_content(frames_of: Callable[..., list[Frame]]) -> None:
    with pytest.raises(Rejected, match="text, whatever its name says"):
        frames_of(b"not a picture\n" * 20, "scan.png")


def test_a_picture_is_told_by_its_content_too(frames_of: Callable[..., list[Frame]]) -> None:
    assert frames_of(PNG, "notes.txt")[0].width == 32
    assert frames_of(makers.dicom(PIXELS), "x.jpg")[0].width == 8


@pytest.mark.parametrize("name", ["png of 60,000 x 60,000", "gzip bomb", "dicom of 65,000 x 65,000"])
def test_refusing_costs_little_memory(name: str, frames_of: Callable[..., list[Frame]]) -> None:
    data, _ = HOSTILE[name]
    tracemalloc.start()
    try:
        with pytest.raises(Rejected):
            frames_of(data, "x", SMALL)
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def test_a_deflated_dicom_bomb_is_not_inflated(frames_of: Callable[..., list[Frame]]) -> None:
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    bomb = makers.dicom(np.zeros((3000, 3000), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    assert len(bomb) < 100_000
    with pytest.raises(Rejected) as refused:
        frames_of(bomb, "x", SMALL)
    assert refused.value.code == "too-large"
    assert frames_of(bomb)[0].width == 3000  # within the ordinary limits it's an image


def test_a_stream_that_claims_another_size_than_its_header_never_reaches_the_decoder() -> None:
    stream = makers.encapsulated(JPEG)
    assert codestream.inspect(stream, 64, 64, 1)
    for rows, columns, samples in ((64, 65, 1), (32, 64, 1), (64, 64, 3)):
        with pytest.raises(Rejected) as refused:
            codestream.inspect(stream, rows, columns, samples)
        assert refused.value.code == "size-mismatch"


@pytest.mark.parametrize("seed", range(15))
def test_no_flipped_byte_gets_past_as_anything_but_a_refusal(
    seed: int, frames_of: Callable[..., list[Frame]]
) -> None:
    """Damage anywhere gives a picture or a refusal, never another exception."""
    rng = np.random.default_rng(seed)
    files = [
        PNG,
        JPEG,
        makers.saved(Image.fromarray(makers.grey(64, 64)), "TIFF"),
        makers.dicom(PIXELS),
        NIFTI,
    ]
    for data in files:
        damaged = bytearray(data)
        for at in rng.integers(0, min(len(damaged), 400), 4):
            damaged[at] = rng.integers(0, 256)
        cut = bytes(damaged[: rng.integers(1, len(damaged) + 1)])
        for candidate in (bytes(damaged), cut):
            try:
                frames_of(candidate, "x", SMALL)
            except Rejected:
                continue


# ------------------------------------------------------------------------------------------------------------------- ZIP


def members(data: bytes, limits: Limits = SMALL) -> list[tuple[str, str]]:
    return [(m.path, m.refused.code if m.refused else "") for m in zip_members(io.BytesIO(data), limits)]


def test_members_come_one_by_one_and_clutter_stays_out() -> None:
    data = makers.zipped(
        {
            "a/1.png": PNG,
            "a/": b"",
            "__MACOSX/a/._1.png": b"x",
            "a/.DS_Store": b"x",
            "../../etc/evil.png": PNG,
        }
    )
    assert members(data) == [("a/1.png", ""), ("../../etc/evil.png", "")]


def test_a_zip_bomb_is_refused_and_its_neighbours_stay() -> None:
    data = makers.zipped(
        {"ok.png": PNG, "bomb.bin": bytes(3 << 20), "also.png": makers.png(makers.grey(seed=3))}
    )
    assert members(data) == [("ok.png", ""), ("bomb.bin", "zip-bomb"), ("also.png", "")]


def test_a_member_that_lies_about_its_size_is_counted_by_what_comes_out() -> None:
    data = makers.zipped({"bomb.bin": bytes(3 << 20)})
    lied = data.replace(struct.pack("<I", 3 << 20), struct.pack("<I", 10))
    assert members(lied)[0][1] in ("zip-damaged", "zip-bomb")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (makers.zipped({f"{i}.png": b"x" for i in range(60)}), "zip-too-many-files"),
        (makers.zipped({"a.png": PNG})[:-30], "zip-damaged"),
        (b"PK\x03\x04" + bytes(100), "zip-damaged"),
    ],
)
def test_a_zip_that_breaks_the_rules_is_refused_whole(data: bytes, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        members(data)
    assert refused.value.code == code


def test_a_zip_beyond_the_total_is_refused_before_it_is_unpacked() -> None:
    data = makers.zipped({f"{i}.bin": np.random.default_rng(i).bytes(300_000) for i in range(8)})
    with pytest.raises(Rejected) as refused:
        members(data, Limits(max_archive_bytes=2 << 20))
    assert refused.value.code == "zip-bomb"


def test_overlapping_members_are_a_bomb() -> None:
    """Many directory entries that point at one member's bytes, as in flat bombs."""
    single = makers.zipped({"a": np.random.default_rng(0).bytes(5000)})
    start = single.rindex(b"PK\x01\x02")
    end = single.rindex(b"PK\x05\x06")
    entry = single[start:end]
    directory = entry * 20
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 20, 20, len(directory), start, 0)
    with pytest.raises(Rejected) as refused:
        members(single[:start] + directory + tail)
    assert refused.value.code == "zip-bomb"


def test_encrypted_linked_and_damaged_members_are_refused_alone() -> None:
    encrypted = bytearray(makers.zipped({"e.png": PNG}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(signature) + at] |= 1
    assert members(bytes(encrypted)) == [("e.png", "zip-encrypted")]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert members(buffer.getvalue()) == [("link.png", "zip-link")]
    stored = makers.zipped({"a.png": PNG}, zipfile.ZIP_STORED)
    damaged = stored.replace(zlib.compress(b"")[:0] + PNG[40:50], bytes(10), 1)
    assert members(damaged) == [("a.png", "zip-damaged")]


def test_a_zip_within_a_zip_stays_closed(frames_of: Callable[..., list[Frame]]) -> None:
    with pytest.raises(Rejected) as refused:
        frames_of(makers.zipped({"a.png": PNG}), "inner.zip")
    assert refused.value.code == "zip-nested"
