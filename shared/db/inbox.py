"""Inbox: the event ids that a consumer group has applied, written in the transaction of the effect."""

from __future__ import annotations

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


def record(conn: Connection, consumer: str, event_id: str, now_us: int) -> bool:
    """Note that `consumer` applies `event_id` now. False: it was applied before, so the effect must not happen again."""
    statement = (
        upsert(conn.dialect.name, inbox_table)
        .values(consumer=consumer, event_id=event_id, applied_at_us=now_us)
        .on_conflict_do_nothing()
        # Not rowcount: psycopg reports -1 for this statement, and every event would look like a duplicate.
        .returning(inbox_table.c.event_id)
    )
    return conn.execute(statement).first() is not None


def forget_before(conn: Connection, moment_us: int) -> int:
    """Drop entries older than `moment_us`: longer ago than any message is redelivered (topic retention)."""
    return conn.execute(delete(inbox_table).where(inbox_table.c.applied_at_us < moment_us)).rowcount
