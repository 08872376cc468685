"""Operators' routes: accounts and dead letters of all services."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter

from services.gateway.api_common import Cursor, Limit, Who
from services.gateway.forward import call_json
from services.gateway.parts import Parts
from services.gateway.schemas import DeadLetter, DeadLetters, Erased, Replayed, User, UserPatch, Users
from services.gateway.store import Account
from services.gateway.store_access import Entry
from shared.auth import Role
from shared.clock import to_rfc3339
from shared.errors import BrambleError, InvalidInput, NotFound, Unavailable
from shared.settings import SERVICES

_OTHERS = tuple(
    name for name in SERVICES if name != "gateway"
)  # the gateway buries nothing: it has no handlers


def admin_router(parts: Parts) -> APIRouter:
    """`/admin/*`."""
    router = APIRouter(prefix="/admin", tags=["admin"])

    @router.get("/users", operation_id="listUsers")
    def list_users(who: Who, limit: Limit = 50, cursor: Cursor = "") -> Users:
        """All accounts, oldest first."""
        who.require_role(Role.OPERATOR)
        rows = parts.accounts.page(limit + 1, cursor)
        more = rows[limit - 1].id if len(rows) > limit else None
        return Users(items=[_user(row) for row in rows[:limit]], next=more)

    @router.patch("/users/{user_id}", operation_id="changeUser")
    def change_user(user_id: str, body: UserPatch, who: Who) -> User:
        """Change an account's role, or lock it out (which ends its sessions at once)."""
        who.require_role(Role.OPERATOR)
        role = Role.parse(body.role) if body.role else None
        if role is not None and role > Role.VOLUNTEER and parts.accounts.get(user_id).is_guest:
            raise InvalidInput("A guest can't be given a role; ask them to sign up first.")
        account = parts.accounts.change(user_id, role=role, disabled=body.disabled)
        parts.auth.forget_account(user_id)
        what = f"user.role-{body.role}" if body.role else "user.disabled" if body.disabled else "user.change"
        parts.audit.write(Entry(what, who.id, target=user_id, key_id=who.key_id))
        return _user(account)

    @router.delete("/users/{user_id}", operation_id="eraseUser")
    def erase_user(user_id: str, who: Who) -> Erased:
        """Erase an account on its person's request: address, name, password, sessions, keys and memberships. Drawings stay under
        the rater's random number, which then leads to nobody."""
        who.require_role(Role.OPERATOR)
        parts.accounts.erase(user_id)
        parts.auth.forget_account(user_id)
        parts.audit.write(Entry("account.erase", who.id, target=user_id, key_id=who.key_id))
        return Erased()

    async def ask(service: str, method: str, path: str, who_header: bytes, query: str = "") -> Any:
        status, body = await call_json(
            parts.upstreams.get(service), method, path, principal=who_header, query=query, timeout_s=5.0
        )
        if status != 200 or not isinstance(body, dict):
            raise Unavailable(f"The service {service} answered {status}; see its logs.", retry_after=5)
        return body

    @router.get("/dead-letters", operation_id="listDeadLetters")
    async def list_dead_letters(who: Who, limit: Limit = 50) -> DeadLetters:
        """Events that no retry could help, of all services, newest first."""
        who.require_role(Role.OPERATOR)
        header = parts.auth.sign(who)
        asked = [ask(name, "GET", "/internal/dead-letters", header, f"limit={limit}") for name in _OTHERS]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        items: list[DeadLetter] = []
        unreachable = []
        for name, answer in zip(_OTHERS, answers, strict=True):
            if isinstance(answer, BrambleError):
                unreachable.append(name)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                items += [_letter(row) for row in answer["items"]]
        items.sort(key=lambda letter: letter.created_at, reverse=True)
        return DeadLetters(items=items[:limit], unreachable=unreachable)

    @router.get("/dead-letters/{letter_id}", operation_id="readDeadLetter")
    async def read_dead_letter(letter_id: str, who: Who) -> DeadLetter:
        """One dead letter with the traceback that buried it."""
        who.require_role(Role.OPERATOR)
        service, number = _split(letter_id)
        return _letter(await ask(service, "GET", f"/internal/dead-letters/{number}", parts.auth.sign(who)))

    @router.post("/dead-letters/{letter_id}/replay", operation_id="replayDeadLetter")
    async def replay_dead_letter(letter_id: str, who: Who) -> Replayed:
        """Publish a dead letter again, once its cause is mended. Consumers that have applied the event skip it."""
        who.require_role(Role.OPERATOR)
        service, number = _split(letter_id)
        answer = await ask(service, "POST", f"/internal/dead-letters/{number}/replay", parts.auth.sign(who))
        entry = Entry("dead-letter.replay", who.id, target=letter_id, key_id=who.key_id)
        await asyncio.to_thread(parts.audit.write, entry)
        return Replayed(id=letter_id, service=service, replayed_at=answer["replayed_at"])

    return router


def _user(account: Account) -> User:
    return User(
        id=account.id,
        role=str(account.role),
        display_name=account.display_name,
        email=account.email or None,
        is_guest=account.is_guest,
        disabled=account.disabled,
        created_at=to_rfc3339(account.created_at_us),
    )


def _letter(row: dict[str, Any]) -> DeadLetter:
    known = {name: row.get(name) for name in DeadLetter.model_fields}
    return DeadLetter(**{**known, "id": f"{row['service']}.{row['id']}"})


def _split(letter_id: str) -> tuple[str, int]:
    service, _, number = letter_id.partition(".")
    if service not in _OTHERS or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotFound("There is no dead letter with this id; ids look like consensus.17.")
    return service, int(number)
