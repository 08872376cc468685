"""A small tree of errors: each says which HTTP status it is and whether trying again can help.

Raise the one that fits with a sentence for the person who can act: what was wrong, with which input, what to do.
`shared.web` turns them into RFC 9457 problem documents; `shared.bus.runner` retries those that are `retryable`.
This module imports nothing, so that `domain/` may use it.
"""

from __future__ import annotations

from typing import Any


class BrambleError(Exception):
    """Base of all errors that Bramble raises on purpose."""

    status = 500
    code = "internal"
    title = "Internal error"
    retryable = False

    def __init__(
        self, detail: str, *, code: str | None = None, retry_after: int | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code
        self.retry_after = retry_after
        self.extra = extra


class InvalidInput(BrambleError, ValueError):
    """The input breaks a rule; the sentence says which and how to mend it."""

    status, code, title = 422, "invalid", "Invalid input"


class BadRequest(BrambleError, ValueError):
    """The request can't be read at all."""

    status, code, title = 400, "bad-request", "Bad request"


class Unauthenticated(BrambleError):
    """Nobody is logged in, or the key is unknown or revoked."""

    status, code, title = 401, "unauthenticated", "Not logged in"


class Forbidden(BrambleError):
    """Known, but not allowed."""

    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(BrambleError):
    """No such thing, or none that this principal may know of."""

    status, code, title = 404, "not-found", "Not found"


class Conflict(BrambleError):
    """The state has moved on."""

    status, code, title = 409, "conflict", "Conflict"


class Gone(BrambleError):
    """It was here, and isn't any more: an expired lease, an archived project."""

    status, code, title = 410, "gone", "Gone"


class TooLarge(BrambleError):
    """Over a limit; the sentence names it."""

    status, code, title = 413, "too-large", "Too large"


class UnsupportedMedia(BrambleError):
    """The bytes aren't of a kind that Bramble reads."""

    status, code, title = 415, "unsupported-media", "Unsupported file"


class TooManyRequests(BrambleError):
    """Over a rate limit; `retry_after` says for how many seconds."""

    status, code, title, retryable = 429, "too-many-requests", "Too many requests", True


class Unavailable(BrambleError):
    """A part doesn't answer just now; trying again later may help."""

    status, code, title, retryable = 503, "unavailable", "Temporarily unavailable", True


class StorageFull(BrambleError):
    """No room is left in the database or the blob store."""

    status, code, title, retryable = 507, "storage-full", "Storage full", True
