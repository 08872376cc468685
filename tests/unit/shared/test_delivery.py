"""Outbox, bus, inbox and dead letters together: nothing lost, nothing applied twice, nothing swallowed."""

import threading
import time

import pytest
from sqlalchemy import Column, Integer, String, Table, func, insert, select

from shared.bus.local import LocalBus
from shared.bus.runner import ConsumerRunner, Handler, dead_letter_table
from shared.contracts.bramble.images.v1.events_pb2 import ImageRejected
from shared.db import Database, OutboxRelay, emit, metadata, outbox_table
from shared.db.session import after_commit
from shared.deps import Deps
from shared.errors import Unavailable

effects = Table(
    "testing_effects", metadata, Column("id", Integer, primary_key=True), Column("name", String(50))
)


@pytest.fixture
def db(deps: Deps) -> Database:
    deps.db.create_all(("bus_", "testing_"))
    return deps.db


def write_effect(conn, _envelope, message):
    conn.execute(insert(effects).values(name=message.name))


def send(db: Database, *names: str) -> None:
    for name in names:
        with db.begin() as conn:
            emit(conn, "images", "key", ImageRejected(project_id="p", name=name))


def names_applied(db: Database) -> list[str]:
    with db.read() as conn:
        return list(conn.execute(select(effects.c.name).order_by(effects.c.id)).scalars())


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def runner(deps: Deps, fn=write_effect, **kwargs) -> ConsumerRunner:
    return ConsumerRunner(deps.bus, deps.db, "images", [Handler(ImageRejected, fn)], backoff_s=0.01, **kwargs)


def drain(deps: Deps) -> list:
    OutboxRelay(deps.db, deps.bus, "images").publish_pending()
    with deps.bus.consumer("probe", ["bramble.images.v1.ImageRejected"]) as consumer:
        return consumer.poll(timeout_s=0.1)


def test_an_event_of_a_rolled_back_transaction_is_never_sent(deps: Deps, db: Database):
    with pytest.raises(RuntimeError), db.begin() as conn:
        emit(conn, "images", "key", ImageRejected(name="lost"))
        raise RuntimeError("the request failed")
    assert drain(deps) == []


def test_events_arrive_in_order_and_leave_the_outbox(deps: Deps, db: Database):
    relay, consumer = OutboxRelay(db, deps.bus, "images"), runner(deps)
    relay.start(), consumer.start()
    wanted = [str(i) for i in range(50)]
    send(db, *wanted)
    wait_for(lambda: len(names_applied(db)) == 50)
    relay.stop(), consumer.stop()
    assert names_applied(db) == wanted
    with db.read() as conn:
        assert conn.execute(select(func.count()).select_from(outbox_table)).scalar() == 0


def test_a_message_that_comes_twice_is_applied_once(deps: Deps, db: Database):
    send(db, "once")
    (message,) = drain(deps)
    consumer = runner(deps)
    assert consumer.handle(message)
    assert consumer.handle(message)
    assert names_applied(db) == ["once"]


def test_a_crash_between_publish_and_delete_sends_again_but_applies_once(
    deps: Deps, db: Database, monkeypatch
):
    send(db, "a", "b")
    relay = OutboxRelay(db, deps.bus, "images")
    relay._publish(_rows(db))  # and then the process dies before the rows are deleted
    relay.publish_pending()
    consumer = runner(deps)
    consumer.start()
    wait_for(lambda: deps.bus.consumer("images-lag", ["bramble.images.v1.ImageRejected"]).lag() == 4)
    wait_for(lambda: len(names_applied(db)) >= 2)
    time.sleep(0.2)
    consumer.stop()
    assert names_applied(db) == ["a", "b"]


def _rows(db: Database):
    with db.read() as conn:
        return conn.execute(select(outbox_table).order_by(outbox_table.c.id)).all()


def test_effect_and_inbox_roll_back_together(deps: Deps, db: Database):
    attempts = []

    def fails_once(conn, envelope, message):
        write_effect(conn, envelope, message)
        attempts.append(1)
        if len(attempts) == 1:
            raise Unavailable("the blob store is away")

    send(db, "x")
    (message,) = drain(deps)
    assert runner(deps, fails_once).handle(message)
    assert len(attempts) == 2
    assert names_applied(db) == ["x"]


