"""Frames read a short while ago: an image goes to each rater of its quorum in turn, and its frame never changes."""

from __future__ import annotations

import threading
from collections import OrderedDict

from shared.blobs import BlobStore


class RecentBlobs:
    """The blobs read last, up to `limit` bytes together; one that would fill more than an eighth of it isn't kept. Thread-safe. Who may
    see a blob, and whether it is still there to be seen, is asked before."""

    def __init__(self, blobs: BlobStore, limit: int = 32 << 20) -> None:
        self._blobs, self._limit = blobs, limit
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes:
        """All bytes of the blob. Raises what the store raises."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        data = self._blobs.get(key)
        if len(data) * 8 <= self._limit:
            with self._lock:
                self._size += len(data) - len(self._held.pop(key, b""))
                self._held[key] = data
                while self._size > self._limit:
                    self._size -= len(self._held.popitem(last=False)[1])
        return data
