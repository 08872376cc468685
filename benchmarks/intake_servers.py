"""The servers that the intake benchmark drives, and how a project, its raters and its tasks get there."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from common import cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
SIZE = 256


def settle(pid: int, limit_s: float = 60.0) -> None:
    """Wait until the process has used next to no CPU for half a second."""
    end, last = time.monotonic() + limit_s, cpu_seconds(pid)
    while time.monotonic() < end:
        time.sleep(0.5)
        now = cpu_seconds(pid)
        if now - last < 0.03:
            return
        last = now


class Connection:
    """A keep-alive connection of the standard library: some 0.2 ms of client CPU a request, so that the client isn't what is measured.
    `where` is a port of the loopback or an http(s) address."""

    def __init__(self, where: int | str) -> None:
        address = urlsplit(where if isinstance(where, str) else f"http://127.0.0.1:{where}")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self.http = kind(address.hostname or "", address.port, timeout=120)
        self.http.connect()
        self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> tuple[int, bytes]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers = {"Content-Type": "application/json", **headers}
        self.http.request(method, "/api/v1" + path, body=data, headers=headers)
        answer = self.http.getresponse()
        return answer.status, answer.read()


def session(connection: Connection, path: str, body: dict[str, Any]) -> dict[str, str]:
    """Log in or become a guest: the headers of that session. Fails with the server's answer where it refuses."""
    connection.http.request("POST", "/api/v1" + path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.http.getresponse()
    data = answer.read()
    assert answer.status in (200, 201), data
    cookie = next(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or () if "session" in c)
    return {"Cookie": cookie, "X-CSRF-Token": json.loads(data)["csrf_token"]}


def guests(connection: Connection, n: int) -> list[dict[str, str]]:
    """Headers of `n` new guests."""
    _, body = connection.call("GET", "/consent", {})
    version = json.loads(body)["version"]
    return [session(connection, "/auth/guest", {"consent_version": version}) for _ in range(n)]


def upload(connection: Connection, lab: dict[str, str], project_id: str, images: int) -> None:
    """Upload distinct images of SIZE², 100 in a request, and wait until each has become a task."""
    import io

    from PIL import Image

    sent, rng = 0, np.random.default_rng(int(project_id[-6:], 16))
    while sent < images:
        some = min(100, images - sent)
        mark, parts = f"bench{sent}", []
        for k in range(some):
            buffer = io.BytesIO()
            flat = np.full((SIZE, SIZE), 90, np.uint8)
            flat[:8, :8] = rng.integers(0, 255, (8, 8))
            Image.fromarray(flat).save(buffer, "PNG", compress_level=1)
            head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{sent + k}.png"\r\n'
            parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + buffer.getvalue() + b"\r\n")
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        headers = {**lab, "Content-Type": f"multipart/form-data; boundary={mark}"}
        status, text = connection.call("POST", f"/projects/{project_id}/images", headers, body)
        assert status == 200, text
        sent += some
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        _, text = connection.call("GET", f"/projects/{project_id}", lab)
        if json.loads(text)["counts"]["images"] >= images:
            return
        time.sleep(0.1)
    raise SystemExit("the uploads did not become tasks within 120 s")


