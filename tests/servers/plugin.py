"""pytest fixtures of the real servers, and the rule for where they can't be had.

A test that asks for a server fails where that can't be started. `BRAMBLE_SKIP_REAL=1` skips such tests
instead, and every test marked `real`; the count of skips stands at the end of the run, so that nobody
mistakes it for a pass.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import KafkaServer, MinioServer, PostgresServer, Server, ServerError, TritonServer

SKIP = "BRAMBLE_SKIP_REAL"
_skipped: list[str] = []


def skip_real() -> bool:
    """Whether the user said to go without real servers."""
    return os.environ.get(SKIP, "") not in ("", "0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked `real` where the user said so."""
    if not skip_real():
        return
    for item in items:
        if item.get_closest_marker("real"):
            _skipped.append(item.nodeid)
            item.add_marker(pytest.mark.skip(reason=f"{SKIP} is set"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many tests went without their real server."""
    if _skipped:
        terminalreporter.write_line(
            f"{SKIP}: {len(_skipped)} tests against real servers were skipped", yellow=True
        )


def _running(server: Server) -> Iterator[Any]:
    if skip_real():
        pytest.skip(f"{SKIP} is set")
    try:
        server.address()
    except ServerError as error:
        server.stop()
        pytest.fail(f"{error}\nSet {SKIP}=1 to run without real servers.", pytrace=False)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """A running broker; `.address()` is host:port."""
    yield from _running(KafkaServer())


@pytest.fixture(scope="session")
def minio_server() -> Iterator[MinioServer]:
    """A running S3 server; `.address()` is http://key:secret@host:port."""
    yield from _running(MinioServer())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL; `.create_database(name)` gives a URL of an empty database."""
    yield from _running(PostgresServer())


@pytest.fixture(scope="session")
def triton_server() -> Iterator[TritonServer]:
    """A running Triton; `.address()` is grpc://host:port."""
    yield from _running(TritonServer())


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def kafka_url(kafka_server: KafkaServer) -> str:
    """`BRAMBLE_BUS_URL` of the real broker."""
    return f"kafka://{kafka_server.address()}"


@pytest.fixture
def s3_url(minio_server: MinioServer) -> str:
    """`BRAMBLE_BLOB_URL` of the real S3 server, with a bucket of this test's own."""
    scheme, rest = minio_server.address().split("://", 1)
    secure = "true" if scheme == "https" else "false"
    return f"s3://{rest}/test-{uuid.uuid4().hex[:12]}?secure={secure}"
