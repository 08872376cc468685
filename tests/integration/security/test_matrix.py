"""The authorisation matrix: every route of the OpenAPI × every role × own and other project, against all services in one process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from services.gateway.consent import CURRENT as CONSENT
from services.gateway.domain import route_table
from shared.ids import new_id
from tests.integration.security.conftest import API, PASSWORD, ROLES, World, openapi, png

MATRIX = yaml.safe_load((Path(__file__).with_name("matrix.yaml")).read_text())
SETS: dict[str, list[str]] = MATRIX["sets"]
ROUTES: dict[str, dict[str, str]] = MATRIX["routes"]
# These change what the checks after them stand on, so they are tried last where they are allowed.
DESTRUCTIVE = {
    "POST /projects/{project_id}/practice/{image_id}",
    "DELETE /images/{image_id}",
    "DELETE /projects/{project_id}/gold/{image_id}",
    "DELETE /webhooks/{webhook_id}",
    "DELETE /keys/{key_id}",
    "POST /leases/{lease_id}/submissions",
    "POST /leases/{lease_id}/skip",
    "DELETE /leases/{lease_id}",
    "DELETE /projects/{project_id}/members/{user_id}",
    "DELETE /projects/{project_id}",
    "POST /auth/password",
    "POST /auth/logout",
}


def operations() -> dict[str, dict[str, Any]]:
    found = {}
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            found[f"{method.upper()} {path}"] = operation
    return found


def test_every_route_is_in_the_matrix_and_no_other() -> None:
    assert sorted(ROUTES) == sorted(operations())


def test_matrix_is_well_formed() -> None:
    assert MATRIX["roles"] == list(ROLES)
    for route, scopes in ROUTES.items():
        assert set(scopes) in ({"any"}, {"own", "other"}), route
        assert set(scopes.values()) <= set(SETS), route


def test_gateway_lets_nobody_further_than_the_matrix() -> None:
    """Each route's least role in the gateway's table isn't lower than the matrix's for people without any role."""
    order = {"guest": 1, "volunteer": 1, "expert": 2, "lab": 3, "operator": 4, "anonymous": 0}
    for route in route_table.build().routes:
        name = f"{route.method} {route.path}"
        if name == "GET /openapi.json":
            continue
        allowed = SETS[ROUTES[name].get("any") or ROUTES[name]["own"]]
        assert route.least == min(order[role] for role in allowed), name


def call_of(
    world: World, route: str, scope: str, role: str, operation: dict[str, Any]
) -> tuple[str, str, dict[str, Any]]:
    """The request with this scope's ids and the documented example as its body."""
    method, template = route.split(" ")
    things = world.things["other" if scope == "other" else "own"]
    ids = dict(things)
    if "/gold/" in template or "/practice/" in template:
        ids["image_id"] = things["gold_image_id"]
    if template.endswith("/report"):
        ids["job_id"] = things["study_id"]
    if scope == "other":
        ids["lease_id"] = world.leases["neighbour"]
        ids["round_id"] = world.rounds["neighbour"]
        ids["user_id"] = world.ids["neighbour"]
    else:
        ids["lease_id"] = world.leases.get(role, world.leases["volunteer"])
        ids["round_id"] = world.rounds.get(role, world.rounds["volunteer"])
        ids["user_id"] = world.ids["volunteer"]
        if "/keys/" in template and role in world.people:
            ids["key_id"] = new_id()  # own keys are tried in the gateway's own tests; here: somebody else's
    ids |= {"name": "click", "version": "1", "position": "0"}
    path = API + re.sub(r"\{(\w+)\}", lambda m: ids[m.group(1)], template)
    if scope in ("own", "other") and template in ("/audit", "/events", "/webhooks") and method == "GET":
        path += f"?project_id={ids['project_id']}"
    options: dict[str, Any] = {}
    body = operation.get("requestBody")
    if body is not None:
        if "multipart/form-data" in body["content"]:
            options["files"] = [("files", ("new.png", png(int(new_id()[-4:], 16)), "image/png"))]
        elif "image/png" in body["content"]:
            options["content"] = png(int(new_id()[-4:], 16))
        else:
            options["json"] = example_of(body["content"]["application/json"])
    if template == "/webhooks" and method == "POST":
        options["json"] = {"project_id": ids["project_id"], "url": "https://hooks.example.org/x"}
    if template.endswith("/notes") and method == "POST":
        options["json"] = {"image_id": ids["image_id"], "kind": "wrong"}
    if template.endswith("/members") and method == "POST":
        options["json"] = {"user_id": world.ids["neighbour"], "role": "volunteer"}
    if template == "/admin/users/{user_id}" and method == "PATCH":
        options["json"] = {"role": "volunteer"}
    if template == "/auth/login":
        options["json"] = {"email": "volunteer@example.org", "password": PASSWORD}
    if template == "/auth/register":
        options["json"]["email"] = f"new-{role}@example.org"
    if template == "/auth/password":
        options["json"] = {"current": PASSWORD, "new": PASSWORD + " again"}
    return method, path, options


