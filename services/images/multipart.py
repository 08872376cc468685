"""Multipart bodies read as a stream, one file at a time.

Starlette's form parser holds every file of a request at once, up to 1 MB each in memory; 5,000 files would be gigabytes. Here a
file is handed on as soon as it is complete, and the next one isn't read before that is dealt with.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from shared.errors import BadRequest, TooLarge, UnsupportedMedia

IN_MEMORY = 1 << 20  # larger files go to disk
MAX_HEADER = 8 << 10  # bytes of all headers of one part


@dataclass(slots=True)
class Part:
    """One complete file. The receiver closes it."""

    name: str
    file: BinaryIO
    size: int


async def files_of(
    stream: AsyncIterator[bytes], content_type: str, max_bytes: int, max_files: int = 100_000
) -> AsyncGenerator[Part, None]:
    """The files of a multipart/form-data body, in order; fields without a file name are passed over.

    Raises UnsupportedMedia for another content type, BadRequest for a body that is malformed or ends early, TooLarge beyond
    ``max_bytes`` in all or ``max_files``. Files before the error have been handed on by then.
    """
    reader = _Reader(_boundary(content_type))
    received = count = 0
    try:
        async for chunk in stream:
            received += len(chunk)
            if received > max_bytes:
                raise TooLarge(
                    f"The upload is larger than {max_bytes >> 20:,} MiB: send it in several requests."
                )
            for part in reader.feed(chunk):
                count += 1
                if count > max_files:
                    part.file.close()
                    raise TooLarge(
                        f"The upload holds more than {max_files:,} files: send it in several requests."
                    )
                yield part
        if not reader.is_complete:
            raise BadRequest(
                "The upload ends before its last boundary, so its last file may be cut off: send it again."
            )
    finally:
        reader.close()


def _boundary(content_type: str) -> bytes:
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise UnsupportedMedia(
            "Send the files as multipart/form-data, each in a part named `files` with a file name."
        )
    return boundary


class _Reader:
    """Feeds python-multipart and collects what is complete."""

    def __init__(self, boundary: bytes) -> None:
        from python_multipart.multipart import MultipartParser

        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._done,
            },
        )
        self._complete: list[Part] = []
        self._field, self._value, self._disposition = bytearray(), bytearray(), b""
        self._current: Part | None = None
        self.is_complete = False

    def feed(self, chunk: bytes) -> list[Part]:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest("The upload isn't well-formed multipart/form-data: send it again.") from error
        complete, self._complete = self._complete, []
        return complete

    def close(self) -> None:
        for part in (*self._complete, *([self._current] if self._current else ())):
            part.file.close()

    def _begin(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._check_header()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._field) + len(self._value) > MAX_HEADER:
            raise BadRequest(f"A part's headers are longer than {MAX_HEADER:,} bytes.")

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._disposition)
        name = options.get(b"filename")
        if name is not None:
            spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the receiver
            self._current = Part(name.decode("utf-8", "replace"), cast(BinaryIO, spool), 0)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._current is not None:
            self._current.file.write(data[start:end])
            self._current.size += end - start

    def _end(self) -> None:
        if self._current is not None:
            self._current.file.seek(0)
            self._complete.append(self._current)
            self._current = None

    def _done(self) -> None:
        self.is_complete = True
