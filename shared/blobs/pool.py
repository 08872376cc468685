"""Connections to an object store, for a store that may vanish without a word. Imported by `minio` on its first request."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.exceptions import ReadTimeoutError

from shared.sockets import lively

_CONNECT_S = 3.0
#: The first byte of an answer comes in milliseconds; a part of an upload may take as long as a slow disk needs for it.
_ANSWER_S, _BYTES_PER_S = 6.0, 1 << 20
_REPEATABLE = frozenset(("GET", "HEAD", "PUT", "DELETE"))


class _Retry(urllib3.Retry):
    """Leaves requests that got no answer in time to `StorePool`: here they would be tried on further connections of the same age."""

    def increment(
        self,
        method: Any = None,
        url: Any = None,
        response: Any = None,
        error: Any = None,
        *args: Any,
        **more: Any,
    ) -> _Retry:
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, *args, **more)


class StorePool(urllib3.PoolManager):
    """A request without an answer in time says that its connection is dead, and then the idle ones are too: all are dropped, and what
    may be repeated is sent once more, on a new one. Raises urllib3's errors."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            maxsize=32,
            # A request that met a restart is worth two more tries; longer outages are the caller's to wait for.
            retries=_Retry(total=2, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
            socket_options=lively(),
            **options,
        )

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> Any:  # type: ignore[override]
        body = options.get("body")
        size = len(body) if isinstance(body, (bytes, bytearray, memoryview)) else 0
        options["timeout"] = urllib3.Timeout(connect=_CONNECT_S, read=_ANSWER_S + size / _BYTES_PER_S)
        try:
            return super().urlopen(method, url, redirect, **options)
        except ReadTimeoutError:
            self.clear()
            if method not in _REPEATABLE:
                raise
            return super().urlopen(method, url, redirect, **options)
