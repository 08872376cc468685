"""What the door costs: CPU of a forwarded request in one process, without the service's own work."""

from __future__ import annotations

import time
from typing import Any

from tests.integration.gateway.conftest import Gate

BOUND_MS = 0.3  # a fifth of the 1.6 ms that a whole submission may take


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

    async def cost_ms(rounds: int) -> float:
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
            await door.app(scope, receive, send)
        return (time.process_time() - started) / rounds * 1000

    await cost_ms(50)
    best = min([await cost_ms(300) for _ in range(4)])
    assert statuses == {200}
    assert best < BOUND_MS