def test_poison_becomes_a_dead_letter_and_the_next_message_goes_through(deps: Deps, db: Database):
    def poisoned(conn, envelope, message):
        if message.name == "poison":
            raise KeyError("no such label")
        write_effect(conn, envelope, message)

    send(db, "a", "poison", "b")
    consumer, relay = runner(deps, poisoned), OutboxRelay(db, deps.bus, "images")
    relay.start(), consumer.start()
    wait_for(lambda: names_applied(db) == ["a", "b"])
    relay.stop(), consumer.stop()
    with db.read() as conn:
        row = conn.execute(select(dead_letter_table)).one()
    assert "no such label" in row.error
    assert "Traceback" in row.detail


def test_a_message_that_is_no_envelope_is_a_dead_letter(deps: Deps, db: Database):
    producer = deps.bus.producer()
    producer.publish("bramble.images.v1.ImageRejected", "k", b"\xff\xff not protobuf")
    producer.flush()
    with deps.bus.consumer("probe", ["bramble.images.v1.ImageRejected"]) as c:
        (message,) = c.poll(timeout_s=1)
    assert runner(deps).handle(message)
    with db.read() as conn:
        assert conn.execute(select(func.count()).select_from(dead_letter_table)).scalar() == 1


def test_a_failure_that_may_pass_is_tried_until_stopped(deps: Deps, db: Database):
    def away(_conn, _envelope, _message):
        raise Unavailable("away")

    send(db, "x")
    (message,) = drain(deps)
    consumer = runner(deps, away)
    threading.Timer(0.3, consumer.stop).start()
    assert consumer.handle(message) is False
    with db.read() as conn:
        assert conn.execute(select(func.count()).select_from(dead_letter_table)).scalar() == 0


def test_local_bus_survives_a_restart(deps: Deps, tmp_path):
    producer = deps.bus.producer()
    producer.publish("bramble.images.v1.ImageRejected", "k", b"1")
    producer.flush()
    with deps.bus.consumer("g", ["bramble.images.v1.ImageRejected"]) as consumer:
        assert [m.value for m in consumer.poll(0.2)] == [b"1"]
        consumer.commit()
    deps.bus.close()
    again = LocalBus(tmp_path / "bus.db")
    producer = again.producer()
    producer.publish("bramble.images.v1.ImageRejected", "k", b"2")
    producer.flush()
    with again.consumer("g", ["bramble.images.v1.ImageRejected"]) as consumer:
        assert [m.value for m in consumer.poll(0.2)] == [b"2"]


def several(calls: list):
    def apply_many(conn, pairs):
        calls.append([message.name for _, message in pairs])
        for envelope, message in pairs:
            if message.name == "poison":
                raise KeyError("no such label")
            write_effect(conn, envelope, message)

    return Handler(ImageRejected, lambda c, e, m: apply_many(c, [(e, m)]), apply_many)


def test_neighbours_are_applied_together_once_each_and_in_order(deps: Deps, db: Database):
    calls: list = []
    consumer = ConsumerRunner(deps.bus, db, "images", [several(calls)], backoff_s=0.01, together=50)
    send(db, "a", "b", "c")
    first = drain(deps)
    assert consumer._apply_together([*first, first[1]])  # the bus may send one twice within a batch
    assert consumer._apply_together(first)  # and again after a crash before the commit
    assert calls == [["a", "b", "c"]]
    assert names_applied(db) == ["a", "b", "c"]


def test_poison_among_neighbours_costs_only_itself(deps: Deps, db: Database):
    calls: list = []
    consumer = ConsumerRunner(deps.bus, db, "images", [several(calls)], backoff_s=0.01, together=50)
    relay = OutboxRelay(db, deps.bus, "images")
    send(db, "a", "poison", "b")
    relay.publish_pending()
    consumer.start()
    wait_for(lambda: names_applied(db) == ["a", "b"])
    consumer.stop()
    assert calls[0] == ["a", "poison", "b"]
    with db.read() as conn:
        assert "no such label" in conn.execute(select(dead_letter_table.c.error)).scalar_one()


def test_only_what_may_share_a_transaction_does(deps: Deps, db: Database):
    transactions = []

    def apply(conn, _envelope, message):
        info = conn.info
        if not info.get("names"):
            info["names"] = []
            after_commit(conn, lambda: transactions.append(info.pop("names")))
        info["names"].append(message.name)

    send(db, "a", "b", "!c", "!d", "e", "f", "g")
    OutboxRelay(db, deps.bus, "images").publish_pending()
    handler = Handler(ImageRejected, apply, alone=lambda message: message.name.startswith("!"))
    consumer = ConsumerRunner(deps.bus, deps.db, "images", [handler], together=2)
    consumer.start()
    wait_for(lambda: len(transactions) >= 5)
    consumer.stop()
    assert transactions == [["a", "b"], ["!c"], ["!d"], ["e", "f"], ["g"]]
