"""`kill -9` in the middle of submissions: what was acknowledged is there after a restart, once, with its masks and its event.

(kill -9 leaves the page cache, so this shows that acknowledgements wait for the commit; that the commit reaches the disk is
`synchronous=FULL` and the fsync of the blob, which only pulling the plug could show.)
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from services.annotations import store
from services.annotations import tables as t
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.ids import new_id
from tests.unit.annotations.kit import disc, make_deps

ROOT = Path(__file__).resolve().parents[3]
CLIENTS, KILLS, IMAGES = 8, 4, 300


class Process:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {
            **os.environ,
            "BRAMBLE_DATA_DIR": str(self.folder),
            "BRAMBLE_PORT": str(self.port),
            "BRAMBLE_INTERNAL_SECRET": "test-secret",
            "BRAMBLE_LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "tests.integration.annotations.server"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended by itself"
            try:
                if Client(self.port, "probe").call("GET", "/readyz")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        pytest.fail("the server isn't ready after 60 s")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Client:
    def __init__(self, port: int, who: str, role: Role = Role.VOLUNTEER) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.headers = {
            "Content-Type": "application/json",
            HEADER: encode_principal(Principal(id=who, role=role), b"test-secret"),
        }

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        self.http.request(method, path, None if body is None else json.dumps(body), self.headers)
        answer = self.http.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


class Crowd:
    """Raters who never give up: an answer that was not acknowledged is sent again, with its key, until it is."""

    def __init__(self, port: int, project_id: str) -> None:
        self.port, self.project_id = port, project_id
        self.acknowledged: dict[str, tuple[str, str]] = {}  # client_key → (submission_id, counts of the mask)
        self.retried = 0
        self.stop = threading.Event()
        self.errors: list[Any] = []
        self.threads = [threading.Thread(target=self._work, args=(f"rater-{i}", i)) for i in range(CLIENTS)]

    def _work(self, who: str, number: int) -> None:
        client, pending = Client(self.port, who), None
        rng = np.random.default_rng(number)
        while not self.stop.is_set() or pending is not None:
            try:
                if pending is None:
                    status, body = client.call("POST", f"/api/v1/projects/{self.project_id}/next")
                    if status == 204:
                        return
                    assert status == 200, (status, body)
                    mask = disc(radius=float(rng.uniform(3, 12)), row=float(rng.uniform(10, 30)))
                    pending = (body["lease"]["id"], new_id(), mask)
                lease, key, mask = pending
                answer = {"client_key": key, "masks": [{"label_id": 1, "rle": mask}]}
                status, body = client.call("POST", f"/api/v1/leases/{lease}/submissions", answer)
                if status not in (200, 201):
                    self.errors.append((status, body))
                    return
                self.retried += status == 200
                self.acknowledged[key] = (body["submission_id"], mask["counts"])
                pending = None
            except (OSError, http.client.HTTPException):
                client = Client(self.port, who)
                time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.e2e
def test_every_acknowledged_submission_is_there_once_after_kill_9(tmp_path: Path) -> None:
    deps = make_deps(tmp_path)
    server = Process(tmp_path)
    server.start()
    status, project = Client(server.port, "lab", Role.LAB).call(
        "POST",
        "/api/v1/projects",
        {"name": "kill", "labels": [{"name": "disc"}], "quorum": 5, "gold_share": 0},
    )
    assert status == 201, project
    with deps.db.begin() as conn:
        for _ in range(IMAGES):
            image = common.ImageRef(id=new_id(), project_id=project["id"], height=40, width=32, channels=1)
            store.add_task(conn, new_id(), image, deps.clock.now_us())

    crowd = Crowd(server.port, project["id"])
    for thread in crowd.threads:
        thread.start()
    rng = np.random.default_rng(5)
    try:
        for _ in range(KILLS):
            before = len(crowd.acknowledged)
            time.sleep(float(rng.uniform(0.4, 1.2)))
            deadline = time.monotonic() + 20
            while len(crowd.acknowledged) < before + 20 and time.monotonic() < deadline:
                time.sleep(0.01)
            server.kill()
            server.start()
        time.sleep(0.3)
    finally:
        crowd.stop.set()
        for thread in crowd.threads:
            thread.join(30)
    assert crowd.errors == []
    assert len(crowd.acknowledged) > KILLS * 20
    server.kill()
    server.start()  # once more, so that the relay can publish what the last kill left behind

    try:
        _check_rows(deps, project["id"], crowd)
        _check_events(deps, tmp_path, crowd)
    finally:
        server.kill()
        deps.db.close()
        deps.bus.close()


def _check_rows(deps: Any, project_id: str, crowd: Crowd) -> None:
    with deps.db.read() as conn:
        rows = conn.execute(select(t.submissions)).all()
        counts = store.counts_of(conn, [project_id])[project_id]
        tasks = conn.execute(
            select(t.tasks.c.id, t.tasks.c.submissions, t.tasks.c.leases, t.tasks.c.quorum)
        ).all()
    stored = {row.client_key: row for row in rows}
    assert len(stored) == len(rows)
    lost = [key for key in crowd.acknowledged if key not in stored]
    assert lost == []
    assert set(stored) == set(crowd.acknowledged), (
        "nobody gave up, so nothing is stored that was not acknowledged in the end"
    )
    for key, (submission_id, sent) in crowd.acknowledged.items():
        row = stored[key]
        assert row.id == submission_id
        ((_, _, _, _, offset, length, digest),) = json.loads(row.masks)
        data = deps.blobs.get(row.pack, offset, length)
        assert data.decode() == sent
        assert hashlib.sha256(data).hexdigest() == digest
    assert counts["submissions"] == len(rows)
    assert counts["overshoot"] == 0
    assert Counter(row.task_id for row in rows) == Counter(
        {task.id: task.submissions for task in tasks if task.submissions}
    )
    assert all(task.submissions + task.leases <= task.quorum for task in tasks)


def _check_events(deps: Any, folder: Path, crowd: Crowd) -> None:
    """Every submission is published, as one event (on the wire it may come twice; its id is the same then)."""
    wanted = {submission_id for submission_id, _ in crowd.acknowledged.values()}
    deadline = time.monotonic() + 20
    seen: dict[str, set[str]] = {}
    while time.monotonic() < deadline:
        with sqlite3.connect(next(folder.glob("**/bus*.db"))) as bus:
            name = str(AnnotationSubmitted.DESCRIPTOR.full_name)
            values = bus.execute("SELECT value FROM log WHERE topic = ?", (name,)).fetchall()
        seen = {}
        for (value,) in values:
            envelope = Envelope.FromString(value)
            seen.setdefault(AnnotationSubmitted.FromString(envelope.payload).submission_id, set()).add(
                envelope.event_id
            )
        if set(seen) == wanted:
            break
        time.sleep(0.2)
    assert set(seen) == wanted
    assert all(len(event_ids) == 1 for event_ids in seen.values())
