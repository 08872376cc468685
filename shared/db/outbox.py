"""Transactional outbox: an event is a row in the transaction of its state change; a relay publishes it afterwards.

Every event that was committed is published at least once, in the order of the rows, also after `kill -9` between any two lines
below. Duplicates are the inbox's business.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
)

from shared import telemetry, tracing
from shared.bus.abstract import Bus, Producer
from shared.clock import Clock, SystemClock
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.db.rows import insert_rows
from shared.db.session import Database, after_commit, metadata
from shared.ids import new_id
from shared.pace import PACE

log = logging.getLogger(__name__)

outbox_table = Table(
    "bus_outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("service", String(32), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("event_id", String(36), nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

_listeners: dict[str, list[Callable[[], None]]] = {}
# Built once: a relay that has nothing to do asks twice a second.
_o = outbox_table.c
_NEXT = (
    select(_o.id, _o.topic, _o.key, _o.value, _o.created_at_us)
    .where(_o.service == bindparam("service"))
    .order_by(_o.id)
    .limit(bindparam("n"))
)
_ANY = select(_o.id).where(_o.service == bindparam("service")).limit(1)
_LOCK = select(func.pg_try_advisory_xact_lock(func.hashtext(bindparam("name", type_=String))))
_SENT = delete(outbox_table).where(
    _o.service == bindparam("service"), _o.id.in_(bindparam("ids", expanding=True))
)


def topic_of(message_type: type[Message] | Message) -> str:
    """`bramble.images.v1.ImageStored`: the topic of an event is its full proto name."""
    return str(message_type.DESCRIPTOR.full_name)


def envelope_for(service: str, key: str, message: Message, now_us: int) -> Envelope:
    """Wrap `message` with a new event id and the correlation of the request or message at hand."""
    context = telemetry.current_context()
    event_id, topic, traceparent = new_id(), topic_of(message), context.traceparent
    if span := tracing.start(f"{topic} create", "producer", traceparent):
        span.set(messaging_destination_name=topic, messaging_message_id=event_id, bramble_service=service)
        span.end()
        traceparent = span.traceparent
    return Envelope(
        event_id=event_id,
        type=topic,
        schema_version=1,
        occurred_at_us=now_us,
        correlation_id=context.correlation_id,
        traceparent=traceparent,
        partition_key=key,
        producer=service,
        payload=message.SerializeToString(deterministic=True),
    )


def outbox_row(service: str, key: str, message: Message, now_us: int) -> dict[str, object]:
    """The row that `emit` writes, for callers that insert many at once."""
    envelope = envelope_for(service, key, message, now_us)
    return {
        "service": service,
        "topic": envelope.type,
        "key": key,
        "event_id": envelope.event_id,
        "value": envelope.SerializeToString(deterministic=True),
        "created_at_us": now_us,
    }


def emit(conn: Connection, service: str, key: str, message: Message, *, clock: Clock | None = None) -> str:
    """Write an event in the transaction of `conn`; answers its event_id. The topic is the message's full proto name."""
    row = outbox_row(service, key, message, (clock or SystemClock()).now_us())
    emit_rows(conn, service, [row])
    return str(row["event_id"])


def emit_rows(conn: Connection, service: str, rows: list[dict[str, object]]) -> None:
    """Write many outbox rows in the transaction of `conn`; the relay is woken after its commit."""
    if not rows:
        return
    insert_rows(conn, outbox_table, rows)
    after_commit(conn, lambda: _wake(service))


def _wake(service: str) -> None:
    for listener in _listeners.get(service, ()):
        listener()


