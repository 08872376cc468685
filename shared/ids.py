"""Identifiers: UUIDv7 (RFC 9562), so that ids sort by time and keyset pages and B-tree inserts stay cheap."""

from __future__ import annotations

import os
import re
import threading
import time

_PATTERN = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def new_id(now_ms: int | None = None) -> str:
    """A new UUIDv7 as a lower-case string of 36 characters.

    Ids made by one process are strictly increasing: a 12-bit counter follows the millisecond (RFC 9562 §6.2, method 1),
    and when it runs over, the clock part is advanced.
    """
    global _last_ms, _sequence
    milliseconds = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    with _lock:
        if milliseconds > _last_ms:
            _last_ms, _sequence = milliseconds, int.from_bytes(os.urandom(1), "big")
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        milliseconds, sequence = _last_ms, _sequence
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{milliseconds & 0xFFFF_FFFF_FFFF:012x}7{sequence:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Whether `text` is a UUIDv7 in the form that `new_id` writes."""
    return _PATTERN.match(text) is not None
