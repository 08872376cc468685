"""Consent, sign-up, log-in, API keys."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway import consent
from services.gateway.api_common import Asking, Who, me_of, start_session
from services.gateway.domain import limits
from services.gateway.domain.credentials import (
    check_password,
    clean_name,
    new_api_key,
    normalise_email,
    parse_scopes,
)
from services.gateway.domain.limits import Limit, retry_after
from services.gateway.identity import COOKIE
from services.gateway.parts import Parts
from services.gateway.schemas import (
    Consent,
    ConsentIn,
    Erased,
    EraseIn,
    GuestIn,
    Key,
    KeyIn,
    Keys,
    LoginIn,
    Me,
    MePatch,
    NewKeyOut,
    PasswordIn,
    RegisterIn,
)
from services.gateway.store_access import Entry
from shared.errors import Conflict, InvalidInput, TooManyRequests, Unauthenticated


def account_router(parts: Parts) -> APIRouter:
    """`/consent`, `/auth/*`, `/keys`."""
    router = APIRouter()

    def limit(which: Limit, key: str) -> None:
        wait = parts.limiter.take(which, key)
        if wait > 0:
            seconds = retry_after(wait)
            raise TooManyRequests(f"Too many {which.what}; try again in {seconds} s.", retry_after=seconds)

    def address(request: Request) -> str:
        return request.client.host if request.client else "unknown"

    def require_current(version: str) -> None:
        if version != consent.CURRENT:
            raise InvalidInput(
                f"The consent to accept is version {consent.CURRENT}; read it at GET /consent.",
                code="consent-version",
            )

    @router.get("/consent", tags=["accounts"], operation_id="readConsent")
    async def read_consent() -> Consent:
        """The consent that a rater must accept."""
        return Consent(version=consent.CURRENT, text=consent.current_text())

    @router.post("/auth/guest", tags=["accounts"], operation_id="startAsGuest")
    def start_as_guest(body: GuestIn, request: Request, response: Response, asking: Asking) -> Me:
        """Go on as a guest: a rater without address and password."""
        require_current(body.consent_version)
        limit(limits.SIGN_UP, address(request))
        name = clean_name(body.display_name, "display name") if body.display_name else "Guest"
        account = parts.accounts.create_guest(name, body.consent_version)
        parts.audit.write(Entry("auth.guest", account.id))
        return start_session(parts, response, account, asking)

    @router.post("/auth/register", tags=["accounts"], operation_id="register")
    async def register(body: RegisterIn, request: Request, response: Response, asking: Asking) -> Me:
        """Sign up. With a guest's session the guest's rater and drawings go over to the account."""
        require_current(body.consent_version)
        email = normalise_email(body.email)
        check_password(body.password, email)
        name = clean_name(body.display_name, "display name")
        principal = asking.principal
        if principal is not None and not principal.is_guest:
            raise Conflict("You are logged in already; log out first.")
        limit(limits.SIGN_UP, address(request))
        hashed = await parts.passwords.hash(body.password)

        def keep() -> Me:
            if principal is not None:
                account = parts.accounts.upgrade_guest(
                    principal.id, email, hashed, name, body.consent_version
                )
                parts.auth.forget_account(account.id)
            else:
                account = parts.accounts.create_account(email, hashed, name, body.consent_version)
            parts.audit.write(Entry("auth.register", account.id))
            return start_session(parts, response, account, asking)

        return await run_in_threadpool(keep)

    @router.post("/auth/login", tags=["accounts"], operation_id="logIn")
    async def log_in(body: LoginIn, request: Request, response: Response, asking: Asking) -> Me:
        """Start a session. An unknown address takes as long and answers the same as a wrong password."""
        email = body.email.strip().lower()
        limit(limits.LOGIN_ADDRESS, address(request))
        # Hashed, so that the limiter's memory holds no addresses.
        limit(limits.LOGIN_EMAIL, hashlib.sha256(email.encode()).hexdigest())
        account = await run_in_threadpool(parts.accounts.by_email, email)
        right, rehash = await parts.passwords.verify(account.password_hash if account else "", body.password)
        if account is None or not right or account.disabled:
            if account is not None:
                await run_in_threadpool(parts.audit.write, Entry("auth.login-failed", account.id, status=401))
            raise Unauthenticated("The e-mail address or the password is wrong.", code="wrong-credentials")
        if rehash:
            hashed = await parts.passwords.hash(body.password)
            await run_in_threadpool(parts.accounts.set_password, account.id, hashed, end_sessions=False)

        def keep() -> Me:
            parts.audit.write(Entry("auth.login", account.id))
            return start_session(parts, response, account, asking)

        return await run_in_threadpool(keep)

    @router.post("/auth/logout", status_code=204, tags=["accounts"], operation_id="logOut")
    def log_out(response: Response, who: Who, asking: Asking) -> None:
        """End this session, at once."""
        if asking.kind != "session":
            raise InvalidInput("An API key has no session; revoke the key instead.")
        parts.accounts.close_session(asking.credential)
        parts.auth.forget(asking.credential)
        parts.audit.write(Entry("auth.logout", who.id))
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=parts.https)

    @router.get("/auth/me", tags=["accounts"], operation_id="readMe")
    def read_me(who: Who, asking: Asking) -> Me:
        """Who is logged in, with the CSRF token of this session."""
        return me_of(parts, parts.accounts.get(who.id), asking.credential if asking.kind == "session" else "")

    @router.patch("/auth/me", tags=["accounts"], operation_id="changeMe")
    def change_me(body: MePatch, who: Who, asking: Asking) -> Me:
        """Change your name, or whether it may stand on leaderboards."""
        if who.is_guest and body.leaderboard:
            raise InvalidInput("A guest has no name to show on a leaderboard; sign up first.")
        name = None if body.display_name is None else clean_name(body.display_name, "display name")
        account = parts.accounts.describe(who.id, display_name=name, leaderboard=body.leaderboard)
        parts.auth.forget_account(who.id)
        parts.audit.write(Entry("account.change", who.id, key_id=who.key_id))
        return me_of(parts, account, asking.credential if asking.kind == "session" else "")

    @router.post("/auth/consent", tags=["accounts"], operation_id="giveConsent")
    def give_consent(body: ConsentIn, who: Who, asking: Asking) -> Me:
        """Accept the current consent."""
        require_current(body.version)
        parts.accounts.give_consent(who.id, body.version)
        parts.auth.forget_account(who.id)
        parts.audit.write(Entry("auth.consent", who.id, target=body.version, key_id=who.key_id))
        return me_of(parts, parts.accounts.get(who.id), asking.credential if asking.kind == "session" else "")

    @router.post("/auth/password", tags=["accounts"], operation_id="changePassword")
    async def change_password(body: PasswordIn, response: Response, who: Who, asking: Asking) -> Me:
        """Change the password; ends every session of the account and starts a new one here."""
        account = await run_in_threadpool(parts.accounts.get, who.id)
        if account.is_guest:
            raise InvalidInput("A guest has no password; sign up instead.")
        limit(limits.LOGIN_EMAIL, hashlib.sha256(account.email.encode()).hexdigest())
        check_password(body.new, account.email)
        right, _ = await parts.passwords.verify(account.password_hash, body.current)
        if not right:
            # Not 401: the session is fine, and a client would log out on it.
            raise InvalidInput("The current password is wrong.", code="wrong-credentials")
        hashed = await parts.passwords.hash(body.new)

        def keep() -> Me:
            parts.accounts.set_password(who.id, hashed)
            parts.auth.forget_account(who.id)
            parts.audit.write(Entry("auth.password", who.id, key_id=who.key_id))
            return start_session(parts, response, account, asking)

        return await run_in_threadpool(keep)

    @router.delete("/auth/me", tags=["accounts"], operation_id="eraseMe")
    async def erase_me(body: EraseIn, response: Response, who: Who, asking: Asking) -> Erased:
        """Erase your account: address, name, password, sessions, keys and memberships, at once and for good.

        What you drew stays under your rater's random number, which then leads to nobody.
        """
        if asking.kind != "session":
            raise InvalidInput("An API key can't erase its account; log in in the browser to do so.")
        account = await run_in_threadpool(parts.accounts.get, who.id)
        if not account.is_guest:
            limit(limits.LOGIN_EMAIL, hashlib.sha256(account.email.encode()).hexdigest())
            right, _ = await parts.passwords.verify(account.password_hash, body.password or "")
            if not right:
                # Not 401: the session is fine, and a client would log out on it.
                raise InvalidInput("The password is wrong; nothing was erased.", code="wrong-credentials")

        def erase() -> None:
            parts.accounts.erase(who.id)
            parts.auth.forget_account(who.id)
            parts.audit.write(Entry("account.erase", who.id, target=who.id))

        await run_in_threadpool(erase)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=parts.https)
        return Erased()

    @router.get("/keys", tags=["keys"], operation_id="listKeys")
    def list_keys(who: Who) -> Keys:
        """Your API keys, never a secret."""
        return Keys(items=[Key(**row) for row in parts.keys.of_account(who.id)])

    @router.post("/keys", status_code=201, tags=["keys"], operation_id="createKey")
    def create_key(body: KeyIn, who: Who) -> NewKeyOut:
        """Make an API key; its secret is shown once."""
        if who.is_guest:
            raise InvalidInput("A guest can't have API keys; sign up first.")
        scopes = parse_scopes(None if body.scopes is None else [*body.scopes])
        key = new_api_key()
        row = parts.keys.create(who.id, clean_name(body.name, "key's name"), key, scopes)
        parts.audit.write(Entry("key.create", who.id, target=row["id"], status=201, key_id=who.key_id))
        return NewKeyOut(**row, secret=key.text)

    @router.delete("/keys/{key_id}", status_code=204, tags=["keys"], operation_id="revokeKey")
    def revoke_key(key_id: str, who: Who) -> None:
        """Revoke a key; its next request is answered 401."""
        parts.auth.forget(parts.keys.revoke(who.id, key_id))
        parts.audit.write(Entry("key.revoke", who.id, target=key_id, status=204, key_id=who.key_id))

    return router
