"""The leaderboard: only who asked to be on it, by quality that is sure; erasing an account takes the name along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from services.annotations import main as annotations
from services.annotations import tables
from shared.auth import Role
from shared.deps import Deps
from shared.settings import Settings
from tests.integration.gateway.conftest import PASSWORD, Gate, me_of

API = "/api/v1"


@pytest.fixture
async def board(door: Gate, tmp_path: Path) -> AsyncIterator[tuple[Gate, Deps]]:
    """The gateway before a real annotations service."""
    deps = Deps.create(
        "annotations", Settings(data_dir=tmp_path / "annotations", internal_secret="test-secret")
    )
    deps.db.create_all(("annotations_", "bus_"))
    door.deps.peers["annotations"] = annotations.create_app(deps)
    yield door, deps
    deps.db.close()
    deps.bus.close()


def _met_gold(deps: Deps, project: str, rater: str, n: int, dice: float, submissions: int) -> None:
    row = {"project_id": project, "rater_id": rater, "submissions": submissions, "gold_seen": n}
    with deps.db.begin() as conn:
        spread = 0.0001  # a little variance, so that the interval isn't a point
        conn.execute(
            insert(tables.raters), {**row, "gold_total": n * dice, "gold_squares": n * (dice * dice + spread)}
        )


async def _named(client: httpx.AsyncClient, project: str) -> list[tuple[int, str, bool]]:
    answer = (await client.get(f"{API}/projects/{project}/leaderboard")).raise_for_status().json()
    assert all(set(item) == {"place", "name", "quality", "gold_seen", "is_me"} for item in answer["items"])
    return [(item["place"], item["name"], item["is_me"]) for item in answer["items"]]


async def test_only_who_asked_stands_on_it_best_first(board: tuple[Gate, Deps]) -> None:
    door, deps = board
    lab = await door.account("lab@example.org", Role.LAB)
    body = {"name": "Discs", "labels": [{"name": "disc"}]}
    project = (await lab.post(f"{API}/projects", json=body)).raise_for_status().json()["id"]
    people = {name: await door.account(f"{name}@example.org") for name in ("careful", "busy", "shy")}
    for name, dice, submissions in (("careful", 0.93, 12), ("busy", 0.7, 900), ("shy", 0.99, 50)):
        _met_gold(deps, project, (await me_of(people[name]))["id"], 10, dice, submissions)
    assert await _named(people["careful"], project) == [], "nobody is on it without asking"
    for name in ("careful", "busy"):
        changed = await people[name].patch(f"{API}/auth/me", json={"leaderboard": True})
        assert changed.json()["leaderboard"] is True
    assert await _named(people["careful"], project) == [(1, "careful", True), (2, "busy", False)]
    await people["careful"].patch(f"{API}/auth/me", json={"display_name": "Careful Reader"})
    assert await _named(people["shy"], project) == [(1, "Careful Reader", False), (2, "busy", False)]
    await people["busy"].patch(f"{API}/auth/me", json={"leaderboard": False})
    assert await _named(people["shy"], project) == [(1, "Careful Reader", False)]
    erased = await people["careful"].request("DELETE", f"{API}/auth/me", json={"password": PASSWORD})
    assert erased.status_code == 200
    assert await _named(people["shy"], project) == []


async def test_who_may_not_see_the_project_sees_no_leaderboard(board: tuple[Gate, Deps]) -> None:
    door, _ = board
    lab = await door.account("lab@example.org", Role.LAB)
    body = {"name": "Closed", "labels": [{"name": "disc"}], "open": False}
    project = (await lab.post(f"{API}/projects", json=body)).raise_for_status().json()["id"]
    assert await _named(lab, project) == []
    stranger = await door.account("stranger@example.org")
    assert (await stranger.get(f"{API}/projects/{project}/leaderboard")).status_code == 404
    guest = await door.guest()
    refused = await guest.patch(f"{API}/auth/me", json={"leaderboard": True})
    assert refused.status_code == 422
    assert (await guest.patch(f"{API}/auth/me", json={"display_name": "\u0000"})).status_code == 422
