"""A ZIP written front to back in constant memory: the same bytes for the same files, whatever machine and hour.

The standard library's writer keeps a record of every file until the end, a hundred megabytes at 200,000 files; here the central directory
grows in a file of its own. ZIP64 fields stand where sizes or offsets need them (APPNOTE 6.3, 4.3.9 and 4.5.3).
"""

from __future__ import annotations

import heapq
import struct
import tempfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO

_DATE = (1 << 5) | 1  # 1 January 1980: with the clock's date no build would equal another
_UTF8 = 1 << 11
_BIG = 0xFFFFFFFF
_PACKED = (".png", ".gz", ".parquet")
_RUN = 50_000


class ZipFile:
    """Files go in by `add` and `add_file`; `close` ends the archive. Names are UTF-8 paths below ``root``."""

    def __init__(self, path: Path, root: str) -> None:
        self._out, self._root = path.open("wb"), root
        self._directory = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115
        self._sums = _Sorted(path.parent)
        self._count = 0

    def add(self, name: str, data: bytes) -> str:
        """Write a file; its SHA-256."""
        digest = sha256(data).hexdigest()
        method, packed = 0, data
        if not name.endswith(_PACKED):
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            method, packed = 8, packer.compress(data) + packer.flush()
        start = self._out.tell()
        crc = zlib.crc32(data)
        self._out.write(_local(self._path(name), method, crc, len(packed), len(data)))
        self._out.write(packed)
        self._note(name, method, crc, len(packed), len(data), start, digest)
        return digest

    def add_file(self, name: str, path: Path) -> str:
        """Write a file from disk, piece by piece; its SHA-256."""
        method = 0 if name.endswith(_PACKED) else 8
        packer = zlib.compressobj(6, zlib.DEFLATED, -15) if method else None
        start = self._out.tell()
        self._out.write(_local(self._path(name), method, 0, _BIG, _BIG))
        body = self._out.tell()
        crc, size, digest = 0, 0, sha256()
        with path.open("rb") as source:
            while piece := source.read(1 << 20):
                digest.update(piece)
                crc, size = zlib.crc32(piece, crc), size + len(piece)
                self._out.write(packer.compress(piece) if packer else piece)
        if packer:
            self._out.write(packer.flush())
        end = self._out.tell()
        self._out.seek(start)
        # With the ZIP64 field in any case: its room was kept before the sizes were known.
        self._out.write(_local(self._path(name), method, crc, end - body, size, big=True))
        self._out.seek(end)
        self._note(name, method, crc, end - body, size, start, digest.hexdigest())
        return digest.hexdigest()

    def close(self) -> str:
        """Write the list of checksums and the directory; the SHA-256 of the list, which addresses the content."""
        listing = self._sums.write()
        try:
            content = self.add_file("checksums.sha256", listing)
        finally:
            listing.unlink()
        start = self._out.tell()
        self._directory.seek(0)
        while piece := self._directory.read(1 << 20):
            self._out.write(piece)
        size = self._out.tell() - start
        if self._count > 0xFFFF - 1 or start + size >= _BIG:
            record = (44, 45, 45, 0, 0, self._count, self._count, size, start)
            self._out.write(struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", *record))
            self._out.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1))
        many, last = min(self._count, 0xFFFF), (0, 0)
        ends = struct.pack(
            "<4sHHHHLLH", b"PK\x05\x06", *last, many, many, min(size, _BIG), min(start, _BIG), 0
        )
        self._out.write(ends)
        self._directory.close()
        self._out.close()
        return content

    def _path(self, name: str) -> bytes:
        return f"{self._root}/{name}".encode()

    def _note(
        self, name: str, method: int, crc: int, packed: int, size: int, start: int, digest: str
    ) -> None:
        """A record of the central directory, and a line of the list of checksums."""
        if name != "checksums.sha256":
            self._sums.add(f"{digest}  {name}\n".encode())
        extra = b"".join(struct.pack("<Q", v) for v in (size, packed, start) if v >= _BIG)
        if extra:
            extra = struct.pack("<HH", 1, len(extra)) + extra
        path = self._path(name)
        fixed = struct.pack(
            "<4sHHHHHHLLLHHHHHLL", b"PK\x01\x02", (3 << 8) | 45, 45, _UTF8, method, 0, _DATE, crc,
            min(packed, _BIG), min(size, _BIG), len(path), len(extra), 0, 0, 0, 0o100644 << 16, min(start, _BIG),
        )  # fmt: skip
        self._directory.write(fixed + path + extra)
        self._count += 1


def _local(path: bytes, method: int, crc: int, packed: int, size: int, big: bool = False) -> bytes:
    wide = big or max(packed, size) >= _BIG
    extra = struct.pack("<HHQQ", 1, 16, size, packed) if wide else b""
    small = (_BIG, _BIG) if wide else (packed, size)
    head = struct.pack(
        "<4sHHHHHLLLHH", b"PK\x03\x04", 45, _UTF8, method, 0, _DATE, crc, *small, len(path), len(extra)
    )
    return head + path + extra


class _Sorted:
    """Lines of checksums, sorted by file name on disk: runs of 50,000, merged at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lines = folder, list[bytes]()
        self._runs: list[IO[bytes]] = []

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        if len(self._lines) >= _RUN:
            self._flush()

    def _flush(self) -> None:
        run = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        run.writelines(sorted(self._lines, key=lambda line: bytes(line)[66:]))
        run.seek(0)
        self._runs.append(run)
        self._lines.clear()

    def write(self) -> Path:
        """The sorted list as a file."""
        self._flush()
        path = self._folder / "checksums.sorted"
        merged: Iterator[bytes] = heapq.merge(*self._runs, key=_name)
        with path.open("wb") as out:
            out.writelines(merged)
        for run in self._runs:
            run.close()
        return path


def _name(line: bytes) -> bytes:
    return line[66:]
