"""Where a study's finished runs are kept, so that what is done isn't done again."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Pairs = tuple[NDArray[np.float32], NDArray[np.uint8]]


class Ledger(Protocol):
    """Values by key; what a generator drew may be kept beside its counts, so that more seeds need no second training."""

    def get(self, key: str) -> dict[str, Any] | None: ...

    def pairs(self, key: str) -> Pairs | None: ...

    def put(self, key: str, value: dict[str, Any], pairs: Pairs | None = None) -> None: ...


class FileLedger:
    """One JSON file a run in a folder, pictures as .npz beside it. Several processes may write different keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{key}.json").read_text())
            return found
        except (FileNotFoundError, ValueError):
            return None

    def pairs(self, key: str) -> Pairs | None:
        try:
            with np.load(self._folder / f"{key}.npz", allow_pickle=False) as kept:
                return kept["images"], kept["maps"]
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def put(self, key: str, value: dict[str, Any], pairs: Pairs | None = None) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if pairs is not None:
            buffer = io.BytesIO()
            np.savez_compressed(buffer, images=pairs[0], maps=pairs[1])
            self._write(f"{key}.npz", buffer.getvalue())
        # Last: whoever finds the value finds the pictures too.
        self._write(f"{key}.json", json.dumps(value).encode())

    def _write(self, name: str, data: bytes) -> None:
        part = self._folder / f"{name}.{os.getpid()}.part"
        part.write_bytes(data)
        part.replace(self._folder / name)


class MemoryLedger:
    """Runs kept in a dict, no pictures."""

    def __init__(self, runs: dict[str, dict[str, Any]] | None = None) -> None:
        self.runs = runs if runs is not None else {}

    def get(self, key: str) -> dict[str, Any] | None:
        return self.runs.get(key)

    def pairs(self, key: str) -> Pairs | None:
        del key
        return None

    def put(self, key: str, value: dict[str, Any], pairs: Pairs | None = None) -> None:
        del pairs
        self.runs[key] = value
