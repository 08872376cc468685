"""Live progress, webhooks, dead letters and bootstrap, over the real embedded bus."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, select

from services.gateway import tables
from services.gateway.api_live import events
from services.gateway.bootstrap import create_operator, ensure_demo_accounts
from services.gateway.domain.hooks import verify
from services.gateway.events import EventPump, progress_of
from services.gateway.hub import QUEUE, Hub
from services.gateway.main import create_background
from services.gateway.webhooks import WebhookWorker
from shared.auth import Role
from shared.bus.runner import dead_letter_table
from shared.bus.topics import all_topics
from shared.clock import SystemClock
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted, TaskRetired
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.db.outbox import envelope_for
from shared.errors import TooManyRequests
from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service, me_of, serve

API = "/api/v1"


def submitted(project: str, image: str = "img") -> AnnotationSubmitted:
    return AnnotationSubmitted(
        submission_id="s",
        project_id=project,
        task_id="t",
        rater_id="r",
        image=ImageRef(id=image, project_id=project),
    )


def publish(gate: Gate, *messages: AnnotationSubmitted | TaskRetired) -> list[str]:
    producer, ids = gate.deps.bus.producer(), []
    for message in messages:
        envelope = envelope_for("annotations", message.project_id, message, SystemClock().now_us())
        producer.publish(envelope.type, message.project_id, envelope.SerializeToString())
        ids.append(envelope.event_id)
    producer.flush()
    return ids


async def until(check: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def test_progress_shows_ids_and_numbers_only() -> None:
    message = submitted("p", "i")
    message.masks.add(label_id=1)
    message.gold_dice[1] = 0.5
    shown = progress_of(envelope_for("annotations", "p", message, 1))
    assert shown is not None
    assert shown["type"] == "AnnotationSubmitted"
    assert shown["project_id"] == "p"
    assert shown["image_id"] == "i"
    assert not {"masks", "gold_dice", "image"} & set(shown)
    unknown = envelope_for("annotations", "p", message, 1)
    unknown.type = "bramble.future.v1.Other"
    assert progress_of(unknown) is None


async def test_stream_over_a_real_socket(door: Gate) -> None:
    door.deps.bus.ensure_topics(all_topics())
    lab = await door.account("lab@example.org", Role.LAB)
    project, foreign = await door.project(lab), "019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e"
    _, script = await door.key(lab)
    background = create_background(door.deps)
    server = serve(door.app)
    url = await asyncio.to_thread(server.__enter__)
    for part in background:
        part.start()
    seen: list[dict[str, str]] = []
    headers = {"Authorization": script.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as real:
        async with real.stream("GET", f"{API}/events?project_id={project}") as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            async for line in lines:
                if line == "event: ready":
                    break
            ids = publish(door, submitted(foreign), submitted(project, "a"), submitted(project, "b"))
            async for line in lines:
                if line.startswith("data: ") and "type" in line:
                    seen.append(json.loads(line[6:]))
                if len(seen) == 2:
                    break
        assert [e["image_id"] for e in seen] == ["a", "b"]
        assert [e["event_id"] for e in seen] == ids[1:]
        await until(lambda: not door.parts.hub.listening)
        assert (await real.get(f"{API}/events?project_id={foreign}")).status_code == 403
    for part in background:
        part.stop()
    await asyncio.to_thread(server.__exit__, None, None, None)


async def test_volunteer_has_no_stream(door: Gate) -> None:
    rater = await door.guest()
    assert (await rater.get(f"{API}/events")).status_code == 403
    assert (await rater.get(f"{API}/events?project_id=p")).status_code == 403


async def test_stream_ends_with_the_session(door: Gate) -> None:
    lab = await door.account("lab@example.org", Role.LAB)
    project = await door.project(lab)
    identity = await door.parts.auth.by_session(lab.cookies["bramble_session"])
    stream = events(door.parts, identity, frozenset({project}), heartbeat_s=0.05)
    assert b"ready" in await anext(stream)
    assert b"still here" in await anext(stream)
    door.parts.hub.publish(project, b"event: progress\ndata: 1\n\n")
    assert b"data: 1" in await anext(stream)
    await lab.post(f"{API}/auth/logout")
    assert b"event: closed" in await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert not door.parts.hub.listening


async def test_slow_reader_loses_events_and_is_told() -> None:
    hub = Hub()
    slow = hub.subscribe("a", frozenset({"p"}))
    for i in range(QUEUE + 10):
        hub.publish("p", b"%d" % i)
    await asyncio.sleep(0)
    items, lost = await slow.next(0.1)
    assert lost == 10
    assert items == [b"%d" % i for i in range(10, QUEUE + 10)]
    assert await slow.next(0.01) == ([], 0)
    for _ in range(7):
        hub.subscribe("a", None)
    with pytest.raises(TooManyRequests):
        hub.subscribe("a", None)
    hub.subscribe("b", None)


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


async def test_dead_letters_of_all_services(gate: Gate) -> None:
    operator = await gate.account("op@example.org", Role.OPERATOR)
    deps = gate.service.state.deps
    deps.bus.ensure_topics(all_topics())
    envelope = envelope_for("annotations", "p", submitted("p"), 1)
    row = {
        "consumer": "consensus",
        "topic": envelope.type,
        "key": "p",
        "event_id": envelope.event_id,
        "error": "ValueError: no",
        "detail": "Traceback …",
        "value": envelope.SerializeToString(),
        "created_at_us": 1_750_000_000_000_000,
    }
    with deps.db.begin() as conn:
        conn.execute(insert(dead_letter_table), [row])
    gate.deps.peers["synthesis"] = "http://127.0.0.1:9"
    listing = (await operator.get(f"{API}/admin/dead-letters")).raise_for_status().json()
    assert listing["unreachable"] == ["synthesis"]
    assert {item["event_id"] for item in listing["items"]} == {envelope.event_id}
    letter_id = listing["items"][0]["id"]
    one = (await operator.get(f"{API}/admin/dead-letters/{letter_id}")).json()
    assert one["detail"] == "Traceback …"
    assert one["type"] == envelope.type
    replayed = (await operator.post(f"{API}/admin/dead-letters/{letter_id}/replay")).raise_for_status()
    assert replayed.json()["id"] == letter_id
    messages = deps.bus.consumer("peek", [envelope.type]).poll(1.0, 10)
    assert [m.value for m in messages] == [envelope.SerializeToString()]
    assert (await operator.get(f"{API}/admin/dead-letters/images.999")).status_code == 404
    for bad in ("images", "images.x", "gateway.1", "nope.1", "images.1.2"):
        assert (await operator.get(f"{API}/admin/dead-letters/{bad}")).status_code == 404
    lab = await gate.account("lab@example.org", Role.LAB)
    assert (await lab.get(f"{API}/admin/dead-letters")).status_code == 403


async def test_members_and_their_rights(door: Gate) -> None:
    lab, expert = await door.account("lab@example.org", Role.LAB), await door.account("e@example.org")
    project = await door.project(lab)
    path = f"{API}/projects/{project}/members"
    assert (await expert.get(f"{API}/projects/{project}/consensus")).status_code == 403
    added = await lab.post(path, json={"email": "E@example.org", "role": "expert"})
    assert added.json()["role"] == "expert"
    assert (await expert.get(f"{API}/projects/{project}/consensus")).status_code == 200
    assert (await expert.get(path)).status_code == 403
    listing = (await lab.get(path)).json()
    assert {m["role"] for m in listing["items"]} == {"lab", "expert"}
    assert "example.org" not in str(listing)
    page = (await lab.get(f"{path}?limit=1")).json()
    assert page["next"]
    assert (await lab.get(f"{path}?limit=1&cursor={page['next']}")).json()["next"] is None
    assert (await lab.post(path, json={"email": "nobody@example.org", "role": "expert"})).status_code == 404
    assert (await lab.post(path, json={"email": "e@example.org", "role": "operator"})).status_code == 422
    assert (await lab.post(path, json={"role": "lab"})).status_code == 422
    own = (await me_of(lab))["id"]
    assert (await lab.delete(f"{path}/{own}")).status_code == 409  # the last lab member
    assert (await lab.post(path, json={"user_id": own, "role": "expert"})).status_code == 409
    assert (await lab.delete(f"{path}/{added.json()['user_id']}")).status_code == 204
    assert (await expert.get(f"{API}/projects/{project}/consensus")).status_code == 403
    guest = await door.guest()
    answer = await lab.post(path, json={"user_id": (await me_of(guest))["id"], "role": "lab"})
    assert answer.status_code == 422


async def test_bootstrap_accounts_log_in(door: Gate) -> None:
    accounts = ensure_demo_accounts(door.deps)
    assert ensure_demo_accounts(door.deps) == accounts
    assert [role for _, _, role in accounts] == ["volunteer", "lab", "operator"]
    for email, password, role in accounts:
        me = (
            await door.client().post(f"{API}/auth/login", json={"email": email, "password": password})
        ).json()
        assert me["role"] == role
        assert me["consent_current"]
    first = create_operator(door.deps, "Boss@example.org", "a long enough one")
    await door.account("u@example.org")
    second = create_operator(door.deps, "u@example.org", "another long enough")
    for email, password, account in (
        ("boss@example.org", "a long enough one", first),
        ("u@example.org", "another long enough", second),
    ):
        me = (
            await door.client().post(f"{API}/auth/login", json={"email": email, "password": password})
        ).json()
        assert (me["id"], me["role"]) == (account, "operator")
