"""The quick way in for the two requests of every image: plain ASGI in front of the router.

Routing, dependency injection and response classes cost more CPU than a submission's own work, or a task's. These answer
`POST /api/v1/leases/{lease_id}/submissions` and `POST /api/v1/projects/{project_id}/next` before them, with the same functions as the
routes that the OpenAPI shows; everything else passes through. They stand inside of the context middleware, so request ids, metrics
and logs are as for any route.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from services.annotations.domain.answers import MAX_BODY, parse_answer
from services.annotations.domain.leases import MAX_AHEAD
from services.annotations.handout import hand_out
from services.annotations.intake import GroupCommitter
from services.annotations.receipts import Receipt
from shared.auth import HEADER, principal_of
from shared.clock import Clock
from shared.db.session import Database
from shared.errors import BadRequest, BrambleError, TooLarge
from shared.keys import Keys
from shared.web import API, problem_of

LARGE_BODY = (
    256 << 10
)  # a body above this is parsed in a thread: its milliseconds would hold up every other request
_LEASES, _SUBMISSIONS = f"{API}/leases/", "/submissions"
_PROJECTS, _NEXT = f"{API}/projects/", "/next"
_HEADER = HEADER.encode()
_JSON = (b"content-type", b"application/json")


async def answer(
    intake: GroupCommitter, secret: bytes | Keys, principal: str | None, lease_id: str, body: bytes
) -> Receipt:
    """Take one submission. Raises what the caller has to be told; returns when it is on disk."""
    who = principal_of(principal, secret)
    who.require_scope("write")
    parsed = parse_answer(body) if len(body) < LARGE_BODY else await run_in_threadpool(parse_answer, body)
    return await intake.submit(who.id, lease_id, parsed)


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises TooLarge as soon as it is, and BadRequest where the client goes away."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The connection ended in the middle of the body.")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge(f"The masks are larger than {MAX_BODY >> 20} MB.")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


class SubmissionDoor:
    """See the module's docstring."""

    def __init__(self, app: ASGIApp, intake: GroupCommitter, secret: bytes | Keys) -> None:
        self._app, self._intake, self._secret = app, intake, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lease_id = _between(scope, _LEASES, _SUBMISSIONS)
        if lease_id is None:
            await self._app(scope, receive, send)
            return
        scope["bramble.route"] = f"{_LEASES}{{lease_id}}{_SUBMISSIONS}"
        try:
            body = await read_body(receive)
            receipt = await answer(self._intake, self._secret, _header(scope), lease_id, body)
        except BrambleError as error:
            await problem_of(error)(scope, receive, send)
            return
        await _send_json(send, 201 if receipt.created else 200, receipt.to_json())


class NextDoor:
    """See the module's docstring. The database is waited for in a few threads of its own: handing work to the pool that the routes
    share costs a third of a task. On SQLite one at a time writes anyway."""

    THREADS = 8

    def __init__(self, app: ASGIApp, db: Database, clock: Clock, secret: bytes | Keys) -> None:
        self._app, self._db, self._clock, self._secret = app, db, clock, secret
        self._pool = ThreadPoolExecutor(self.THREADS, thread_name_prefix="annotations-next")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        project_id = _between(scope, _PROJECTS, _NEXT)
        ahead = _ahead_of(scope) if project_id else None
        if project_id is None or ahead is None:
            await self._app(scope, receive, send)
            return
        scope["bramble.route"] = f"{_PROJECTS}{{project_id}}{_NEXT}"
        try:
            who = principal_of(_header(scope), self._secret)
            work = partial(hand_out, self._db, self._clock, who, project_id, ahead)
            # With the request's context: what is written carries its ids.
            body = await asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, work)
        except BrambleError as error:
            await problem_of(error)(scope, receive, send)
            return
        if body is None:
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await _send_json(send, 200, body)


async def _send_json(send: Send, status: int, body: bytes) -> None:
    headers = [_JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope) -> str:
    value: bytes = next((v for k, v in scope["headers"] if k == _HEADER), b"")
    return value.decode("latin-1")


def _between(scope: Scope, head: str, tail: str) -> str | None:
    """The id between `head` and `tail` in the path of a POST; None for any other request."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"]
    if not (path.startswith(head) and path.endswith(tail)):
        return None
    found = path[len(head) : -len(tail)]
    return found if 0 < len(found) <= 36 and "/" not in found else None


def _ahead_of(scope: Scope) -> int | None:
    """The query's `ahead`; None where the query is anything else, which the route has to refuse or to ignore in its own words."""
    query: bytes = scope.get("query_string", b"")
    if not query:
        return 0
    name, _, value = query.partition(b"=")
    if name != b"ahead" or not value.isdigit() or len(value) > 3 or int(value) > MAX_AHEAD:
        return None
    return int(value)
