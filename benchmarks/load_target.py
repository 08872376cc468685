"""What the load is put on: the distributed form on servers of its own, or a platform at a given address."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common import cpu_seconds
from intake_servers import Connection, fill_database, session

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers.base import free_port
from tools.run_distributed import Distributed

SERVERS = ("kafka", "postgres", "minio")


@dataclass
class Target:
    """An address, a lab's headers there, and the processes that can be looked into (none of a foreign one)."""

    name: str
    url: str
    lab: dict[str, str]
    pids: Mapping[str, int] = field(default_factory=dict)
    platform: Distributed | None = None

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far: user and system, of each process with its descendants."""
        return {name: cpu_seconds(pid) for name, pid in self.pids.items()}

    def memory_mb(self) -> dict[str, float]:
        """Memory of each process with its descendants, in MiB; pages that several share are counted in parts."""
        return {name: _pss_mb(pid) for name, pid in self.pids.items()}

    def add_tasks(self, project_id: str, n: int) -> None:
        """Make the project larger by tasks without pictures, which come after those that have one."""
        if self.platform is None:
            raise SystemExit(
                "--tasks writes into the database, which is only done to a platform of one's own"
            )
        url = self.platform.environment["BRAMBLE_DATABASE_URL"].replace("{service}", "annotations")
        fill_database(url, project_id, n)

    def stored(self) -> dict[str, int]:
        """Bytes that each server keeps on its disk; {} where they can't be seen."""
        if self.platform is None:
            return {}
        servers = (self.platform.kafka, self.platform.postgres, self.platform.minio)
        return {s.name: _bytes_below(s.folder) for s in servers if s.folder != Path()}


@contextmanager
def distributed() -> Iterator[Target]:
    """Every service a process of its own on Kafka, PostgreSQL (which flushes to the disk) and MinIO."""
    extra = {"BRAMBLE_RATE_LIMITS": "false", "BRAMBLE_LOG_LEVEL": "WARNING", "PYTHONDONTWRITEBYTECODE": ""}
    platform = Distributed(free_port(), durable=True, extra=extra)
    try:
        platform.start()
        email, password, _ = next(a for a in platform.demo_accounts() if a[2] == "lab")
        lab = session(Connection(platform.url), "/auth/login", {"email": email, "password": password})
        pids = {name: process.pid for name, process in platform.processes.items()}
        for server in (platform.kafka, platform.postgres, platform.minio):
            if server.process is not None:
                pids[server.name] = server.process.pid
        yield Target("distributed: Kafka, PostgreSQL, MinIO", platform.url, lab, pids, platform)
    finally:
        platform.stop()


@contextmanager
def given(url: str) -> Iterator[Target]:
    """A platform that runs already; `BRAMBLE_API_KEY`, or `BRAMBLE_EMAIL` and `BRAMBLE_PASSWORD`, of a lab there."""
    key = os.environ.get("BRAMBLE_API_KEY")
    if key:
        lab = {"Authorization": f"Bearer {key}"}
    else:
        try:
            body = {"email": os.environ["BRAMBLE_EMAIL"], "password": os.environ["BRAMBLE_PASSWORD"]}
        except KeyError as missing:
            raise SystemExit(
                f"set BRAMBLE_API_KEY, or BRAMBLE_EMAIL and BRAMBLE_PASSWORD ({missing} is not set)"
            ) from None
        lab = session(Connection(url), "/auth/login", body)
    yield Target(url, url, lab)


def make_project(target: Target, seed: int) -> str:
    """A public project of the lab's; fails with the platform's answer where it is refused."""
    body = {"name": f"load {seed}", "labels": [{"name": "lesion"}], "quorum": 5, "gold_share": 0}
    status, text = Connection(target.url).call("POST", "/projects", target.lab, body)
    if status != 201:
        raise SystemExit(f"the project was refused: {status} {text.decode(errors='replace')[:300]}")
    return str(json.loads(text)["id"])


def _tree(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss_mb(pid: int) -> float:
    total = 0
    for one in _tree(pid):
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            continue
    return total / 1024


def _bytes_below(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except OSError:
                continue
    return total
