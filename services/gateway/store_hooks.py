"""Webhooks and their deliveries. A delivery is a row that a worker leases by moving `next_at_us` ahead."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update

from services.gateway.domain.hooks import next_try_s
from services.gateway.tables import deliveries as d
from services.gateway.tables import webhooks as w
from shared.clock import Clock, to_rfc3339
from shared.db.session import Database
from shared.db.upsert import upsert
from shared.errors import Conflict, NotFound
from shared.ids import new_id

MAX_HOOKS = 20
_CLAIM_US = 60_000_000
_KEEP_US = 7 * 86_400 * 1_000_000
_CACHE_S = 5.0


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as deliveries need it."""

    id: str
    project_id: str
    types: frozenset[str]

    def wants(self, project_id: str, kind: str) -> bool:
        return project_id == self.project_id and (not self.types or kind in self.types)


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that this worker may try now."""

    webhook_id: str
    event_id: str
    type: str
    body: bytes
    tries: int
    url: str
    secret: str


class HookStore:
    """Each public method is one transaction."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._cache: list[Hook] = []
        self._cached_until = 0.0
        self._lock = threading.Lock()

    def create(
        self, project_id: str, account_id: str, url: str, secret: str, types: list[str]
    ) -> dict[str, Any]:
        """Keep a webhook; answers its row without the secret. Raises Conflict over `MAX_HOOKS` of a project."""
        row = {
            "id": new_id(),
            "project_id": project_id,
            "account_id": account_id,
            "url": url,
            "secret": secret,
            "types": ",".join(types),
            "created_at_us": self._clock.now_us(),
        }
        count = select(func.count()).select_from(w).where(w.c.project_id == project_id)
        with self._db.begin() as conn:
            if conn.execute(count).scalar_one() >= MAX_HOOKS:
                raise Conflict(f"A project may have {MAX_HOOKS} webhooks; delete one first.")
            conn.execute(insert(w).values(row))
        self._cached_until = 0.0
        return _hook(row, 0, 0)

    def of_projects(self, project_ids: list[str] | None) -> list[dict[str, Any]]:
        """Webhooks of these projects (None: all), with how many deliveries wait or were given up."""
        waiting = func.coalesce(func.sum(case((d.c.status == "pending", 1), else_=0)), 0)
        given_up = func.coalesce(func.sum(case((d.c.status == "failed", 1), else_=0)), 0)
        query = (
            select(w, waiting.label("waiting"), given_up.label("given_up"))
            .join(d, d.c.webhook_id == w.c.id, isouter=True)
            .group_by(*w.c)
            .order_by(w.c.id)
            .limit(200)
        )
        if project_ids is not None:
            query = query.where(w.c.project_id.in_(project_ids))
        with self._db.read() as conn:
            return [_hook(row._asdict(), row.waiting, row.given_up) for row in conn.execute(query)]

    def project_of(self, webhook_id: str) -> str:
        """Raises NotFound."""
        with self._db.read() as conn:
            project = conn.execute(select(w.c.project_id).where(w.c.id == webhook_id)).scalar_one_or_none()
        if project is None:
            raise NotFound("There is no webhook with this id.")
        return str(project)

    def delete(self, webhook_id: str) -> None:
        """Delete with all its deliveries."""
        with self._db.begin() as conn:
            conn.execute(delete(d).where(d.c.webhook_id == webhook_id))
            conn.execute(delete(w).where(w.c.id == webhook_id))
        self._cached_until = 0.0

    def all_hooks(self) -> list[Hook]:
        """Every webhook, at most `_CACHE_S` old: asked for each batch of events."""
        with self._lock:
            if time.monotonic() >= self._cached_until:
                with self._db.read() as conn:
                    rows = conn.execute(select(w.c.id, w.c.project_id, w.c.types)).all()
                self._cache = [
                    Hook(r.id, r.project_id, frozenset(r.types.split(",")) if r.types else frozenset())
                    for r in rows
                ]
                self._cached_until = time.monotonic() + _CACHE_S
            return self._cache

    def enqueue(self, rows: list[tuple[str, str, str, bytes]]) -> None:
        """Keep deliveries `(webhook_id, event_id, type, body)`; one that is there already is left alone."""
        if not rows:
            return
        now = self._clock.now_us()
        values = [
            {
                "webhook_id": hook,
                "event_id": event,
                "type": kind,
                "body": body,
                "status": "pending",
                "tries": 0,
                "next_at_us": now,
                "error": "",
                "created_at_us": now,
            }
            for hook, event, kind, body in rows
        ]
        with self._db.begin() as conn:
            conn.execute(upsert(conn.dialect.name, d).on_conflict_do_nothing(), values)

    def claim(self, most: int = 10) -> list[Due]:
        """Due deliveries, leased to the caller for a minute: should it die, they come due again."""
        now = self._clock.now_us()
        query = (
            select(d, w.c.url, w.c.secret)
            .join(w, w.c.id == d.c.webhook_id)
            .where(d.c.status == "pending", d.c.next_at_us <= now)
            .order_by(d.c.next_at_us)
            .limit(most)
        )
        with self._db.read() as conn:
            rows = conn.execute(query).all()
        if not rows:
            return []
        taken = []
        with self._db.begin() as conn:
            for row in rows:
                here = (d.c.webhook_id == row.webhook_id) & (d.c.event_id == row.event_id)
                # Another replica may have read the same row; only one of the two changes it.
                mine = update(d).where(here, d.c.status == "pending", d.c.next_at_us == row.next_at_us)
                if conn.execute(mine.values(next_at_us=now + _CLAIM_US)).rowcount:
                    taken.append(
                        Due(
                            row.webhook_id,
                            row.event_id,
                            row.type,
                            bytes(row.body),
                            row.tries,
                            row.url,
                            row.secret,
                        )
                    )
        return taken

    def delivered(self, due: Due) -> None:
        """The receiver answered 2xx."""
        self._settle(due, status="delivered", tries=due.tries + 1, error="")

    def failed(self, due: Due, error: str) -> None:
        """The try failed: a later one is planned, or after the last the delivery is given up (and kept for the lab to see)."""
        tries = due.tries + 1
        wait = next_try_s(tries)
        if wait is None:
            self._settle(due, status="failed", tries=tries, error=error[:200])
        else:
            at = self._clock.now_us() + wait * 1_000_000
            self._settle(due, tries=tries, error=error[:200], next_at_us=at)

    def _settle(self, due: Due, **values: object) -> None:
        here = (d.c.webhook_id == due.webhook_id) & (d.c.event_id == due.event_id)
        with self._db.begin() as conn:
            conn.execute(update(d).where(here).values(**values))

    def sweep(self) -> int:
        """Drop deliveries that are settled and older than a week."""
        before = self._clock.now_us() - _KEEP_US
        with self._db.begin() as conn:
            return conn.execute(delete(d).where(d.c.status != "pending", d.c.created_at_us < before)).rowcount


def _hook(row: dict[str, Any], waiting: int, given_up: int) -> dict[str, Any]:
    return {
        "id": row["id"],
        "project_id": row["project_id"],
        "url": row["url"],
        "types": row["types"].split(",") if row["types"] else [],
        "created_at": to_rfc3339(row["created_at_us"]),
        "pending": int(waiting),
        "failed": int(given_up),
    }
