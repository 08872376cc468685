"""Kafka by SASL_SSL, PostgreSQL by sslmode=verify-full and S3 by https: the adapters meet the real servers behind certificates of a CA of
their own, and say what is wrong where the CA, the host's name or the password is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.blobs import create_blobs
from shared.bus import Bus, TopicSpec, create_bus
from shared.db import Database, OutboxRelay
from shared.errors import Unavailable
from tests.servers import Server, ServerError
from tests.servers.plugin import skip_real
from tests.servers.tls import Authority, TlsKafka, TlsMinio, TlsPostgres

pytestmark = pytest.mark.real


def _run(server: Server) -> None:
    if skip_real():
        pytest.skip("BRAMBLE_SKIP_REAL is set")
    try:
        server.start()
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    try:
        return Authority.make(tmp_path_factory.mktemp("ca"))
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of a CA that signed nothing here."""
    return Authority.make(tmp_path_factory.mktemp("stranger")).ca


@pytest.fixture(scope="module")
def kafka(authority: Authority) -> Iterator[TlsKafka]:
    server = TlsKafka(authority)
    _run(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def minio(authority: Authority) -> Iterator[TlsMinio]:
    server = TlsMinio(authority)
    _run(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres(authority: Authority) -> Iterator[TlsPostgres]:
    server = TlsPostgres(authority)
    _run(server)
    server.create_role()
    yield server
    server.stop()


def refusal(what: Callable[[], object]) -> str:
    """The sentence of an Unavailable, which comes soon."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as told:
        what()
    assert time.monotonic() - began < 30
    return told.value.detail


def ping(url: str) -> None:
    bus = create_bus(url)
    try:
        bus.ping()
    finally:
        bus.close()


# --- Kafka


def test_events_go_through_a_broker_behind_sasl_ssl(kafka: TlsKafka, authority: Authority) -> None:
    bus: Bus = create_bus(kafka.tls_url("localhost", authority.ca))
    bus.ensure_topics([TopicSpec("test.tls", partitions=1)])
    producer = bus.producer()
    for number in range(50):
        producer.publish("test.tls", "k", str(number).encode())
    producer.flush()
    producer.close()
    found: list[int] = []
    deadline = time.monotonic() + 30
    with bus.consumer("tls", ["test.tls"]) as consumer:
        while len(found) < 50 and time.monotonic() < deadline:
            found += [int(message.value) for message in consumer.poll()]
        consumer.commit()
        assert consumer.lag() == 0
    bus.close()
    assert found == list(range(50))


@pytest.mark.parametrize("wrong", ["ca", "name", "password"])
def test_kafka_says_what_is_wrong(kafka: TlsKafka, authority: Authority, stranger: Path, wrong: str) -> None:
    host, ca = (
        ("127.0.0.1" if wrong == "name" else "localhost"),
        (stranger if wrong == "ca" else authority.ca),
    )
    url = kafka.tls_url(host, ca, **({"password": "guessed"} if wrong == "password" else {}))
    said = refusal(lambda: ping(url))
    expected = {
        "ca": "certificate isn't trusted",
        "name": "127.0.0.1",
        "password": "user name or password",
    }
    assert expected[wrong] in said
    assert "guessed" not in said


# --- S3


def test_blobs_go_through_a_store_behind_https(minio: TlsMinio, authority: Authority) -> None:
    blobs = create_blobs(minio.tls_url("localhost", authority.ca), Path("unused"))
    content = b"mask" * 100_000
    assert blobs.put("a/b", content).size == len(content)
    assert blobs.get("a/b") == content
    assert [info.key for info in blobs.list("a/")] == ["a/b"]
    blobs.delete("a/b")
    assert blobs.stat("a/b") is None
    blobs.ping()


@pytest.mark.parametrize("wrong", ["ca", "name"])
def test_the_store_says_what_is_wrong(
    minio: TlsMinio, authority: Authority, stranger: Path, wrong: str
) -> None:
    host, ca = (
        ("127.0.0.1" if wrong == "name" else "localhost"),
        (stranger if wrong == "ca" else authority.ca),
    )
    blobs = create_blobs(minio.tls_url(host, ca), Path("unused"))
    said = refusal(lambda: blobs.put("k", b"v"))
    assert "certificate isn't trusted" in said
    assert ("127.0.0.1" if wrong == "name" else "ca=") in said


# --- PostgreSQL


def test_rows_go_through_a_database_behind_verify_full(postgres: TlsPostgres, authority: Authority) -> None:
    db = Database(postgres.tls_url("localhost", authority.ca))
    db.create_all(("bus_",))
    with db.begin() as conn:
        cipher = conn.execute(
            text("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ).scalar_one()
        assert cipher.startswith("TLSv1.")
        conn.execute(text("CREATE TABLE kept (n integer)"))
        conn.execute(text("INSERT INTO kept VALUES (7)"))
    with db.read() as conn:
        assert conn.execute(text("SELECT n FROM kept")).scalar_one() == 7
    assert OutboxRelay(db, create_bus("", postgres.folder / "bus"), "images").publish_pending() == 0
    db.close()


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("ca", "certificate isn't trusted"),
        ("name", "127.0.0.1"),
        ("password", "user name or password"),
        ("plain", "refuses"),
    ],
)
def test_postgresql_says_what_is_wrong(
    postgres: TlsPostgres, authority: Authority, stranger: Path, wrong: str, expected: str
) -> None:
    url = {
        "ca": postgres.tls_url("localhost", stranger),
        "name": postgres.tls_url("127.0.0.1", authority.ca),
        "password": postgres.tls_url("localhost", authority.ca, password="guessed"),
        "plain": postgres.tls_url("localhost", None, mode="disable"),
    }[wrong]
    db = Database(url)
    said = refusal(db.ping)
    db.close()
    assert expected in said
    assert "guessed" not in said
