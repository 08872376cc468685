"""Erasing an account: the person is gone everywhere, at once; the rater's number and the log stay."""

from __future__ import annotations

from sqlalchemy import select

from services.gateway import tables
from shared.auth import Role
from shared.ids import new_id
from tests.integration.gateway.conftest import PASSWORD, Gate, me_of

API = "/api/v1"
OF_A_PERSON = (tables.consents, tables.sessions, tables.api_keys, tables.memberships, tables.webhooks)


def left_of(door: Gate, account: str) -> list[str]:
    """Tables that still hold something of the account, but for the log."""
    with door.deps.db.read() as conn:
        found = [
            x.name for x in OF_A_PERSON if conn.execute(select(x).where(x.c.account_id == account)).first()
        ]
        here = conn.execute(select(tables.accounts).where(tables.accounts.c.id == account)).first()
    return found + (["gateway_accounts"] if here else [])


def logged(door: Gate, target: str) -> list[tuple[str, str]]:
    with door.deps.db.read() as conn:
        log = tables.audit.c
        rows = conn.execute(select(log.account_id, log.action).where(log.target == target)).all()
    return [(row.account_id, row.action) for row in rows if row.action == "account.erase"]


async def test_a_person_erases_the_account_and_is_gone_at_once(door: Gate) -> None:
    client = await door.account("v@example.org")
    me = await me_of(client)
    _, script = await door.key(client)
    lab = await door.account("lab@example.org", Role.LAB)
    project = await door.project(lab)
    door.parts.members.put(project, me["id"], Role.EXPERT)
    assert (await script.get(f"{API}/auth/me")).status_code == 200
    for body in ({}, {"password": "not the password"}):
        refused = await client.request("DELETE", f"{API}/auth/me", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "wrong-credentials")
    assert len(left_of(door, me["id"])) == 5
    done = await client.request("DELETE", f"{API}/auth/me", json={"password": PASSWORD})
    assert done.status_code == 200, done.text
    assert done.json()["erased"] is True
    assert "drawings stay" in done.json()["kept"]
    assert left_of(door, me["id"]) == []
    assert (await client.get(f"{API}/auth/me")).status_code == 401
    assert (await script.get(f"{API}/auth/me")).status_code == 401
    assert logged(door, me["id"]) == [(me["id"], "account.erase")]
    login = {"email": "v@example.org", "password": PASSWORD}
    assert (await door.client().post(f"{API}/auth/login", json=login)).status_code == 401
    assert (await me_of(await door.account("v@example.org")))["id"] != me["id"], "the address is free again"


async def test_a_guest_needs_the_session_and_its_csrf_token(door: Gate) -> None:
    guest = await door.guest()
    me, token = await me_of(guest), guest.headers.pop("X-CSRF-Token")
    assert (await guest.request("DELETE", f"{API}/auth/me", json={})).status_code == 403
    guest.headers["X-CSRF-Token"] = token
    assert (await guest.request("DELETE", f"{API}/auth/me", json={})).status_code == 200
    assert left_of(door, me["id"]) == []


async def test_a_key_cannot_erase_its_account(door: Gate) -> None:
    client = await door.account("v@example.org")
    _, script = await door.key(client, ["read", "write", "admin"])
    assert (await script.request("DELETE", f"{API}/auth/me", json={"password": PASSWORD})).status_code == 422
    assert (await client.get(f"{API}/auth/me")).status_code == 200


async def test_only_an_operator_erases_others(door: Gate) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    lab, victim = await door.account("lab@example.org", Role.LAB), await door.account("v@example.org")
    own, user = (await me_of(operator))["id"], (await me_of(victim))["id"]
    assert (await lab.delete(f"{API}/admin/users/{user}")).status_code == 403
    assert (await operator.delete(f"{API}/admin/users/{user}")).status_code == 200
    assert left_of(door, user) == []
    assert (await victim.get(f"{API}/auth/me")).status_code == 401
    assert logged(door, user) == [(own, "account.erase")]
    assert (await operator.delete(f"{API}/admin/users/{user}")).status_code == 404
    assert (await operator.delete(f"{API}/admin/users/{new_id()}")).status_code == 404


async def test_neither_the_last_operator_nor_a_projects_only_lab_goes(door: Gate) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    lab, second = await door.account("lab@example.org", Role.LAB), await door.account("two@example.org")
    project = await door.project(lab)
    own, user = (await me_of(operator))["id"], (await me_of(lab))["id"]
    assert (await operator.delete(f"{API}/admin/users/{own}")).status_code == 409
    alone = await operator.delete(f"{API}/admin/users/{user}")
    assert (alone.status_code, alone.json()["code"]) == (409, "last-lab")
    assert project in alone.json()["detail"]
    door.parts.members.put(project, (await me_of(second))["id"], Role.LAB)
    assert (await operator.delete(f"{API}/admin/users/{user}")).status_code == 200
    assert left_of(door, user) == []
