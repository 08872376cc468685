"""Peak memory of this process and, where the platform is our child, of its process tree (Linux; elsewhere 0)."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class PeakMemory:
    """`with PeakMemory(pid) as memory: ...` then `memory.peak_mb`: the largest sum of resident sets, sampled twice a second."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self._thread.join(2)

    def _watch(self) -> None:
        roots = {os.getpid(), self._pid or os.getpid()}
        while True:
            self.peak_mb = max(self.peak_mb, tree_mb(roots))
            if self._halt.wait(0.5):
                return


def tree_mb(roots: set[int]) -> float:
    """Resident memory of the processes and all their descendants, in MB, each counted once."""
    proc = Path("/proc")
    if not proc.is_dir():
        return 0.0
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # gone in the meantime
        parents[int(entry.name)] = int(stat[1])
        resident[int(entry.name)] = int(stat[21])
    total = 0
    for pid in resident:
        walk = pid
        while walk not in roots and walk in parents:
            walk = parents[walk]
        if walk in roots:
            total += resident[pid]
    return total * os.sysconf("SC_PAGE_SIZE") / 2**20
