"""Passwords: argon2id (RFC 9106), verified off the event loop and at most two at a time.

One verification takes 32 MiB and some 50 ms on purpose. The gate of two bounds what a flood of log-ins may take from a small server;
the rate limits keep honest users out of that queue.
"""

from __future__ import annotations

import secrets
from functools import cached_property, partial

import anyio
import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError


class Passwords:
    """Hashes and verifies. Cheap parameters are for tests."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 32 * 1024, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1, type=Type.ID
        )
        self._at_once = at_once

    @cached_property
    def _gate(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(self._at_once)  # belongs to the event loop that first uses it

    @cached_property
    def _nobody(self) -> str:
        # The hash of a password that nobody knows, with the same parameters: an unknown address costs what a known one costs.
        return self._hasher.hash(secrets.token_hex(32))

    def hash_now(self, password: str) -> str:
        """The argon2id hash, in the calling thread (command line and bootstrap)."""
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """The argon2id hash."""
        return await anyio.to_thread.run_sync(partial(self._hasher.hash, password), limiter=self._gate)

    async def verify(self, password_hash: str, password: str) -> tuple[bool, bool]:
        """(right, should be hashed anew). `password_hash` "" (unknown account, guest): the work is done all the same and the answer
        is (False, False)."""
        return await anyio.to_thread.run_sync(
            partial(self._verify, password_hash, password), limiter=self._gate
        )

    def _verify(self, password_hash: str, password: str) -> tuple[bool, bool]:
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (Argon2Error, InvalidHashError):
            return False, False
        if not password_hash:
            return False, False
        return True, self._hasher.check_needs_rehash(password_hash)
