"""Checkpoints that survive `kill -9` and a full disk: a new one is complete and durable before the old one goes.

`Checkpoints.load` gives the newest complete one, `save` writes the next. Two keepers: a folder (studies, tests) and the blob store with
the pointer in the job's row (workers), so that a worker on another machine can go on.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.blobs import BlobStore
from shared.errors import NotFound, StorageFull


class Checkpoints(Protocol):
    """Keeps the newest state of one piece of work."""

    def load(self) -> bytes | None:
        """The newest complete state, or None where there is none."""

    def save(self, step: int, state: bytes) -> None:
        """Keep ``state``. Raises StorageFull when there is no room; the one before is intact then."""


class FileCheckpoints:
    """One file in a folder, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def save(self, step: int, state: bytes) -> None:
        part = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise no_room(error, step) from error


class BlobCheckpoints:
    """Blobs ``<prefix>/<step>.ckpt``; ``point`` records the key of the newest in the job's row, ``pointed`` reads it."""

    def __init__(
        self, blobs: BlobStore, prefix: str, pointed: Callable[[], str], point: Callable[[str, int], None]
    ) -> None:
        self._blobs, self._prefix, self._pointed, self._point = blobs, prefix, pointed, point

    def load(self) -> bytes | None:
        key = self._pointed()
        if not key:
            return None
        try:
            return self._blobs.get(key)
        except NotFound:
            return None

    def save(self, step: int, state: bytes) -> None:
        before = self._pointed()
        key = f"{self._prefix}/{step:09d}.ckpt"
        try:
            self._blobs.put(key, state)
        except (OSError, StorageFull) as error:
            raise no_room(error, step) from error
        self._point(key, step)
        if before and before != key:
            self._blobs.delete(before)

    def clear(self) -> None:
        """Remove all checkpoints of this work, once it is done or cancelled."""
        for info in list(self._blobs.list(self._prefix + "/")):
            self._blobs.delete(info.key)


class MemoryCheckpoints:
    """For work that nobody resumes."""

    def __init__(self) -> None:
        self.state: bytes | None = None
        self.step = 0

    def load(self) -> bytes | None:
        return self.state

    def save(self, step: int, state: bytes) -> None:
        self.step, self.state = step, state


def no_room(error: Exception, step: int) -> StorageFull:
    """The error of a checkpoint that could not be written."""
    why = getattr(error, "strerror", None) or str(error).rstrip(".")
    return StorageFull(
        f"The checkpoint of step {step} could not be written ({why}); the one before is intact. "
        "Free disk space, then start the job again."
    )
