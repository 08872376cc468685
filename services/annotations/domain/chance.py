"""Chance that needs no state: a number drawn by a hash of what it is for. Reproducible, and not to be guessed from outside."""

from __future__ import annotations

from hashlib import blake2b


def hash_of(*parts: object) -> int:
    """A number in 0..2^64 of `parts` as text."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def share_of(*parts: object) -> float:
    """A number in [0, 1), uniform over different `parts`."""
    return hash_of(*parts) / float(1 << 64)
