"""Blobs of an upload, written several at a time.

A blob is on disk when `put` returns, and waiting for the disk is nearly all that a small picture costs. So a few are written side
by side, which a disk syncs together; nothing is committed before all that it names are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from shared.blobs import BlobStore

_THREADS = 8
_WAITING_BYTES = 16 << 20  # of small blobs; larger ones are streamed by the caller's thread
_SMALL = 1 << 20


class BlobWriter:
    """Writes behind, for one upload at a time. `settle` before the rows that name the blobs are committed; `close` at the end."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: dict[str, tuple[Future[object], int]] = {}
        self._bytes = 0

    def put(self, key: str, data: bytes | BinaryIO, size: int) -> None:
        """Store `data` (a file: from its position) of `size` bytes; small ones behind the caller's back."""
        if size > _SMALL:
            self._blobs.put(key, data)
            return
        if self._bytes + size > _WAITING_BYTES:
            self.settle()
        content = data if isinstance(data, bytes) else data.read()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="images-blobs")
        self._waiting[key] = (self._pool.submit(self._blobs.put, key, content), size)
        self._bytes += size

    def settle(self) -> None:
        """Wait until all are stored. Raises what storing one of them raised."""
        waiting, self._waiting, self._bytes = self._waiting, {}, 0
        for future, _ in waiting.values():
            future.exception()
        for future, _ in waiting.values():
            future.result()

    def forget(self, keys: Iterable[str]) -> None:
        """Delete blobs, those included that are still on their way."""
        for key in keys:
            future, size = self._waiting.pop(key, (None, 0))
            self._bytes -= size
            if future is not None:
                future.exception()
            self._blobs.delete(key)

    def close(self) -> None:
        """End the threads, after what they have in hand."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
