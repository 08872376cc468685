"""The doors in front of the router answer as the routes that the OpenAPI shows."""

from __future__ import annotations

from typing import Any

import pytest

from services.annotations import door
from shared.auth import HEADER, Role
from shared.db.session import Database
from tests.unit.annotations.kit import Kit, masks


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which requests a door answered by itself."""
    paths: list[str] = []
    real = door.NextDoor.__call__

    async def noted(self: Any, scope: Any, receive: Any, send: Any) -> None:
        before = door.hand_out

        def hand_out(*args: Any) -> Any:
            paths.append(scope["path"])
            return before(*args)

        monkeypatch.setattr(door, "hand_out", hand_out)
        await real(self, scope, receive, send)
        monkeypatch.setattr(door, "hand_out", before)

    monkeypatch.setattr(door.NextDoor, "__call__", noted)
    return paths


def ask(kit: Kit, project_id: str, query: str, headers: dict[str, str]) -> Any:
    return kit.http.post(f"/api/v1/projects/{project_id}/next{query}", headers=headers)


CASES = ["first", "again", "ahead", "none", "unknown", "closed", "practice", "read only", "nobody", "forged"]


@pytest.mark.parametrize("case", CASES)
def test_the_next_task_is_answered_alike(kit: Kit, asked: list[str], case: str) -> None:
    more = {"practice_required": 1} if case == "practice" else {"open": False} if case == "closed" else {}
    project_id = kit.project(**more)["id"]
    images = kit.images(project_id, 0 if case == "none" else 3)
    if case == "practice":
        body = {"masks": masks(radius=8), "practice": True}
        assert kit.call("PUT", f"/projects/{project_id}/gold/{images[0]}", json=body).status_code == 200
    headers = kit.headers(
        "ann", Role.VOLUNTEER, **({"scopes": frozenset({"read"})} if case == "read only" else {})
    )
    if case == "nobody":
        headers = {}
    elif case == "forged":
        headers = {HEADER: headers[HEADER][:-1] + "x"}
    if case == "again":
        kit.next(project_id, "ann")
    asked.clear()
    where = "0" * 36 if case == "unknown" else project_id
    query = "?ahead=2" if case == "ahead" else ""
    quick = ask(kit, where, query, headers)
    by_door = len(asked)
    # A query that the door doesn't know goes to the route, which ignores what it doesn't know.
    slow = ask(kit, where, f"{query or '?ahead=0'}&from=test", headers)
    assert len(asked) == by_door, "the second one went through the route"
    assert by_door == (0 if case in ("nobody", "forged") else 1)
    expected = {
        "none": 204,
        "unknown": 404,
        "closed": 404,
        "practice": 403,
        "read only": 403,
        "nobody": 401,
        "forged": 401,
    }
    assert quick.status_code == slow.status_code == expected.get(case, 200), (quick.text, slow.text)
    assert _without_id(quick) == _without_id(slow)
    assert (
        quick.headers["content-type"] == slow.headers["content-type"] if quick.content else not slow.content
    )
    if case == "ahead":
        assert len(quick.json()["ahead"]) == len(slow.json()["ahead"]) > 0


@pytest.mark.parametrize(
    "query", ["?ahead=99999", "?ahead=-1", "?ahead=two", "?ahead=", "?ahead=1&ahead=two"]
)
def test_a_query_that_makes_no_sense_is_refused_by_the_route(kit: Kit, asked: list[str], query: str) -> None:
    project_id = kit.project()["id"]
    kit.image(project_id)
    answer = ask(kit, project_id, query, kit.headers("ann"))
    assert answer.status_code == 422
    assert "ahead" in answer.json()["detail"]
    assert asked == []


def test_a_database_that_does_not_answer_is_said_so(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.errors import Unavailable

    project_id = kit.project()["id"]

    def broken(self: Database) -> Any:
        raise Unavailable("The database doesn't answer; try again in a moment.", retry_after=2)

    monkeypatch.setattr(Database, "begin", broken)
    answer = ask(kit, project_id, "", kit.headers("ann"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


def test_a_door_echoes_the_request_id(kit: Kit) -> None:
    project_id = kit.project()["id"]
    kit.image(project_id)
    answer = ask(kit, project_id, "", {**kit.headers("ann"), "X-Request-Id": "abc-123"})
    assert answer.headers["x-request-id"] == "abc-123"


def _without_id(answer: Any) -> Any:
    if not answer.content:
        return None
    body = dict(answer.json())
    body.pop("request_id", None)
    return body
