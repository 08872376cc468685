"""A real gateway over SQLite and LocalBus, and a small service behind it, both in process and over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from services.gateway.consent import CURRENT as CONSENT
from services.gateway.main import create_app
from services.gateway.parts import Parts, parts_of
from services.gateway.passwords import Passwords
from shared.auth import Principal, Role, current_principal
from shared.clock import ManualClock, SystemClock
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted, TaskRetired
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.db.outbox import envelope_for
from shared.deps import Deps
from shared.errors import NotFound
from shared.settings import Settings
from shared.web import create_service_app

Who = Annotated[Principal, Depends(current_principal)]
PASSWORD = "seventeen brown hares"


def make_deps(folder: Path, service: str = "gateway", **settings: Any) -> Deps:
    defaults = {"data_dir": folder, "internal_secret": "test-secret", "rate_limits": False}
    deps = Deps.create(service, Settings(**{**defaults, **settings}))
    deps.clock = ManualClock()
    deps.db.create_all(("gateway_", "bus_"))
    return deps


def make_service(folder: Path, **settings: Any) -> FastAPI:
    """A service with the routes of several owners, which answers what it was sent."""
    app = create_service_app(make_deps(folder, "images", **settings))
    app.state.seen = []

    async def echo(request: Request, who: Who) -> Response:
        seen = {
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "headers": dict(request.headers),
            "principal": {
                "id": who.id,
                "role": str(who.role),
                "memberships": {k: str(v) for k, v in who.memberships.items()},
                "scopes": sorted(who.scopes),
                "is_guest": who.is_guest,
            },
        }
        app.state.seen.append(seen)
        from fastapi.responses import JSONResponse

        return JSONResponse(seen, headers={"Set-Cookie": "evil=1", "X-Bramble-Leak": "1"})

    @app.post("/api/v1/projects", status_code=201)
    async def create_project(request: Request, who: Who) -> dict[str, Any]:
        body = await request.json()
        if body.get("fail"):
            raise NotFound("No.")
        new = request.headers["x-bramble-new-id"]
        who.require(new, Role.LAB)
        return {"id": new}

    @app.post("/api/v1/projects/{p}/images")
    async def upload(p: str, request: Request) -> dict[str, Any]:
        digest, size, largest = hashlib.sha256(), 0, 0
        async for chunk in request.stream():
            digest.update(chunk)
            size += len(chunk)
            largest = max(largest, len(chunk))
        return {"sha256": digest.hexdigest(), "size": size, "largest_chunk": largest}

    @app.post("/api/v1/leases/{lease}/renew")
    async def form(lease: str, files: list[UploadFile]) -> dict[str, Any]:
        return {"names": [f.filename for f in files]}

    @app.get("/api/v1/datasets/{d}/download")
    async def download(d: str) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for i in range(64):
                yield bytes([i]) * 65536

        return StreamingResponse(chunks(), media_type="application/zip", headers={"ETag": '"abc"'})

    @app.get("/api/v1/images/{i}/frame")
    async def frame(i: str) -> Response:
        return Response(
            b"\x89PNG",
            media_type="image/png",
            headers={"Cache-Control": "private, max-age=31536000, immutable"},
        )

    @app.get("/api/v1/jobs/{j}")
    async def broken(j: str) -> Response:
        raise RuntimeError("a bug in the service")

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        app.add_api_route("/{path:path}", echo, methods=[method])
    return app


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """The app on a port of its own, by uvicorn in a thread."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass
class Gate:
    """The gateway under test and what belongs to it."""

    app: FastAPI
    deps: Deps
    parts: Parts
    service: FastAPI
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.deps.clock, ManualClock)
        return self.deps.clock

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A new browser or script."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("93.184.216.34", 4000))
        client = httpx.AsyncClient(transport=transport, base_url="http://bramble.test", headers=headers)
        self.clients.append(client)
        return client

    async def guest(self) -> httpx.AsyncClient:
        client = self.client()
        me = (
            (await client.post("/api/v1/auth/guest", json={"consent_version": CONSENT}))
            .raise_for_status()
            .json()
        )
        return with_csrf(client, me)

    async def account(self, email: str, role: Role = Role.VOLUNTEER) -> httpx.AsyncClient:
        """A logged-in account with this account-wide role."""
        hashed = self.parts.passwords.hash_now(PASSWORD)
        self.parts.accounts.create_account(email, hashed, email.split("@")[0], CONSENT, role)
        client = self.client()
        answer = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        return with_csrf(client, answer.raise_for_status().json())

    async def key(
        self, client: httpx.AsyncClient, scopes: list[str] | None = None
    ) -> tuple[str, httpx.AsyncClient]:
        """(key id, a script with that key)."""
        body = {"name": "k"} if scopes is None else {"name": "k", "scopes": scopes}
        made = (await client.post("/api/v1/keys", json=body)).raise_for_status().json()
        return made["id"], self.client(Authorization=f"Bearer {made['secret']}")

    async def project(self, client: httpx.AsyncClient) -> str:
        return str((await client.post("/api/v1/projects", json={})).raise_for_status().json()["id"])


def with_csrf(client: httpx.AsyncClient, me: dict[str, Any]) -> httpx.AsyncClient:
    client.headers["X-CSRF-Token"] = me["csrf_token"]
    return client


async def me_of(client: httpx.AsyncClient) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.get("/api/v1/auth/me")).raise_for_status().json()
    return answer


def build_gate(folder: Path, peer: Any, service: FastAPI, **settings: Any) -> Gate:
    deps = make_deps(folder, **settings)
    deps.peers = dict.fromkeys(("images", "annotations", "inference", "consensus", "synthesis"), peer)
    app = create_app(deps, passwords=Passwords(time_cost=1, memory_kib=64))
    return Gate(app, deps, parts_of(deps), service)


async def close_gate(gate: Gate) -> None:
    for client in gate.clients:
        await client.aclose()
    await gate.parts.upstreams.close()
    gate.deps.db.close()
    gate.deps.bus.close()


def submitted(project: str, image: str = "img") -> AnnotationSubmitted:
    """The event of an answer to this image."""
    return AnnotationSubmitted(
        submission_id="s",
        project_id=project,
        task_id="t",
        rater_id="r",
        image=ImageRef(id=image, project_id=project),
    )


def publish(gate: Gate, *messages: AnnotationSubmitted | TaskRetired) -> list[str]:
    """Puts these on the gate's bus as annotations does; answers the ids of their envelopes."""
    producer, ids = gate.deps.bus.producer(), []
    for message in messages:
        envelope = envelope_for("annotations", message.project_id, message, SystemClock().now_us())
        producer.publish(envelope.type, message.project_id, envelope.SerializeToString())
        ids.append(envelope.event_id)
    producer.flush()
    return ids


@pytest.fixture(params=["in-process", "http"])
async def gate(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Gate]:
    """The gateway before the service, over both kinds of upstream."""
    service = make_service(tmp_path / "service")
    if request.param == "in-process":
        made = build_gate(tmp_path / "gateway", service, service)
        yield made
        await close_gate(made)
    else:
        server = serve(service)
        url = await asyncio.to_thread(server.__enter__)
        made = build_gate(tmp_path / "gateway", url, service)
        yield made
        await close_gate(made)
        await asyncio.to_thread(server.__exit__, None, None, None)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Gate]:
    """The gateway alone, for what doesn't depend on the kind of upstream."""
    service = make_service(tmp_path / "service")
    made = build_gate(tmp_path / "gateway", service, service)
    yield made
    await close_gate(made)
