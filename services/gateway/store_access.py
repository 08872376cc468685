"""API keys, memberships and the audit log. Each public method is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from services.gateway.domain.credentials import NewKey
from services.gateway.tables import accounts as a
from services.gateway.tables import api_keys as k
from services.gateway.tables import audit as log
from services.gateway.tables import memberships as m
from shared import telemetry
from shared.auth import Role
from shared.clock import Clock, to_rfc3339
from shared.db.session import Database
from shared.errors import Conflict, InvalidInput, NotFound
from shared.ids import new_id

MAX_KEYS = 50


class KeyStore:
    """API keys of accounts."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def create(self, account_id: str, name: str, key: NewKey, scopes: frozenset[str]) -> dict[str, Any]:
        """Keep a key; answers its row as listed. Raises Conflict over `MAX_KEYS` live keys."""
        row = {
            "id": new_id(),
            "account_id": account_id,
            "name": name,
            "prefix": key.prefix,
            "token_hash": key.digest,
            "scopes": ",".join(sorted(scopes)),
            "created_at_us": self._clock.now_us(),
        }
        live = (
            select(func.count())
            .select_from(k)
            .where(k.c.account_id == account_id, k.c.revoked_at_us.is_(None))
        )
        with self._db.begin() as conn:
            if conn.execute(live).scalar_one() >= MAX_KEYS:
                raise Conflict(f"An account may have {MAX_KEYS} keys; revoke one first.")
            conn.execute(insert(k).values(row))
        return _key(row)

    def of_account(self, account_id: str) -> list[dict[str, Any]]:
        """All keys, newest first, revoked ones too; never a secret."""
        query = select(k).where(k.c.account_id == account_id).order_by(k.c.id.desc()).limit(200)
        with self._db.read() as conn:
            return [_key(row._asdict()) for row in conn.execute(query)]

    def revoke(self, account_id: str, key_id: str) -> str:
        """Revoke a key of this account; answers its token hash, so that caches forget it. Raises NotFound."""
        with self._db.begin() as conn:
            row = conn.execute(select(k).where(k.c.id == key_id, k.c.account_id == account_id)).one_or_none()
            if row is None:
                raise NotFound("You have no key with this id.")
            if row.revoked_at_us is None:
                conn.execute(update(k).where(k.c.id == key_id).values(revoked_at_us=self._clock.now_us()))
        return str(row.token_hash)


def _key(row: dict[str, Any]) -> dict[str, Any]:
    used, revoked = row.get("last_used_at_us"), row.get("revoked_at_us")
    return {
        "id": row["id"],
        "name": row["name"],
        "prefix": row["prefix"],
        "scopes": row["scopes"].split(","),
        "created_at": to_rfc3339(row["created_at_us"]),
        "last_used_at": to_rfc3339(used) if used else None,
        "revoked_at": to_rfc3339(revoked) if revoked else None,
    }


class MemberStore:
    """Who has which role in which project."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def put(self, project_id: str, account_id: str, role: Role, *, must_exist: bool = True) -> None:
        """Add a member or change the role. Raises NotFound for a project or account that isn't there, Conflict where no lab member
        would be left. `must_exist=False` starts a new project."""
        if role not in (Role.VOLUNTEER, Role.EXPERT, Role.LAB):
            raise InvalidInput("Within a project the roles are volunteer, expert and lab.")
        with self._db.begin() as conn:
            if must_exist:
                self._require(conn, project_id)
                if role is not Role.LAB:
                    self._keep_a_lab(conn, project_id, account_id)
            account = conn.execute(select(a.c.is_guest).where(a.c.id == account_id)).one_or_none()
            if account is None:
                raise NotFound("There is no account with this id.")
            if account.is_guest and role is not Role.VOLUNTEER:
                raise InvalidInput("A guest can't be given a role; ask them to sign up first.")
            here = (m.c.project_id == project_id) & (m.c.account_id == account_id)
            if not conn.execute(update(m).where(here).values(role=int(role))).rowcount:
                row = {
                    "project_id": project_id,
                    "account_id": account_id,
                    "role": int(role),
                    "added_at_us": self._clock.now_us(),
                }
                conn.execute(insert(m).values(row))

    def remove(self, project_id: str, account_id: str, *, force: bool = False) -> None:
        """Take a member out. Raises NotFound, Conflict for the last lab member; `force` undoes a project that wasn't made."""
        with self._db.begin() as conn:
            if not force:
                self._require(conn, project_id)
                self._keep_a_lab(conn, project_id, account_id)
            gone = conn.execute(
                delete(m).where(m.c.project_id == project_id, m.c.account_id == account_id)
            ).rowcount
            if not gone and not force:
                raise NotFound("This account isn't a member of the project.")

    def of_project(self, project_id: str, limit: int, after: str = "") -> list[dict[str, Any]]:
        """Members by account id. Raises NotFound for an unknown project."""
        query = (
            select(m.c.account_id, m.c.role, m.c.added_at_us, a.c.display_name)
            .join(a, a.c.id == m.c.account_id)
            .where(m.c.project_id == project_id, m.c.account_id > after)
            .order_by(m.c.account_id)
            .limit(limit)
        )
        with self._db.read() as conn:
            self._require(conn, project_id)
            return [
                {
                    "user_id": row.account_id,
                    "display_name": row.display_name,
                    "role": str(Role(row.role)),
                    "added_at": to_rfc3339(row.added_at_us),
                }
                for row in conn.execute(query)
            ]

    @staticmethod
    def _require(conn: Connection, project_id: str) -> None:
        # The owner is recorded before the project is made, so a project without members doesn't exist.
        if conn.execute(select(m.c.role).where(m.c.project_id == project_id).limit(1)).first() is None:
            raise NotFound("There is no project with this id.")

    @staticmethod
    def _keep_a_lab(conn: Connection, project_id: str, leaving: str) -> None:
        labs = (
            conn.execute(select(m.c.account_id).where(m.c.project_id == project_id, m.c.role == Role.LAB))
            .scalars()
            .all()
        )
        if list(labs) == [leaving]:
            raise Conflict("This is the project's last lab member; add another one first.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log. `target` is an id or a path, never a name or an address."""

    action: str
    account_id: str
    project_id: str = ""
    target: str = ""
    status: int = 200
    key_id: str = ""


class AuditStore:
    """Append-only log of who did what."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def write(self, entry: Entry) -> None:
        """Append; the request id of the request at hand goes with it."""
        row = {
            "id": new_id(),
            "at_us": self._clock.now_us(),
            "account_id": entry.account_id,
            "key_id": entry.key_id,
            "action": entry.action,
            "project_id": entry.project_id,
            "target": entry.target[:200],
            "status": entry.status,
            "request_id": telemetry.current_context().correlation_id,
        }
        with self._db.begin() as conn:
            conn.execute(insert(log).values(row))

    def page(self, project_id: str | None, limit: int, before: str = "") -> list[dict[str, Any]]:
        """Newest first; one project's entries, or with None all."""
        query = select(log).order_by(log.c.id.desc()).limit(limit)
        if project_id is not None:
            query = query.where(log.c.project_id == project_id)
        if before:
            query = query.where(log.c.id < before)
        with self._db.read() as conn:
            return [
                {
                    "id": row.id,
                    "at": to_rfc3339(row.at_us),
                    "account_id": row.account_id,
                    "key_id": row.key_id or None,
                    "action": row.action,
                    "project_id": row.project_id or None,
                    "target": row.target or None,
                    "status": row.status,
                    "request_id": row.request_id,
                }
                for row in conn.execute(query)
            ]
