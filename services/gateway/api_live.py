"""`GET /events`: Server-Sent Events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.gateway.api_common import Asking, Who
from services.gateway.events import frame
from services.gateway.identity import Identity
from services.gateway.parts import Parts
from shared.auth import Role

HEARTBEAT_S = 15.0


def live_router(parts: Parts) -> APIRouter:
    """The event stream of one's projects."""
    router = APIRouter()
    stream: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "A stream that stays open.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'event: progress\ndata: {"type": "AnnotationSubmitted", "project_id": "…", "image_id": "…"}\n\n',
                }
            },
        }
    }

    @router.get(
        "/events",
        tags=["live"],
        operation_id="streamEvents",
        response_class=StreamingResponse,
        responses=stream,
    )
    async def stream_events(
        who: Who, asking: Asking, request: Request, project_id: str | None = None
    ) -> StreamingResponse:
        """Progress as it happens, for experts and labs of a project (all of one's projects without `project_id`). Live only: after
        a gap (`event: lagged`, or a reconnect) read the state anew."""
        if project_id is not None:
            who.require(project_id, Role.EXPERT)
            projects: frozenset[str] | None = frozenset({project_id})
        elif who.is_operator:
            projects = None
        else:
            projects = frozenset(p for p, role in who.memberships.items() if role >= Role.EXPERT)
        body = events(parts, asking, projects)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(body, media_type="text/event-stream", headers=headers)

    return router


async def events(
    parts: Parts, asking: Identity, projects: frozenset[str] | None, heartbeat_s: float = HEARTBEAT_S
) -> AsyncIterator[bytes]:
    """The frames of one stream. Ends when the session or key ends or loses a project."""
    subscription = parts.hub.subscribe(asking.account_id, projects)
    try:
        yield b"retry: 3000\n" + frame("ready", b"{}")
        while True:
            items, lost = await subscription.next(heartbeat_s)
            # Looked up in the cache but once in a few seconds: a stream must not outlive a log-out or a revoked key.
            if not await _still_may(parts, asking, projects):
                yield frame("closed", b'{"reason": "logged out"}')
                return
            if lost:
                yield frame("lagged", b'{"lost": %d}' % lost)
            yield b"".join(items) if items else b": still here\n\n"
    finally:
        parts.hub.unsubscribe(subscription)


async def _still_may(parts: Parts, asking: Identity, projects: frozenset[str] | None) -> bool:
    now = await parts.auth.again(asking)
    if now is None or now.principal is None:
        return False
    if projects is None:
        return now.principal.is_operator
    return all((now.principal.role_in(p) or Role.VOLUNTEER) >= Role.EXPERT for p in projects)
