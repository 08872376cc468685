"""Wiring of the gateway."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, Response
from starlette.middleware import Middleware

from services.gateway import api
from services.gateway.events import EventPump
from services.gateway.middleware import GatewayMiddleware
from services.gateway.parts import Parts, parts_of
from services.gateway.passwords import Passwords
from services.gateway.static import Pages
from services.gateway.webhooks import WebhookWorker
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.web import API, create_service_app

_OPENAPI = Path(__file__).with_name("openapi.json")
_DIST = Path(__file__).resolve().parents[1] / "web" / "dist"


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def create_app(deps: Deps, *, passwords: Passwords | None = None) -> FastAPI:
    """The only public app. `deps.peers` maps each other service to its ASGI app (one process) or base URL (decision 002)."""
    parts = parts_of(deps, passwords)
    app = create_service_app(deps)
    app.router.lifespan_context = _lifespan(parts)
    app.include_router(api.router(parts), prefix=API)

    @app.get(f"{API}/openapi.json", include_in_schema=False)
    def openapi_document() -> Response:
        return Response(
            _OPENAPI.read_bytes(), media_type="application/json", headers={"Cache-Control": "no-cache"}
        )

    pages = Pages(deps.settings.web_dist or _DIST, https=parts.https)
    # Appended, not `add_middleware`: it belongs inside of the context middleware, which gives the request its id.
    app.user_middleware.append(Middleware(GatewayMiddleware, parts=parts, pages=pages))
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.upstreams.close()

    return lifespan


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """None: the gateway has no effects to apply exactly once; its readers are in `create_background`."""
    return []


def create_background(deps: Deps) -> list[Part]:
    """Live progress and webhooks."""
    parts = parts_of(deps)
    worker = WebhookWorker(parts.hooks, deps.clock, allow_private=deps.settings.webhooks_private)
    if not deps.settings.bus_url:
        return [EventPump(deps.bus, "gateway", hub=parts.hub, hooks=parts.hooks), worker]
    # Every replica shows everything, so each needs a group of its own.
    replica = f"gateway-live-{socket.gethostname()}-{os.getpid()}"
    return [
        EventPump(deps.bus, replica, hub=parts.hub, keep_offsets=False),
        EventPump(deps.bus, "gateway-webhooks", hooks=parts.hooks, pause_s=0.5),
        worker,
    ]
