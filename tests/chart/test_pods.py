"""What the chart's containers would do: their commands, run as processes of this machine with the environment and
the secrets that a real API server holds for them, on a real PostgreSQL, Kafka and S3.

No container starts in tests/servers/kubernetes.py, so a Job's pod "succeeds" and `helm test` "passes" by
themselves there; here they have something to fail on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shared.settings import SERVICES
from tests.chart.kubelet import start
from tests.chart.release import Release
from tests.servers import KafkaServer, MinioServer, PostgresServer
from tests.servers.base import free_port
from tests.servers.kubernetes import Cluster

pytestmark = pytest.mark.real
FULL = "demo-bramble"


@dataclasses.dataclass
class Installed:
    """A release whose secrets and values name servers that are there."""

    release: Release
    postgres: str  # of a server with an empty database a service
    databases: dict[str, str]
    ports: dict[str, int]

    @property
    def replace(self) -> dict[str, str]:
        """The one thing that a cluster's network would do: lead a Service's name to a pod."""
        return {f"http://{FULL}-{name}:8080": f"http://127.0.0.1:{port}" for name, port in self.ports.items()}

    def schema(self) -> dict[str, list[Any]]:
        """Tables and columns of every database, and the revision that it is at."""
        found: dict[str, list[Any]] = {}
        for name, database in self.databases.items():
            with psycopg.connect(f"{self.postgres}/{database}") as connection:
                columns = connection.execute(
                    "SELECT table_name, column_name, data_type FROM information_schema.columns"
                    " WHERE table_schema = 'public' ORDER BY 1, 2"
                ).fetchall()
                has = any(row[0] == "alembic_version" for row in columns)
                revision = (
                    connection.execute("SELECT version_num FROM alembic_version").fetchall() if has else []
                )
            found[name] = [revision, columns]
        return found


@pytest.fixture(scope="module")
def installed(
    cluster: Cluster, postgres_server: PostgresServer, kafka_server: KafkaServer, minio_server: MinioServer
) -> Iterator[Installed]:
    prefix = f"chart_{free_port()}"
    databases = {name: f"{prefix}_{name}" for name in SERVICES}
    for name in databases.values():
        postgres_server.create_database(name)
    server = postgres_server.address().rsplit("/", 1)[0]
    scheme, rest = minio_server.address().split("://", 1)
    credentials, endpoint = rest.rsplit("@", 1)
    key, secret = credentials.split(":", 1)
    release = Release(cluster, "processes")
    release.secret("bramble-db", url=f"{server}/{prefix}_{{service}}")
    release.secret("bramble-s3", key=key, secret=secret)
    release.install(
        "external",
        f"bus.servers={kafka_server.address()}",
        f"blobs.endpoint={endpoint}",
        f"blobs.bucket={prefix.replace('_', '-')}",
        f"blobs.secure={str(scheme == 'https').lower()}",
        "triton.enabled=false",
        "bus.replication=1",
    )
    yield Installed(release, server, databases, {name: free_port() for name in SERVICES})
    for name in databases.values():
        postgres_server.drop_database(name)


def finish(process: subprocess.Popen[str], log: Path) -> None:
    assert process.wait(120) == 0, log.read_text()[-3000:]


def migration(installed: Installed) -> dict[str, Any]:
    """The pod of the hook Job. It is deleted once it succeeded, so this is what Helm sent."""
    (job,) = [hook for hook in installed.release.hooks() if hook["kind"] == "Job"]
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    return pod


def test_the_migration_job_may_run_at_the_same_time_and_again(installed: Installed, tmp_path: Path) -> None:
    release, pod = installed.release, migration(installed)
    assert all(revision == [] for revision, _ in installed.schema().values()), (
        "Helm's own Job ran no container"
    )
    together = [
        start(release.cluster, release.namespace, pod, tmp_path / str(number), installed.replace)
        for number in range(2)
    ]
    for number, process in enumerate(together):
        finish(process, tmp_path / str(number) / "migrate.log")
    before = installed.schema()
    assert all(len(revision) == 1 for revision, _ in before.values())
    with psycopg.connect(f"{installed.postgres}/{installed.databases['gateway']}") as connection:
        (count,) = connection.execute("SELECT count(*) FROM information_schema.tables").fetchone() or (0,)
    assert count > 0
    again = start(release.cluster, release.namespace, pod, tmp_path / "again", installed.replace)
    finish(again, tmp_path / "again" / "migrate.log")
    assert "nothing to do" in (tmp_path / "again" / "migrate.log").read_text()
    assert installed.schema() == before


def run_helm_test(installed: Installed, folder: Path) -> int:
    """The script of `helm test`, from the hook as Helm holds it."""
    (hook,) = [h for h in installed.release.hooks() if h["metadata"]["name"] == f"{FULL}-test"]
    release = installed.release
    return start(release.cluster, release.namespace, hook["spec"], folder, installed.replace).wait(60)


def test_the_services_start_from_what_the_chart_gives_them_and_helm_test_sees_it(
    installed: Installed, tmp_path: Path
) -> None:
    release = installed.release
    finish(
        start(
            release.cluster, release.namespace, migration(installed), tmp_path / "migrate", installed.replace
        ),
        tmp_path / "migrate" / "migrate.log",
    )
    assert run_helm_test(installed, tmp_path / "closed") != 0, "there is no gateway yet"
    with contextlib.ExitStack() as stack:
        for name in SERVICES:
            pod = release.pods(name)[0]["spec"]
            place = ["--host", "127.0.0.1", "--port", str(installed.ports[name])]
            process = start(
                release.cluster, release.namespace, pod, tmp_path / name, installed.replace, *place
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        for name in SERVICES:
            _until_ready(installed.ports[name], tmp_path / name / f"{name}.log")
        log = tmp_path / "open" / "ready.log"
        assert run_helm_test(installed, tmp_path / "open") == 0, log.read_text()
        assert "/api/v1/consent 200" in log.read_text()


def _until_ready(port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    said = ""
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            said = json.dumps(json.loads(error.read() or b"{}"))
        except OSError as error:
            said = str(error)
        time.sleep(0.1)
    raise AssertionError(f"not ready within 120 s: {said}\n{log.read_text()[-3000:]}")
