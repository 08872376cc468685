"""The door itself: one pure ASGI middleware that finds the route, authenticates, limits, and hands on.

Order: route table (404, 405) → credentials (401) → limits (429) → cross-site and CSRF (403) → scope, role, consent (403) → size (413)
→ own route or upstream. What a client sends as `X-Bramble-*`, and its cookies and keys, end here.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import headers as security
from services.gateway.domain import limits
from services.gateway.domain.credentials import csrf_matches
from services.gateway.domain.limits import Limit, retry_after
from services.gateway.domain.routing import Match, Route
from services.gateway.identity import ANONYMOUS, Identity, read_credentials
from services.gateway.parts import Parts
from services.gateway.store_access import Entry
from shared import telemetry, tracing
from shared.auth import HEADER, Role
from shared.errors import BrambleError, Forbidden, NotFound, TooLarge, TooManyRequests, Unauthenticated
from shared.ids import new_id
from shared.web import API, problem, problem_of

log = logging.getLogger(__name__)

BODY_MB = 16  # masks of a 4096 × 4096 frame with many labels stay under it
_PRINCIPAL = HEADER.encode()
_NEW_ID = b"x-bramble-new-id"
_DROPPED = frozenset(
    {b"cookie", b"authorization", b"x-csrf-token", b"x-request-id", b"traceparent", b"forwarded"}
)


class GatewayMiddleware:
    """See the module's docstring. `app` is the gateway's own FastAPI app, `pages` the web client."""

    def __init__(self, app: ASGIApp, parts: Parts, pages: ASGIApp) -> None:
        self._app, self._parts, self._pages = app, parts, pages
        self._api_headers = security.api_headers(https=parts.https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith(API + "/"):
            await self._api(scope, receive, self._secured(send), path[len(API) :])
        elif path in ("/healthz", "/readyz") or (path == "/metrics" and _is_inside(scope)):
            await self._app(scope, receive, self._secured(send))
        elif path in ("/metrics", "/openapi.json", "/api", API) or path.startswith(("/internal", "/api/")):
            await _answer(NotFound("There is nothing at this address."), scope, receive, self._secured(send))
        else:
            await self._pages(scope, receive, send)

    def _secured(self, send: Send) -> Send:
        extra = self._api_headers

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
                if not any(name == b"cache-control" for name, _ in message["headers"]):
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        return send_secured

    async def _api(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        found = self._parts.table.match(scope["method"], path)
        try:
            if not isinstance(found, Match):
                if not found:
                    raise NotFound(
                        "There is nothing at this address; the routes are listed at /api/v1/openapi.json."
                    )
                allow = ", ".join(found)
                answer = problem(
                    405, "method-not-allowed", f"This address takes {allow}.", headers={"Allow": allow}
                )
                await answer(scope, receive, send)
                return
            identity = await self._admit(scope, found)
            receive = self._bounded(scope, receive, found.route)
        except BrambleError as error:
            await _answer(error, scope, receive, send)
            return
        if found.route.service == "gateway":
            scope.setdefault("state", {})["identity"] = identity
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._forward(scope, receive, send_noted, found, identity)
        except (BrambleError, HTTPException) as error:
            if started:
                raise
            if isinstance(error, HTTPException):
                error = TooLarge(str(error.detail))
            await _answer(error, scope, receive, send)

    # Admission.

    async def _admit(self, scope: Scope, found: Match) -> Identity:
        route, address = found.route, (scope.get("client") or ("unknown", 0))[0]
        key, session, csrf = read_credentials(scope["headers"])
        identity = ANONYMOUS
        if key:
            self._limit(limits.BAD_CREDENTIALS, address, take=False)
            try:
                identity = await self._parts.auth.by_key(key)
            except Unauthenticated:
                self._limit(limits.BAD_CREDENTIALS, address)
                raise
        elif session:
            identity = await self._parts.auth.by_session(session)
        if identity.principal is None:
            self._limit(limits.ANONYMOUS, address)
        else:
            self._limit(limits.ACCOUNT, identity.account_id)
            if route.upload:
                self._limit(limits.UPLOAD, identity.account_id)
            if route.heavy:
                self._limit(limits.HEAVY, identity.account_id)
        if route.unsafe and identity.kind != "key":
            self._check_site(scope, route, identity, csrf)
        self._check_rights(found, identity)
        return identity

    def _limit(self, limit: Limit, key: str, *, take: bool = True) -> None:
        limiter = self._parts.limiter
        wait = limiter.take(limit, key) if take else limiter.peek(limit, key)
        if wait > 0:
            seconds = retry_after(wait)
            raise TooManyRequests(f"Too many {limit.what}; try again in {seconds} s.", retry_after=seconds)

    def _check_site(self, scope: Scope, route: Route, identity: Identity, csrf: str) -> None:
        for name, value in scope["headers"]:
            if name == b"sec-fetch-site" and value == b"cross-site":
                raise Forbidden("Another site's page may not send this.", code="cross-site")
        if identity.kind != "session" or not route.csrf:
            return
        if not csrf_matches(self._parts.secrets.ring.known(), identity.credential, csrf):
            raise Forbidden(
                "The X-CSRF-Token header is missing or belongs to another session; read a fresh one from GET /auth/me.",
                code="csrf",
            )

    @staticmethod
    def _check_rights(found: Match, identity: Identity) -> None:
        route, principal = found.route, identity.principal
        if route.least == 0:
            return
        if principal is None:
            raise Unauthenticated("Log in first, or send an API key as `Authorization: Bearer brk_…`.")
        principal.require_scope(route.needed_scope)
        if route.consent and identity.kind == "session" and not identity.consent_current:
            raise Forbidden("The consent has changed; read and accept it first.", code="consent-needed")
        if route.least > Role.VOLUNTEER:
            project = found.params.get("project_id")
            if route.account_wide:
                principal.require_role(Role(route.least))
            elif project is not None:
                principal.require(project, Role(route.least))
            elif (identity.best_role() or Role.VOLUNTEER) < route.least:
                raise Forbidden(f"This needs the role {Role(route.least)}; ask the installation's operator.")

    # Bodies.

    def _bounded(self, scope: Scope, receive: Receive, route: Route) -> Receive:
        most = self._parts.upload_bytes if route.upload else BODY_MB << 20
        declared: int | None = None
        chunked = False
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = int(value) if value.isdigit() else None
            elif name == b"transfer-encoding":
                chunked = True
        if declared is not None:
            if declared > most:
                raise _too_large(most)
            return receive
        if not chunked:
            return receive
        seen = 0

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                # FastAPI lets this kind of exception through its reading of bodies, and the service answers 413 by itself.
                raise HTTPException(413, _too_large(most).detail)
            return message

        return receive_bounded

    # Handing on.

    async def _forward(
        self, scope: Scope, receive: Receive, send: Send, found: Match, identity: Identity
    ) -> None:
        parts, route = self._parts, found.route
        upstream = parts.upstreams.get(route.service)
        principal = identity.header
        new_project = ""
        context = telemetry.current_context()
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in _DROPPED and not name.startswith(b"x-bramble-")
        ]
        if route.path == "/projects" and route.unsafe and identity.principal is not None:
            # The membership goes first: a crash in between leaves a row without a project, never a project without an owner.
            new_project = new_id()
            await run_in_threadpool(
                parts.members.put, new_project, identity.account_id, Role.LAB, must_exist=False
            )
            parts.auth.forget_account(identity.account_id)
            grown = {**identity.principal.memberships, new_project: Role.LAB}
            principal = parts.auth.sign(replace(identity.principal, memberships=grown))
            headers.append((_NEW_ID, new_project.encode()))
        headers += [
            (_PRINCIPAL, principal),
            (b"x-request-id", context.correlation_id.encode("latin-1")),
            (b"traceparent", context.traceparent.encode("latin-1")),
        ]
        inner: Scope = {**scope, "headers": headers, "state": {}}
        inner.pop("app", None)
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if route.audit and status < 400:
                    await self._note(route, found, identity, status, new_project)
                message["headers"] = [
                    (n, v)
                    for n, v in message.get("headers", ())
                    if n not in (b"set-cookie", b"server") and not n.startswith(b"x-bramble-")
                ]
            await send(message)

        if tracing.is_on():
            scope["bramble.route"] = f"/api/v1{route.path}"
        try:
            with tracing.within(
                f"{route.method} {route.service}", "client", server_address=route.service
            ) as span:
                if span is not None:
                    headers[-1] = (b"traceparent", span.traceparent.encode())
                await upstream(inner, receive, send_on)
        finally:
            if new_project and not 200 <= status < 300:
                await run_in_threadpool(parts.members.remove, new_project, identity.account_id, force=True)
                parts.auth.forget_account(identity.account_id)

    async def _note(
        self, route: Route, found: Match, identity: Identity, status: int, new_project: str
    ) -> None:
        params = found.params
        entry = Entry(
            action=route.audit,
            account_id=identity.account_id,
            project_id=new_project or params.get("project_id", ""),
            target=next((v for k, v in reversed(params.items()) if k != "project_id"), new_project),
            status=status,
            key_id=identity.principal.key_id if identity.principal else "",
        )
        await run_in_threadpool(self._parts.audit.write, entry)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"The request is larger than {most >> 20} MB; send less at once.")


async def _answer(error: BrambleError, scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem_of(error)
    if isinstance(error, Unauthenticated):
        answer.headers["WWW-Authenticate"] = "Bearer"
    await answer(scope, receive, send)


def _is_inside(scope: Scope) -> bool:
    """Whether the request comes from the machine or its private network and not through a proxy: Prometheus, not the public."""
    if any(name in (b"x-forwarded-for", b"forwarded") for name, _ in scope["headers"]):
        return False
    try:
        return ipaddress.ip_address((scope.get("client") or ("", 0))[0]).is_private
    except ValueError:
        return False
