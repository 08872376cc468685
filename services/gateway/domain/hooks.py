"""Webhooks: the signature, when to try again, and which addresses may be called.

Signature as Stripe and Standard Webhooks do it: HMAC-SHA256 over `<unix seconds>.<body>`, so that a captured delivery can't be sent
again much later with a fresh time.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from shared.errors import InvalidInput

RETRY_AFTER_S = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
MAX_TRIES = len(RETRY_AFTER_S) + 1


def sign(secret: str, timestamp_s: int, body: bytes) -> str:
    """The value of `X-Bramble-Signature`: `t=<seconds>,v1=<hex>`."""
    mac = hmac.new(secret.encode(), f"{timestamp_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp_s},v1={mac}"


def verify(secret: str, header: str, body: bytes, now_s: int, tolerance_s: int = 300) -> bool:
    """What a receiver does: the signature is right and at most `tolerance_s` old."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    try:
        timestamp = int(parts.get("t", ""))
    except ValueError:
        return False
    expected = sign(secret, timestamp, body)
    return abs(now_s - timestamp) <= tolerance_s and hmac.compare_digest(expected.encode(), header.encode())


def next_try_s(tries: int) -> int | None:
    """Seconds to wait after the `tries`-th failed try (1 = the first); None: give up."""
    return RETRY_AFTER_S[tries - 1] if 1 <= tries <= len(RETRY_AFTER_S) else None


def check_url(url: str, *, allow_private: bool) -> str:
    """The URL, when a webhook may name it: https (http only where private addresses are allowed), a host, no credentials.
    Raises InvalidInput. The host's addresses are judged again before each delivery, because DNS answers can change."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"The webhook's url can't be read ({error}).") from error
    if len(url) > 2000 or any(ord(c) <= 32 for c in url):
        raise InvalidInput("The webhook's url is too long or holds spaces.")
    if parts.scheme not in (("https", "http") if allow_private else ("https",)) or not parts.hostname:
        raise InvalidInput("The webhook's url must start with https:// and name a host.")
    if parts.username or parts.password:
        raise InvalidInput(
            "The webhook's url must not carry a user or password; use the signature to tell our calls."
        )
    if port is not None and port not in (80, 443) and not allow_private and port < 1024:
        raise InvalidInput("The webhook's url names a port of another service; use 443 or one above 1023.")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        pass  # a name: judged once it is resolved
    else:
        check_addresses([str(address)], allow_private=allow_private)
    return url


def check_addresses(addresses: Iterable[str], *, allow_private: bool) -> None:
    """Raise InvalidInput unless every resolved address is one of the public internet (SSRF: no loopback, private, link-local,
    cloud metadata, multicast or reserved address). `allow_private` is for installations that trust their own network."""
    seen = False
    for text in addresses:
        seen = True
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
        for candidate in (address, mapped):
            if candidate is None:
                continue
            if candidate.is_multicast or candidate.is_unspecified or candidate.is_link_local:
                raise InvalidInput("The webhook's host isn't an address that Bramble may call.")
            if not candidate.is_global and not allow_private:
                raise InvalidInput("The webhook's host lies in a private network; use a public address.")
    if not seen:
        raise InvalidInput("The webhook's host has no address.")
