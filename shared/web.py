"""The FastAPI app that every service starts from: problem documents, request context, health, readiness, metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from shared import telemetry, tracing
from shared.dead_letters import dead_letter_router
from shared.deps import Deps
from shared.errors import BrambleError, Unavailable
from shared.ids import new_id
from shared.pace import PACE

log = logging.getLogger(__name__)

API = "/api/v1"
ENDING = "This server is ending and didn't get to an answer; nothing that was acknowledged is lost. Try again in a moment."
BROKEN = "Something broke on our side; the request id finds it in the logs."


class Problem(Response):
    """An RFC 9457 problem document."""

    media_type = "application/problem+json"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Problem:
    """Build a problem document; `type` is a stable URN that a program can switch on, as `code` is."""
    body = {
        "type": f"urn:bramble:problem:{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": telemetry.current_context().correlation_id,
        **extra,
    }
    return Problem(orjson.dumps(body, default=str), status_code=status, headers=dict(headers or {}))


def problem_of(error: BrambleError) -> Problem:
    """The problem document of an error."""
    headers = {"Retry-After": str(error.retry_after or 1)} if error.retryable else {}
    return problem(error.status, error.code, error.detail, title=error.title, headers=headers, **error.extra)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error as a problem document, never as a traceback."""

    async def on_bramble(_request: Request, error: Exception) -> Response:
        assert isinstance(error, BrambleError)
        if error.status >= 500 and not error.retryable:
            log.error("%s: %s", error.code, error.detail, exc_info=error)
        return problem_of(error)

    async def on_validation(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [
            {"where": ".".join(str(p) for p in e["loc"]), "what": str(e["msg"])} for e in error.errors()
        ]
        first = errors[0] if errors else {"where": "body", "what": "invalid"}
        detail = f"{first['where']}: {first['what']}."
        if len(errors) > 1:
            detail += f" {len(errors) - 1} more in `errors`."
        return problem(422, "invalid", detail, title="Invalid input", errors=errors)

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        details = {
            404: "There is nothing at this address; the routes are listed at /api/v1/openapi.json.",
            405: "This address doesn't take that method.",
        }
        default = HTTPStatus(error.status_code).phrase
        detail = (
            details.get(error.status_code, str(error.detail))
            if error.detail == default
            else str(error.detail)
        )
        return problem(error.status_code, code, detail, headers=error.headers)

    async def on_other(_request: Request, error: Exception) -> Response:
        log.error("unexpected %s", type(error).__name__, exc_info=error)
        return problem(500, "internal", BROKEN)

    app.add_exception_handler(BrambleError, on_bramble)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_other)


class ContextMiddleware:
    """Pure ASGI: binds the correlation id, counts and times, and echoes `X-Request-Id`."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = trace = ""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                request_id = value.decode("latin-1")[:64]
            elif name == b"traceparent":
                trace = value.decode("latin-1")[:64]
        if not request_id.replace("-", "").isalnum():
            request_id = new_id()
        span = tracing.start(scope["method"], "server", trace, bramble_service=self._service)
        token = telemetry.set_context(request_id, span.traceparent if span else trace)
        PACE.note()
        started = time.perf_counter()
        status = 500
        started_answer = False

        async def send_with_id(message: AsgiMessage) -> None:
            nonlocal status, started_answer
            if message["type"] == "http.response.start":
                started_answer = True
                status = message["status"]
                headers = message.setdefault("headers", [])
                if not any(name == b"x-request-id" for name, _ in headers):
                    message["headers"] = [*headers, (b"x-request-id", request_id.encode("latin-1"))]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server ends and its grace is over; what is still under way is told to come again, to whoever serves then. Swallowed, since
            # the server, which would say 500 to it, waits for nothing more from this task.
            if started_answer:
                raise
            await problem_of(Unavailable(ENDING, retry_after=2))(scope, receive, send_with_id)
        except Exception as error:
            # Answered here and not by Starlette's outermost handler, where the request id is gone.
            log.error("unexpected %s", type(error).__name__, exc_info=error)
            if started_answer:
                raise
            await problem(500, "internal", BROKEN)(scope, receive, send_with_id)
        finally:
            telemetry.HTTP_SECONDS.labels(self._service, scope["method"], f"{status // 100}xx").observe(
                time.perf_counter() - started
            )
            telemetry.reset_context(token)
            if span is not None:
                _end_span(span, scope, status)


def _end_span(span: tracing.Span, scope: Scope, status: int) -> None:
    """By the conventions for HTTP: the name holds the route and not the path, whose ids would make each name a name of its own."""
    route = getattr(scope.get("route"), "path", "") or scope.get("bramble.route", "")
    if route:
        span.rename(f"{scope['method']} {route}")
        span.set(http_route=route)
    span.set(http_request_method=scope["method"], url_path=scope["path"], http_response_status__code=status)
    span.end(f"{status}" if status >= 500 else "")


class ServiceApp(FastAPI):
    """FastAPI with the middleware of `user_middleware` outermost, instead of inside of FastAPI's own layers: what the gateway hands on
    and what the door for submissions answers needs none of those, and each costs every request a little. `ContextMiddleware` answers
    what breaks, so Starlette's `ServerErrorMiddleware`, which would answer and then raise it again, is left out."""

    def build_middleware_stack(self) -> ASGIApp:
        outer, self.user_middleware = self.user_middleware, []
        try:
            app = super().build_middleware_stack()
        finally:
            self.user_middleware = outer
        if isinstance(app, ServerErrorMiddleware):
            app = app.app
        for middleware in reversed(outer):
            app = middleware.cls(app, *middleware.args, **middleware.kwargs)
        return app


def create_service_app(deps: Deps, *, checks: Mapping[str, Callable[[], None]] | None = None) -> FastAPI:
    """A FastAPI app with the service's state (`app.state.deps`, `app.state.secret`), errors, health and metrics.

    `checks` are further readiness checks: name → a function that raises when that dependency doesn't answer.
    """
    app = ServiceApp(
        title=f"Bramble {deps.service}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A separate in/out schema for the same model would give two names to one thing in the OpenAPI.
        separate_input_output_schemas=False,
        # Ours is `shared.telemetry`. FastAPI's own looks at the environment six times a request to find that it has no provider.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.deps = deps
    app.state.secret = deps.settings.keys
    install_problem_handlers(app)
    app.add_middleware(ContextMiddleware, service=deps.service)
    all_checks = {"database": deps.db.ping, "bus": deps.bus.ping, "blobs": deps.blobs.ping, **(checks or {})}

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "alive", "service": deps.service}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        failed: dict[str, str] = {}
        for name, check in all_checks.items():
            try:
                await run_in_threadpool(check)
            except Exception as error:
                failed[name] = str(error)[:200]
        body = {"status": "ready" if not failed else "not ready", "service": deps.service, "failed": failed}
        return Response(orjson.dumps(body), status_code=503 if failed else 200, media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app.include_router(dead_letter_router(deps), include_in_schema=False)
    return app