class Server:
    """A server of this benchmark's own, on an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str]) -> float:
        """Start, wait until ready; answers the seconds that took."""
        env = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",
            "BRAMBLE_DATA_DIR": str(self.folder),
            "BRAMBLE_PORT": str(self.port),
            "BRAMBLE_RATE_LIMITS": "false",
            "BRAMBLE_LOG_LEVEL": "WARNING",
            "OMP_NUM_THREADS": "1",
        }
        started = time.perf_counter()
        log = (self.folder.parent / "server.log").open("ab")
        self.process = subprocess.Popen(list(command), cwd=ROOT, env=env, stdout=log, stderr=log)
        while time.perf_counter() - started < 60:
            if self.process.poll() is not None:
                raise SystemExit(
                    f"the server ended: {(self.folder.parent / 'server.log').read_text()[-3000:]}"
                )
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return time.perf_counter() - started
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("the server isn't ready after 60 s")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


def serve_alone() -> None:
    """The annotations service by itself, with its relay, consumers and background threads (in the process of `--serve`)."""
    from services.allinone import up
    from services.annotations import tables  # noqa: F401 - registers the tables
    from shared.db.session import Database
    from shared.settings import Settings

    settings = Settings()
    database = Database(settings.database_url_for("annotations"))
    database.create_all(("annotations_", "bus_"))
    database.close()
    raise SystemExit(up.run(settings, ["annotations"], auto_migrate=False))


class Alone:
    """Sets up by the tables and signs principals itself."""

    name = "annotations service alone"

    def __init__(self, server: Server) -> None:
        self.server = server

    def start(self) -> None:
        self.server.start([sys.executable, str(ROOT / "benchmarks" / "intake.py"), "--serve"])

    def headers(self, who: str, role: str = "volunteer") -> dict[str, str]:
        from shared.auth import HEADER, Principal, Role, encode_principal
        from shared.settings import Settings

        secret = Settings(data_dir=self.server.folder).secret
        return {HEADER: encode_principal(Principal(id=who, role=Role.parse(role)), secret)}

    def raters(self, n: int) -> list[dict[str, str]]:
        return [self.headers(f"rater-{i}") for i in range(n)]

    def lab(self) -> dict[str, str]:
        return self.headers("lab", "lab")

    def load(self, project_id: str, images: int) -> None:
        fill_tasks(self.server.folder, project_id, images)


class Platform:
    """Sets up through the public API: a lab's account and key, uploads, guests."""

    name = "bramble up, through the gateway"

    def __init__(self, server: Server) -> None:
        self.server = server
        self._lab: dict[str, str] = {}

    def start(self) -> None:
        self.server.start([sys.executable, "-m", "services.cli.main", "up"])
        self._lab = self._make_lab()

    def _make_lab(self) -> dict[str, str]:
        env = {
            **os.environ,
            "BRAMBLE_DATA_DIR": str(self.server.folder),
            "BRAMBLE_PORT": str(self.server.port),
        }
        command = [sys.executable, "-m", "services.cli.main", "admin", "create-operator", "bench@example.org"]
        subprocess.run(
            [*command, "--password", "correct horse battery"],
            check=True,
            cwd=ROOT,
            env=env,
            capture_output=True,
        )
        connection = Connection(self.server.port)
        headers = session(
            connection, "/auth/login", {"email": "bench@example.org", "password": "correct horse battery"}
        )
        status, body = connection.call(
            "POST", "/keys", headers, {"name": "bench", "scopes": ["read", "write", "admin"]}
        )
        assert status in (200, 201), body
        return {"Authorization": f"Bearer {json.loads(body)['secret']}"}

    def raters(self, n: int) -> list[dict[str, str]]:
        return guests(Connection(self.server.port), n)

    def lab(self) -> dict[str, str]:
        return self._lab

    def load(self, project_id: str, images: int) -> None:
        upload(Connection(self.server.port), self._lab, project_id, images)


def fill_tasks(folder: Path, project_id: str, n: int) -> None:
    """Write tasks straight into the tables of the platform in that folder."""
    from shared.settings import Settings

    fill_database(Settings(data_dir=folder).database_url_for("annotations"), project_id, n)


def fill_database(url: str, project_id: str, n: int) -> None:
    """Write tasks straight into the annotations' tables: the same rows as `ImageStored` makes, without as many events. Their images
    exist nowhere else."""
    from services.annotations import tables as t
    from services.annotations.store import bump
    from shared.contracts.bramble.common.v1 import common_pb2 as common
    from shared.db.session import Database
    from shared.ids import new_id

    database = Database(url)
    for start in range(0, n, 5000):
        rows = []
        size = min(5000, n - start)
        with database.begin() as conn:
            stamp = bump(conn, project_id, stamps=size, images=size, open=size)
            for k in range(size):
                image = common.ImageRef(
                    id=new_id(),
                    project_id=project_id,
                    height=SIZE,
                    width=SIZE,
                    channels=1,
                    group="bench",
                    frames=1,
                )
                rows.append(_task_row(image, new_id(), stamp + k))
            conn.execute(t.tasks.insert(), rows)
    database.close()


def _task_row(image: Any, task_id: str, stamp: int) -> dict[str, Any]:
    import orjson

    from services.annotations.records import image_json

    return {
        "id": task_id,
        "project_id": image.project_id,
        "image_id": image.id,
        "height": SIZE,
        "width": SIZE,
        "image": image.SerializeToString(),
        "image_json": orjson.dumps(image_json(image)).decode(),
        "status": "open",
        "is_gold": False,
        "quorum": 5,
        "need": 5,
        "stamp": stamp,
        "created_at": 0,
    }
