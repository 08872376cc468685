"""LocalBus: the bus port in one SQLite file. Groups, offsets and redelivery as on Kafka; messages are the same bytes.

Durable (WAL, synchronous=FULL), so that an event that left the outbox survives `kill -9` and power loss before it is consumed.
Several processes may publish; the members of a group must live in one process, which is what `bramble up` is.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shared.bus.abstract import Bus, Consumer, Message, Producer, TopicSpec
from shared.errors import NotFound, Unavailable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, retention_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heads (topic TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (topic TEXT, part INTEGER, off INTEGER, key TEXT NOT NULL, value BLOB NOT NULL, ts INTEGER NOT NULL,
  headers TEXT NOT NULL, PRIMARY KEY (topic, part, off)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS offsets (grp TEXT, topic TEXT, part INTEGER, next INTEGER NOT NULL,
  PRIMARY KEY (grp, topic, part)) WITHOUT ROWID;
"""


class LocalBus(Bus):
    """See the module's docstring. `path` is the SQLite file; its folder is made when missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._members: dict[str, list[_LocalConsumer]] = {}
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=15)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._partitions: dict[str, int] = dict(self._db.execute("SELECT name, partitions FROM topics"))

    def ensure_topics(self, topics: Iterable[TopicSpec]) -> None:
        with self._lock, _transaction(self._db):
            for topic in topics:
                row = (topic.name, topic.partitions, topic.retention_hours * 3_600_000)
                self._db.execute("INSERT OR IGNORE INTO topics VALUES (?, ?, ?)", row)
            self._partitions = dict(self._db.execute("SELECT name, partitions FROM topics"))

    def producer(self) -> Producer:
        return _LocalProducer(self)

    def consumer(self, group: str, topics: Sequence[str], *, linger_s: float = 0.1) -> Consumer:
        with self._lock:
            for topic in topics:
                self._require(topic)
            member = _LocalConsumer(self, group, list(topics))
            self._members.setdefault(group, []).append(member)
            self._rebalance(group)
            return member

    def ping(self) -> None:
        with self._lock:
            try:
                self._db.execute("SELECT 1")
            except sqlite3.Error as error:
                raise Unavailable(f"The embedded bus doesn't answer ({error}).") from error

    def close(self) -> None:
        with self._news:
            self._news.notify_all()
            self._db.close()

    def trim(self) -> int:
        """Drop messages that are past their topic's retention and that every known group has consumed."""
        now = int(time.time() * 1000)
        with self._lock, _transaction(self._db):
            return self._db.execute(
                "DELETE FROM log WHERE ts < ? - (SELECT retention_ms FROM topics WHERE name = log.topic) AND off < COALESCE("
                "(SELECT MIN(next) FROM offsets o WHERE o.topic = log.topic AND o.part = log.part), 0)",
                (now,),
            ).rowcount

    # What producers and consumers call.

    def _require(self, topic: str) -> int:
        if topic not in self._partitions:
            # Another process may have created it.
            self._partitions = dict(self._db.execute("SELECT name, partitions FROM topics"))
        if topic not in self._partitions:
            raise NotFound(f"The topic {topic!r} doesn't exist; it must be listed in proto/topics.")
        return self._partitions[topic]

    def _append(self, messages: list[tuple[str, str, bytes, Mapping[str, str]]]) -> None:
        now = int(time.time() * 1000)
        try:
            with self._news, _transaction(self._db):
                for topic, key, value, headers in messages:
                    part = zlib.crc32(key.encode()) % self._require(topic)
                    head = self._db.execute(
                        "INSERT INTO heads VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next",
                        (topic, part),
                    ).fetchone()[0]
                    row = (
                        topic,
                        part,
                        head - 1,
                        key,
                        value,
                        now,
                        json.dumps(dict(headers)) if headers else "",
                    )
                    self._db.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", row)
                self._news.notify_all()
        except sqlite3.Error as error:
            raise Unavailable(
                f"The embedded bus could not store messages ({error}); check the disk."
            ) from error

    def _rebalance(self, group: str) -> None:
        members = self._members.get(group, [])
        for member in members:
            member.assigned = []
        topics = sorted({t for m in members for t in m.topics})
        for topic in topics:
            takers = [m for m in members if topic in m.topics]
            for part in range(self._require(topic)):
                takers[part % len(takers)].assigned.append((topic, part))
        for member in members:
            member.position = {tp: self._committed(group, *tp) for tp in member.assigned}
        self._news.notify_all()

    def _committed(self, group: str, topic: str, part: int) -> int:
        query = "SELECT next FROM offsets WHERE grp = ? AND topic = ? AND part = ?"
        row = self._db.execute(query, (group, topic, part)).fetchone()
        return int(row[0]) if row else 0


