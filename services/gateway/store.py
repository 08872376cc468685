"""Accounts, consents, sessions and what the authenticator looks up. Each public method is one transaction.

Rows come back as frozen dataclasses; "not found" is None where the caller decides what that means, else `NotFound`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.gateway.tables import accounts as a
from services.gateway.tables import api_keys as k
from services.gateway.tables import consents as c
from services.gateway.tables import deliveries as d
from services.gateway.tables import memberships as m
from services.gateway.tables import sessions as s
from services.gateway.tables import webhooks as w
from shared.auth import ALL_SCOPES, Role
from shared.clock import Clock
from shared.db.session import Database
from shared.errors import Conflict, NotFound
from shared.ids import new_id

ACCOUNT_SESSION_S = 30 * 86_400
GUEST_SESSION_S = 180 * 86_400  # a guest who loses the cookie loses the rater, so it lasts longer
_KEY_USE_GRAIN_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a robot. `email` is "" and `password_hash` is "" for guests."""

    id: str
    email: str
    password_hash: str
    display_name: str
    role: Role
    is_guest: bool
    disabled: bool
    consent_version: str
    created_at_us: int
    leaderboard: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a session or key leads to: the live account with its memberships, and the key's scopes."""

    account: Account
    memberships: dict[str, Role] = field(default_factory=dict)
    scopes: frozenset[str] = ALL_SCOPES
    key_id: str = ""
    expires_at_us: int = 0


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        email=row.email or "",
        password_hash=row.password_hash or "",
        display_name=row.display_name,
        role=Role(row.role),
        is_guest=bool(row.is_guest),
        disabled=bool(row.disabled),
        consent_version=row.consent_version,
        created_at_us=row.created_at_us,
        leaderboard=bool(row.leaderboard),
    )


# Built once: each is asked for most requests, and building one costs more than SQLite takes to run it.
_MEMBERSHIPS = select(m.c.account_id, m.c.project_id, m.c.role).where(
    m.c.account_id.in_(bindparam("accounts", expanding=True))
)
_SESSIONS = (
    select(a, s.c.token_hash, s.c.expires_at_us)
    .join(s, s.c.account_id == a.c.id)
    .where(s.c.token_hash.in_(bindparam("hashes", expanding=True)))
)
_KEY = (
    select(a, k.c.id.label("key_id"), k.c.scopes, k.c.revoked_at_us, k.c.last_used_at_us)
    .join(k, k.c.account_id == a.c.id)
    .where(k.c.token_hash == bindparam("hash"))
)


def memberships_of(conn: Connection, account_ids: Collection[str]) -> dict[str, dict[str, Role]]:
    """Account → project id → role; each of the accounts is in it. No account: no statement."""
    found: dict[str, dict[str, Role]] = {account_id: {} for account_id in account_ids}
    if found:
        for row in conn.execute(_MEMBERSHIPS, {"accounts": list(found)}):
            found[row.account_id][row.project_id] = Role(row.role)
    return found