def example_of(media: dict[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    if "examples" in media:
        return next(iter(media["examples"].values()))["value"]
    schema = media["schema"]
    if "$ref" in schema:
        schema = openapi()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema["examples"][0] if "examples" in schema else {}


async def send(world: World, role: str, call: tuple[str, str, dict[str, Any]]) -> httpx.Response:
    method, path, options = call
    client = world.people[role]
    if path.startswith(f"{API}/events"):
        # A stream that opens stays open; what is asked here is whether it opens.
        return await _first_answer(client, method, path)
    if path.startswith(f"{API}/auth/") and path.rsplit("/", 1)[-1] in ("guest", "login", "register"):
        # These end the session that asks and start another; from a fresh browser, so that the role keeps its own.
        async with world.client() as fresh:
            return await fresh.request(method, path, **options)
    if method == "DELETE" and path.startswith((f"{API}/auth/me", f"{API}/admin/users/")):
        # Somebody who came for it is erased, so that the roles live on. Others than guests give a wrong password: 422.
        async with world.client() as fresh:
            me = (await fresh.post(f"{API}/auth/guest", json={"consent_version": CONSENT})).json()
            if "/admin/" in path:
                return await client.request(method, f"{API}/admin/users/{me['id']}")
            if role == "guest":
                fresh.headers["X-CSRF-Token"] = me["csrf_token"]
                return await fresh.request(method, path, json={})
        options = {"json": {"password": "not the password"}}
    answer = await client.request(method, path, **options)
    if path == f"{API}/auth/password" and answer.status_code == 200:
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]  # a new session
    return answer


async def _first_answer(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    """The status of a stream, read from the raw ASGI app, because httpx's in-process transport waits for the end."""
    import asyncio

    request = client.build_request(method, path)
    app = client._transport.app  # type: ignore[attr-defined]
    status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def note(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not status.done():
            status.set_result(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "root_path": "",
        "query_string": request.url.query,
        "headers": request.headers.raw,
        "client": ("93.184.216.34", 1),
        "server": ("bramble.test", 80),
        "state": {},
    }
    scope["headers"] = [(n.lower(), v) for n, v in scope["headers"]]
    task = asyncio.create_task(app(scope, receive, note))
    answer = httpx.Response(await asyncio.wait_for(status, 10))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return answer


@pytest.mark.slow
async def test_nobody_does_what_the_matrix_does_not_say(world: World) -> None:
    """In one world and this order: all that is refused, then that nothing has changed, then all that is allowed."""
    wrong: list[str] = []
    documented = operations()
    cases = [(route, scope, role) for route, scopes in ROUTES.items() for scope in scopes for role in ROLES]
    for route, scope, role in cases:
        if role in SETS[ROUTES[route][scope]]:
            continue
        answer = await send(world, role, call_of(world, route, scope, role, documented[route]))
        right = (401,) if role == "anonymous" else (403, 404)
        if answer.status_code not in right:
            wrong.append(
                f"{role} {route} ({scope}) should be refused: {answer.status_code} {answer.text[:200]}"
            )
        # Without any role in the project it is a plain 403 at the door, before the service is asked.
        widest = SETS[ROUTES[route].get("own") or ROUTES[route]["any"]]
        plain = role in ("guest", "volunteer") and role not in widest
        if plain and answer.status_code != 403:
            wrong.append(f"{role} {route} ({scope}) should be 403: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    await assert_unchanged(world)

    rest = sorted((c for c in cases if c[2] in SETS[ROUTES[c[0]][c[1]]]), key=lambda c: _order(c[0]))
    for route, scope, role in rest:
        answer = await send(world, role, call_of(world, route, scope, role, documented[route]))
        gone = (404, 409, 410) if route in DESTRUCTIVE or "{key_id}" in route else ()
        if answer.status_code in (401, 403) or answer.status_code >= 500:
            wrong.append(
                f"{role} {route} ({scope}) should be allowed: {answer.status_code} {answer.text[:300]}"
            )
        elif answer.status_code == 404 and not gone and route not in MAY_BE_EMPTY:
            wrong.append(f"{role} {route} ({scope}) isn't found, so nothing was proved: {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)


# What takes a consensus, an embedding or an exported model to exist; 404 says "not yet", and the refusals above came before it.
MAY_BE_EMPTY = {
    "GET /images/{image_id}/consensus",
    "GET /images/{image_id}/consensus/{label_id}/probability",
    "GET /images/{image_id}/consensus/history",
    "GET /images/{image_id}/consensus/versions/{version}",
    "POST /images/{image_id}/consensus/review",
    "GET /images/{image_id}/embedding",
    "GET /models/{name}/{version}/model.onnx",
    "GET /leases/{lease_id}/draft",
    "GET /me/work/{submission_id}",
    "GET /jobs/{job_id}/preview",
    "POST /projects/{project_id}/advice/{advice_id}/seen",
}


def _order(route: str) -> tuple[int, str]:
    last = sorted(
        DESTRUCTIVE,
        key=lambda r: (
            r == "POST /auth/logout",
            r == "POST /auth/password",
            r.startswith("DELETE /projects/{project_id}"),
        ),
    )
    tail = [
        *[r for r in last if r.count("{lease_id}")],
        *[
            r
            for r in last
            if not r.count("{lease_id}") and "auth" not in r and r != "DELETE /projects/{project_id}"
        ],
        "DELETE /projects/{project_id}",
        "POST /auth/password",
        "POST /auth/logout",
    ]
    return (tail.index(route) + 1 if route in tail else 0, route)


async def assert_unchanged(world: World) -> None:
    operator = world.people["operator"]
    for name, round_id in world.rounds.items():
        answer = await world.people[name].get(f"{API}/rounds/{round_id}")
        assert answer.json()["answers"] == [None] * 8, "nobody else has answered"
    for scope, owner in (("own", "lab"), ("other", "stranger")):
        things = world.things[scope]
        path = f"{API}/projects/{things['project_id']}"
        project = (await operator.get(path)).raise_for_status().json()
        assert project["status"] == "active"
        assert project["name"] == f"of {owner}"
        assert project["counts"]["images"] == 3
        assert project["counts"]["submissions"] == 0
        assert project["counts"]["gold"] == 1
        assert len((await operator.get(f"{path}/gold")).json()["items"]) == 1
        assert len((await operator.get(f"{path}/jobs")).json()["items"]) == 2
        game = (await operator.get(f"{path}/game/results")).json()
        assert (game["open"], game["images"], game["unfinished"]) == (True, 8, 3 if scope == "own" else 1)
        members = {m["user_id"]: m["role"] for m in (await operator.get(f"{path}/members")).json()["items"]}
        assert members[world.ids[owner]] == "lab"
        assert len(members) == (3 if scope == "own" else 2)
        assert (await operator.get(f"{API}/images/{things['image_id']}")).status_code == 200
        hooks = (await operator.get(f"{API}/webhooks?project_id={things['project_id']}")).json()["items"]
        assert [h["id"] for h in hooks] == [things["webhook_id"]]
