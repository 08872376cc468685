"""Time as an argument: services take a `Clock`, tests give them one that they move by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_us(self) -> int:
        """UTC, microseconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start_us: int = 1_750_000_000_000_000) -> None:
        self._now = start_us

    def now_us(self) -> int:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move by `seconds` (backwards when negative, as a stepped clock does)."""
        self._now += int(seconds * 1_000_000)


def to_rfc3339(us: int) -> str:
    """Microseconds since 1970 → `2026-11-23T20:15:00.123456Z`."""
    return datetime.fromtimestamp(us / 1_000_000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_rfc3339(text: str) -> int:
    """The inverse of `to_rfc3339`; any offset is accepted. Raises ValueError on other text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset; write it in UTC with a trailing Z")
    return int(moment.timestamp() * 1_000_000)