class AccountStore:
    """Accounts, consents and sessions."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        #: Two look-ups by key in a local file: less work than handing them to another thread, and no writer holds them up (WAL).
        self.reads_at_once = db.is_sqlite

    def create_guest(self, display_name: str, consent_version: str) -> Account:
        """A rater without address and password."""
        return self._create(None, None, display_name, Role.VOLUNTEER, consent_version)

    def create_account(
        self,
        email: str,
        password_hash: str,
        display_name: str,
        consent_version: str,
        role: Role = Role.VOLUNTEER,
    ) -> Account:
        """An account with a log-in. Raises Conflict where the address has one."""
        return self._create(email, password_hash, display_name, role, consent_version)

    def _create(
        self,
        email: str | None,
        password_hash: str | None,
        display_name: str,
        role: Role,
        consent_version: str,
    ) -> Account:
        now = self._clock.now_us()
        row = {
            "id": new_id(),
            "email": email,
            "password_hash": password_hash,
            "display_name": display_name,
            "role": int(role),
            "is_guest": email is None,
            "disabled": False,
            "consent_version": consent_version,
            "created_at_us": now,
        }
        try:
            with self._db.begin() as conn:
                conn.execute(insert(a).values(row))
                if consent_version:
                    self._record_consent(conn, str(row["id"]), consent_version, now)
        except IntegrityError as error:
            raise _taken() from error
        return self.get(str(row["id"]))

    def upgrade_guest(
        self, account_id: str, email: str, password_hash: str, display_name: str, consent_version: str
    ) -> Account:
        """Give a guest a log-in; the id, and with it the rater and all submissions, stays. Raises Conflict where the address has an
        account or the account isn't a guest any more."""
        now = self._clock.now_us()
        values = {
            "email": email,
            "password_hash": password_hash,
            "display_name": display_name,
            "is_guest": False,
            "consent_version": consent_version,
        }
        try:
            with self._db.begin() as conn:
                changed = conn.execute(
                    update(a).where(a.c.id == account_id, a.c.is_guest).values(values)
                ).rowcount
                if not changed:
                    raise Conflict("This guest has signed up already; log in with the e-mail address.")
                self._record_consent(conn, account_id, consent_version, now)
                # A session that was handed around while it belonged to a guest must not open the account.
                conn.execute(delete(s).where(s.c.account_id == account_id))
        except IntegrityError as error:
            raise _taken() from error
        return self.get(account_id)

    def get(self, account_id: str) -> Account:
        """Raises NotFound."""
        with self._db.read() as conn:
            row = conn.execute(select(a).where(a.c.id == account_id)).one_or_none()
        if row is None:
            raise NotFound("There is no account with this id.")
        return _account(row)

    def by_email(self, email: str) -> Account | None:
        """The account of a normalised address."""
        with self._db.read() as conn:
            row = conn.execute(select(a).where(a.c.email == email)).one_or_none()
        return None if row is None else _account(row)

    def page(self, limit: int, after: str = "") -> list[Account]:
        """Accounts by id, those with a log-in and guests alike."""
        with self._db.read() as conn:
            rows = conn.execute(select(a).where(a.c.id > after).order_by(a.c.id).limit(limit)).all()
        return [_account(row) for row in rows]

    def change(self, account_id: str, *, role: Role | None = None, disabled: bool | None = None) -> Account:
        """Change role or lock out. Raises NotFound, and Conflict where no operator would be left."""
        values: dict[str, object] = {}
        if role is not None:
            values["role"] = int(role)
        if disabled is not None:
            values["disabled"] = disabled
        with self._db.begin() as conn:
            row = conn.execute(select(a).where(a.c.id == account_id)).one_or_none()
            if row is None:
                raise NotFound("There is no account with this id.")
            loses = row.role == Role.OPERATOR and (
                disabled or (role is not None and role is not Role.OPERATOR)
            )
            others = select(a.c.id).where(
                a.c.role == Role.OPERATOR, a.c.id != account_id, a.c.disabled.is_(False)
            )
            if loses and conn.execute(others.limit(1)).first() is None:
                raise Conflict("This is the last operator; make another one first.")
            if values:
                conn.execute(update(a).where(a.c.id == account_id).values(values))
            if disabled:
                conn.execute(delete(s).where(s.c.account_id == account_id))
        return self.get(account_id)

    def describe(self, account_id: str, *, display_name: str | None, leaderboard: bool | None) -> Account:
        """Change what a person says of themselves; None leaves it. Raises NotFound."""
        values: dict[str, Any] = {}
        if display_name is not None:
            values["display_name"] = display_name
        if leaderboard is not None:
            values["leaderboard"] = leaderboard
        if values:
            with self._db.begin() as conn:
                conn.execute(update(a).where(a.c.id == account_id).values(**values))
        return self.get(account_id)

    def shown_names(self, account_ids: list[str]) -> dict[str, str]:
        """id → name of those among the accounts who want to be on leaderboards."""
        wanted = select(a.c.id, a.c.display_name).where(
            a.c.id.in_(account_ids), a.c.leaderboard, a.c.disabled.is_(False), a.c.is_guest.is_(False)
        )
        with self._db.read() as conn:
            return {row.id: row.display_name for row in conn.execute(wanted)}

    def erase(self, account_id: str) -> None:
        """Forget the person: address, name, password hash, consents, sessions, keys, memberships and webhooks. The id stays where
        other services and the log use it, and leads to nobody. Raises NotFound, and Conflict where no operator would be left, or a
        project would be left without a lab."""
        with self._db.begin() as conn:
            row = conn.execute(select(a).where(a.c.id == account_id).with_for_update()).one_or_none()
            if row is None:
                raise NotFound("There is no account with this id.")
            others = select(a.c.id).where(
                a.c.role == Role.OPERATOR, a.c.id != account_id, a.c.disabled.is_(False)
            )
            if row.role == Role.OPERATOR and conn.execute(others.limit(1)).first() is None:
                raise Conflict("This is the last operator; make another one first.")
            lab_of = select(m.c.project_id).where(m.c.account_id == account_id, m.c.role >= Role.LAB)
            shared = select(m.c.project_id).where(m.c.account_id != account_id, m.c.role >= Role.LAB)
            alone = conn.execute(lab_of.where(m.c.project_id.not_in(shared)).limit(1)).scalar()
            if alone is not None:
                raise Conflict(
                    f"This account is the only lab of the project {alone}; add another member with that role first.",
                    code="last-lab",
                )
            hooks = select(w.c.id).where(w.c.account_id == account_id)
            conn.execute(delete(d).where(d.c.webhook_id.in_(hooks)))
            for table in (w, s, k, m, c):
                conn.execute(delete(table).where(table.c.account_id == account_id))
            conn.execute(delete(a).where(a.c.id == account_id))

    def set_password(self, account_id: str, password_hash: str, *, end_sessions: bool = True) -> None:
        """Set the hash; `end_sessions` logs the account out everywhere."""
        with self._db.begin() as conn:
            conn.execute(update(a).where(a.c.id == account_id).values(password_hash=password_hash))
            if end_sessions:
                conn.execute(delete(s).where(s.c.account_id == account_id))

    def give_consent(self, account_id: str, version: str) -> None:
        """Record that the account agreed to `version` now; the first time counts."""
        with self._db.begin() as conn:
            conn.execute(update(a).where(a.c.id == account_id).values(consent_version=version))
            self._record_consent(conn, account_id, version, self._clock.now_us())

    @staticmethod
    def _record_consent(conn: Connection, account_id: str, version: str, now_us: int) -> None:
        known = select(c.c.version).where(c.c.account_id == account_id, c.c.version == version)
        if conn.execute(known).first() is None:
            conn.execute(insert(c).values(account_id=account_id, version=version, given_at_us=now_us))

    def open_session(self, account: Account, token_hash: str, replaces: str = "") -> int:
        """Keep a new session and end the one it `replaces`; answers when it expires (µs). Expired ones are swept on the way."""
        now = self._clock.now_us()
        seconds = GUEST_SESSION_S if account.is_guest else ACCOUNT_SESSION_S
        expires = now + seconds * 1_000_000
        row = {
            "token_hash": token_hash,
            "account_id": account.id,
            "created_at_us": now,
            "expires_at_us": expires,
        }
        with self._db.begin() as conn:
            conn.execute(delete(s).where((s.c.expires_at_us <= now) | (s.c.token_hash == replaces)))
            conn.execute(insert(s).values(row))
        return expires

    def close_session(self, token_hash: str) -> None:
        """End a session; nothing happens when it is gone."""
        with self._db.begin() as conn:
            conn.execute(delete(s).where(s.c.token_hash == token_hash))

    def find_sessions(self, token_hashes: Sequence[str]) -> dict[str, Found]:
        """Token hash → the live session's account; without those that are unknown, expired or disabled. Two statements for any number."""
        now = self._clock.now_us()
        with self._db.read() as conn:
            rows = conn.execute(_SESSIONS, {"hashes": list(token_hashes)}).all()
            rows = [row for row in rows if not row.disabled and row.expires_at_us > now]
            memberships = memberships_of(conn, {row.id for row in rows})
        return {
            row.token_hash: Found(_account(row), memberships[row.id], expires_at_us=row.expires_at_us)
            for row in rows
        }

    def find_key(self, token_hash: str) -> Found | None:
        """The live key's account and scopes, or None: unknown, revoked or disabled. Notes the use, at most once an hour."""
        now = self._clock.now_us()
        with self._db.read() as conn:
            row = conn.execute(_KEY, {"hash": token_hash}).one_or_none()
            if row is None or row.disabled or row.revoked_at_us is not None:
                return None
            found = Found(
                _account(row),
                memberships_of(conn, [row.id])[row.id],
                frozenset(row.scopes.split(",")),
                key_id=row.key_id,
            )
        if row.last_used_at_us is None or now - row.last_used_at_us > _KEY_USE_GRAIN_US:
            with self._db.begin() as conn:
                conn.execute(update(k).where(k.c.id == row.key_id).values(last_used_at_us=now))
        return found


def _taken() -> Conflict:
    return Conflict("This e-mail address has an account; log in instead.", code="email-taken")
