"""The quick way in for submissions: plain ASGI in front of the router.

Routing, dependency injection and response classes cost more CPU than a submission's own work. This answers
`POST /api/v1/leases/{lease_id}/submissions` before them, with the same function as the route that the OpenAPI shows; everything else
passes through. It stands inside of the context middleware, so request ids, metrics and logs are as for any route.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from services.annotations.domain.answers import MAX_BODY, parse_answer
from services.annotations.intake import GroupCommitter
from services.annotations.receipts import Receipt
from shared.auth import HEADER, decode_principal
from shared.errors import BadRequest, BrambleError, TooLarge, Unauthenticated
from shared.web import API, problem_of

LARGE_BODY = (
    256 << 10
)  # a body above this is parsed in a thread: its milliseconds would hold up every other request
_HEAD, _TAIL = f"{API}/leases/", "/submissions"
_HEADER = HEADER.encode()
_JSON = (b"content-type", b"application/json")


async def answer(
    intake: GroupCommitter, secret: bytes, principal: str | None, lease_id: str, body: bytes
) -> Receipt:
    """Take one submission. Raises what the caller has to be told; returns when it is on disk."""
    if not principal:
        raise Unauthenticated("Log in first, or send an API key as `Authorization: Bearer brk_…`.")
    who = decode_principal(principal, secret)
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

    def __init__(self, app: ASGIApp, intake: GroupCommitter, secret: bytes) -> None:
        self._app, self._intake, self._secret = app, intake, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lease_id = _lease_of(scope)
        if lease_id is None:
            await self._app(scope, receive, send)
            return
        try:
            principal = next((v for k, v in scope["headers"] if k == _HEADER), b"").decode("latin-1")
            receipt = await answer(self._intake, self._secret, principal, lease_id, await read_body(receive))
        except BrambleError as error:
            await problem_of(error)(scope, receive, send)
            return
        body = receipt.to_json()
        headers = [_JSON, (b"content-length", str(len(body)).encode())]
        await send(
            {"type": "http.response.start", "status": 201 if receipt.created else 200, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})


def _lease_of(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"]
    if not (path.startswith(_HEAD) and path.endswith(_TAIL)):
        return None
    lease_id = path[len(_HEAD) : -len(_TAIL)]
    return lease_id if 0 < len(lease_id) <= 36 and "/" not in lease_id else None
