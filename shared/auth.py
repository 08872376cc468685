"""Who asks: the principal that the gateway signs and the services trust.

The gateway authenticates (session or API key) and sends `X-Bramble-Principal`: base64url(JSON) "." HMAC-SHA256. A service decodes
it with the internal secret and decides by itself what the principal may do. Older than `MAX_AGE_S` is refused, so that a header
that leaks into a log is worthless soon.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from fastapi import Request

from shared.errors import Forbidden, Unauthenticated, Unavailable
from shared.keys import Keys, accepted_of

HEADER = "x-bramble-principal"
MAX_AGE_S = 300


class Role(enum.IntEnum):
    """Ordered: each may what the ones before it may, within its project."""

    VOLUNTEER = 1
    EXPERT = 2
    LAB = 3
    OPERATOR = 4

    @classmethod
    def parse(cls, name: str) -> Role:
        try:
            return cls[name.upper()]
        except KeyError:
            known = ", ".join(r.name.lower() for r in cls)
            raise ValueError(f"{name!r} is not a role; the roles are {known}") from None

    def __str__(self) -> str:
        return self.name.lower()


ALL_SCOPES = frozenset({"read", "write", "admin"})


@dataclass(frozen=True, slots=True)
class Principal:
    """An account that asks. `role` is account-wide; `memberships` gives roles within projects; `scopes` bound an API key."""

    id: str
    role: Role
    memberships: dict[str, Role] = field(default_factory=dict)
    scopes: frozenset[str] = ALL_SCOPES
    is_guest: bool = False
    key_id: str = ""

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR

    def role_in(self, project_id: str) -> Role | None:
        """The role within a project; None: not a member (a volunteer may still work in an open project)."""
        if self.is_operator:
            return Role.OPERATOR
        return self.memberships.get(project_id)

    def require(self, project_id: str, least: Role) -> None:
        """Raise Forbidden unless the role within the project is at least `least`."""
        role = self.role_in(project_id)
        if role is None or role < least:
            raise Forbidden(
                f"This needs the role {least} in the project; ask the project's lab to add you as a member."
            )

    def require_role(self, least: Role) -> None:
        """Raise Forbidden unless the account-wide role is at least `least`."""
        if self.role < least:
            raise Forbidden(f"This needs an account with the role {least}; yours is {self.role}.")

    def require_scope(self, scope: str) -> None:
        """Raise Forbidden unless the API key carries `scope` (sessions carry all)."""
        if scope not in self.scopes:
            raise Forbidden(f"This API key lacks the scope {scope!r}; make a key with that scope.")


def encode_principal(principal: Principal, secret: bytes | Keys, now_s: int | None = None) -> str:
    """The signed header value. The gateway may reuse it for up to a minute."""
    secret = accepted_of(secret)[0]
    body = {
        "i": principal.id,
        "r": int(principal.role),
        "m": {k: int(v) for k, v in principal.memberships.items()},
        "s": sorted(principal.scopes),
        "g": principal.is_guest,
        "k": principal.key_id,
        "t": int(time.time()) if now_s is None else now_s,
    }
    text = base64.urlsafe_b64encode(orjson.dumps(body))
    return f"{text.decode()}.{hmac.new(secret, text, hashlib.sha256).hexdigest()}"


@lru_cache(maxsize=4096)
def _decode(value: str, secrets: tuple[bytes, ...]) -> tuple[Principal, int]:
    text, _, mac = value.rpartition(".")
    expected = (hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() for secret in secrets)
    if not any(hmac.compare_digest(one.encode(), mac.encode()) for one in expected):
        raise Unauthenticated("The identity header isn't signed by this installation's gateway.")
    body = orjson.loads(base64.urlsafe_b64decode(text))
    principal = Principal(
        id=body["i"],
        role=Role(body["r"]),
        memberships={k: Role(v) for k, v in body["m"].items()},
        scopes=frozenset(body["s"]),
        is_guest=body["g"],
        key_id=body["k"],
    )
    return principal, body["t"]


def decode_principal(value: str, secret: bytes | Keys, now_s: int | None = None) -> Principal:
    """The principal of a header value, signed by any key that is accepted now. Raises Unauthenticated when it is unsigned or
    changed; Unavailable when it is too old, which no new login would mend: the clocks of two hosts disagree, or were stepped between
    signing and reading."""
    principal, signed_at = _decode(value, accepted_of(secret))
    now = int(time.time()) if now_s is None else now_s
    if abs(now - signed_at) > MAX_AGE_S:
        raise Unavailable(
            "The identity header is too old; check that the clocks of gateway and service agree.",
            retry_after=1,
        )
    return principal


def system_principal(roles: Iterable[str] = ()) -> Principal:
    """The principal of calls that one service makes to another on nobody's behalf."""
    return Principal(id="system", role=Role.OPERATOR, scopes=frozenset(roles) or ALL_SCOPES)


def principal_of(header: str | None, secret: bytes | Keys) -> Principal:
    """Who asks, by the value of the identity header; raises Unauthenticated where there is none, and as `decode_principal` does."""
    if not header:
        raise Unauthenticated("Log in first, or send an API key as `Authorization: Bearer brk_…`.")
    return decode_principal(header, secret)


async def current_principal(request: Request) -> Principal:
    """FastAPI dependency: who asks. `app.state.secret` is set by `shared.web.create_app`."""
    return principal_of(request.headers.get(HEADER), request.app.state.secret)
