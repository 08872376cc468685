"""Live progress, members, dead letters and bootstrap, over the real embedded bus."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import insert

from services.gateway.api_live import events
from services.gateway.bootstrap import create_operator, ensure_demo_accounts
from services.gateway.events import progress_of
from services.gateway.hub import QUEUE, Hub
from services.gateway.main import create_background
from shared.auth import Role
from shared.bus.runner import dead_letter_table
from shared.bus.topics import all_topics
from shared.db.outbox import envelope_for
from shared.errors import TooManyRequests
from tests.integration.gateway.conftest import Gate, me_of, publish, serve, submitted

API = "/api/v1"


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
