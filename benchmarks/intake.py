"""Intake: submissions per second, server CPU a submission, and the cost of the next task. One JSON line a figure.

    python benchmarks/intake.py                      # starts `bramble up` on an empty folder, through the gateway with accounts
    python benchmarks/intake.py --alone              # the annotations service by itself, with principals signed here

Each rater holds one lease at a time, as the platform has it, so a round is: every rater asks for a task (not timed), then 1, 4 or 16
clients send all the answers at once (timed). Server CPU is user + system time of the server's process tree from /proc; `settled`
also holds what the server does after the last acknowledgement until it is idle (events, consensus). Masks are 256 × 256 with a
ragged border, made from the seed.

`BRAMBLE_LABEL_STUDIO_JSON` may hold (or name a file that holds) the JSON line of a Label Studio measured on the same machine in the
same hour; without it the ratios are against the published figures of the issue, and say so.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from common import calibrate, cpu_seconds, figure  # noqa: E402

from shared.imaging import rle  # noqa: E402

SIZE = 256
PUBLISHED = {"cpu_ms": 79.0, "per_s": {1: 7.3, 4: 9.6, 16: 6.1}, "next_cpu_ms": 49.0}


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


# ------------------------------------------------------------------------------------------------------------------ masks
def ragged_masks(n: int, seed: int, size: int = SIZE) -> list[dict[str, Any]]:
    """`n` masks as COCO RLE: an ellipse of 8–25 % of the image whose border is displaced by smooth and by fine noise."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] / size
    angle_bins = 720
    out = []
    for _ in range(n):
        centre, radius = rng.uniform(0.38, 0.62, 2), rng.uniform(0.18, 0.28, 2)
        coarse = np.interp(np.linspace(0, 12, angle_bins), np.arange(13), rng.normal(0, 0.08, 13))
        border = 1 + coarse + rng.normal(0, 0.03, angle_bins)
        dy, dx = (rows - centre[0]) / radius[0], (columns - centre[1]) / radius[1]
        turn = ((np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * (angle_bins - 1)).astype(int)
        out.append(rle.to_json(rle.encode(np.hypot(dy, dx) < border[turn])))
    return out


# ---------------------------------------------------------------------------------------------------------------- process
def settle(pid: int, limit_s: float = 60.0) -> None:
    """Wait until the process has used next to no CPU for half a second."""
    end, last = time.monotonic() + limit_s, cpu_seconds(pid)
    while time.monotonic() < end:
        time.sleep(0.5)
        now = cpu_seconds(pid)
        if now - last < 0.03:
            return
        last = now


# ------------------------------------------------------------------------------------------------------------------- load
class Connection:
    """A keep-alive connection of the standard library: some 0.2 ms of client CPU a request, so that the client isn't what is measured."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.http.connect()
        self.http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> tuple[int, bytes]:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers = {"Content-Type": "application/json", **headers}
        self.http.request(method, "/api/v1" + path, body=data, headers=headers)
        answer = self.http.getresponse()
        return answer.status, answer.read()


Job = tuple[str, str, dict[str, str], bytes | None]


def drive(port: int, clients: int, jobs: Sequence[Job]) -> dict[str, Any]:
    """Closed loop: `clients` threads work through `jobs`. Latencies in seconds, statuses, wall time."""
    position, lock = iter(jobs), threading.Lock()
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    bodies: list[bytes] = []
    gate = threading.Barrier(clients + 1)

    def work() -> None:
        connection = Connection(port)
        gate.wait()
        while True:
            with lock:
                job = next(position, None)
            if job is None:
                return
            started = time.perf_counter()
            status, body = connection.call(*job)
            took = time.perf_counter() - started
            with lock:
                latencies.append(took)
                statuses[status] = statuses.get(status, 0) + 1
                bodies.append(body)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"wall": time.perf_counter() - started, "lat": latencies, "status": statuses, "bodies": bodies}


def percentile(values: Sequence[float], q: float) -> float:
    return float(np.percentile(values, q)) * 1000


# ---------------------------------------------------------------------------------------------------------------- servers
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
        self.server.start([sys.executable, __file__, "--serve"])

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
        headers = self._session(
            connection, "/auth/login", {"email": "bench@example.org", "password": "correct horse battery"}
        )
        status, body = connection.call(
            "POST", "/keys", headers, {"name": "bench", "scopes": ["read", "write", "admin"]}
        )
        assert status in (200, 201), body
        return {"Authorization": f"Bearer {json.loads(body)['secret']}"}

    def _session(self, connection: Connection, path: str, body: dict[str, Any]) -> dict[str, str]:
        connection.http.request(
            "POST", "/api/v1" + path, json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = connection.http.getresponse()
        data = answer.read()
        assert answer.status in (200, 201), data
        cookie = next(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or () if "session" in c)
        return {"Cookie": cookie, "X-CSRF-Token": json.loads(data)["csrf_token"]}

    def raters(self, n: int) -> list[dict[str, str]]:
        connection = Connection(self.server.port)
        _, body = connection.call("GET", "/consent", {})
        version = json.loads(body)["version"]
        return [self._session(connection, "/auth/guest", {"consent_version": version}) for _ in range(n)]

    def lab(self) -> dict[str, str]:
        return self._lab

    def load(self, project_id: str, images: int) -> None:
        """Upload distinct images, 100 in a request, and wait until each has become a task."""
        import io

        from PIL import Image

        connection, sent = Connection(self.server.port), 0
        rng = np.random.default_rng(int(project_id[-6:], 16))
        while sent < images:
            some = min(100, images - sent)
            mark, parts = f"bench{sent}", []
            for k in range(some):
                buffer = io.BytesIO()
                flat = np.full((SIZE, SIZE), 90, np.uint8)
                flat[:8, :8] = rng.integers(0, 255, (8, 8))
                Image.fromarray(flat).save(buffer, "PNG", compress_level=1)
                head = (
                    f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{sent + k}.png"\r\n'
                )
                parts.append(head.encode() + b"Content-Type: image/png\r\n\r\n" + buffer.getvalue() + b"\r\n")
            body = b"".join(parts) + f"--{mark}--\r\n".encode()
            headers = {**self._lab, "Content-Type": f"multipart/form-data; boundary={mark}"}
            status, text = connection.call("POST", f"/projects/{project_id}/images", headers, body)
            assert status == 200, text
            sent += some
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            _, text = connection.call("GET", f"/projects/{project_id}", self._lab)
            if json.loads(text)["counts"]["images"] >= images:
                return
            time.sleep(0.1)
        raise SystemExit("the uploads did not become tasks within 120 s")


def fill_tasks(folder: Path, project_id: str, n: int) -> None:
    """Write tasks straight into the tables: the same rows as `ImageStored` makes, without as many events."""
    from services.annotations import tables as t
    from services.annotations.store import bump
    from shared.contracts.bramble.common.v1 import common_pb2 as common
    from shared.db.session import Database
    from shared.ids import new_id
    from shared.settings import Settings

    database = Database(Settings(data_dir=folder).database_url_for("annotations"))
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


# --------------------------------------------------------------------------------------------------------------- measuring
class Bench:
    def __init__(self, setup: Alone | Platform, options: argparse.Namespace) -> None:
        self.setup, self.options = setup, options
        self.port, self.pid = setup.server.port, setup.server.pid
        self.masks = ragged_masks(64, options.seed)
        self.raters = setup.raters(options.raters)
        self.peer, self.peer_source = label_studio()
        self.common = {"server": setup.name, "seed": options.seed, "calib_ms": round(calibrate(), 2)}

    def project(self, images: int, load: Callable[[str, int], None], **settings: Any) -> str:
        body = {"name": "intake", "labels": [{"name": "lesion"}], "gold_share": 0, **settings}
        status, text = Connection(self.port).call("POST", "/projects", self.setup.lab(), body)
        assert status == 201, text
        project_id = str(json.loads(text)["id"])
        load(project_id, images)
        return project_id

    def lease_round(self, project_id: str) -> list[Job]:
        """Every rater asks for a task; answers the submissions to send."""
        jobs: list[Job] = []
        connection = Connection(self.port)
        for k, headers in enumerate(self.raters):
            status, text = connection.call("POST", f"/projects/{project_id}/next", headers)
            assert status == 200, (status, text)
            lease = json.loads(text)["lease"]["id"]
            answer = {
                "client_key": f"{lease}-{k}",
                "masks": [{"label_id": 1, "rle": self.masks[k % len(self.masks)]}],
                "duration_ms": 21_000,
                "clicks": 14,
            }
            jobs.append(("POST", f"/leases/{lease}/submissions", headers, json.dumps(answer).encode()))
        return jobs

    def intake(self, levels: Sequence[int]) -> None:
        """Submissions at each number of clients, in interleaved rounds, so that a busy minute hits all levels."""
        rounds, raters = self.options.rounds, len(self.raters)
        need = rounds * raters * len(levels)
        project_id = self.project(need // 5 + raters, self.setup.load, quorum=5, task_order="spread")
        seen: dict[int, dict[str, Any]] = {
            c: {"lat": [], "rates": [], "cpu": 0.0, "settled": 0.0, "bad": 0} for c in levels
        }
        for turn in range(rounds):
            for clients in levels:
                jobs = self.lease_round(project_id)
                settle(self.pid)
                before = cpu_seconds(self.pid)
                result = drive(self.port, clients, jobs)
                burst = cpu_seconds(self.pid) - before
                settle(self.pid)
                level = seen[clients]
                level["cpu"] += burst
                level["settled"] += cpu_seconds(self.pid) - before
                level["lat"] += result["lat"]
                level["rates"].append(len(jobs) / result["wall"])
                level["bad"] += len(jobs) - result["status"].get(201, 0)
                say(
                    f"round {turn}, {clients} clients: {level['rates'][-1]:.0f}/s, {1000 * burst / len(jobs):.2f} ms CPU, {result['status']}"
                )
        for clients in levels:
            self._report(clients, seen[clients], rounds * raters)

    def _report(self, clients: int, level: dict[str, Any], n: int) -> None:
        rate, cpu = statistics.median(level["rates"]), 1000 * level["cpu"] / n
        more = {**self.common, "clients": clients, "n": n, "not_stored": level["bad"]}
        peer_rate, peer_cpu = self.peer["per_s"].get(clients), self.peer["cpu_ms"]
        ratio = {"label_studio": self.peer_source}
        times = round(rate / peer_rate, 1) if peer_rate else None
        figure(
            "submissions_per_s",
            round(rate, 1),
            "1/s",
            times_label_studio=times,
            target=">= 50 times at 16",
            **ratio,
            **more,
        )
        share = round(peer_cpu / cpu, 1)
        figure(
            "submission_cpu",
            round(cpu, 3),
            "ms",
            label_studio_times_ours=share,
            target=">= 50",
            **ratio,
            **more,
        )
        figure("submission_cpu_settled", round(1000 * level["settled"] / n, 3), "ms", **more)
        for q in (50, 95, 99):
            target = {"target": "< 150 at 16 clients"} if q == 99 else {}
            figure(f"submission_p{q}", round(percentile(level["lat"], q), 1), "ms", **target, **more)

    def next_task(self, sizes: Sequence[int]) -> None:
        """Server CPU of the next task as the project grows; one rater has done a thousand tasks before."""
        for size in sizes:
            fill = lambda p, n: fill_tasks(self.setup.server.folder, p, n)  # noqa: E731
            project_id = self.project(size, fill, quorum=5)
            veteran = self.raters[0]
            connection = Connection(self.port)
            for _ in range(min(self.options.veteran, size // 2)):
                _, text = connection.call("POST", f"/projects/{project_id}/next", veteran)
                lease = json.loads(text)["lease"]["id"]
                body = {"client_key": lease, "masks": [{"label_id": 1, "rle": self.masks[0]}]}
                status, text = connection.call("POST", f"/leases/{lease}/submissions", veteran, body)
                assert status == 201, text
            settle(self.pid)
            for who, raters in (("newcomers", self.raters[1:]), ("veteran", [veteran] * self.options.raters)):
                spent, latencies = self._asks(project_id, connection, raters, skip=who == "veteran")
                figure(
                    "next_task_cpu",
                    round(1000 * spent / len(latencies), 3),
                    "ms",
                    tasks=size,
                    rater=who,
                    n=len(latencies),
                    p50_ms=round(percentile(latencies, 50), 2),
                    p99_ms=round(percentile(latencies, 99), 2),
                    label_studio_times_ours=round(
                        self.peer["next_cpu_ms"] / (1000 * spent / len(latencies)), 1
                    )
                    if spent
                    else None,
                    label_studio=self.peer_source,
                    target="<= 5 at 10,000; flat from 1,000 to 100,000",
                    **self.common,
                )

    def _asks(
        self, project_id: str, connection: Connection, raters: Sequence[dict[str, str]], *, skip: bool
    ) -> tuple[float, list[float]]:
        spent, latencies = 0.0, []
        before = cpu_seconds(self.pid)
        for headers in raters:
            started = time.perf_counter()
            status, text = connection.call("POST", f"/projects/{project_id}/next", headers)
            latencies.append(time.perf_counter() - started)
            assert status == 200, (status, text)
            if skip:
                connection.call("POST", f"/leases/{json.loads(text)['lease']['id']}/skip", headers)
        spent = cpu_seconds(self.pid) - before
        return spent, latencies


def label_studio() -> tuple[dict[str, Any], str]:
    """The peer's figures and where they are from."""
    given = os.environ.get("BRAMBLE_LABEL_STUDIO_JSON", "").strip()
    if not given:
        return PUBLISHED, "published: 79 ms CPU, 7.3/9.6/6.1 per s, next 49 ms (issue 3)"
    line = json.loads(given if given.startswith("{") else Path(given).read_text().strip().splitlines()[-1])
    intake = line["intake"]
    levels = intake.get("clients", intake)
    per_s = {int(c): v["req_per_s_median"] for c, v in levels.items() if str(c).isdigit()}
    cpus = [
        v["server_cpu_ms_per_request"]
        for c, v in levels.items()
        if str(c).isdigit() and "server_cpu_ms_per_request" in v
    ]
    return {
        "cpu_ms": min(cpus) if cpus else PUBLISHED["cpu_ms"],
        "per_s": per_s,
        "next_cpu_ms": PUBLISHED["next_cpu_ms"],
    }, "same run"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--alone", action="store_true", help="the annotations service alone")
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--tasks", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--veteran", type=int, default=300, help="tasks that the veteran did before")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if options.serve:
        serve_alone()
    with tempfile.TemporaryDirectory(prefix="bramble-bench-") as folder:
        (Path(folder) / "data").mkdir()
        server = Server(Path(folder) / "data")
        setup = Alone(server) if options.alone else Platform(server)
        try:
            setup.start()
            bench = Bench(setup, options)
            if options.rounds:
                bench.intake(options.clients)
            bench.next_task(options.tasks)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
