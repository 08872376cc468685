"""Sign-up, log-in, sessions, CSRF, API keys."""

from __future__ import annotations

import time

import orjson
import pytest
from sqlalchemy import select

from services.gateway import tables
from services.gateway.consent import CURRENT as CONSENT
from services.gateway.domain.credentials import token_hash
from services.gateway.passwords import Passwords
from shared.auth import Role
from tests.integration.gateway.conftest import PASSWORD, Gate, me_of, with_csrf

API = "/api/v1"
REGISTER = {
    "email": "Robin@Example.org ",
    "password": PASSWORD,
    "display_name": "Robin",
    "consent_version": CONSENT,
}


async def test_guest_session_cookie_is_strict(door: Gate) -> None:
    client = door.client()
    answer = await client.post(f"{API}/auth/guest", json={"consent_version": CONSENT})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert answer.json()["is_guest"]
    assert answer.json()["role"] == "volunteer"
    token = client.cookies["bramble_session"]
    with door.deps.db.read() as conn:
        kept = conn.execute(select(tables.sessions.c.token_hash)).scalars().all()
    assert kept == [token_hash(token)]
    assert token not in "".join(kept)


async def test_cookie_is_secure_under_https(tmp_path) -> None:
    from tests.integration.gateway.conftest import build_gate, close_gate, make_service

    service = make_service(tmp_path / "s")
    gate = build_gate(tmp_path / "g", service, service, public_url="https://bramble.example.org")
    answer = await gate.client().post(f"{API}/auth/guest", json={"consent_version": CONSENT})
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    await close_gate(gate)


