"""What passes through the door and what doesn't, over both kinds of upstream."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shared.auth import HEADER, Principal, Role, encode_principal
from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service, me_of

API = "/api/v1"


async def test_service_learns_who_asks_and_nothing_more(gate: Gate) -> None:
    client = await gate.guest()
    forged = encode_principal(Principal(id="x", role=Role.OPERATOR), b"test-secret")
    headers = {
        HEADER: forged,
        "X-Bramble-New-Id": "y",
        "X-Bramble-Other": "z",
        "X-Request-Id": "abc-123",
        "X-Mine": "kept",
    }
    answer = await client.get(f"{API}/projects?limit=3&cursor=a%20b", headers=headers)
    assert answer.status_code == 200
    seen = answer.json()
    assert seen["path"] == f"{API}/projects"
    assert seen["query"] == "limit=3&cursor=a%20b"
    assert seen["principal"]["id"] == (await me_of(client))["id"]
    assert seen["principal"]["role"] == "volunteer"
    assert seen["principal"]["is_guest"]
    assert seen["headers"]["x-request-id"] == answer.headers["x-request-id"] == "abc-123"
    assert seen["headers"]["x-mine"] == "kept"
    assert seen["headers"]["traceparent"].startswith("00-")
    assert forged not in str(seen["headers"])
    for gone in ("cookie", "authorization", "x-csrf-token", "x-bramble-new-id", "x-bramble-other"):
        assert gone not in seen["headers"], gone
    assert "set-cookie" not in answer.headers
    assert "x-bramble-leak" not in answer.headers


async def test_new_project_belongs_to_its_maker(gate: Gate) -> None:
    lab, other = (
        await gate.account("lab@example.org", Role.LAB),
        await gate.account("other@example.org", Role.LAB),
    )
    project = await gate.project(lab)
    assert (await me_of(lab))["memberships"] == {project: "lab"}
    assert (await lab.get(f"{API}/projects/{project}/tasks")).status_code == 200
    assert (await other.get(f"{API}/projects/{project}/tasks")).status_code == 403
    failed = await lab.post(f"{API}/projects", json={"fail": True})
    assert failed.status_code == 404
    assert list((await me_of(lab))["memberships"]) == [project]


async def test_large_upload_streams(gate: Gate) -> None:
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)
    block, blocks = b"\x01\x02\x03\x04" * 65536, 128  # 32 MiB

    async def body() -> AsyncIterator[bytes]:
        for _ in range(blocks):
            yield block

    answer = await lab.post(f"{API}/projects/{project}/images", content=body())
    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] == len(block) * blocks
    assert answer.json()["sha256"] == hashlib.sha256(block * blocks).hexdigest()
    assert answer.json()["largest_chunk"] < 2 << 20


async def test_download_passes_unchanged(gate: Gate) -> None:
    lab = await gate.account("lab@example.org", Role.LAB)
    answer = await lab.get(f"{API}/datasets/d/download")
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"abc"'
    assert answer.headers["content-type"] == "application/zip"
    assert answer.content == b"".join(bytes([i]) * 65536 for i in range(64))


async def test_multipart_passes(gate: Gate) -> None:
    client = await gate.guest()
    files = [("files", (f"{i}.png", b"x" * 100)) for i in range(3)]
    answer = await client.post(f"{API}/leases/l/renew", files=files)
    assert answer.json() == {"names": ["0.png", "1.png", "2.png"]}


async def test_body_over_the_limit_is_413(tmp_path: Path) -> None:
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, max_upload_mb=1)
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)

    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    for content in (b"x" * (2 << 20), chunked()):
        answer = await lab.post(f"{API}/projects/{project}/images", content=content)
        assert answer.status_code == 413, answer.text
        assert answer.json()["status"] == 413
    big = await lab.post(f"{API}/leases/l/submissions", content=b"x" * (17 << 20))
    assert big.status_code == 413
    login = await gate.client().post(f"{API}/auth/login", content=b"x" * (17 << 20))
    assert login.status_code == 413
    await close_gate(gate)


async def test_chunked_body_over_the_limit_is_413_over_http(tmp_path: Path) -> None:
    import asyncio

    from tests.integration.gateway.conftest import serve

    service = make_service(tmp_path / "s")
    server = serve(service)
    url = await asyncio.to_thread(server.__enter__)
    gate = build_gate(tmp_path / "g", url, service, max_upload_mb=1)
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)

    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    answer = await lab.post(f"{API}/projects/{project}/images", content=chunked())
    assert answer.status_code == 413
    await close_gate(gate)
    await asyncio.to_thread(server.__exit__, None, None, None)


@pytest.mark.parametrize(
    "path",
    [
        "/internal/dead-letters",
        "/internal/dead-letters/1/replay",
        "/api/v1/internal/dead-letters",
        "/api/v1/../../internal/dead-letters",
        "/api/v1/images/..%2f..%2f..%2finternal%2fdead-letters",
        "/api/v1/images/%2e%2e/internal",
        "/api/v1/images/../../../metrics",
        "/api/v1/metrics",
        "/api/v1/healthz",
        "/api/v1/images/..",
        "/api/v1/images/a%00b",
        "/api/v1/images/a%0d%0ab",
        "/api/v1/projects/",
        "/api/v1//projects",
        "/api/v1/projects/a/b/c/d/e",
        "/api/v1/nothing",
        "/api/v1/admin",
        "/api/v2/projects",
        "/api",
        "/openapi.json",
        "/metrics",
    ],
)
async def test_unlisted_addresses_are_404_for_an_operator_too(door: Gate, path: str) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    # httpx would fold the dots away; what is sent is the raw target.
    request = operator.build_request("GET", "http://bramble.test/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = await operator.send(request)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"
    assert door.service.state.seen == []


async def test_metrics_and_health_are_open_inside_only(door: Gate) -> None:
    inside = httpx.AsyncClient(
        transport=httpx.ASGITransport(door.app, client=("10.1.2.3", 1)), base_url="http://x"
    )
    door.clients.append(inside)
    assert "bramble_http_request_seconds" in (await inside.get("/metrics")).text
    assert (await inside.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"})).status_code == 404
    assert (await door.client().get("/healthz")).json()["status"] == "alive"
    assert (await door.client().get("/readyz")).status_code == 200


async def test_wrong_method_is_405_with_allow(door: Gate) -> None:
    client = await door.guest()
    answer = await client.put(f"{API}/projects", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_anonymous_is_401_on_every_other_route(door: Gate) -> None:
    client = door.client()
    for route in door.parts.table.routes:
        if route.least == 0:
            continue
        path = API + route.path.replace("{", "x").replace("}", "x")
        answer = await client.request(route.method, path, json={})
        assert answer.status_code == 401, (route.method, route.path)
    assert door.service.state.seen == []


async def test_crash_of_a_service_is_a_problem(gate: Gate) -> None:
    lab = await gate.account("lab@example.org", Role.LAB)
    answer = await lab.get(f"{API}/jobs/j")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert (await lab.get(f"{API}/projects")).status_code == 200


async def test_cache_headers_of_services_are_kept(gate: Gate) -> None:
    client = await gate.guest()
    frame = await client.get(f"{API}/images/i/frame")
    assert frame.headers.get_list("cache-control") == ["private, max-age=31536000, immutable"]
    other = await client.get(f"{API}/projects")
    assert other.headers.get_list("cache-control") == ["no-store"]
    for answer in (frame, other, await gate.client().get(f"{API}/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers.get_list("x-request-id") == [answer.headers["x-request-id"]]


async def test_dead_service_is_503_and_an_odd_one_502(tmp_path: Path) -> None:
    import asyncio
    import socket

    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", "http://127.0.0.1:9", service)
    client = await gate.guest()
    answer = await client.get(f"{API}/projects")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"not http at all\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0, family=socket.AF_INET)
    port = server.sockets[0].getsockname()[1]
    gate.deps.peers["annotations"] = f"http://127.0.0.1:{port}"
    answer = await client.get(f"{API}/projects")
    assert answer.status_code == 502
    assert answer.json()["code"] == "bad-gateway"
    server.close()
    del gate.deps.peers["annotations"]
    assert (await client.get(f"{API}/projects")).status_code == 503
    await close_gate(gate)


async def test_lab_actions_are_audited_without_personal_data(gate: Gate) -> None:
    lab = await gate.account("lab@example.org", Role.LAB)
    operator = await gate.account("op@example.org", Role.OPERATOR)
    project = await gate.project(lab)
    await lab.delete(f"{API}/images/img-1")
    await lab.put(f"{API}/projects/{project}/gold/img-2", json={})
    await lab.post(f"{API}/projects/{project}/members", json={"email": "op@example.org", "role": "expert"})
    await lab.get(f"{API}/projects")
    rows = (await lab.get(f"{API}/audit?project_id={project}")).json()["items"]
    assert [r["action"] for r in rows] == ["member.expert", "gold.put", "project.create"]
    assert rows[1]["target"] == "img-2"
    assert {r["account_id"] for r in rows} == {(await me_of(lab))["id"]}
    everything = (await operator.get(f"{API}/audit?limit=200")).json()["items"]
    assert {"image.delete", "auth.login"} <= {r["action"] for r in everything}
    assert "example.org" not in str(everything)
    assert (await lab.get(f"{API}/audit")).status_code == 422
    page = (await operator.get(f"{API}/audit?limit=2")).json()
    following = (await operator.get(f"{API}/audit?limit=2&cursor={page['next']}")).json()
    assert page["items"] + following["items"] == everything[:4]


async def test_flat_memory_for_a_large_upload_over_http(tmp_path: Path) -> None:
    """256 MiB through both hops in one process grows its peak by less than a quarter of that."""
    import asyncio

    from tests.integration.gateway.conftest import serve

    service = make_service(tmp_path / "s")
    server = serve(service)
    url = await asyncio.to_thread(server.__enter__)
    gate = build_gate(tmp_path / "g", url, service)
    front = serve(gate.app)
    front_url = await asyncio.to_thread(front.__enter__)
    lab = await gate.account("lab@example.org", Role.LAB)
    project = await gate.project(lab)
    await gate.parts.upstreams.close()  # its pool belongs to this loop, the server below has its own
    gate.parts.upstreams._made.clear()
    _, script = await gate.key(lab)
    block = b"\0" * (1 << 20)

    async def body() -> AsyncIterator[bytes]:
        for _ in range(256):
            yield block

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with httpx.AsyncClient(base_url=front_url, timeout=120) as real:
        answer = await real.post(
            f"{API}/projects/{project}/images",
            content=body(),
            headers={"Authorization": script.headers["Authorization"]},
        )
    assert answer.json()["size"] == 256 << 20
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 64
    await asyncio.to_thread(front.__exit__, None, None, None)
    await close_gate(gate)
    await asyncio.to_thread(server.__exit__, None, None, None)