class _LocalProducer(Producer):
    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self._pending: list[tuple[str, str, bytes, Mapping[str, str]]] = []

    def publish(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> None:
        with self._bus._lock:
            self._bus._require(topic)
        self._pending.append((topic, key, value, headers or {}))

    def flush(self, timeout_s: float = 30.0) -> None:
        if self._pending:
            self._bus._append(self._pending)
            self._pending = []

    def close(self) -> None:
        self._pending = []


class _LocalConsumer(Consumer):
    def __init__(self, bus: LocalBus, group: str, topics: list[str]) -> None:
        self._bus, self._group, self.topics = bus, group, topics
        self.assigned: list[tuple[str, int]] = []
        self.position: dict[tuple[str, int], int] = {}
        self._turn = 0
        self._closed = False

    def poll(self, timeout_s: float = 1.0, max_records: int = 100) -> list[Message]:
        deadline = time.monotonic() + timeout_s
        with self._bus._news:
            while not self._closed:
                try:
                    messages = self._fetch(max_records)
                except sqlite3.Error as error:
                    raise Unavailable(f"The embedded bus can't be read ({error}).") from error
                left = deadline - time.monotonic()
                if messages or left <= 0:
                    return messages
                # Woken by a publish of this process; a publish of another one is seen after at most half a second.
                self._bus._news.wait(min(left, 0.5))
        return []

    def _fetch(self, max_records: int) -> list[Message]:
        out: list[Message] = []
        query = "SELECT off, key, value, ts, headers FROM log WHERE topic = ? AND part = ? AND off >= ? ORDER BY off LIMIT ?"
        self._turn += 1
        for i in range(len(self.assigned)):
            # Start at another partition each time, so that a busy one doesn't starve the rest.
            topic, part = self.assigned[(i + self._turn) % len(self.assigned)]
            room = max_records - len(out)
            if room <= 0:
                break
            for off, key, value, ts, headers in self._bus._db.execute(
                query, (topic, part, self.position[topic, part], room)
            ):
                out.append(Message(topic, part, off, key, value, ts, json.loads(headers) if headers else {}))
                self.position[topic, part] = off + 1
        return out

    def commit(self) -> None:
        with self._bus._lock, _transaction(self._bus._db):
            for (topic, part), position in self.position.items():
                self._bus._db.execute(
                    "INSERT INTO offsets VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next WHERE excluded.next > next",
                    (self._group, topic, part, position),
                )

    def rewind(self) -> None:
        with self._bus._lock:
            self.position = {tp: self._bus._committed(self._group, *tp) for tp in self.assigned}

    def lag(self) -> int:
        total = 0
        with self._bus._lock:
            for topic, part in self.assigned:
                row = self._bus._db.execute(
                    "SELECT next FROM heads WHERE topic = ? AND part = ?", (topic, part)
                ).fetchone()
                total += (int(row[0]) if row else 0) - self._bus._committed(self._group, topic, part)
        return total

    def close(self) -> None:
        with self._bus._news:
            self._closed = True
            members = self._bus._members.get(self._group, [])
            if self in members:
                members.remove(self)
                self._bus._rebalance(self._group)
            self._bus._news.notify_all()


class _transaction:  # noqa: N801 - reads as a verb at the call
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
