"""What the door costs: CPU of a forwarded request in one process, without the service's own work, against a plain FastAPI route."""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from tests.integration.gateway.conftest import Gate

# Times the CPU of a FastAPI app with nothing but one route, in the same run: the machine's speed is in both. Measured: 0.7.
BOUND = 1.5


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """The least that a service can be."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def test_forwarding_in_process_costs_little(door: Gate) -> None:
    door.deps.peers["annotations"] = bare
    client = await door.account("a@example.org")
    headers = [
        (b"host", b"bramble.test"),
        (b"cookie", b"bramble_session=" + client.cookies["bramble_session"].encode()),
        (b"x-csrf-token", client.headers["X-CSRF-Token"].encode()),
        (b"content-type", b"application/json"),
        (b"content-length", b"2"),
    ]
    statuses: set[int] = set()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    async def cost_ms(app: ASGIApp, rounds: int) -> float:
        started = time.process_time()
        for _ in range(rounds):
            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "POST",
                "scheme": "http",
                "path": "/api/v1/leases/019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e/submissions",
                "raw_path": b"",
                "root_path": "",
                "query_string": b"",
                "headers": list(headers),
                "client": ("93.184.216.34", 1),
                "server": ("bramble.test", 80),
                "state": {},
            }
            await app(scope, receive, send)
        return (time.process_time() - started) / rounds * 1000

    plain = FastAPI()

    @plain.post("/api/v1/leases/{lease_id}/submissions")
    async def one_route(lease_id: str) -> dict[str, str]:
        return {"lease": lease_id}

    ours, floor = [], []
    for turn in range(5):  # in turns, so that a busy moment hits both; the first only warms up
        ours.append(await cost_ms(door.app, 300 if turn else 50))
        floor.append(await cost_ms(plain, 300 if turn else 50))
    assert statuses == {200}
    assert min(ours[1:]) < BOUND * min(floor[1:])
