"""Webhooks: signed, tried again, given up, and never a way into a private network."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from services.gateway import tables
from services.gateway.domain.hooks import verify
from services.gateway.events import EventPump
from services.gateway.webhooks import WebhookWorker
from shared.auth import Role
from shared.bus.topics import all_topics
from shared.contracts.bramble.annotations.v1.events_pb2 import TaskRetired
from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service, publish, submitted

API = "/api/v1"


class Receiver:
    """A lab's web server: answers with `statuses` in turn, then 204."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        left = list(statuses)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                self.send_response(left.pop(0) if left else 204)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


async def test_webhook_is_signed_and_tried_again(tmp_path: Path) -> None:
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, webhooks_private=True)
    gate.deps.bus.ensure_topics(all_topics())
    receiver = Receiver(500)
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)
    body = {"project_id": project, "url": receiver.url, "types": ["AnnotationSubmitted"]}
    made = (await lab.post(f"{API}/webhooks", json=body)).raise_for_status().json()
    pump = EventPump(gate.deps.bus, "gateway", hooks=gate.parts.hooks)
    worker = WebhookWorker(gate.parts.hooks, gate.clock, allow_private=True)
    retired = TaskRetired(task_id="t", project_id=project, image_id="i")
    (event_id, _, _) = publish(gate, submitted(project), submitted("other"), retired)
    messages = gate.deps.bus.consumer("peek", [t.name for t in all_topics()]).poll(1.0, 10)
    pump.handle(messages)
    pump.handle(messages)  # redelivered: adds nothing
    assert await asyncio.to_thread(worker.deliver_due) == 1
    assert await asyncio.to_thread(worker.deliver_due) == 0  # backs off
    listed = (await lab.get(f"{API}/webhooks")).json()["items"]
    assert (listed[0]["pending"], listed[0]["failed"]) == (1, 0)
    assert "secret" not in listed[0]
    gate.clock.advance(6)
    assert await asyncio.to_thread(worker.deliver_due) == 1
    gate.clock.advance(100_000)
    assert await asyncio.to_thread(worker.deliver_due) == 0
    assert len(receiver.got) == 2
    headers, sent = receiver.got[-1]
    assert json.loads(sent)["event_id"] == event_id == headers["X-Bramble-Delivery"]
    now_s = int(headers["X-Bramble-Signature"].split(",")[0][2:])
    assert verify(made["secret"], headers["X-Bramble-Signature"], sent, now_s)
    assert not verify(made["secret"], headers["X-Bramble-Signature"], sent + b" ", now_s)
    assert not verify("other", headers["X-Bramble-Signature"], sent, now_s)
    assert not verify(made["secret"], headers["X-Bramble-Signature"], sent, now_s + 1000)
    assert (await lab.delete(f"{API}/webhooks/{made['id']}")).status_code == 204
    assert (await lab.get(f"{API}/webhooks")).json()["items"] == []
    receiver.close()
    await close_gate(gate)


async def test_webhook_gives_up_after_the_last_try(tmp_path: Path) -> None:
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, webhooks_private=True)
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)
    body = {"project_id": project, "url": "http://127.0.0.1:9/x"}
    hook = (await lab.post(f"{API}/webhooks", json=body)).raise_for_status().json()
    gate.parts.hooks.enqueue([(hook["id"], "e", "TaskRetired", b"{}")])
    worker = WebhookWorker(gate.parts.hooks, gate.clock, allow_private=True)
    tries = 0
    for _ in range(12):
        tries += await asyncio.to_thread(worker.deliver_due)
        gate.clock.advance(90_000)
    assert tries == 8
    with gate.deps.db.read() as conn:
        row = conn.execute(select(tables.deliveries)).one()
    assert row.status == "failed"
    assert row.error == "ConnectError"
    assert gate.parts.hooks.sweep() == 1
    await close_gate(gate)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.5"], ["127.0.0.1"], ["169.254.169.254"], ["93.184.216.34", "192.168.1.1"], ["::1"], []],
)
async def test_webhook_never_reaches_into_a_private_network(door: Gate, addresses: list[str]) -> None:
    """The name was public when the webhook was made and resolves to something else at delivery."""
    lab = await door.account("lab@example.org", Role.LAB)
    project = await door.project(lab)
    body = {"project_id": project, "url": "https://hooks.example.org/x"}
    hook = (await lab.post(f"{API}/webhooks", json=body)).raise_for_status().json()
    door.parts.hooks.enqueue([(hook["id"], "e", "TaskRetired", b"{}")])

    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"called {request.url}")

    transport = httpx.MockTransport(refuse)  # stands for the network: any call is the fault
    worker = WebhookWorker(
        door.parts.hooks,
        door.clock,
        allow_private=False,
        resolver=lambda _h, _p: addresses,
        transport=transport,
    )
    assert await asyncio.to_thread(worker.deliver_due) == 1
    with door.deps.db.read() as conn:
        assert conn.execute(select(tables.deliveries.c.tries)).scalar_one() == 1


async def test_webhook_calls_the_address_that_was_judged(door: Gate) -> None:
    lab = await door.account("lab@example.org", Role.LAB)
    project = await door.project(lab)
    body = {"project_id": project, "url": "https://hooks.example.org:8443/x"}
    hook = (await lab.post(f"{API}/webhooks", json=body)).raise_for_status().json()
    door.parts.hooks.enqueue([(hook["id"], "e", "TaskRetired", b"{}")])
    calls: list[httpx.Request] = []

    def accept(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/"})

    worker = WebhookWorker(
        door.parts.hooks,
        door.clock,
        allow_private=False,
        resolver=lambda _h, _p: ["93.184.216.34"],
        transport=httpx.MockTransport(accept),
    )
    await asyncio.to_thread(worker.deliver_due)
    assert [(str(c.url), c.headers["Host"], c.extensions["sni_hostname"]) for c in calls] == [
        ("https://93.184.216.34:8443/x", "hooks.example.org:8443", "hooks.example.org")
    ]  # and the redirect isn't followed


async def test_webhook_urls_and_projects_are_judged(door: Gate) -> None:
    lab = await door.account("lab@example.org", Role.LAB)
    project = await door.project(lab)
    for url in (
        "http://hooks.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/",
        "ftp://x.org",
        "https://u:p@x.org",
        "https://",
    ):
        answer = await lab.post(f"{API}/webhooks", json={"project_id": project, "url": url})
        assert answer.status_code == 422, url
    good = {"url": "https://hooks.example.org/x"}
    assert (await lab.post(f"{API}/webhooks", json={**good, "project_id": "not-mine"})).status_code == 403
    assert (
        await lab.post(f"{API}/webhooks", json={**good, "project_id": project, "types": ["No"]})
    ).status_code == 422
    mine = (await lab.post(f"{API}/webhooks", json={**good, "project_id": project})).json()
    other = await door.account("other@example.org", Role.LAB)
    assert (await other.delete(f"{API}/webhooks/{mine['id']}")).status_code == 403
    assert (await other.get(f"{API}/webhooks")).json()["items"] == []
