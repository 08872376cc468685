"""ZIP and gzip, opened so that a few kilobytes can't become a full disk.

Paths inside an archive are never used as paths: a member is read as a stream and only the last part of its name is kept. An archive
is refused as a whole when its directory lies or is too long; a member that breaks a rule is refused alone.
"""

from __future__ import annotations

import gzip
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from services.images.domain.source import Limits, Rejected
from shared.errors import BrambleError

_CHUNK = 1 << 18
_IN_MEMORY = 1 << 20  # larger files go to disk
_DIRECTORY_ENTRY = 46  # least bytes of one central directory entry
_NAME_BUDGET = 512  # bytes of name and extra fields that an honest entry may average
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(slots=True)
class Member:
    """One file of an archive: either its bytes (a temporary file, closed by the caller) or why it is refused."""

    path: str
    size: int
    file: BinaryIO | None
    refused: Rejected | None = None


def zip_members(file: BinaryIO, limits: Limits) -> Iterator[Member]:
    """The files of a ZIP, one unpacked at a time. Folders and the clutter of file managers are passed over.

    Raises Rejected for the whole archive: damaged, too many files, overlapping files, or more than the limits unpacked.
    """
    _check_directory(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError) as error:
        raise Rejected(
            "zip-damaged", "The ZIP is damaged or cut off: pack it again and upload it anew."
        ) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_clutter(info.filename)]
        _check_whole(archive.infolist(), _size_of(file), limits)
        unpacked = 0
        for info in infos:
            try:
                content, size = _unpack(archive, info, limits)
            except Rejected as refused:
                yield Member(info.filename, info.file_size, None, refused)
                continue
            unpacked += size
            if unpacked > limits.max_archive_bytes:
                content.close()
                raise _too_much(limits)
            yield Member(info.filename, size, content)


def gunzip(file: BinaryIO, limits: Limits) -> tuple[BinaryIO, int]:
    """``(temporary file, size)`` of a gzip's content. Raises Rejected for a bomb and for one that is cut off."""
    packed = _size_of(file)
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            return _copy(cast(IO[bytes], stream), packed, limits, "gzip-bomb", "gzip file")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Rejected("truncated", "The gzip file is damaged or cut off: upload it again.") from error


def gzip_head(file: BinaryIO, size: int) -> bytes:
    """The first bytes inside a gzip file, or b"" when there are none."""
    file.seek(0)
    inflater = zlib.decompressobj(
        16 + zlib.MAX_WBITS
    )  # unlike gzip's reader it gives what there is of a stream that is cut off
    try:
        return inflater.decompress(file.read(_CHUNK), size)
    except zlib.error:
        return b""


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> tuple[BinaryIO, int]:
    if info.flag_bits & 0x1:
        raise Rejected("zip-encrypted", "This file is encrypted within the ZIP: pack it without a password.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Rejected("zip-link", "This entry of the ZIP is a link, not a file: pack the file itself.")
    if info.file_size > limits.max_file_bytes:
        raise _over_size(info.file_size, limits)
    try:
        with archive.open(info) as stream:
            return _copy(stream, info.compress_size, limits, "zip-bomb", "file of the ZIP")
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, UnicodeError) as error:
        if isinstance(error, NotImplementedError):
            raise Rejected(
                "zip-method", "This file is packed by a method that isn't read: pack the ZIP with Deflate."
            ) from error
        if isinstance(error, BrambleError):
            raise
        raise Rejected(
            "zip-damaged", "This file of the ZIP is damaged: pack it again and upload it anew."
        ) from error


def _copy(stream: IO[bytes], packed: int, limits: Limits, code: str, what: str) -> tuple[BinaryIO, int]:
    """Unpack to a temporary file, counting what really comes out: declared sizes may lie."""
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    size = 0
    try:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limits.max_file_bytes:
                raise _over_size(size, limits)
            if size > limits.ratio_from and size > limits.max_ratio * max(packed, 1):
                raise Rejected(
                    code,
                    f"The {what} unpacks to more than {limits.max_ratio} times its size, as bombs do, so it isn't opened.",
                )
            target.write(chunk)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return cast(BinaryIO, target), size


def _check_directory(file: BinaryIO, limits: Limits) -> None:
    """Bound the central directory before zipfile reads all of it to memory (APPNOTE 4.3.14 to 4.3.16)."""
    size = _size_of(file)
    tail_at = max(0, size - 65_557)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise Rejected(
            "zip-damaged", "The ZIP has no directory at its end, so it is cut off: upload it again."
        )
    entries, directory_size = struct.unpack_from("<HI", tail, at + 10)
    locator = tail[max(0, at - 20) : at]
    if locator.startswith(b"PK\x06\x07"):
        file.seek(min(struct.unpack_from("<Q", locator, 8)[0], size))
        record = file.read(56)
        if len(record) < 56 or not record.startswith(b"PK\x06\x06"):
            raise Rejected("zip-damaged", "The ZIP's directory is damaged: pack it again and upload it anew.")
        entries, directory_size = struct.unpack_from("<QQ", record, 32)
    too_many = entries > limits.max_archive_files
    if too_many or directory_size > limits.max_archive_files * (_DIRECTORY_ENTRY + _NAME_BUDGET):
        raise Rejected(
            "zip-too-many-files",
            f"The ZIP holds more than {limits.max_archive_files:,} files: split it and upload its parts.",
        )
    file.seek(0)


def _check_whole(infos: list[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(infos) > limits.max_archive_files:
        raise Rejected(
            "zip-too-many-files",
            f"The ZIP holds more than {limits.max_archive_files:,} files: split it and upload its parts.",
        )
    if sum(info.compress_size for info in infos) > size:
        # Only possible when entries share bytes, which is how a flat bomb gets millions of times its size
        raise Rejected("zip-bomb", "The ZIP's files overlap, as only bombs do, so it isn't opened.")
    if sum(info.file_size for info in infos) > limits.max_archive_bytes:
        raise _too_much(limits)


def _too_much(limits: Limits) -> Rejected:
    gib = limits.max_archive_bytes / (1 << 30)
    return Rejected("zip-bomb", f"The ZIP unpacks to more than {gib:g} GiB: split it and upload its parts.")


def _over_size(size: int, limits: Limits) -> Rejected:
    mib = limits.max_file_bytes >> 20
    return Rejected(
        "too-large", f"The file unpacks to {size >> 20:,} MiB or more; the limit is {mib:,} MiB a file."
    )


def _is_clutter(path: str) -> bool:
    last = path.replace("\\", "/").rsplit("/", 1)[-1]
    return path.startswith(_CLUTTER[0]) or last in _CLUTTER[1:] or last.startswith("._")


def _size_of(file: BinaryIO) -> int:
    file.seek(0, 2)
    return file.tell()
