"""Inbox: the event ids that a consumer group has applied, written in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete

from shared.db.session import metadata
from shared.db.upsert import upsert

inbox_table = Table(
    "bus_inbox",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("event_id", String(36), primary_key=True),
    Column("applied_at_us", BigInteger, nullable=False, index=True),
)


def record_many(conn: Connection, consumer: str, event_ids: Sequence[str], now_us: int) -> set[str]:
    """Note that `consumer` applies these events now; answers those of them that were not applied before. The effect of the others must
    not happen again."""
    if not event_ids:
        return set()
    # Each id once, in one order everywhere: two members of a group that note the same events can't wait for each other.
    rows = [
        {"consumer": consumer, "event_id": event_id, "applied_at_us": now_us}
        for event_id in sorted(set(event_ids))
    ]
    return set(conn.execute(_note(conn.dialect.name), rows).scalars())


@cache
def _note(dialect: str) -> Any:
    """Built once a dialect: every event of every service passes here, and building it costs more than running it."""
    # RETURNING and not rowcount: psycopg reports -1 for this statement, and every event would look like a duplicate.
    statement = upsert(dialect, inbox_table).on_conflict_do_nothing()
    return statement.returning(inbox_table.c.event_id)


def forget_before(conn: Connection, moment_us: int) -> int:
    """Drop entries older than `moment_us`: longer ago than any message is redelivered (topic retention)."""
    return conn.execute(delete(inbox_table).where(inbox_table.c.applied_at_us < moment_us)).rowcount
