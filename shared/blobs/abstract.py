"""The blob port. Terms:

key       `a-z A-Z 0-9 - _ . /`, at most 512 characters, no empty, `.` or `..` segment. Writers put the owner first: `images/…`.
blob      bytes that don't change once written. Writing the same key again with the same bytes is harmless; with other bytes the
          last writer wins, and nobody does that on purpose (keys carry an id or a digest).
durable   when `put` returns, the bytes survive `kill -9` and power loss.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from shared.errors import InvalidInput

_KEY = re.compile(r"^(?!.*(?:^|/)\.{0,2}(?:/|$))[A-Za-z0-9._/-]{1,512}\Z")


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a blob. `sha256` is hex of the bytes; "" where the adapter can't say without reading."""

    key: str
    size: int
    sha256: str = ""
    media_type: str = "application/octet-stream"


class BlobStore(ABC):
    """Where images, masks, probability maps, checkpoints and datasets lie."""

    @abstractmethod
    def put(
        self, key: str, data: bytes | BinaryIO, *, media_type: str = "application/octet-stream"
    ) -> BlobInfo:
        """Store all of `data`, streamed where it is a file. Raises StorageFull, Unavailable; never leaves half a blob."""

    @abstractmethod
    def get(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """The bytes, or `length` of them from `offset`. Raises NotFound; InvalidInput for a range outside the blob."""

    @abstractmethod
    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A readable stream. Raises NotFound."""

    @abstractmethod
    def iter(
        self, key: str, chunk: int = 1 << 20, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes in pieces of at most `chunk`. Raises NotFound before the first piece."""

    @abstractmethod
    def stat(self, key: str) -> BlobInfo | None:
        """Size and type, or None where there is no such blob."""

    def exists(self, key: str) -> bool:
        """Whether the blob is there."""
        return self.stat(key) is not None

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove; a missing key is no error."""

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """All blobs whose key starts with `prefix`, in order of keys."""

    @abstractmethod
    def ping(self) -> None:
        """Raise Unavailable unless the store answers."""

    def close(self) -> None:
        """Give back connections."""
        return


def check_key(key: str) -> str:
    """`key` itself, or InvalidInput when it breaks the rule above."""
    if not _KEY.match(key):
        raise InvalidInput(
            f"{key!r} is not a blob key: letters, digits, '-', '_', '.', '/', no empty or dotted segment."
        )
    return key


def sha256_hex(data: bytes) -> str:
    """SHA-256 of `data`, hex."""
    return hashlib.sha256(data).hexdigest()
