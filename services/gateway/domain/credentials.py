"""Tokens, API keys and CSRF: how they are made, written and compared. Nothing here stores or asks the clock.

A secret is shown to its owner once; what is kept is its SHA-256. A fast hash is right here, because the secrets are 256 random
bits and can't be guessed; passwords can, and go through argon2id (`services.gateway.passwords`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.errors import InvalidInput

RandomBytes = Callable[[int], bytes]

KEY_SCOPES = ("read", "write", "admin")
MIN_PASSWORD, MAX_PASSWORD = 10, 256
_KEY = re.compile(r"^brk_([0-9a-z]{8})_([0-9A-Za-z_-]{43})\Z")
_EMAIL = re.compile(r"^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z0-9-]{2,63}\Z")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
# What guessing lists start with, at the lengths that pass the minimum. A long list would cost memory for little.
_COMMON = frozenset(
    {
        "0123456789",
        "1234567890",
        "12345678910",
        "123456789a",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "abcdefghij",
        "administrator",
        "changemenow",
        "iloveyou123",
        "letmeinplease",
        "password01",
        "password12",
        "password123",
        "password1234",
        "passwordpassword",
        "qwerty12345",
        "qwerty123456",
        "qwertyuiop",
        "welcome123",
    }
)


def _base64url(data: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_session_token(random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """256 random bits as base64url, 43 characters: what the cookie carries."""
    return _base64url(random_bytes(32))


def token_hash(token: str) -> str:
    """SHA-256 of a session token or API key as 64 hex digits: what the tables keep."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh API key. `text` is shown once; `prefix` names it in lists; `digest` is kept."""

    text: str
    prefix: str
    digest: str


def new_api_key(random_bytes: RandomBytes = secrets.token_bytes) -> NewKey:
    """`brk_<8 characters>_<43 characters>`; the fixed beginning lets secret scanners find a key that leaked."""
    prefix = "".join(_ALPHABET[b % len(_ALPHABET)] for b in random_bytes(8))
    text = f"brk_{prefix}_{_base64url(random_bytes(32))}"
    return NewKey(text, prefix, token_hash(text))


def looks_like_key(text: str) -> bool:
    """Whether `text` has the form of an API key; whether it is one, the table says."""
    return _KEY.match(text) is not None


def csrf_token(secret: bytes, session_hash: str) -> str:
    """The CSRF token of a session: an HMAC of its hash, so that it needs no storage and dies with the session."""
    return hmac.new(secret, b"csrf:" + session_hash.encode(), hashlib.sha256).hexdigest()


def csrf_matches(secrets: Iterable[bytes], session_hash: str, given: str) -> bool:
    """Whether `given` is the session's CSRF token by any of the secrets: a page that was open before a rotation keeps its token. Takes the
    same time whatever of one secret's token is right."""
    told = given.encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(csrf_token(one, session_hash).encode(), told) for one in secrets)


def normalise_email(text: str) -> str:
    """The form under which an address is stored and compared: trimmed, lower case. Raises InvalidInput on other text."""
    email = text.strip().lower()
    if len(email) > 254 or not _EMAIL.match(email):
        raise InvalidInput("The e-mail address isn't one; write it as name@example.org.", code="not-an-email")
    return email


def check_password(password: str, email: str = "") -> None:
    """Raise InvalidInput for a password that a guessing list would find (NIST SP 800-63B: length and known ones, no rules of
    composition)."""
    if len(password) < MIN_PASSWORD:
        raise InvalidInput(
            f"The password is too short; use at least {MIN_PASSWORD} characters.", code="password-too-short"
        )
    if len(password) > MAX_PASSWORD:
        raise InvalidInput(
            f"The password is too long; use at most {MAX_PASSWORD} characters.", code="password-too-long"
        )
    lowered = password.lower()
    local = email.partition("@")[0]
    if lowered in _COMMON or len(set(lowered)) < 4 or (email and lowered in (email, local)):
        raise InvalidInput(
            "This password is one of the first that would be guessed; choose another.",
            code="password-guessable",
        )


def parse_scopes(scopes: list[str] | None) -> frozenset[str]:
    """Scopes of a new key; None: read and write. Raises InvalidInput for an empty list or an unknown scope."""
    if scopes is None:
        return frozenset({"read", "write"})
    unknown = sorted(set(scopes) - set(KEY_SCOPES))
    if unknown:
        raise InvalidInput(f"{unknown[0]!r} is not a scope; the scopes are {', '.join(KEY_SCOPES)}.")
    if not scopes:
        raise InvalidInput("A key without a scope opens nothing; give at least one of read, write, admin.")
    return frozenset(scopes)


def clean_name(text: str, what: str, most: int = 80) -> str:
    """A name for people: trimmed, one line, 1 to `most` characters. Raises InvalidInput."""
    name = " ".join(text.split())
    if not name or len(name) > most:
        raise InvalidInput(f"The {what} must have 1 to {most} characters.")
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise InvalidInput(f"The {what} holds control characters; leave them out.")
    return name
