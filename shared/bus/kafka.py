"""Apache Kafka behind the bus port, by kafka-python 3.

    kafka://[user:password@]host:port[,host:port]?security=SASL_SSL&mechanism=SCRAM-SHA-512&ca=/path/ca.pem

| parameter | meaning |
|---|---|
| `security` | PLAINTEXT (default), SSL, SASL_PLAINTEXT or SASL_SSL |
| `mechanism` | PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (default with SASL) |
| `username_file`, `password_file` | files with the credentials (a mounted secret), instead of writing them into the URL |
| `ca`, `cert`, `key` | PEM files: whom to trust, and this client's certificate for mutual TLS |
| `replication` | replicas of a topic that is created; default: the broker's |
| `partitions` | partitions of a topic that is created; default: what its page in `proto/topics` says. One that is there keeps its own |

The client looks asynchronous and isn't: its futures only resemble awaitables. So a producer belongs to one
thread (the outbox relay) and a consumer to one thread (its runner), and nothing here is called from an event
loop.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.bus.abstract import Bus, Consumer, Message, Producer, TopicSpec
from shared.bus.address import KafkaAddress
from shared.errors import InvalidInput, NotFound, Unavailable
from shared.sockets import lively

log = logging.getLogger(__name__)

# A killed member's partitions move on after this long: short enough for an operator who waits for recovery,
# long enough for a pause of the garbage collector or a slow disk.
_SESSION_MS = 10_000
# A broker that vanished without a word is noticed by what it was asked and doesn't answer; a living one takes milliseconds. What is tried
# again within the longer time finds a new connection. A request that may rightly wait (joining a group) has its own time in kafka-python;
# there, and on connections that idle, the kernel must notice.
# A broker that is only slow would be asked again and again and never be done, so each further failure doubles the time, until something
# works.
_ANSWER_MS, _LONGEST_MS = 5_000, 30_000
_UNACKNOWLEDGED_MS = 10_000
_PROBE_MS = 4_000  # of health checks, whose asker doesn't wait for longer
_GATHER = 64 << 10  # bytes that a fetch doesn't wait any longer with
_SLICE_S = 0.2  # how long `close` waits at most for a poll in another thread


@contextlib.contextmanager
def _translated(doing: str, address: KafkaAddress | None = None) -> Iterator[None]:
    """kafka-python's errors as ours; with `address`, what can be found out about the cause is said."""
    from kafka import errors

    try:
        yield
    except errors.UnknownTopicOrPartitionError as error:
        raise NotFound(
            f"Kafka knows no such topic while {doing}; topics are created by `bramble admin migrate`."
        ) from error
    except errors.MessageSizeTooLargeError as error:
        raise InvalidInput(
            "An event is over Kafka's 1 MiB; masks and images belong into the blob store.",
            code="event-too-large",
        ) from error
    except (errors.TopicAuthorizationFailedError, errors.GroupAuthorizationFailedError) as error:
        raise Unavailable(
            f"Kafka refuses {doing}: this user lacks a permission ({type(error).__name__})."
        ) from error
    except errors.SaslAuthenticationFailedError as error:
        raise Unavailable("Kafka refuses Bramble's user name or password.") from error
    except errors.KafkaConfigurationError:
        raise  # this module's mistake, which no later try mends
    except (errors.KafkaError, OSError) as error:
        advice = address.advice() if address is not None else ""
        raise Unavailable(f"Kafka doesn't answer while {doing} ({type(error).__name__}).{advice}") from error


class Patience:
    """How long one asker waits for an answer. Not exact between threads, and needn't be."""

    def __init__(self) -> None:
        self._failures = 0

    @property
    def ms(self) -> int:
        """For one answer. A client keeps it for its life, so a first failure, which may be a peer that vanished, changes nothing yet."""
        return min(_ANSWER_MS << max(0, min(self._failures, 10) - 1), _LONGEST_MS)

    @property
    def again_ms(self) -> int:
        """For what is tried again within: two answers' time and a little."""
        return self.ms * 2 + 2_000

    def failed(self) -> None:
        """Once may be chance; each further time in a row doubles the patience."""
        self._failures += 1

    def worked(self) -> None:
        """The broker answers as brokers do."""
        self._failures = 0


