"""PNG and thumbnails."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shared.imaging.codecs import InvalidImage, decode_png, encode_png, png_size, thumbnail, to_gray

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "pixels",
    [
        RNG.integers(0, 256, (5, 7), np.uint8),
        RNG.integers(0, 256, (5, 7, 3), np.uint8),
        RNG.integers(0, 65536, (5, 7), np.uint16),
        np.zeros((1, 1), np.uint8),
    ],
)
def test_pixels_come_back(pixels: np.ndarray) -> None:
    data = encode_png(pixels)
    back = decode_png(data)
    assert back.dtype == pixels.dtype
    assert (back == pixels).all()
    assert png_size(data) == pixels.shape[:2]
    assert encode_png(pixels) == data


def test_a_mask_becomes_black_and_white() -> None:
    assert (decode_png(encode_png(np.eye(3, dtype=bool))) == np.eye(3) * 255).all()


@pytest.mark.parametrize(
    "pixels", [np.zeros((0, 4), np.uint8), np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4))]
)
def test_what_is_no_frame_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(InvalidImage):
        encode_png(pixels)


def test_palettes_alpha_and_bits_are_unfolded() -> None:
    def png(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()

    bits = Image.fromarray(np.eye(4, dtype=bool))
    assert (decode_png(png(bits)) == np.eye(4) * 255).all()
    rgba = Image.fromarray(RNG.integers(0, 256, (4, 4, 4), np.uint8), "RGBA")
    assert decode_png(png(rgba)).shape == (4, 4, 3)
    grey = Image.fromarray(RNG.integers(0, 256, (4, 4), np.uint8))
    palette = grey.convert("P")
    assert (decode_png(png(palette)) == np.asarray(grey)).all()


def test_lies_and_damage_are_refused() -> None:
    good = encode_png(RNG.integers(0, 256, (50, 50), np.uint8))
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    lie = good[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    for data in (b"", b"text", good[:40], good[: len(good) // 2], lie + good[33:]):
        with pytest.raises(InvalidImage):
            decode_png(data)
    with pytest.raises(InvalidImage, match="limit"):
        decode_png(good, max_pixels=2499)


def test_luma() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [9, 9, 9]]], np.uint8)
    assert to_gray(colours).tolist() == [[76, 150, 29, 255, 9]]


@pytest.mark.parametrize(
    ("shape", "size"), [((600, 300), (128, 256)), ((1, 5000), (256, 1)), ((10, 20), (20, 10))]
)
def test_a_thumbnail_fits_and_is_never_larger(shape: tuple[int, int], size: tuple[int, int]) -> None:
    picture = Image.open(io.BytesIO(thumbnail(encode_png(np.full(shape, 90, np.uint8)))))
    assert picture.size == size
    assert abs(int(np.asarray(picture.convert("L")).mean()) - 90) < 4
