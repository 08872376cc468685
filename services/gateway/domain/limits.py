"""Token buckets: `burst` requests at once, refilled at `per_second`. In memory; the clock is an argument.

With N gateway replicas a client may get N times a limit, because each counts for itself: the limits are there to keep one client from
starving the rest, not to bill anyone.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A named limit. `what` completes the sentence "Too many …"."""

    name: str
    per_second: float
    burst: float
    what: str


# A class of 30 behind one address signs up within a minute; a script that guesses passwords gets five tries and then one a minute.
LOGIN_ADDRESS = Limit("login-address", 20 / 60, 40, "log-ins from this address")
LOGIN_EMAIL = Limit("login-email", 1 / 60, 5, "log-ins for this e-mail address")
SIGN_UP = Limit("sign-up", 60 / 60, 60, "new accounts from this address")
BAD_CREDENTIALS = Limit("bad-credentials", 1, 60, "requests with a wrong key from this address")
ANONYMOUS = Limit("anonymous", 20, 100, "requests from this address")
ACCOUNT = Limit("account", 50, 200, "requests of this account")
HEAVY = Limit("heavy", 12 / 60, 12, "pictures put together for this account")
UPLOAD = Limit("upload", 2, 20, "uploads of this account")


class Limiter:
    """All buckets of one process. Thread-safe. `monotonic` gives seconds that never go back."""

    def __init__(self, monotonic: Callable[[], float], *, enabled: bool = True, most: int = 50_000) -> None:
        self._monotonic, self._enabled, self._most = monotonic, enabled, most
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, limit: Limit, key: str, amount: float = 1.0) -> float:
        """Take `amount` from the bucket of `key`; 0.0 when it was there, else the seconds until it will be (nothing is taken)."""
        return self._turn(limit, key, amount, take=True)

    def peek(self, limit: Limit, key: str) -> float:
        """As `take`, without taking."""
        return self._turn(limit, key, 1.0, take=False)

    def _turn(self, limit: Limit, key: str, amount: float, *, take: bool) -> float:
        if not self._enabled:
            return 0.0
        now = self._monotonic()
        with self._lock:
            tokens, at = self._buckets.get((limit.name, key), (limit.burst, now))
            tokens = min(limit.burst, tokens + (now - at) * limit.per_second)
            if tokens < amount:
                return (amount - tokens) / limit.per_second
            if take:
                if len(self._buckets) >= self._most:
                    self._forget_oldest()
                self._buckets[limit.name, key] = (tokens - amount, now)
            return 0.0

    def _forget_oldest(self) -> None:
        # A bucket that nobody touched for longest is the likeliest to be full again; forgetting it forgives the least.
        oldest = sorted(self._buckets.items(), key=lambda item: item[1][1])[: self._most // 5]
        for key, _ in oldest:
            del self._buckets[key]


def retry_after(seconds: float) -> int:
    """Whole seconds for `Retry-After`, at least 1."""
    return max(1, math.ceil(seconds))
