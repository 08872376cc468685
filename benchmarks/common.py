"""What the benchmarks share: one JSON line a figure, a platform of their own, and CPU and memory read from /proc."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from services.cli.demo.memory import tree_mb
from services.cli.demo.platform import free_port

_TICK = os.sysconf("SC_CLK_TCK")


def figure(name: str, value: float, unit: str, **more: Any) -> None:
    """Print one figure."""
    line = {
        "figure": name,
        "value": round(value, 4) if isinstance(value, float) else value,
        "unit": unit,
        **more,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def calibrate(repeats: int = 5) -> float:
    """Milliseconds of CPU for a fixed piece of work: how fast this machine is just now."""
    import hashlib

    best = float("inf")
    for _ in range(repeats):
        started = time.thread_time()
        digest = b"x"
        for _ in range(30_000):
            digest = hashlib.sha256(digest).digest()
        best = min(best, time.thread_time() - started)
    return best * 1000


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process and its living descendants."""
    total, todo = 0.0, [pid]
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    while todo:
        one = todo.pop()
        try:
            stat = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(x) for x in stat[11:15]) / _TICK
        todo += children.get(one, [])
    return total


@dataclass
class Running:
    """A `bramble up` of our own."""

    url: str
    pid: int
    folder: Path
    seconds_to_page: float

    def memory_mb(self) -> float:
        return tree_mb({self.pid})

    def cpu(self) -> float:
        return cpu_seconds(self.pid)


@contextmanager
def bramble_up(folder: Path | None = None, **env: str) -> Iterator[Running]:
    """Start `bramble up` and wait for its landing page; stop it in the end."""
    with tempfile.TemporaryDirectory(prefix="bramble-bench-") as temporary:
        home = folder or Path(temporary)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",  # as `make run` has it
            "BRAMBLE_DATA_DIR": str(home),
            "BRAMBLE_PORT": str(port),
            "BRAMBLE_RATE_LIMITS": "false",
            **env,
        }
        environment.pop("BRAMBLE_URL", None)
        with (home / "bench.log").open("wb") if home.is_dir() else open(os.devnull, "wb") as log:
            started = time.perf_counter()
            command = [sys.executable, "-m", "services.cli.main", "up"]
            process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        try:
            while True:
                try:
                    if httpx.get(f"{url}/", timeout=2).status_code == 200:
                        break
                except httpx.HTTPError:
                    pass
                if process.poll() is not None or time.perf_counter() - started > 120:
                    raise SystemExit(f"bramble up did not start; see {home / 'bench.log'}")
                time.sleep(0.02)
            yield Running(url, process.pid, home, time.perf_counter() - started)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
