"""Rate limits at the door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.consent import CURRENT as CONSENT
from services.gateway.domain.limits import Limiter
from shared.auth import Role
from tests.integration.gateway.conftest import Gate, build_gate, close_gate, make_service, me_of

API = "/api/v1"


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[Gate]:
    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, rate_limits=True)
    gate.parts.limiter = Limiter(lambda: gate.clock.now_us() / 1e6)
    yield gate
    await close_gate(gate)


async def test_guessing_a_password_is_slowed_down_whatever_the_address(limited: Gate) -> None:
    await limited.account("a@example.org")
    statuses = []
    for _ in range(8):
        answer = await limited.client().post(
            f"{API}/auth/login", json={"email": "a@example.org", "password": "guess" * 3}
        )
        statuses.append(answer.status_code)
    assert statuses == [401] * 4 + [429] * 4  # one of five went to the real log-in
    assert int(answer.headers["retry-after"]) in range(1, 61)
    assert answer.json()["code"] == "too-many-requests"
    limited.clock.advance(int(answer.headers["retry-after"]))
    again = await limited.client().post(
        f"{API}/auth/login", json={"email": "a@example.org", "password": "guess" * 3}
    )
    assert again.status_code == 401


async def test_sign_ups_are_limited_by_address(limited: Gate) -> None:
    body = {"consent_version": CONSENT}
    statuses = [(await limited.client().post(f"{API}/auth/guest", json=body)).status_code for _ in range(65)]
    assert statuses == [200] * 60 + [429] * 5


async def test_uploads_and_requests_are_limited_by_account(limited: Gate) -> None:
    lab = await limited.account("lab@example.org", Role.LAB)
    project = await limited.project(lab)
    statuses = [
        (await lab.post(f"{API}/projects/{project}/images", content=b"")).status_code for _ in range(22)
    ]
    assert statuses == [200] * 20 + [429] * 2
    statuses = [(await lab.get(f"{API}/projects")).status_code for _ in range(200)]
    assert statuses.count(429) == 200 - (200 - 1 - 22)
    other = await limited.account("other@example.org")
    assert (await other.get(f"{API}/projects")).status_code == 200
    limited.clock.advance(10)
    assert (await me_of(lab))["role"] == "lab"


async def test_wrong_keys_are_limited_before_they_are_looked_up(limited: Gate) -> None:
    bad = limited.client(Authorization="Bearer brk_aaaaaaaa_" + "A" * 43)
    statuses = [(await bad.get(f"{API}/projects")).status_code for _ in range(65)]
    assert statuses == [401] * 60 + [429] * 5


async def test_pictures_that_cost_the_service_much_are_few_a_minute(limited: Gate) -> None:
    volunteer = await limited.account("v@example.org")
    statuses = [(await volunteer.get(f"{API}/rounds/r/sheet")).status_code for _ in range(14)]
    assert [status == 429 for status in statuses] == [False] * 12 + [True] * 2
    assert (await volunteer.get(f"{API}/rounds/r")).status_code != 429, "only the sheet is dear"
    limited.clock.advance(5)
    assert (await volunteer.get(f"{API}/rounds/r/sheet")).status_code != 429