class KafkaBus(Bus):
    """See the module's docstring. Connects on first use, so that a service starts while the broker is still
    coming up."""

    def __init__(self, url: str) -> None:
        self.address = KafkaAddress.parse(url)
        self._topics: set[str] = set()
        self._lock = threading.Lock()
        self._admin_lock = threading.Lock()
        self._admin_client: Any = None
        self._patience: dict[str, Patience] = {}

    def patience(self, asker: str) -> Patience:
        """Of a consumer group, or of the producers (""); outlives their clients, which are made anew after a failure."""
        return self._patience.setdefault(asker, Patience())

    def _common(self) -> dict[str, Any]:
        return {
            "bootstrap_servers": list(self.address.servers),
            "bootstrap_timeout_ms": 10_000,
            "reconnect_backoff_max_ms": 1_000,
            "client_id": "bramble",
            "socket_options": lively(_UNACKNOWLEDGED_MS),
            **self.address.options,
        }

    @contextlib.contextmanager
    def _admin(self, doing: str) -> Iterator[Any]:
        """The one admin client, kept between readiness probes and dropped after a failure."""
        from kafka import KafkaAdminClient

        with self._admin_lock, _translated(doing, self.address):
            if self._admin_client is None:
                self._admin_client = KafkaAdminClient(**self._common(), request_timeout_ms=_PROBE_MS)
            try:
                yield self._admin_client
            except BaseException:
                self._drop_admin()
                raise

    def _drop_admin(self) -> None:
        client, self._admin_client = self._admin_client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    def _partitions(self, spec: TopicSpec) -> int:
        # One partition is one order over all messages, which isn't for sharing out.
        return spec.partitions if spec.partitions == 1 else self.address.partitions or spec.partitions

    def ensure_topics(self, topics: Iterable[TopicSpec]) -> None:
        wanted = {topic.name: topic for topic in topics}
        with self._admin("creating topics") as admin:
            known = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
            missing = {name: spec for name, spec in wanted.items() if name not in known}
            self._tell_of_few({name: n for name, n in known.items() if name in wanted}, wanted)
            if missing:
                from kafka.errors import TopicAlreadyExistsError

                for name, spec in missing.items():
                    described = {
                        "num_partitions": self._partitions(spec),
                        "replication_factor": self.address.replication,
                        "configs": {"retention.ms": str(spec.retention_hours * 3_600_000)},
                    }
                    # Another replica that starts at the same moment may have been quicker.
                    with contextlib.suppress(TopicAlreadyExistsError):
                        admin.create_topics({name: described}, wait_for_metadata=True)
        with self._lock:
            self._topics |= set(wanted)

    def _tell_of_few(self, known: Mapping[str, int], wanted: Mapping[str, TopicSpec]) -> None:
        """Enlarging a topic moves keys to other partitions, so when is for the operator to say."""
        few = [name for name, n in sorted(known.items()) if n < self._partitions(wanted[name])]
        if few and self.address.partitions:
            log.warning(
                "%d topics have fewer than %d partitions, among them %s; docs/operators.md (Scale) says how to enlarge them",
                len(few),
                self.address.partitions,
                few[0],
            )

    def require(self, topic: str) -> None:
        """Raise NotFound unless `topic` exists; asks the broker only about names that it hasn't seen yet."""
        with self._lock:
            if topic in self._topics:
                return
        with self._admin("listing topics") as admin:
            found = set(admin.list_topics())
        with self._lock:
            self._topics |= found
        if topic not in found:
            raise NotFound(f"The topic {topic!r} doesn't exist; it must be listed in proto/topics.")

    def producer(self) -> Producer:
        return _KafkaProducer(self)

    def consumer(self, group: str, topics: Sequence[str], *, linger_s: float = 0.1) -> Consumer:
        for topic in topics:
            self.require(topic)
        return _KafkaConsumer(self, group, topics, linger_s)

    def ping(self) -> None:
        with self._admin("answering a health check") as admin:
            admin.list_topics()

    def close(self) -> None:
        """Close the admin client; producers and consumers close themselves."""
        with self._admin_lock:
            self._drop_admin()


