"""Transactions, outbox, inbox and the consumer runner: the same on SQLite + LocalBus and on PostgreSQL +
Kafka."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, insert, select, update

from shared.bus import Bus, TopicSpec, create_bus
from shared.bus.runner import DEAD_LETTER_TOPIC, ConsumerRunner, Handler, dead_letter_table
from shared.clock import ManualClock
from shared.contracts.bramble.annotations.v1.events_pb2 import TaskRetired
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.db import Database, OutboxRelay, emit, inbox_table, outbox_table
from shared.db.inbox import forget_before, record_many
from shared.db.session import after_commit
from shared.errors import InvalidInput, Unavailable

TOPIC = TaskRetired.DESCRIPTOR.full_name
PATIENCE_S = 30.0

_local = MetaData()  # of its own, so that the shared metadata and its migrations never see the test's table
effects = Table(
    "contract_effects",
    _local,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("count", Integer, nullable=False),
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = (
        f"sqlite:///{tmp_path}/x.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    database = Database(url)
    database.create_all(("bus_",))
    _local.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def bus(db: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    """LocalBus beside SQLite, Kafka beside PostgreSQL: the two forms that users run."""
    bus = create_bus("" if db.is_sqlite else request.getfixturevalue("kafka_url"), tmp_path)
    bus.ensure_topics([TopicSpec(TOPIC), TopicSpec(DEAD_LETTER_TOPIC, 1)])
    yield bus
    bus.close()


@pytest.fixture
def group() -> str:
    """A group of this test's own: a real broker keeps offsets and messages of the tests before."""
    return f"g-{uuid.uuid4().hex[:12]}"