async def test_consent_must_be_the_current_one(door: Gate) -> None:
    client = door.client()
    answer = await client.post(f"{API}/auth/guest", json={"consent_version": "1999-01"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "consent-version"
    assert (await client.get(f"{API}/consent")).json()["version"] == CONSENT


async def test_register_then_login_answers_the_same_account(door: Gate) -> None:
    first = (await door.client().post(f"{API}/auth/register", json=REGISTER)).json()
    assert first["email"] == "robin@example.org"
    again = await door.client().post(
        f"{API}/auth/login", json={"email": "ROBIN@example.org", "password": PASSWORD}
    )
    assert again.json()["id"] == first["id"]
    assert again.json()["csrf_token"] != first["csrf_token"]
    with door.deps.db.read() as conn:
        stored = conn.execute(select(tables.accounts.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$")


async def test_guest_who_registers_keeps_the_rater_and_loses_the_old_session(door: Gate) -> None:
    guest = await door.guest()
    old_token, old_id = guest.cookies["bramble_session"], (await me_of(guest))["id"]
    me = (await guest.post(f"{API}/auth/register", json=REGISTER)).raise_for_status().json()
    assert me["id"] == old_id
    assert not me["is_guest"]
    assert guest.cookies["bramble_session"] != old_token
    stale = door.client(Cookie=f"bramble_session={old_token}")
    assert (await stale.get(f"{API}/auth/me")).status_code == 401
    with_csrf(guest, me)
    assert (await guest.post(f"{API}/auth/register", json=REGISTER)).status_code == 409


async def test_registering_a_taken_address_leaves_the_guest_a_guest(door: Gate) -> None:
    await door.client().post(f"{API}/auth/register", json=REGISTER)
    guest = await door.guest()
    answer = await guest.post(f"{API}/auth/register", json=REGISTER)
    assert answer.status_code == 409
    assert answer.json()["code"] == "email-taken"
    assert (await me_of(guest))["is_guest"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"email": "nobody"}, 422),
        ({"email": "a@b"}, 422),
        ({"password": "short"}, 422),
        ({"password": "password123"}, 422),
        ({"password": "aaaaaaaaaaaaaaa"}, 422),
        ({"password": "robin@example.org"}, 422),
        ({"display_name": "  "}, 422),
        ({"display_name": "a\x00b"}, 422),
        ({"extra": 1}, 422),
        ({"email": ["x"]}, 422),
    ],
)
async def test_bad_sign_ups_are_refused(door: Gate, change: dict[str, object], status: int) -> None:
    answer = await door.client().post(f"{API}/auth/register", json={**REGISTER, **change})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_wrong_password_and_unknown_address_look_alike(door: Gate) -> None:
    await door.client().post(f"{API}/auth/register", json=REGISTER)
    wrong = await door.client().post(
        f"{API}/auth/login", json={"email": "robin@example.org", "password": "x" * 12}
    )
    nobody = await door.client().post(
        f"{API}/auth/login", json={"email": "no@example.org", "password": "x" * 12}
    )
    assert wrong.status_code == nobody.status_code == 401
    assert {**wrong.json(), "request_id": ""} == {**nobody.json(), "request_id": ""}


async def test_unknown_address_costs_what_a_known_one_costs() -> None:
    passwords = Passwords(time_cost=2, memory_kib=16 * 1024)
    known = passwords.hash_now(PASSWORD)
    await passwords.verify("", "warm-up")  # makes the hash of nobody once

    async def fastest(stored: str) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            assert await passwords.verify(stored, "wrong password") == (False, False)
            times.append(time.perf_counter() - start)
        return min(times)

    unknown_s, known_s = await fastest(""), await fastest(known)
    assert 0.4 < unknown_s / known_s < 2.5


async def test_weak_hash_is_renewed_at_login(door: Gate) -> None:
    weak = Passwords(time_cost=1, memory_kib=32).hash_now(PASSWORD)
    account = door.parts.accounts.create_account("old@example.org", weak, "Old", CONSENT)
    await door.client().post(f"{API}/auth/login", json={"email": "old@example.org", "password": PASSWORD})
    assert "m=64" in door.parts.accounts.get(account.id).password_hash


async def test_planted_session_is_worth_nothing_after_login(door: Gate) -> None:
    """Session fixation: the attacker's own guest session is planted in the victim's browser before the log-in."""
    attacker = await door.guest()
    planted = attacker.cookies["bramble_session"]
    await door.client().post(f"{API}/auth/register", json=REGISTER)
    victim = door.client(Cookie=f"bramble_session={planted}")
    answer = await victim.post(f"{API}/auth/login", json={"email": "robin@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert planted not in answer.headers["set-cookie"]
    assert (await attacker.get(f"{API}/auth/me")).status_code == 401


async def test_logout_holds_for_the_next_request(door: Gate) -> None:
    client = await door.account("a@example.org")
    token = client.cookies["bramble_session"]
    assert (await client.get(f"{API}/auth/me")).status_code == 200  # now cached
    assert (await client.post(f"{API}/auth/logout")).status_code == 204
    replay = door.client(Cookie=f"bramble_session={token}")
    assert (await replay.get(f"{API}/auth/me")).status_code == 401
    assert (await replay.get(f"{API}/projects")).status_code == 401


async def test_session_expires(door: Gate) -> None:
    client = await door.account("a@example.org")
    door.clock.advance(31 * 86_400)
    door.parts.auth._ttl_s = 0
    door.parts.auth.forget_account(await door_account_id(door, "a@example.org"))
    assert (await client.get(f"{API}/auth/me")).status_code == 401


async def door_account_id(door: Gate, email: str) -> str:
    account = door.parts.accounts.by_email(email)
    assert account is not None
    return account.id


async def test_csrf_is_asked_on_unsafe_methods_of_a_session(door: Gate) -> None:
    client = await door.account("a@example.org", Role.LAB)
    other = await door.guest()
    good = client.headers.pop("X-CSRF-Token")
    for bad in (None, "", "0" * 64, other.headers["X-CSRF-Token"], "é"):
        headers = {} if bad is None else {"X-CSRF-Token": bad.encode("latin-1")}
        for method, path in (
            ("POST", "/projects"),
            ("POST", "/auth/logout"),
            ("DELETE", "/leases/x"),
            ("POST", "/keys"),
        ):
            answer = await client.request(method, API + path, json={"name": "x"}, headers=headers)
            assert answer.status_code == 403, (method, path, bad)
            assert answer.json()["code"] == "csrf"
    assert (await client.get(f"{API}/projects")).status_code == 200
    assert (await client.post(f"{API}/projects", json={}, headers={"X-CSRF-Token": good})).status_code == 201


async def test_cross_site_posts_are_refused_even_without_a_session(door: Gate) -> None:
    body = {"consent_version": CONSENT}
    answer = await door.client().post(
        f"{API}/auth/guest", json=body, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    form = await door.client().post(
        f"{API}/auth/guest", content=orjson.dumps(body), headers={"Content-Type": "text/plain"}
    )
    assert form.status_code == 422


async def test_change_of_password_ends_other_sessions(door: Gate) -> None:
    here = await door.account("a@example.org")
    there = door.client()
    await there.post(f"{API}/auth/login", json={"email": "a@example.org", "password": PASSWORD})
    wrong = await here.post(
        f"{API}/auth/password", json={"current": "not the one", "new": "another long one"}
    )
    assert wrong.status_code == 422
    done = await here.post(f"{API}/auth/password", json={"current": PASSWORD, "new": "another long one"})
    assert done.status_code == 200
    assert (await there.get(f"{API}/auth/me")).status_code == 401
    assert (await here.get(f"{API}/auth/me")).status_code == 200


async def test_key_lives_until_it_is_revoked(gate: Gate) -> None:
    client = await gate.account("lab@example.org", Role.LAB)
    key_id, script = await gate.key(client)
    assert (await script.get(f"{API}/projects")).status_code == 200
    assert (await script.post(f"{API}/projects", json={})).status_code == 201  # no CSRF token for keys
    listed = (await client.get(f"{API}/keys")).json()["items"]
    assert [k["id"] for k in listed] == [key_id]
    assert "secret" not in listed[0]
    with gate.deps.db.read() as conn:
        row = conn.execute(select(tables.api_keys)).one()
    secret = script.headers["Authorization"].removeprefix("Bearer ")
    assert row.token_hash == token_hash(secret)
    assert secret not in str(row)
    assert (await client.delete(f"{API}/keys/{key_id}")).status_code == 204
    refused = await script.get(f"{API}/projects")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert (await script.get(f"{API}/consent")).status_code == 401


async def test_key_of_another_account_cannot_be_revoked(door: Gate) -> None:
    mine, yours = await door.account("a@example.org"), await door.account("b@example.org")
    key_id, script = await door.key(mine)
    assert (await yours.delete(f"{API}/keys/{key_id}")).status_code == 404
    assert (await script.get(f"{API}/auth/me")).status_code == 200


async def test_scopes_bound_a_key(door: Gate) -> None:
    client = await door.account("lab@example.org", Role.LAB)
    _, reader = await door.key(client, ["read"])
    _, writer = await door.key(client, ["read", "write"])
    assert (await reader.get(f"{API}/projects")).status_code == 200
    assert (await reader.post(f"{API}/projects", json={})).status_code == 403
    assert (await writer.post(f"{API}/projects", json={})).status_code == 201
    assert (await writer.post(f"{API}/keys", json={"name": "more", "scopes": ["admin"]})).status_code == 403
    assert (await writer.get(f"{API}/audit")).status_code == 403
    seen = door.service.state.seen[-1]["principal"]
    assert seen["scopes"] == ["read"]
    assert (await client.post(f"{API}/keys", json={"name": "x", "scopes": []})).status_code == 422
    assert (await client.post(f"{API}/keys", json={"name": "x", "scopes": ["root"]})).status_code == 422
    guest = await door.guest()
    assert (await guest.post(f"{API}/keys", json={"name": "x"})).status_code == 422


@pytest.mark.parametrize(
    "value", ["Bearer x", "Bearer brk_aaaaaaaa_" + "A" * 43, "Basic YTpi", "Bearer", "brk_x", "Bearer é"]
)
async def test_wrong_authorization_is_401(door: Gate, value: str) -> None:
    client = await door.account("a@example.org")
    answer = await client.get(f"{API}/auth/me", headers={"Authorization": value.encode("latin-1")})
    assert answer.status_code == 401


async def test_disabled_account_is_out_at_once(door: Gate) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    victim = await door.account("v@example.org")
    _, script = await door.key(victim)
    user = await door_account_id(door, "v@example.org")
    assert (await script.get(f"{API}/auth/me")).status_code == 200
    assert (await operator.patch(f"{API}/admin/users/{user}", json={"disabled": True})).status_code == 200
    assert (await victim.get(f"{API}/auth/me")).status_code == 401
    assert (await script.get(f"{API}/auth/me")).status_code == 401
    login = await door.client().post(
        f"{API}/auth/login", json={"email": "v@example.org", "password": PASSWORD}
    )
    assert login.status_code == 401


async def test_last_operator_stays(door: Gate) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    own = (await me_of(operator))["id"]
    assert (await operator.patch(f"{API}/admin/users/{own}", json={"role": "lab"})).status_code == 409
    assert (await operator.patch(f"{API}/admin/users/{own}", json={"disabled": True})).status_code == 409


async def test_role_holds_for_the_next_request(door: Gate) -> None:
    operator = await door.account("op@example.org", Role.OPERATOR)
    user = await door.account("u@example.org")
    assert (await user.post(f"{API}/projects", json={})).status_code == 403
    own = (await me_of(user))["id"]
    await operator.patch(f"{API}/admin/users/{own}", json={"role": "lab"})
    assert (await user.post(f"{API}/projects", json={})).status_code == 201
    await operator.patch(f"{API}/admin/users/{own}", json={"role": "volunteer"})
    # Still the lab of the project made before, which is no right to make more.
    assert (await user.post(f"{API}/projects", json={})).status_code == 403
    listing = (await operator.get(f"{API}/admin/users?limit=1")).json()
    assert len(listing["items"]) == 1
    assert listing["next"]


async def test_stale_consent_stops_the_next_task_only(door: Gate) -> None:
    rater = await door.account("v@example.org")
    account = door.parts.accounts.by_email("v@example.org")
    assert account is not None
    door.parts.accounts.give_consent(account.id, "2025-01")
    door.parts.auth.forget_account(account.id)
    assert not (await me_of(rater))["consent_current"]
    refused = await rater.post(f"{API}/projects/p/next")
    assert refused.status_code == 403
    assert refused.json()["code"] == "consent-needed"
    assert (
        await rater.post(f"{API}/leases/x/submissions", json={})
    ).status_code == 200  # drawn work is never lost
    assert (await rater.post(f"{API}/auth/consent", json={"version": CONSENT})).json()["consent_current"]
    assert (await rater.post(f"{API}/projects/p/next")).status_code == 200