class OutboxRelay(threading.Thread):
    """Publishes one service's outbox rows in order. Several replicas may run: an advisory lock lets one work at a time."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        service: str,
        *,
        batch: int = 500,
        idle_s: float = 0.5,
        linger_s: float | None = None,
    ) -> None:
        """`linger_s`: how long the relay waits under load for more rows; None: as suits the database."""
        super().__init__(name=f"outbox-{service}", daemon=True)
        self._db, self._bus, self._service = db, bus, service
        self._batch, self._idle_s = batch, idle_s
        # With a broker a round costs a dozen round trips, whatever it carries.
        self._linger_s = linger_s if linger_s is not None else 0.03 if db.is_sqlite else 0.1
        self._wake = threading.Event()
        self._halt = threading.Event()
        self._producer: Producer | None = None
        _listeners.setdefault(service, []).append(self.notify)

    def notify(self) -> None:
        """Wake the relay: there are new rows."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop after the batch at hand."""
        self._halt.set()
        self._wake.set()
        if self.is_alive():
            self.join(timeout_s)
        listeners = _listeners.get(self._service, [])
        if self.notify in listeners:
            listeners.remove(self.notify)
        if self._producer is not None:
            self._producer.close()

    def run(self) -> None:
        backoff = 0.2
        while not self._halt.is_set():
            self._wake.clear()
            began = time.perf_counter()
            try:
                sent = self.publish_pending()
                backoff = 0.2
            except Exception:
                # The rows are still there; publishing again is safe. The age of the oldest row is what the operator is paged for.
                log.warning(
                    "outbox of %s could not publish; next try in %.1f s",
                    self._service,
                    backoff,
                    exc_info=True,
                )
                self._drop_producer()
                self._halt.wait(backoff)
                backoff = min(backoff * 2, 10.0)
                continue
            if sent < self._batch:
                self._wake.wait(self._idle_s)
                # Each round costs two synced commits whatever it carries: under load let some more rows come first.
                if sent and not self._halt.is_set():
                    self._halt.wait(self._linger_s)
                    PACE.step_back(self._halt, time.perf_counter() - began)

    def publish_pending(self) -> int:
        """Publish and delete at most one batch; answers how many rows it held."""
        mine = {"service": self._service, "n": self._batch}
        if self._db.is_sqlite:
            with self._db.read() as conn:
                rows = conn.execute(_NEXT, mine).all()
            self._publish(rows)
            if rows:
                with self._db.begin() as conn:
                    conn.execute(_SENT, {"service": self._service, "ids": [r.id for r in rows]})
        else:
            with self._db.read() as conn:
                waits = conn.execute(_ANY, mine).first()
            if waits is None:
                telemetry.OUTBOX_AGE.labels(self._service).set(0.0)
                return 0
            with self._db.begin() as conn:
                # One relay at a time, or rows of one key could overtake each other.
                if not conn.execute(_LOCK, {"name": f"outbox-{self._service}"}).scalar():
                    return 0
                rows = conn.execute(_NEXT, mine).all()
                self._publish(rows)
                if rows:
                    conn.execute(_SENT, {"service": self._service, "ids": [r.id for r in rows]})
        telemetry.OUTBOX_AGE.labels(self._service).set(
            0.0 if len(rows) < self._batch else self._age(rows[0].created_at_us)
        )
        return len(rows)

    def _publish(self, rows: object) -> None:
        if not rows:
            return
        if self._producer is None:
            self._producer = self._bus.producer()
        for row in rows:  # type: ignore[attr-defined]
            self._producer.publish(row.topic, row.key, row.value)
        self._producer.flush()
        if tracing.is_on():
            _trace_published(rows)
        telemetry.EVENTS_PUBLISHED.labels(self._service).inc(len(rows))  # type: ignore[arg-type]

    def _drop_producer(self) -> None:
        oldest = None
        try:
            with self._db.read() as conn:
                query = select(func.min(outbox_table.c.created_at_us)).where(
                    outbox_table.c.service == self._service
                )
                oldest = conn.execute(query).scalar()
        except Exception:
            log.debug("could not read the age of the outbox", exc_info=True)
        if oldest is not None:
            telemetry.OUTBOX_AGE.labels(self._service).set(self._age(oldest))
        if self._producer is not None:
            try:
                self._producer.close()
            except Exception:
                log.debug("closing the broken producer failed", exc_info=True)
            self._producer = None

    @staticmethod
    def _age(created_at_us: int) -> float:
        return max(0.0, (SystemClock().now_us() - created_at_us) / 1e6)


def _trace_published(rows: Any) -> None:
    """How long each event waited, from its state change until the bus had it."""
    for row in rows:
        envelope = Envelope.FromString(row.value)
        began = envelope.occurred_at_us * 1000
        tracing.record(
            f"{row.topic} publish", [envelope.traceparent], began, messaging_destination_name=row.topic
        )
