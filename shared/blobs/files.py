"""Blobs as files below one folder: written beside, synced, renamed, folder synced, so that a blob is whole or absent."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shared.blobs.abstract import BlobInfo, BlobStore, check_key
from shared.errors import InvalidInput, NotFound, StorageFull, Unavailable

_META = ".meta.json"
_DEFAULT = "application/octet-stream"
_TEMPORARY = ".part-"


class FileBlobs(BlobStore):
    """`root` is made when missing. The media type is kept in a small file beside the blob, unless it is the default."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._root.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, data: bytes | BinaryIO, *, media_type: str = _DEFAULT) -> BlobInfo:
        path = self._path(key)
        digest, size = hashlib.sha256(), 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    for piece in _pieces(data):
                        digest.update(piece)
                        size += len(piece)
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            if media_type != _DEFAULT:
                path.with_name(path.name + _META).write_text(json.dumps({"media_type": media_type}))
            _sync_folder(path.parent)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    "The blob store has no room left; free disk space or enlarge the volume."
                ) from error
            raise Unavailable(f"The blob store could not write {key} ({error.strerror}).") from error
        return BlobInfo(key, size, digest.hexdigest(), media_type)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        with self.open(key) as file:
            size = os.fstat(file.fileno()).st_size
            if offset < 0 or offset > size or (length is not None and (length < 0 or offset + length > size)):
                raise InvalidInput(
                    f"The range {offset}+{length} lies outside of the blob {key} of {size} bytes."
                )
            file.seek(offset)
            return file.read() if length is None else file.read(length)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        path = self._path(key)
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NotFound(f"There is no blob {key}.") from error
        with file:
            yield file

    def iter(
        self, key: str, chunk: int = 1 << 20, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        if not self.exists(key):
            raise NotFound(f"There is no blob {key}.")
        return self._iterate(key, chunk, offset, length)

    def _iterate(self, key: str, chunk: int, offset: int, length: int | None) -> Iterator[bytes]:
        with self.open(key) as file:
            file.seek(offset)
            left = length
            while left is None or left > 0:
                piece = file.read(chunk if left is None else min(chunk, left))
                if not piece:
                    return
                if left is not None:
                    left -= len(piece)
                yield piece

    def stat(self, key: str) -> BlobInfo | None:
        path = self._path(key)
        if not path.is_file():
            return None
        meta = path.with_name(path.name + _META)
        media_type = json.loads(meta.read_text())["media_type"] if meta.is_file() else _DEFAULT
        return BlobInfo(key, path.stat().st_size, "", media_type)

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        path.with_name(path.name + _META).unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        # Only the folder that the prefix names is walked, not the whole store.
        folder = self._root / prefix.rpartition("/")[0]
        if not folder.is_dir():
            return
        found = (
            p
            for p in folder.rglob("*")
            if p.is_file() and not p.name.endswith(_META) and not p.name.startswith(_TEMPORARY)
        )
        for key in sorted(str(p.relative_to(self._root)) for p in found):
            if key.startswith(prefix):
                info = self.stat(key)
                if info is not None:
                    yield info

    def ping(self) -> None:
        if not os.access(self._root, os.W_OK):
            raise Unavailable("The blob folder isn't writable.")

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


def _pieces(data: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(data, (bytes, bytearray, memoryview)):
        yield bytes(data)
        return
    while piece := data.read(1 << 20):
        yield piece


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