class _KafkaProducer(Producer):
    """Idempotent, acks=all: what a broker acknowledged is in the log once and in order, retries included."""

    def __init__(self, bus: KafkaBus) -> None:
        self._bus, self._patience = bus, bus.patience("")
        self._client: Any = None
        self._pending: list[Any] = []

    def _connect(self) -> Any:
        if self._client is None:
            from kafka import KafkaProducer

            self._client = KafkaProducer(
                **self._bus._common(),
                metrics_enabled=False,
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                linger_ms=2,
                max_block_ms=10_000,
                request_timeout_ms=self._patience.ms,
                delivery_timeout_ms=4 * self._patience.ms,
                key_serializer=None,
                value_serializer=None,
            )
        return self._client

    def publish(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> None:
        self._bus.require(topic)
        pairs = [(name, text.encode()) for name, text in (headers or {}).items()]
        with self._patiently(), _translated(f"publishing to {topic}"):
            self._pending.append(self._connect().send(topic, value=value, key=key.encode(), headers=pairs))

    def flush(self, timeout_s: float = 30.0) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        with self._patiently(), _translated("publishing"):
            self._client.flush(timeout=timeout_s)
            for future in pending:
                future.get(timeout=timeout_s)  # raises what the broker said about this very message
        self._patience.worked()

    @contextlib.contextmanager
    def _patiently(self) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self._patience.failed()
            raise

    def close(self) -> None:
        if self._client is not None:
            # No waiting for unacknowledged messages: their outbox rows are still there.
            with contextlib.suppress(Exception):
                self._client.close(timeout=0 if self._pending else 2)
            self._client = None
        self._pending = []


class _KafkaConsumer(Consumer):
    def __init__(self, bus: KafkaBus, group: str, topics: Sequence[str], linger_s: float) -> None:
        from kafka import KafkaConsumer

        self._closing = threading.Event()
        self._patience = bus.patience(group)
        self._lock = threading.RLock()  # the client isn't thread-safe, and `close` comes from another thread
        with self._doing(f"joining the group {group}", bus.address):
            self._client = KafkaConsumer(
                **bus._common(),
                metrics_enabled=False,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                session_timeout_ms=_SESSION_MS,
                heartbeat_interval_ms=_SESSION_MS // 4,
                request_timeout_ms=self._patience.ms,
                # The broker gathers: a fetch costs the client a millisecond or two in Python, however little it brings.
                fetch_max_wait_ms=max(1, round(linger_s * 1000)),
                fetch_min_bytes=_GATHER,
                metadata_max_age_ms=30_000,
            )
            # Known before the group forms: a leader without metadata hands out no partitions, and the group would sit idle
            # until metadata is next refreshed, which by default is after five minutes.
            for topic in topics:
                self._client.partitions_for_topic(topic)
            self._client.subscribe(topics=list(topics))

    @contextlib.contextmanager
    def _doing(self, what: str, address: KafkaAddress | None = None) -> Iterator[None]:
        try:
            with self._lock, _translated(what, address):
                yield
        except Unavailable:
            self._patience.failed()
            raise

    def poll(self, timeout_s: float = 1.0, max_records: int = 100) -> list[Message]:
        deadline = time.monotonic() + timeout_s
        while not self._closing.is_set():
            left = max(0.0, deadline - time.monotonic())
            with self._doing("polling"):
                if self._closing.is_set():
                    break
                found = self._client.poll(timeout_ms=int(min(left, _SLICE_S) * 1000), max_records=max_records)
            messages = [_message(record) for records in found.values() for record in records]
            if messages or time.monotonic() >= deadline:
                return messages
        return []

    def commit(self) -> None:
        with self._doing("committing offsets"):
            if not self._closing.is_set():
                self._client.commit(timeout_ms=self._patience.again_ms)
                self._patience.worked()

    def rewind(self) -> None:
        with self._doing("going back to the committed offsets"):
            for partition in self._client.assignment():
                committed = self._client.committed(partition, timeout_ms=self._patience.again_ms)
                if committed is None:
                    self._client.seek_to_beginning(partition)
                else:
                    self._client.seek(partition, committed)

    def lag(self) -> int:
        with self._doing("reading the lag"):
            partitions = list(self._client.assignment())
            if not partitions:
                return 0
            ends = self._client.end_offsets(partitions, timeout_ms=self._patience.again_ms)
            begins = self._client.beginning_offsets(partitions, timeout_ms=self._patience.again_ms)
            done = {tp: self._client.committed(tp, timeout_ms=self._patience.again_ms) for tp in partitions}
        return sum(ends[tp] - max(begins[tp], done[tp] or 0) for tp in partitions)

    def close(self) -> None:
        self._closing.set()
        with self._lock, contextlib.suppress(Exception):
            self._client.close(autocommit=False, timeout_ms=5_000)


def _message(record: Any) -> Message:
    headers = {name: bytes(value or b"").decode() for name, value in record.headers}
    key = bytes(record.key or b"").decode()
    return Message(
        record.topic,
        record.partition,
        record.offset,
        key,
        bytes(record.value or b""),
        record.timestamp,
        headers,
    )
