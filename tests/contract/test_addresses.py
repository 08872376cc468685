"""What the URLs of the bus and the blob store mean, and what their mistakes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.blobs.minio import S3Address
from shared.bus import TopicSpec, create_bus
from shared.bus.kafka import KafkaAddress, KafkaBus
from shared.errors import Unavailable
from tests.servers import KafkaServer


def test_plain_kafka() -> None:
    address = KafkaAddress.parse("kafka://a:9092,b:9093")
    assert address.servers == ("a:9092", "b:9093")
    assert address.options == {"security_protocol": "PLAINTEXT"}
    assert address.replication == -1
    assert address.partitions == 0


def test_kafka_with_password_in_the_url() -> None:
    address = KafkaAddress.parse(
        "kafka://us%40er:p%2Fw@a:9092?mechanism=plain&ca=/ca.pem&replication=3&partitions=12"
    )
    assert address.options == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "us@er",
        "sasl_plain_password": "p/w",
        "ssl_cafile": "/ca.pem",
    }
    assert address.replication == 3
    assert address.partitions == 12


def test_kafka_with_mounted_secret(tmp_path: Path) -> None:
    (tmp_path / "u").write_text("name\n")
    (tmp_path / "p").write_text("secret\n")
    url = f"kafka://a:9092?security=SASL_PLAINTEXT&username_file={tmp_path}/u&password_file={tmp_path}/p"
    options = KafkaAddress.parse(url).options
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("name", "secret")
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("kafka://", "must read"),
        ("kafka://nobody", "must read"),
        ("http://a:1", "must read"),
        ("kafka://a:9092?secure=1", "unknown parameter 'secure'"),
        ("kafka://a:9092?security=TLS", "security must be one of"),
        ("kafka://u:geheim@", "must read"),
        ("kafka://a:9092?security=SASL_SSL", "no user and password"),
        ("kafka://a:9092?partitions=many", "partitions must be a number"),
    ],
)
def test_kafka_mistakes(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        KafkaAddress.parse(url)
    assert "geheim" not in str(caught.value)


def test_kafka_password_is_not_shown() -> None:
    assert "geheim" not in repr(KafkaAddress.parse("kafka://u:geheim@a:9092"))


def test_s3_full() -> None:
    url = "s3://k:s%2Fs@minio:9000/bucket/pre/fix?secure=false&region=eu"
    address = S3Address.parse(url)
    assert (address.endpoint, address.bucket, address.prefix) == ("minio:9000", "bucket", "pre/fix")
    assert (address.key, address.secret, address.secure, address.region) == ("k", "s/s", False, "eu")
    assert "s/s" not in repr(address)


def test_s3_with_mounted_secret_is_secure_by_default(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("key\n")
    (tmp_path / "s").write_text("secret\n")
    address = S3Address.parse(f"s3://s3.example.org/bucket?key_file={tmp_path}/k&secret_file={tmp_path}/s")
    assert (address.key, address.secret, address.secure) == ("key", "secret", True)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://k:geheim@host", "must read"),
        ("s3://k:geheim@host/ab", "3 characters"),
        ("s3://host/bucket", "no key and secret"),
        ("s3://k:geheim@host/bucket?tls=1", "unknown parameter 'tls'"),
    ],
)
def test_s3_mistakes(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        S3Address.parse(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.real
def test_sasl_on_a_real_broker(kafka_server: KafkaServer) -> None:
    address = kafka_server.sasl_address()
    if address is None:
        pytest.skip("the given broker has no SASL listener that this test knows")
    bus = create_bus(f"kafka://{address}?security=SASL_PLAINTEXT&mechanism=PLAIN")
    bus.ensure_topics([TopicSpec("test.sasl", partitions=1)])
    producer = bus.producer()
    producer.publish("test.sasl", "k", b"v")
    producer.flush()
    producer.close()
    name, host = address.split("@")
    wrong = create_bus(f"kafka://{name}x@{host}?security=SASL_PLAINTEXT&mechanism=PLAIN")
    with pytest.raises(Unavailable):
        wrong.ping()


def test_a_slow_broker_is_given_more_time_after_each_failure_until_something_works() -> None:
    bus = KafkaBus("kafka://127.0.0.1:9")
    patience = bus.patience("g")
    told = [patience.ms]
    for _ in range(5):
        patience.failed()
        told.append(patience.ms)
    assert told == [5_000, 5_000, 10_000, 20_000, 30_000, 30_000]
    assert bus.patience("g").ms == 30_000, "it outlives the client that failed"
    assert bus.patience("other").ms == 5_000
    patience.worked()
    assert bus.patience("g").ms == 5_000


def test_an_unreachable_broker_costs_patience() -> None:
    bus = KafkaBus("kafka://127.0.0.1:9")
    bus._topics.add("t")
    bus.patience("g").failed()
    with pytest.raises(Unavailable):
        bus.consumer("g", ["t"])
    assert bus.patience("g").ms == 10_000
