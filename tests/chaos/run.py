"""One run: volunteers submit while parts die in an order that the seed decides; then everything is checked."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.chaos.check import Verdict, check, votes
from tests.chaos.crowd import HEIGHT, WIDTH, Crowd
from tests.chaos.faults import NEED_VOLUNTEERS, PATIENCE_S, Faults
from tests.chaos.proxy import Proxy
from tests.servers import Server, ServerError
from tests.servers.base import free_port
from tools.run_distributed import Distributed

QUORUM = 5
DISK_MB = 128  # of the object store, which `fill minio` fills


@dataclass
class Recovery:
    """How long a fault was felt: from the moment at which the part was back until every service was ready, a submission
    was acknowledged, and all that was acknowledged before was counted in consensus."""

    fault: str
    seconds: float


@dataclass
class Report:
    """What a run did."""

    seed: int
    verdict: Verdict
    recoveries: list[Recovery]
    acknowledged: int
    retries: dict[str, int]
    drafts: int  # drawings that came too late for their lease and were kept as drafts
    idle: list[str]  # faults that came when every volunteer had gone: they prove little
    wrong: list[str] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """As it is printed."""
        times = sorted(r.seconds for r in self.recoveries) or [0.0]
        return {
            "seed": self.seed,
            "acknowledged": self.acknowledged,
            "stored": self.verdict.stored,
            "images": self.verdict.images,
            "events_applied": self.verdict.applied,
            "events_twice_on_the_wire": self.verdict.redelivered,
            "faults": [[r.fault, round(r.seconds, 2)] for r in self.recoveries],
            "settled_s": round(self.verdict.settled_s, 1),
            "recovery_p50_s": round(times[len(times) // 2], 2),
            "recovery_max_s": round(times[-1], 2),
            "retries": self.retries,
            "kept_as_drafts": self.drafts,
            "without_volunteers": self.idle,
            "wrong": self.wrong,
        }


class Chaos:
    """The distributed form behind proxies, on servers of its own. `start`, `run` as often as wished, `stop`."""

    def __init__(self, share: float | None = None, *, small_disk: bool = False) -> None:
        """`share`: of the time that estimating raters may take, where not the services' own. `small_disk`: the object store gets a disk
        that can be filled, for which the kernel must let this user mount one."""
        self.points = Path(tempfile.mkdtemp(prefix="bramble-chaos-"))
        self.proxies: dict[str, Proxy] = {}
        extra = {
            "CHAOS_POINTS": str(self.points),
            "BRAMBLE_RATE_LIMITS": "false",
            "BRAMBLE_LOG_LEVEL": "WARNING",
            **({} if share is None else {"CHAOS_SHARE": str(share)}),
        }
        self.platform = Distributed(
            free_port(), worker=False, via=self._proxy, module="tests.chaos.service", extra=extra
        )
        self.servers: dict[str, Server] = {
            "kafka": self.platform.kafka,
            "postgres": self.platform.postgres,
            "minio": self.platform.minio,
        }
        if small_disk:
            self.platform.minio.limit(DISK_MB)
        self._faults = Faults(self.platform, self.servers, self.proxies, self.points)

    def start(self) -> None:
        """Raises ServerError."""
        if any(server.external for server in self.servers.values()):
            raise ServerError("the fault suite kills its servers, so it starts its own; unset BRAMBLE_TEST_*")
        self.platform.start()
        email, password, _ = next(a for a in self.platform.demo_accounts() if a[2] == "lab")
        self.lab = httpx.Client(base_url=f"{self.platform.url}/api/v1", timeout=60)
        answer = self.lab.post("/auth/login", json={"email": email, "password": password})
        answer.raise_for_status()
        self.lab.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def stop(self) -> None:
        """End everything."""
        self.platform.stop()
        for proxy in self.proxies.values():
            proxy.close()

    def run(
        self, seed: int, *, submissions: int, faults: Sequence[str], size: int = 6, pause_s: float = 1.0
    ) -> Report:
        """Volunteers make `submissions` while `faults` happen one after another, each once the last is recovered from."""
        project = self._project(seed, -(-submissions // QUORUM) + size)
        crowd = Crowd(self.platform.url, project, size=size, target=submissions, seed=seed, pause_s=pause_s)
        crowd.start()
        rng = np.random.default_rng(seed)
        recoveries, wrong, idle = [], [], []
        try:
            for fault in faults:
                time.sleep(float(rng.uniform(0.5, 2.0)))
                if not crowd.busy:
                    idle.append(fault)
                    if fault.split()[0] in NEED_VOLUNTEERS:
                        continue
                recoveries.append(self._recover(fault, self._faults.strike(fault, rng), crowd, project))
            deadline = time.monotonic() + submissions * 0.5 + PATIENCE_S
            while crowd.busy and time.monotonic() < deadline:
                time.sleep(0.2)
        except (ServerError, TimeoutError) as error:
            wrong.append(str(error))
        finally:
            crowd.stop()
        verdict = check(self.platform, project, crowd.kept, self._faults.letters)
        wrong += crowd.unclear + verdict.wrong
        return Report(
            seed, verdict, recoveries, len(crowd.kept), dict(crowd.retries), crowd.drafts, idle, wrong
        )

    def _proxy(self, server: str, port: int) -> int:
        if server not in self.proxies:
            self.proxies[server] = Proxy(port)
        return self.proxies[server].port

    def _project(self, seed: int, images: int) -> str:
        body = {
            "name": f"Chaos {seed}",
            "labels": [{"name": "disc"}],
            "quorum": QUORUM,
            "gold_share": 0,
            "accept_agreement": 0.5,
        }
        made = self.lab.post("/projects", json=body)
        made.raise_for_status()
        project = str(made.json()["id"])
        rng = np.random.default_rng([seed, 99])
        for start in range(0, images, 50):
            files = []
            for number in range(start, min(start + 50, images)):
                png = io.BytesIO()
                Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH), np.uint8)).save(png, "PNG")
                files.append(("files", (f"{number}.png", png.getvalue(), "image/png")))
            answer = self.lab.post(f"/projects/{project}/images", files=files)
            answer.raise_for_status()
        deadline = time.monotonic() + PATIENCE_S
        while self.lab.get(f"/projects/{project}").json()["counts"]["images"] < images:
            if time.monotonic() > deadline:
                raise ServerError("the images of the run never became tasks")
            time.sleep(0.2)
        return project

    def _recover(self, fault: str, back: float, crowd: Crowd, project: str) -> Recovery:
        before = len(crowd.kept)
        deadline = back + PATIENCE_S
        while time.monotonic() < deadline:
            working = len(crowd.kept) > before or not crowd.busy
            if working and self._ready() and votes(self.platform, project) >= before:
                return Recovery(fault, time.monotonic() - back)
            time.sleep(0.1)
        raise TimeoutError(f"{fault}: not recovered {PATIENCE_S:.0f} s after the part was back")

    def _ready(self) -> bool:
        """Whether every service says so, asked at the same time, as Kubernetes' probes do."""
        with ThreadPoolExecutor(len(self.platform.ports)) as pool:
            return all(pool.map(_is_ready, self.platform.ports.values()))


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False
