"""The internal secret, and how it is replaced while services run.

A secret is one line of text, or a *ring*: JSON with several keys and the times at which each begins to sign and ends to be accepted.
One write of a ring leads all processes through a rotation, whenever each of them reads it: the new key is accepted from the reading
on, signs from `signs_from` on, and from then on the old one is accepted until its `ends`. `bramble admin rotate-keys` writes it.

    {"bramble-keys": 1, "pseudonyms": "…", "keys": [{"secret": "…", "ends": "2026-11-28T02:00:00Z"},
                                                     {"secret": "…", "signs_from": "2026-11-28T01:00:00Z"}]}

`pseudonyms` is the secret from which the pseudonyms in DICOM files are made: the installation's first one, for good, since two parts of
a study that came on different days must get the same pseudonym.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.errors import Conflict, InvalidInput

_MARK = "bramble-keys"
LOOK_S = 2.0  # how often a process looks whether its file has changed
#: A header may be used again for a minute, and hosts' clocks may differ by five: the old key is accepted for longer than both.
LEAST_OVERLAP_S = 600.0
#: For so long after its end a key still proves a page's CSRF token: a page that was open before a rotation may stay open.
_PAGES_S = 180 * 86_400.0


@dataclass(frozen=True, slots=True)
class Key:
    """One secret and its times (Unix seconds): it signs from `signs_from` on, until a later key does, and is accepted until `ends`."""

    secret: bytes
    signs_from: float = 0.0
    ends: float = math.inf

    def __repr__(self) -> str:
        return f"Key({fingerprint(self.secret)}, {self.signs_from}, {self.ends})"


def fingerprint(secret: bytes) -> str:
    """Eight characters by which people tell keys apart; they tell nothing about the key."""
    return hashlib.sha256(b"bramble/fingerprint/" + secret).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Ring:
    """Keys, oldest first and at least one, and the secret of pseudonyms."""

    keys: tuple[Key, ...]
    pseudonyms: bytes

    @classmethod
    def parse(cls, text: str) -> Ring:
        """Read a secret or a ring. Raises InvalidInput with a sentence for the operator, which never repeats a secret."""
        text = text.strip()
        if not text:
            raise InvalidInput("The internal secret is empty; give it 32 random characters or more.")
        if not text.startswith("{") or _MARK not in text:
            return cls((Key(text.encode()),), text.encode())
        try:
            body = json.loads(text)
            if body[_MARK] != 1:
                raise InvalidInput("The ring of internal secrets was written by a newer Bramble.")
            keys = tuple(
                Key(
                    str(one["secret"]).encode(),
                    _seconds(one.get("signs_from"), 0.0),
                    _seconds(one.get("ends"), math.inf),
                )
                for one in body["keys"]
            )
            pseudonyms = str(body["pseudonyms"]).encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            # Without its cause, which quotes what it could not read.
            raise InvalidInput(
                "The ring of internal secrets can't be read; restore the last one, or see docs/keys.md."
            ) from None
        if not keys or not pseudonyms or not all(key.secret for key in keys):
            raise InvalidInput("The ring of internal secrets holds no key, or an empty one.")
        return cls(keys, pseudonyms)

    def dump(self) -> str:
        """The ring as text, which `parse` reads again."""
        rows = []
        for key in self.keys:
            row = {"secret": key.secret.decode()}
            if key.signs_from:
                row["signs_from"] = at(key.signs_from)
            if key.ends != math.inf:
                row["ends"] = at(key.ends)
            rows.append(row)
        return json.dumps({_MARK: 1, "pseudonyms": self.pseudonyms.decode(), "keys": rows}, indent=1) + "\n"

    def signing(self, now: float) -> bytes:
        """The key that signs at `now`: the newest whose time has come."""
        ready = [key for key in self.keys if key.signs_from <= now]
        return (ready or self.keys[:1])[-1].secret

    def accepted(self, now: float) -> tuple[bytes, ...]:
        """The keys whose signatures count at `now`; the one that signs first."""
        signing = self.signing(now)
        return (signing, *(k.secret for k in reversed(self.keys) if k.ends > now and k.secret != signing))

    def known(self) -> tuple[bytes, ...]:
        """All keys, newest first, those that ended too."""
        return tuple(key.secret for key in reversed(self.keys))

    def rotated(self, new: bytes, now: float, *, signs_in_s: float, overlap_s: float) -> Ring:
        """A ring in which `new` signs from `signs_in_s` from now on, and the others are accepted for `overlap_s` after that.

        Raises Conflict while an earlier rotation's key doesn't sign yet, and InvalidInput for times under which requests that are under
        way would be refused; 0 and 0 is taken: it ends the old keys at once, for a secret that leaked.
        """
        if (signs_in_s, overlap_s) != (0, 0):
            if overlap_s < LEAST_OVERLAP_S:
                raise InvalidInput(f"The old key must be accepted for {LEAST_OVERLAP_S:.0f} s or longer.")
            if signs_in_s < 2 * LOOK_S:
                raise InvalidInput(f"The new key can't sign sooner than in {2 * LOOK_S:.0f} s.")
            if self.keys[-1].signs_from > now:
                raise Conflict(
                    f"A rotation is under way: its key signs from {at(self.keys[-1].signs_from)} on. Wait until then."
                )
        starts = now + signs_in_s
        kept = [
            replace(key, ends=min(key.ends, starts + overlap_s))
            for key in self.keys
            if key.ends > now - _PAGES_S
        ]
        return Ring((*kept, Key(new, starts if signs_in_s else now)), self.pseudonyms)


class Keys:
    """The secrets of a running process, from a text or a file that it reads again when it has changed. Thread-safe."""

    def __init__(
        self,
        text: str | None = None,
        path: Path | None = None,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Of `text`, else of the file at `path`. Raises InvalidInput, and OSError where the file can't be read."""
        self._path, self._wall, self._monotonic = path, wall, monotonic
        self._seen = self._look()
        if text is None:
            assert path is not None
            text = path.read_text()
        else:
            self._path = None
        self._set(Ring.parse(text))

    @property
    def ring(self) -> Ring:
        """The keys with their times."""
        if self._monotonic() >= self._until:
            self._refresh()
        return self._ring

    @property
    def signing(self) -> bytes:
        """The key that signs now."""
        return self.accepted[0]

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """The keys whose signatures count now; the one that signs first."""
        if self._monotonic() >= self._until:
            self._refresh()
        return self._accepted

    def _refresh(self) -> None:
        """A file that can't be read, or read whole, at the moment changes nothing: it is looked at again."""
        ring, seen = self._ring, self._look()
        if self._path is not None and seen is not None and seen != self._seen:
            with contextlib.suppress(OSError, InvalidInput, UnicodeDecodeError):
                ring = Ring.parse(self._path.read_text())
                self._seen = seen
        self._set(ring)

    def _set(self, ring: Ring) -> None:
        self._ring, self._accepted = ring, ring.accepted(self._wall())
        self._until = self._monotonic() + LOOK_S

    def _look(self) -> tuple[int, int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def accepted_of(secret: bytes | Keys) -> tuple[bytes, ...]:
    """The keys whose signatures count: of a plain secret, itself."""
    return secret.accepted if isinstance(secret, Keys) else (secret,)


def replace_file(path: Path, text: str) -> None:
    """Put `text` into a file's place at once, with the file's own mode and owner. Raises OSError."""
    before = path.stat()
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(PermissionError):
            os.chown(new, before.st_uid, before.st_gid)
        new.chmod(before.st_mode & 0o777)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def at(seconds: float) -> str:
    """A time as people and the ring write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _seconds(text: Any, default: float) -> float:
    return default if text is None else datetime.fromisoformat(str(text)).timestamp()
