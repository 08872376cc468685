"""Compressed pixel data of DICOM, looked at before a decoder is: sizes must be those of the header, comments are blanked.

A JPEG or JPEG 2000 stream carries its own size, which a native decoder believes and allocates, and its own comment segments, which
no tag of PS3.15 covers. Blanking is in place and keeps every length, so that offset tables stay right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from services.images.domain.source import Rejected

_ITEM, _DELIMITER = 0xE000, 0xE0DD
_SOF = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}) | {0xF7}  # 0xF7: JPEG-LS
_KEPT_APP = frozenset({0xE0, 0xEE})  # JFIF and Adobe: they say how colours are coded


def inspect(
    pixel_data: bytes, rows: int, columns: int, samples: int, max_fragment: int | None = None
) -> bytes:
    """The encapsulated pixel data with comments blanked. Raises Rejected when a stream claims another size than the header.

    ``max_fragment``: the longest fragment that is plausible (for RLE, which has no header of its own); None: any.
    """
    data = bytearray(pixel_data)
    for index, (start, length) in enumerate(_fragments(data)):
        if index == 0:  # the offset table
            continue
        if max_fragment is not None and length > max_fragment:
            raise Rejected(
                "damaged", "The DICOM's compressed pixel data is longer than its image: export it again."
            )
        size = None
        if data[start : start + 2] == b"\xff\xd8":
            size = _jpeg(data, start, start + length)
        elif data[start : start + 2] == b"\xff\x4f":
            size = _jpeg2000(data, start, start + length)
        elif data[start + 4 : start + 8] == b"jP  ":
            size = _jp2(data, start, start + length)
        if size is not None and size != (rows, columns, samples):
            raise Rejected(
                "size-mismatch",
                f"The DICOM's header says {columns} × {rows} pixels of {samples} samples, its compressed data says "
                f"{size[1]} × {size[0]} of {size[2]}: export it again.",
            )
    return bytes(data)


def _fragments(data: bytearray) -> Iterator[tuple[int, int]]:
    """``(start, length)`` of each item, the offset table first (PS3.5 A.4)."""
    position = 0
    while position + 8 <= len(data):
        group, element, length = struct.unpack_from("<HHI", data, position)
        if group != 0xFFFE or element not in (_ITEM, _DELIMITER):
            raise Rejected("damaged", "The DICOM's compressed pixel data is damaged: export it again.")
        if element == _DELIMITER:
            return
        length = min(length, len(data) - position - 8)
        yield position + 8, length
        position += 8 + length


def _jpeg(data: bytearray, start: int, end: int) -> tuple[int, int, int] | None:
    """Blank APPn and COM segments up to the scan; answers (rows, columns, samples) of the frame header."""
    position, size = start + 2, None
    while position + 4 <= end and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        body, after = position + 4, position + 2 + length
        if marker in _SOF and body + 6 <= end:
            height, width, components = struct.unpack_from(">HHB", data, body + 1)
            size = (height, width, components)
        elif marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in _KEPT_APP):
            if data[body : body + 4] != b"mrfx":  # HP's colour transform of JPEG-LS
                data[body : min(after, end)] = bytes(max(0, min(after, end) - body))
        elif marker == 0xDA:
            break
        position = after
    return size


def _jpeg2000(data: bytearray, start: int, end: int) -> tuple[int, int, int] | None:
    """Blank COM segments of the main header; answers (rows, columns, samples) of SIZ (ISO/IEC 15444-1 A.5.1, A.9.2)."""
    position, size = start + 2, None
    while position + 4 <= end and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in (0x90, 0xD9):  # first tile part, or the end
            break
        (length,) = struct.unpack_from(">H", data, position + 2)
        body, after = position + 4, position + 2 + length
        if marker == 0x51 and body + 36 <= end:
            right, bottom, left, top = struct.unpack_from(">IIII", data, body + 2)
            (components,) = struct.unpack_from(">H", data, body + 34)
            size = (bottom - top, right - left, components)
        elif marker == 0x64:
            data[body + 2 : min(after, end)] = bytes(max(0, min(after, end) - body - 2))
        position = after
    return size


def _jp2(data: bytearray, start: int, end: int) -> tuple[int, int, int] | None:
    """The same for a stream that is wrapped in a JP2 file, which the standard forbids and some writers do (ISO/IEC 15444-1 I.4):
    text and vendor boxes are blanked."""
    position, size = start, None
    while position + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if length == 1 and body + 8 <= end:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        after = end if length == 0 else min(position + length, end)
        if after < body:
            raise Rejected("damaged", "The DICOM's compressed pixel data is damaged: export it again.")
        if kind == b"jp2c":
            size = _jpeg2000(data, body, after)
        elif kind in (b"xml ", b"uuid", b"uinf", b"jp2i"):
            data[body:after] = bytes(after - body)
        position = after
    return size
