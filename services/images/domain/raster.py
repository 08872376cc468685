"""PNG, JPEG and TIFF: files that are pictures already.

The pixel grid is the file's own: an EXIF or TIFF orientation tag isn't applied, because masks that a lab made with numpy tools, and
masks that go back to it, must fit the array that those tools read. Alpha is dropped. 8-bit values are shown as they are; deeper
ones by one automatic window for the whole file.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from services.images.domain.names import display_name
from services.images.domain.source import (
    Frame,
    Geometry,
    Limits,
    OpenedSource,
    Rejected,
    check_frames,
    check_pixels,
    decoding,
)
from services.images.domain.window import apply_window, automatic_window, spread
from shared.imaging.codecs import PNG_SIGNATURE, as_pixels, encode_png

_WINDOW_PAGES = 8  # pages that are looked at for the automatic window
_REDUCED = 1  # bit 0 of TIFF NewSubfileType: a smaller copy of another page


def open_png(file: BinaryIO, name: str, limits: Limits) -> OpenedSource:
    """A PNG. One that is plain 8-bit grey or RGB becomes its own frame: same IDAT, without ancillary chunks, no encoding."""
    data = _read_all(file)
    header, plain = _plain_png(data, limits)
    _, _, depth, color, _, _, interlace = header

    def frames() -> Iterator[Frame]:
        height, width = header[1], header[0]
        if depth == 8 and color in (0, 2) and not interlace:
            channels = 1 if color == 0 else 3
            _check_scanlines(plain, height, width * channels)
            yield Frame(0, height, width, channels, Geometry(), None if plain == data else plain)
        else:
            with decoding("PNG"):
                pixels = _pillow_pixels(plain, "PNG")
            yield from _shown([pixels], lambda: automatic_window([pixels]))

    return OpenedSource("png", "image/png", file, display_name(name), 1, frames)


def open_jpeg(file: BinaryIO, name: str, limits: Limits) -> OpenedSource:
    """A JPEG, baseline or progressive, grey, colour or CMYK."""
    with decoding("JPEG"):
        image = _pillow_open(file, "JPEG")
        check_pixels(image.height, image.width, limits)

    def frames() -> Iterator[Frame]:
        with decoding("JPEG"):
            image.load()
            pixels = as_pixels(image)
        yield from _shown([pixels], lambda: None)

    return OpenedSource("jpeg", "image/jpeg", file, display_name(name), 1, frames)


def open_tiff(file: BinaryIO, name: str, limits: Limits) -> OpenedSource:
    """A TIFF of one or many pages, each a frame of its own size; reduced copies of a pyramid are left out."""
    with decoding("TIFF"):
        image = _pillow_open(file, "TIFF")
        pages = _tiff_pages(image, limits)

    def page(index: int) -> NDArray[Any]:
        with decoding("TIFF"):
            image.seek(index)
            image.load()
            return as_pixels(image)

    def window() -> tuple[float, float] | None:
        chosen = [pages[i] for i in spread(len(pages), _WINDOW_PAGES)]
        return automatic_window(pixels for pixels in map(page, chosen) if pixels.dtype != np.uint8)

    return OpenedSource(
        "tiff", "image/tiff", file, display_name(name), len(pages), lambda: _shown(map(page, pages), window)
    )


def _tiff_pages(image: Any, limits: Limits) -> list[int]:
    """Indices of the pages that are frames; walks the directory, decodes nothing."""
    pages: list[int] = []
    index = 0
    while True:
        try:
            image.seek(index)
        except EOFError:
            break
        reduced = int(image.tag_v2.get(254, 0)) & _REDUCED
        if not reduced:
            check_pixels(image.height, image.width, limits)
            pages.append(index)
        index += 1
        check_frames(index, limits)
    if not pages:
        raise Rejected("no-pixels", "The TIFF holds no full-size page, so there is nothing to show.")
    return pages


def _shown(pages: Any, window: Any) -> Iterator[Frame]:
    """Frames of decoded pages. `window` is asked once, when the first page deeper than 8 bits comes by."""
    shown: tuple[float, float] | None = None
    asked = False
    for index, pixels in enumerate(pages):
        geometry = Geometry()
        if pixels.dtype != np.uint8:
            if not asked:
                shown, asked = window(), True
            if shown is None:
                raise Rejected("all-nan", "The image holds no finite value, so there is nothing to show.")
            pixels = apply_window(pixels, *shown, function="LINEAR_EXACT")
            geometry = Geometry(window=shown)
        channels = 1 if pixels.ndim == 2 else 3
        yield Frame(index, pixels.shape[0], pixels.shape[1], channels, geometry, encode_png(pixels))


def _pillow_open(file: BinaryIO, kind: str) -> Any:
    from PIL import Image

    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # check_pixels is the limit; Pillow warns at its own
        try:
            return Image.open(file, formats=[kind])
        except Image.DecompressionBombError as error:
            raise Rejected(
                "too-many-pixels",
                f"The {kind} claims far more pixels than the limit: tile or downsample it first.",
            ) from error


def _pillow_pixels(data: bytes, kind: str) -> NDArray[Any]:
    import io

    image = _pillow_open(io.BytesIO(data), kind)
    image.load()
    return as_pixels(image)


def _read_all(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _plain_png(data: bytes, limits: Limits) -> tuple[tuple[int, ...], bytes]:
    """``(IHDR fields, the PNG of its critical chunks alone)``, checksums verified.

    Ancillary chunks go before a decoder sees them: text and colour profiles are compressed and may be bombs, and may carry names.
    """
    kept = [PNG_SIGNATURE]
    header: tuple[int, ...] | None = None
    position, has_data = len(PNG_SIGNATURE), False
    while True:
        if position + 8 > len(data):
            raise _png_cut_off()
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            if kind == b"IHDR":
                raise Rejected("damaged", "The PNG's header is damaged: export it again and upload it anew.")
            raise _png_cut_off()
        if header is None:
            if kind != b"IHDR" or length != 13:
                raise Rejected(
                    "damaged", "The PNG doesn't begin with its header: export it again and upload it anew."
                )
            header = struct.unpack_from(">IIBBBBB", data, position + 8)
            check_pixels(header[1], header[0], limits)
        if kind in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            if (
                zlib.crc32(memoryview(data)[position + 4 : end - 4])
                != struct.unpack_from(">I", data, end - 4)[0]
            ):
                raise Rejected("damaged", "The PNG fails its checksum: it was changed or damaged on the way.")
            kept.append(data[position:end])
            has_data = has_data or kind == b"IDAT"
        position = end
        if kind == b"IEND":
            break
    if not has_data:
        raise Rejected("no-pixels", "The PNG has a header but no image data.")
    return header, b"".join(kept)


def _png_cut_off() -> Rejected:
    return Rejected("truncated", "The PNG is cut off before its end: upload it again.")


def _check_scanlines(plain: bytes, height: int, row_bytes: int) -> None:
    """Inflate a plain PNG's data, bounded by the size that its header gives, and check that it is all there.

    Cheaper than decoding: rows aren't unfiltered, only their filter byte (0 to 4) is looked at.
    """
    expected = height * (row_bytes + 1)
    inflater = zlib.decompressobj()
    rows = bytearray()
    position = len(PNG_SIGNATURE)
    try:
        while position + 8 <= len(plain):
            length, kind = struct.unpack_from(">I4s", plain, position)
            if kind == b"IDAT" and not inflater.eof:
                chunk = memoryview(plain)[position + 8 : position + 8 + length]
                rows += inflater.decompress(chunk, expected + 1 - len(rows))
                if len(rows) > expected:
                    raise Rejected("damaged", "The PNG holds more data than its header claims.")
            position += 12 + length
    except zlib.error as error:
        raise Rejected(
            "damaged", "The PNG's compressed data is damaged: export it again and upload it anew."
        ) from error
    if len(rows) != expected or not inflater.eof:
        raise Rejected("truncated", "The PNG holds less data than its header claims: upload it again.")
    if np.frombuffer(rows, np.uint8)[:: row_bytes + 1].max() > 4:
        raise Rejected("damaged", "The PNG's rows are damaged: export it again and upload it anew.")