def count(db: Database, table: Table) -> int:
    with db.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def eventually(check: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return False


def test_block_commits_and_raising_rolls_back(db: Database) -> None:
    with db.begin() as conn:
        conn.execute(insert(effects).values(name="kept", count=1))
    with pytest.raises(RuntimeError), db.begin() as conn:
        conn.execute(insert(effects).values(name="lost", count=1))
        raise RuntimeError
    with db.read() as conn:
        assert conn.execute(select(effects.c.name)).scalars().all() == ["kept"]


def test_after_commit_runs_only_after_a_commit(db: Database) -> None:
    called: list[str] = []
    with db.begin() as conn:
        after_commit(conn, lambda: called.append("yes"))
        assert called == []
    assert called == ["yes"]
    with pytest.raises(RuntimeError), db.begin() as conn:
        after_commit(conn, lambda: called.append("no"))
        raise RuntimeError
    with db.begin():
        pass
    assert called == ["yes"]


def test_parallel_increments_are_all_there(db: Database) -> None:
    with db.begin() as conn:
        conn.execute(insert(effects).values(id=1, name="n", count=0))

    def work() -> None:
        for _ in range(25):
            with db.begin() as conn:
                conn.execute(update(effects).where(effects.c.id == 1).values(count=effects.c.count + 1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as conn:
        assert conn.execute(select(effects.c.count)).scalar_one() == 200


def test_event_and_effect_share_a_transaction(db: Database) -> None:
    with pytest.raises(RuntimeError), db.begin() as conn:
        emit(conn, "svc", "k", TaskRetired(task_id="t"))
        raise RuntimeError
    assert count(db, outbox_table) == 0
    with db.begin() as conn:
        event_id = emit(conn, "svc", "k", TaskRetired(task_id="t"), clock=ManualClock(7))
    with db.read() as conn:
        row = conn.execute(select(outbox_table)).one()
    envelope = Envelope.FromString(row.value)
    assert (row.topic, row.key, row.event_id) == (TOPIC, "k", event_id)
    assert (envelope.event_id, envelope.type, envelope.producer) == (event_id, TOPIC, "svc")
    assert envelope.occurred_at_us == 7
    assert TaskRetired.FromString(envelope.payload).task_id == "t"


def record(conn: Connection, consumer: str, event_id: str, now_us: int) -> bool:
    return bool(record_many(conn, consumer, [event_id], now_us))


def test_inbox_says_yes_once_for_a_consumer(db: Database) -> None:
    with db.begin() as conn:
        assert record(conn, "one", "e1", 10)
        assert not record(conn, "one", "e1", 11)
        assert record(conn, "two", "e1", 12)
    with pytest.raises(RuntimeError), db.begin() as conn:
        assert record(conn, "one", "e2", 13)
        raise RuntimeError
    with db.begin() as conn:
        assert record(conn, "one", "e2", 14), "what was rolled back was not applied"
        assert forget_before(conn, 12) == 1


def test_inbox_says_yes_to_one_of_many_at_once(db: Database) -> None:
    said: list[bool] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        with db.begin() as conn:
            said.append(record(conn, "one", "same", 1))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False] * 5 + [True]


def test_relay_publishes_in_order_and_empties_the_outbox(db: Database, bus: Bus, group: str) -> None:
    mark = uuid.uuid4().hex
    with db.begin() as conn:
        for i in range(30):
            emit(conn, "svc", mark, TaskRetired(task_id=f"{i}"))
        emit(conn, "another", mark, TaskRetired(task_id="not mine"))
    relay = OutboxRelay(db, bus, "svc", batch=7)
    try:
        assert sum(iter(relay.publish_pending, 0)) == 30
    finally:
        relay.stop()
    assert count(db, outbox_table) == 1, "the other service's event waits for its own relay"
    found: list[str] = []
    with bus.consumer(group, [TOPIC]) as consumer:
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < 30 and time.monotonic() < deadline:
            for message in consumer.poll(timeout_s=0.5):
                if message.key == mark:
                    found.append(TaskRetired.FromString(Envelope.FromString(message.value).payload).task_id)
    assert found == [f"{i}" for i in range(30)]


def test_relay_publishes_again_what_it_could_not_delete(
    db: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between publish and delete: at least once, never lost."""
    with db.begin() as conn:
        emit(conn, "svc", "k", TaskRetired(task_id="t"))
    relay = OutboxRelay(db, bus, "svc")
    real = relay._publish
    published: list[int] = []

    def crash(rows: Any) -> None:
        real(rows)
        published.append(len(rows))
        if len(published) == 1:
            raise Unavailable("the machine went away after the broker's answer")

    monkeypatch.setattr(relay, "_publish", crash)
    with pytest.raises(Unavailable):
        relay.publish_pending()
    assert count(db, outbox_table) == 1
    assert relay.publish_pending() == 1
    assert (published, count(db, outbox_table)) == ([1, 1], 0)
    relay.stop()


class Scene:
    """A service with one handler that inserts the task's id, and its relay."""

    def __init__(self, db: Database, bus: Bus, group: str, mark: str) -> None:
        self.db, self.bus, self.group, self.mark = db, bus, group, mark
        self.fail: Callable[[str], None] = lambda _task_id: None
        self.relay = OutboxRelay(db, bus, "svc", idle_s=0.05)
        self.runners: list[ConsumerRunner] = []

    def apply(self, conn: Connection, envelope: Envelope, message: TaskRetired) -> None:
        if message.project_id != self.mark:
            return  # of an earlier test on the same broker
        conn.execute(insert(effects).values(name=message.task_id, count=1))
        self.fail(message.task_id)

    def start(self, runners: int = 1) -> None:
        for _ in range(runners):
            handler = Handler(TaskRetired, self.apply)
            self.runners.append(
                ConsumerRunner(self.bus, self.db, "svc", [handler], group=self.group, backoff_s=0.02)
            )
            self.runners[-1].start()

    def emit(self, *task_ids: str) -> None:
        with self.db.begin() as conn:
            for task_id in task_ids:
                emit(conn, "svc", task_id, TaskRetired(task_id=task_id, project_id=self.mark))

    def names(self) -> list[str]:
        with self.db.read() as conn:
            return sorted(conn.execute(select(effects.c.name)).scalars())

    def stop(self) -> None:
        for runner in self.runners:
            runner.stop()
        self.relay.stop()


@pytest.fixture
def scene(db: Database, bus: Bus, group: str) -> Iterator[Scene]:
    made = Scene(db, bus, group, uuid.uuid4().hex)
    made.relay.start()
    yield made
    made.stop()


def test_event_is_applied_once_although_it_comes_twice(scene: Scene) -> None:
    scene.start()
    scene.emit("a")
    assert eventually(lambda: scene.names() == ["a"])
    # The same bytes again, as after a crash of the relay.
    with scene.db.read() as conn:
        (event_id,) = (
            conn.execute(select(inbox_table.c.event_id).order_by(inbox_table.c.event_id)).scalars().all()[-1:]
        )
    message = TaskRetired(task_id="a", project_id=scene.mark)
    envelope = Envelope(event_id=event_id, type=TOPIC, payload=message.SerializeToString())
    producer = scene.bus.producer()
    producer.publish(TOPIC, "a", envelope.SerializeToString())
    producer.flush()
    producer.close()
    scene.emit("b")
    assert eventually(lambda: scene.names() == ["a", "b"])


def test_two_replicas_apply_every_event_once(scene: Scene) -> None:
    scene.start(runners=2)
    ids = [f"t{i:03}" for i in range(100)]
    for i in range(0, 100, 10):
        scene.emit(*ids[i : i + 10])
    assert eventually(lambda: len(scene.names()) >= 100)
    time.sleep(0.3)
    assert scene.names() == ids


def test_what_can_pass_is_tried_until_it_does(scene: Scene) -> None:
    tries: list[str] = []

    def fail(task_id: str) -> None:
        tries.append(task_id)
        if len(tries) < 6:  # more often than a failure that can't pass is given
            raise Unavailable("the store is restarting")

    scene.fail = fail
    scene.start()
    scene.emit("a")
    assert eventually(lambda: scene.names() == ["a"])
    assert tries == ["a"] * 6
    assert count(scene.db, dead_letter_table) == 0


def test_poison_becomes_a_dead_letter_and_the_rest_goes_on(scene: Scene) -> None:
    def fail(task_id: str) -> None:
        if task_id == "poison":
            raise InvalidInput("this can never be applied")

    scene.fail = fail
    scene.start()
    scene.emit("poison", "a")
    assert eventually(lambda: scene.names() == ["a"])
    assert eventually(lambda: count(scene.db, dead_letter_table) == 1)
    with scene.db.read() as conn:
        row = conn.execute(select(dead_letter_table)).one()
    assert (row.consumer, row.topic, row.key) == (scene.group, TOPIC, "poison")
    assert "this can never be applied" in row.error
    assert "Traceback" in row.detail
    assert Envelope.FromString(row.value).event_id == row.event_id


def test_bytes_that_are_no_event_become_a_dead_letter(scene: Scene) -> None:
    scene.start()
    producer = scene.bus.producer()
    producer.publish(TOPIC, "garbage", b"\xff\xff not an envelope")
    producer.flush()
    producer.close()
    scene.emit("a")
    assert eventually(lambda: scene.names() == ["a"])

    def buried() -> bool:
        with scene.db.read() as conn:
            return "garbage" in conn.execute(select(dead_letter_table.c.key)).scalars().all()

    assert eventually(buried)


def test_runner_stops_in_the_middle_and_another_goes_on(scene: Scene) -> None:
    stuck = threading.Event()

    def fail(task_id: str) -> None:
        if task_id == "b" and not stuck.is_set():
            stuck.set()
            raise Unavailable("never, for this runner")

    scene.fail = fail
    scene.start()
    scene.emit("a", "b", "c")
    assert stuck.wait(PATIENCE_S)
    scene.runners[0].stop()
    scene.start()
    assert eventually(lambda: scene.names() == ["a", "b", "c"])


@pytest.mark.real
@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel's options have other names here"
)
def test_a_server_that_vanished_is_noticed_within_half_a_minute(postgres_url: str) -> None:
    """Without a FIN only the kernel can notice; this is what it was told. An operator's own word in the URL counts more."""

    def told(url: str) -> list[int]:
        database = Database(url)
        try:
            with database.read() as conn:
                raw: Any = conn.connection.driver_connection
                with socket.socket(fileno=os.dup(raw.fileno())) as one:
                    levels = [
                        (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
                        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
                    ]
                    return [one.getsockopt(*level) for level in levels]
        finally:
            database.close()

    on, idle, interval, count, unanswered = told(postgres_url)
    assert on
    assert idle + interval * count <= 30
    assert 0 < unanswered <= 30_000
    glue = "&" if "?" in postgres_url else "?"
    assert told(f"{postgres_url}{glue}keepalives_idle=77")[1] == 77
