"""The bus port. Terms:

topic      a named log of messages, split into *partitions*; within a partition messages keep their order.
key        decides the partition: messages of one key keep their order.
offset     a message's position in its partition, from 0, without gaps that a consumer would notice.
group      consumers that share the work: each partition belongs to one live consumer of the group at a time.
committed  the offset from which a group goes on after a restart. It moves only by `Consumer.commit`.
delivery   at least once: after a crash or a change of members, messages since the last commit come again.

Adapters pass `tests/contract/test_bus.py`; what one of them can't do stands there as a strict xfail with its reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic needs to exist. `retention_hours` is a lower bound."""

    name: str
    partitions: int = 3
    retention_hours: int = 168


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    timestamp_ms: int
    headers: Mapping[str, str] = field(default_factory=dict)


class Producer(ABC):
    """Appends to topics. Not to be shared between threads."""

    @abstractmethod
    def publish(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Hand over one message; it is durable once `flush` returns. Raises Unavailable, NotFound for an unknown topic."""

    @abstractmethod
    def flush(self, timeout_s: float = 30.0) -> None:
        """Return when everything published is durable; raise Unavailable when any of it may not be."""

    @abstractmethod
    def close(self) -> None:
        """Give back connections. Unflushed messages may be lost."""


class Consumer(ABC):
    """One member of a group. Used from one thread, except `close` and `wake`."""

    @abstractmethod
    def poll(self, timeout_s: float = 1.0, max_records: int = 100) -> list[Message]:
        """Messages after the position, which moves; [] when none came in time. Raises Unavailable (try again)."""

    @abstractmethod
    def commit(self) -> None:
        """Commit the position of everything that `poll` has returned."""

    @abstractmethod
    def rewind(self) -> None:
        """Go back to the committed offsets: what was polled since comes again."""

    @abstractmethod
    def lag(self) -> int:
        """How many messages lie between the committed offsets and the ends of this member's partitions."""

    @abstractmethod
    def close(self) -> None:
        """Leave the group; another member takes the partitions over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Bus(ABC):
    """A connection to the event log."""

    @abstractmethod
    def ensure_topics(self, topics: Iterable[TopicSpec]) -> None:
        """Create what is missing; never changes or deletes."""

    @abstractmethod
    def producer(self) -> Producer:
        """A new producer."""

    @abstractmethod
    def consumer(self, group: str, topics: Sequence[str], *, linger_s: float = 0.1) -> Consumer:
        """A new member of `group`, starting at the committed offsets, or at the beginning for a new group.

        `linger_s`: where fetching costs by the call, a message may be held back for so long for others to come with it."""

    @abstractmethod
    def ping(self) -> None:
        """Raise Unavailable unless the bus answers."""

    @abstractmethod
    def close(self) -> None:
        """Give back all connections."""
