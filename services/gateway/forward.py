"""Upstreams: the owning service as an ASGI app, in this process or over HTTP (decision 002).

*In process* the upstream is the service's own app, called with a copied scope: no socket, no copy of a body. *Over HTTP* it is
`HttpUpstream`, an ASGI app that streams both bodies over `wire`. The gateway knows only "an ASGI app", and the same tests run on
both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.wire import Broken, TimedOut, Unreachable, Wire
from shared.errors import BrambleError, NotFound, Unavailable
from shared.web import problem, problem_of

log = logging.getLogger(__name__)

# Belong to one connection, not to the message (RFC 9110 §7.6.1), or are set anew by each side.
_HOP = frozenset(
    {
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class BadGateway(BrambleError):
    """The service answered something that isn't HTTP, or broke off."""

    status, code, title, retryable = 502, "bad-gateway", "Bad gateway", True


class _Gone(Exception):
    """The client hung up while it was sending."""


class HttpUpstream:
    """An ASGI app that passes each request on to `base_url`. Bodies are streamed both ways, so memory stays flat whatever their size."""

    def __init__(self, service: str, base_url: str) -> None:
        """Raises ValueError where `base_url` isn't one."""
        self._service = service
        self._wire = Wire(base_url)

    async def close(self) -> None:
        """Give back the connections."""
        self._wire.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, content = [], None
        for name, value in scope["headers"]:
            if name == b"content-length" or name == b"transfer-encoding":
                content = _body(receive)
            if name not in _HOP and name != b"host":
                headers.append((name, value))
        # The route table lets only plain characters through.
        target = scope["path"].encode("ascii", "replace")
        if query := scope.get("query_string", b""):
            target += b"?" + query
        started = False
        try:
            answer = await self._wire.exchange(scope["method"], target, headers, content)
            try:
                kept = [(n, v) for n, v in answer.headers if n not in _HOP]
                started = True
                await send({"type": "http.response.start", "status": answer.status, "headers": kept})
                async for piece in answer.pieces():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                answer.close()
        except _Gone:
            return
        except (Unreachable, TimedOut, Broken) as error:
            log.warning("%s: %s %s", self._service, type(error).__name__, error)
            if started:
                raise  # the server closes the connection, so that the client sees a torn answer and not a short one
            await problem_of(_told(self._service, error))(scope, receive, send)


def _told(service: str, error: Exception) -> BrambleError:
    if isinstance(error, Unreachable):
        return Unavailable(f"The service {service} can't be reached; try again.", retry_after=2)
    if isinstance(error, TimedOut):
        return Unavailable(f"The service {service} takes too long; try again.", retry_after=5)
    return BadGateway(f"The service {service} broke off; try again.", retry_after=2)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


class InProcess:
    """Calls a service's app directly. What it raises after its own error handling is answered as a 500 problem."""

    def __init__(self, service: str, app: ASGIApp) -> None:
        self._service, self._app = service, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception:
            # The service's own handlers have answered and logged it; only the server below would log it a second time.
            if not started:
                log.exception("%s failed before it answered", self._service)
                await problem(
                    500, "internal", "Something broke on our side; the request id finds it in the logs."
                )(scope, receive, send)


class Upstreams:
    """Service → upstream. `peers` is asked at each use, because in one process the apps are made after one another."""

    def __init__(self, peers: Callable[[], Mapping[str, Any]]) -> None:
        self._peers = peers
        self._made: dict[str, tuple[Any, ASGIApp]] = {}

    def get(self, service: str) -> ASGIApp:
        """The upstream of `service`. Raises Unavailable when this installation has none."""
        peer = self._peers().get(service)
        made = self._made.get(service)
        if made is not None and made[0] is peer:
            return made[1]
        if peer is None:
            raise Unavailable(f"The service {service} isn't part of this installation.", retry_after=30)
        upstream: ASGIApp = HttpUpstream(service, peer) if isinstance(peer, str) else InProcess(service, peer)
        self._made[service] = (peer, upstream)
        return upstream

    async def close(self) -> None:
        """Close the connections of all HTTP upstreams."""
        for _, upstream in self._made.values():
            if isinstance(upstream, HttpUpstream):
                await upstream.close()


async def call_json(
    upstream: ASGIApp, method: str, path: str, *, principal: bytes, query: str = "", timeout_s: float = 10.0
) -> tuple[int, Any]:
    """Ask a service on the gateway's own account (internal routes): status and decoded JSON, None for another body.
    Raises Unavailable when it takes longer than `timeout_s`."""
    status, chunks = 0, bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            chunks.extend(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"gateway"), (b"x-bramble-principal", principal)],
        "client": ("127.0.0.1", 0),
        "server": ("gateway", 80),
        "state": {},
    }
    try:
        await asyncio.wait_for(upstream(scope, receive, send), timeout_s)
    except TimeoutError as error:
        raise Unavailable("The service takes too long; try again.", retry_after=5) from error
    if status == 404:
        raise NotFound("There is no such thing in the service.")
    try:
        return status, orjson.loads(bytes(chunks))
    except orjson.JSONDecodeError:
        return status, None
