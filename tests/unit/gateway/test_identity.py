"""How long an identity is used, and that sessions are looked up together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.gateway.domain.credentials import token_hash
from services.gateway.identity import ANONYMOUS, TTL_S, Authenticator
from services.gateway.store import AccountStore, Found
from services.gateway.store_access import MemberStore
from shared.auth import Role, decode_principal
from shared.clock import SystemClock
from shared.db.session import Database
from shared.keys import Keys


class Store(AccountStore):
    """The real one, which notes what it is asked."""

    asked: list[list[str]]

    def find_sessions(self, token_hashes: Sequence[str]) -> dict[str, Found]:
        self.asked.append(list(token_hashes))
        return super().find_sessions(token_hashes)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Store:
    db = Database(f"sqlite:///{tmp_path}/gateway.db")
    db.create_all(("gateway_",))
    made = Store(db, SystemClock())
    made.asked = []
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def auth(store: Store, clock: Clock) -> Authenticator:
    return Authenticator(store, Keys("s" * 32), monotonic=clock)


def volunteers(store: Store, n: int) -> list[str]:
    tokens = [f"token-{k}" for k in range(n)]
    for token in tokens:
        store.open_session(store.create_guest("Guest", "1"), token_hash(token))
    return tokens


def ask(auth: Authenticator, *tokens: str) -> list[str]:
    async def all_of() -> list[str]:
        return [(await auth.by_session(token)).account_id for token in tokens]

    return asyncio.run(all_of())


def test_sessions_whose_time_is_up_are_looked_up_together(
    store: Store, auth: Authenticator, clock: Clock
) -> None:
    tokens = volunteers(store, 40)
    first = ask(auth, *tokens)
    assert len(set(first)) == 40
    assert "" not in first
    assert [len(a) for a in store.asked] == [1] * 40
    clock.now += TTL_S + 1
    assert ask(auth, *tokens) == first
    assert [len(a) for a in store.asked[40:]] == [40]
    assert ask(auth, *tokens) == first
    assert len(store.asked) == 41


def test_a_look_up_takes_no_more_than_its_number(store: Store, auth: Authenticator, clock: Clock) -> None:
    tokens = volunteers(store, 150)
    ask(auth, *tokens)
    store.asked.clear()
    clock.now += TTL_S + 1
    assert "" not in ask(auth, *tokens)
    assert max(len(a) for a in store.asked) == 64
    assert sum(len(a) for a in store.asked) == 150


def test_who_left_is_not_looked_up_along_with_the_others(
    store: Store, auth: Authenticator, clock: Clock
) -> None:
    stays, goes = volunteers(store, 2)
    ask(auth, stays, goes)
    together = []
    for _ in range(60):  # five minutes
        clock.now += TTL_S + 0.1
        ask(auth, stays)
        together.append(len(store.asked[-1]))
    assert together[0] == 2
    assert together[-1] == 1
    assert ask(auth, goes) != [""]


@pytest.mark.parametrize("how", ["closed", "disabled", "expired"])
def test_a_session_that_ended_elsewhere_is_gone_when_its_time_is_up(
    store: Store, auth: Authenticator, clock: Clock, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, ends = volunteers(store, 2)
    account_id = ask(auth, stays, ends)[1]
    if how == "closed":
        store.close_session(token_hash(ends))
    elif how == "disabled":
        store.change(account_id, disabled=True)
    else:
        real = store.find_sessions([token_hash(ends)])[token_hash(ends)]
        monkeypatch.setattr(store._clock, "now_us", lambda: real.expires_at_us)
    assert ask(auth, ends) == [account_id], "the bound is TTL_S"
    clock.now += TTL_S + 0.1
    if how == "expired":
        assert ask(auth, stays, ends) == ["", ""]
    else:
        assert "" not in ask(auth, stays)
        assert ask(auth, ends) == [""]


def test_a_role_that_changed_while_others_were_looked_up_is_not_kept(
    store: Store, auth: Authenticator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = volunteers(store, 2)
    accounts = ask(auth, one, other)
    clock.now += TTL_S + 0.1
    real = store.find_sessions

    def slow(hashes: Sequence[str]) -> dict[str, Found]:
        found = real(hashes)
        auth.forget_account(accounts[1])  # a change of role in this process, in the middle of the reading
        return found

    monkeypatch.setattr(store, "find_sessions", slow)
    ask(auth, one)
    monkeypatch.setattr(store, "find_sessions", real)
    assert auth.cached(token_hash(other)) is None


def test_an_unknown_session_is_anonymous(auth: Authenticator) -> None:
    assert asyncio.run(auth.by_session("nobody")) is ANONYMOUS


def test_memberships_come_with_their_own_session(store: Store) -> None:
    tokens = [f"token-{k}" for k in range(3)]
    for token in tokens:
        account = store.create_account(f"{token}@example.org", "hash", token, "1")
        store.open_session(account, token_hash(token))
    found = store.find_sessions([token_hash(t) for t in tokens])
    ids = [found[token_hash(t)].account.id for t in tokens]
    members = MemberStore(store._db, SystemClock())
    members.put("project-a", ids[0], Role.LAB, must_exist=False)
    members.put("project-b", ids[0], Role.EXPERT, must_exist=False)
    members.put("project-a", ids[2], Role.EXPERT)
    again = store.find_sessions([token_hash(t) for t in tokens])
    assert [again[token_hash(t)].memberships for t in tokens] == [
        {"project-a": Role.LAB, "project-b": Role.EXPERT},
        {},
        {"project-a": Role.EXPERT},
    ]
    assert again[token_hash(tokens[1])] == found[token_hash(tokens[1])]
    assert store.find_sessions([]) == {}


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_stepped_clock_is_followed_with_the_next_request(store: Store, step_s: float) -> None:
    """The signature that was made before the step would be refused by every service."""
    wall = Clock()
    auth = Authenticator(store, Keys("s" * 32), wall=wall)
    (token,) = volunteers(store, 1)

    def header() -> bytes:
        return asyncio.run(auth.by_session(token)).header

    first = header()
    wall.now += 1.0
    assert header() == first
    wall.now = 10_000.0 + step_s
    decode_principal(header().decode(), Keys("s" * 32), now_s=int(wall.now))
