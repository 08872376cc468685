"""What the routes share: who asks, pages, the session cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.gateway import consent
from services.gateway.domain.credentials import csrf_token, new_session_token, token_hash
from services.gateway.identity import COOKIE, Identity
from services.gateway.parts import Parts
from services.gateway.schemas import Me
from services.gateway.store import Account, memberships_of
from shared.auth import Principal
from shared.errors import Unauthenticated


def identity_of(request: Request) -> Identity:
    """What the middleware found out; anonymous routes get an anonymous identity."""
    found: Identity = request.state.identity
    return found


def principal_of(request: Request) -> Principal:
    """The principal; the route table has let nobody anonymous through."""
    principal = identity_of(request).principal
    if principal is None:
        raise Unauthenticated("Log in first, or send an API key as `Authorization: Bearer brk_…`.")
    return principal


Asking = Annotated[Identity, Depends(identity_of)]
Who = Annotated[Principal, Depends(principal_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=64, pattern=r"^[0-9A-Za-z-]*$")]


def start_session(parts: Parts, response: Response, account: Account, before: Identity) -> Me:
    """Open a session for `account`, end the one that asked, and set the cookie. The token is always new: one that was planted in the
    browser before the log-in is worth nothing after it (session fixation)."""
    token = new_session_token()
    digest = token_hash(token)
    replaced = before.credential if before.kind == "session" else ""
    expires_us = parts.accounts.open_session(account, digest, replaced)
    if replaced:
        parts.auth.forget(replaced)
    response.set_cookie(
        COOKIE,
        token,
        max_age=(expires_us - parts.deps.clock.now_us()) // 1_000_000,
        path="/",
        httponly=True,
        samesite="lax",
        secure=parts.https,
    )
    return me_of(parts, account, digest)


def me_of(parts: Parts, account: Account, session_hash: str) -> Me:
    """`Me`; the CSRF token is empty when no session asks."""
    with parts.deps.db.read() as conn:
        memberships = memberships_of(conn, [account.id])[account.id]
    return Me(
        id=account.id,
        role=str(account.role),
        display_name=account.display_name,
        email=account.email or None,
        is_guest=account.is_guest,
        csrf_token=csrf_token(parts.secrets.signing, session_hash) if session_hash else "",
        consent_version=account.consent_version or None,
        consent_current=account.consent_version == consent.CURRENT,
        memberships={project: str(role) for project, role in memberships.items()},
        leaderboard=account.leaderboard,
    )
