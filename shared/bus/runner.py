"""Runs a service's handlers over the bus: inbox, retries with back-off, dead letters.

One message is one transaction: `record` in the inbox, the handler's effect, and the events that the handler emits commit together;
offsets are committed after the batch. A crash between the two redelivers, and the inbox drops what was applied.
"""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Proto
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, String, Table, Text, insert

from shared import telemetry, tracing
from shared.bus.abstract import Bus, Message
from shared.clock import Clock, SystemClock
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.db import inbox
from shared.db.outbox import emit_rows
from shared.db.session import Database, metadata
from shared.errors import BrambleError
from shared.pace import PACE

log = logging.getLogger(__name__)

DEAD_LETTER_TOPIC = "bramble.dead-letters.v1"
_LAG_EVERY_S = 15.0

dead_letter_table = Table(
    "bus_dead_letters",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("consumer", String(64), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("event_id", String(36), nullable=False, index=True),
    Column("error", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("replayed_at_us", BigInteger),
)


@dataclass(frozen=True, slots=True)
class Handler:
    """What a service does on one kind of event: `apply(conn, envelope, message)`, in the transaction of `conn`."""

    message_type: type[Proto]
    apply: Callable[[Connection, Envelope, Any], None]
    #: The same on several messages of this kind at once, in their order; for kinds that come by the hundred.
    apply_many: Callable[[Connection, Sequence[tuple[Envelope, Any]]], None] | None = None
    #: Whether a message must not share its transaction with others, where the runner lets any share one; None: it may.
    alone: Callable[[Any], bool] | None = None

    @property
    def topic(self) -> str:
        return str(self.message_type.DESCRIPTOR.full_name)


class ConsumerRunner(threading.Thread):
    """One member of the consumer group of a service. Several replicas share the partitions."""

    def __init__(
        self,
        bus: Bus,
        db: Database,
        service: str,
        handlers: Sequence[Handler],
        *,
        group: str | None = None,
        clock: Clock | None = None,
        batch: int = 100,
        tries: int = 3,
        backoff_s: float = 0.2,
        together: int = 1,
        linger_s: float = 0.1,
    ) -> None:
        """`together`: how many messages may share a transaction, for handlers that only write rows; when one of them fails, each is
        applied alone. Handlers that compute keep 1, or the database's write lock would be held for the sum of their work.
        `linger_s`: how long a message may wait for others to be fetched with it (`Bus.consumer`)."""
        self.group = group or service
        super().__init__(name=f"consumer-{self.group}", daemon=True)
        self._bus, self._db, self._service = bus, db, service
        self._handlers = {h.topic: h for h in handlers}
        self._clock = clock or SystemClock()
        self._batch, self._tries, self._backoff_s = batch, tries, backoff_s
        self._together, self._linger_s = together, linger_s
        self._halt = threading.Event()

    @property
    def topics(self) -> list[str]:
        """The topics that this runner's handlers read."""
        return sorted(self._handlers)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop after the message at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        pause = self._backoff_s
        report_at = time.monotonic() + 1.0
        while not self._halt.is_set():
            try:
                with self._bus.consumer(self.group, self.topics, linger_s=self._linger_s) as consumer:
                    while not self._halt.is_set():
                        messages = consumer.poll(timeout_s=0.5, max_records=self._batch)
                        pause = self._backoff_s
                        if time.monotonic() >= report_at:
                            # Asking costs requests to the broker, so not for every batch.
                            telemetry.CONSUMER_LAG.labels(self.group).set(consumer.lag())
                            report_at = time.monotonic() + _LAG_EVERY_S
                        began = time.perf_counter()
                        for chunk in self._chunks(messages):
                            if len(chunk) > 1 and self._apply_together(chunk):
                                continue
                            for message in chunk:
                                if not self.handle(message):
                                    return  # stopped in the middle; what isn't committed comes again
                        if messages:
                            consumer.commit()
                            PACE.step_back(self._halt, time.perf_counter() - began)
            except Exception:
                if self._halt.is_set():
                    return
                log.warning("consumer %s lost the bus; next try in %.1f s", self.group, pause, exc_info=True)
                self._halt.wait(pause)
                pause = min(pause * 2, 10.0)

    def _chunks(self, messages: Sequence[Message]) -> Iterator[list[Message]]:
        """`messages` in their order, those together that may share a transaction."""
        chunk: list[Message] = []
        for message in messages:
            alone = self._stands_alone(message)
            if chunk and (alone or len(chunk) == self._together):
                yield chunk
                chunk = []
            chunk.append(message)
            if alone:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _stands_alone(self, message: Message) -> bool:
        handler = self._handlers.get(message.topic)
        if self._together == 1 or handler is None or handler.alone is None:
            return False
        try:
            payload = Envelope.FromString(message.value).payload
            return handler.alone(handler.message_type.FromString(payload))
        except DecodeError:  # a dead letter, which `handle` says
            return True

    def handle(self, message: Message) -> bool:
        """Apply one message, trying again as long as that can help. False: stopped before it was applied."""
        attempt = 0
        while True:
            attempt += 1
            try:
                outcome = self._apply(message)
                telemetry.EVENTS_CONSUMED.labels(self.group, outcome).inc()
                return True
            except Exception as error:
                if not _may_pass(error) and attempt >= self._tries:
                    if self._bury(message, error):
                        return True
                elif attempt == 1 or attempt % 10 == 0:
                    log.warning(
                        "consumer %s: %s of %s failed (try %d)",
                        self.group,
                        message.topic,
                        message.key,
                        attempt,
                        exc_info=True,
                    )
                telemetry.EVENT_RETRIES.labels(self.group).inc()
                # Jitter keeps replicas from hammering a part that comes back in step.
                pause = min(self._backoff_s * 2 ** min(attempt - 1, 6), 10.0) * (0.5 + random.random() / 2)
                if self._halt.wait(pause):
                    return False

    def _apply_together(self, messages: Sequence[Message]) -> bool:
        """Apply messages in one transaction. False: nothing of it was kept, apply them one by one."""
        try:
            with self._db.begin() as conn:
                done = self._apply_all(conn, messages)
        except Exception:
            log.debug("consumer %s: %d messages go one by one", self.group, len(messages), exc_info=True)
            return False
        for outcome, envelope in done:
            telemetry.EVENTS_CONSUMED.labels(self.group, outcome).inc()
            self._note_delay(outcome, envelope)
        return True

    def _apply_all(self, conn: Connection, messages: Sequence[Message]) -> list[tuple[str, Envelope]]:
        """Each message's outcome and envelope. Neighbours of one kind go to the handler together where it takes several."""
        envelopes = [Envelope.FromString(message.value) for message in messages]
        known = [e.event_id for e in envelopes if e.type in self._handlers]
        fresh = inbox.record_many(conn, self.group, known, self._clock.now_us())
        done: list[tuple[str, Envelope]] = []
        todo: list[tuple[Handler, Envelope]] = []
        for envelope in envelopes:
            handler = self._handlers.get(envelope.type)
            if handler is None:
                done.append(("ignored", envelope))
            elif envelope.event_id not in fresh:
                done.append(("duplicate", envelope))
            else:
                fresh.discard(envelope.event_id)  # the same event twice in one batch
                todo.append((handler, envelope))
                done.append(("applied", envelope))
        for _, run in itertools.groupby(todo, key=lambda pair: pair[1].type):
            pairs = list(run)
            handler = pairs[0][0]
            read = [(envelope, handler.message_type.FromString(envelope.payload)) for _, envelope in pairs]
            if handler.apply_many is not None and len(read) > 1:
                with self._traced([envelope for envelope, _ in read]):
                    handler.apply_many(conn, read)
                continue
            for envelope, payload in read:
                with (
                    self._traced([envelope]),
                    telemetry.use_context(envelope.correlation_id, envelope.traceparent),
                ):
                    handler.apply(conn, envelope, payload)
        return done

    @contextmanager
    def _traced(self, envelopes: Sequence[Envelope]) -> Iterator[None]:
        """A consumer's span for each, in its own trace; what the block does with an envelope is under its span."""
        if not tracing.is_on():
            yield
            return
        spans = []
        for envelope in envelopes:
            span = tracing.start(f"{envelope.type} process", "consumer", envelope.traceparent)
            assert span is not None
            span.set(
                messaging_destination_name=envelope.type,
                messaging_consumer_group_name=self.group,
                messaging_message_id=envelope.event_id,
                messaging_batch_message__count=len(envelopes),
            )
            envelope.traceparent = span.traceparent
            spans.append(span)
        try:
            yield
        except BaseException as error:
            for span in spans:
                span.end(type(error).__name__)
            raise
        for span in spans:
            span.end()

    def _apply(self, message: Message) -> str:
        with self._db.begin() as conn:
            ((outcome, envelope),) = self._apply_all(conn, [message])
        self._note_delay(outcome, envelope)
        return outcome

    def _note_delay(self, outcome: str, envelope: Envelope) -> None:
        if outcome == "applied":
            delay = (self._clock.now_us() - envelope.occurred_at_us) / 1e6
            kind = envelope.type.rsplit(".", 1)[-1]
            telemetry.CONSUMER_DELAY.labels(self.group, kind).observe(max(0.0, delay))

    def _bury(self, message: Message, error: Exception) -> bool:
        try:
            event_id = Envelope.FromString(message.value).event_id
        except DecodeError:
            event_id = ""
        now = self._clock.now_us()
        detail = "".join(traceback.format_exception(error))[-8000:]
        row = {
            "consumer": self.group,
            "topic": message.topic,
            "key": message.key,
            "event_id": event_id,
            "error": f"{type(error).__name__}: {error}"[:200],
            "detail": detail,
            "value": message.value,
            "created_at_us": now,
        }
        copy = {
            "service": self._service,
            "topic": DEAD_LETTER_TOPIC,
            "key": message.key,
            "event_id": event_id,
            "value": message.value,
            "created_at_us": now,
        }
        try:
            with self._db.begin() as conn:
                conn.execute(insert(dead_letter_table), [row])
                emit_rows(conn, self._service, [copy])
        except Exception:
            log.exception(
                "consumer %s could not keep a dead letter; it stays at the head of its partition", self.group
            )
            return False
        telemetry.DEAD_LETTERS.labels(self.group).inc()
        telemetry.EVENTS_CONSUMED.labels(self.group, "dead").inc()
        log.error("consumer %s: %s of %s is a dead letter: %s", self.group, message.topic, message.key, error)
        return True


def _may_pass(error: Exception) -> bool:
    if isinstance(error, BrambleError):
        return error.retryable
    from sqlalchemy.exc import OperationalError

    return isinstance(error, (OperationalError, ConnectionError, TimeoutError))
