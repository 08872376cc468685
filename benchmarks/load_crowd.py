"""Simulated volunteers: each looks, clicks, draws and submits on a human rhythm, compressed, over one connection of
its own. What they do and when is what the web client does for a person; the masks are made before."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from intake import ragged_masks
from intake_servers import SIZE, Connection

# Seconds of a person: median of looking and of drawing. Lognormal with this sigma, a mean of 21 s together, which is
# what benchmarks/intake.py takes for a submission too.
LOOK_S, DRAW_S, SIGMA = 3.5, 14.5, 0.55
MEAN_S = (LOOK_S + DRAW_S) * float(np.exp(SIGMA**2 / 2))
MASKS = 64


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of images for which a volunteer's device asks the server; `speed` divides a person's seconds."""

    speed: float
    look: float  # frame and proposals; less where the device has them already
    clicks: float  # a click that the server answers: the browser's own model does it else
    draft: float  # the autosave of a drawing that takes longer than 12 s


@dataclass
class Seen:
    """What the volunteers met while the window was open."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # step → each call
    failed: Counter[str] = field(default_factory=Counter)  # "step status" → calls
    submissions: list[tuple[str, float]] = field(default_factory=list)  # image, sent at (seconds since 1970)
    sent: int = 0  # bytes of bodies
    received: int = 0


class Crowd:
    """Volunteers at one project. They stay and go on from stage to stage; `hire` brings more."""

    def __init__(self, where: str, project: str, habits: Habits, seed: int) -> None:
        self.where, self.project, self.habits, self.seed = where, project, habits, seed
        self.answers: dict[str, list[float]] = defaultdict(list)  # image → when each answer to it was sent
        self.empty = threading.Event()  # somebody was told that nothing is left to do
        self._masks = ragged_masks(MASKS, seed)
        self._threads: list[threading.Thread] = []
        self._halt, self._lock = threading.Event(), threading.Lock()
        self._seen: Seen | None = None
        self.broken: list[str] = []

    def __len__(self) -> int:
        return len(self._threads)

    def hire(self, raters: list[dict[str, str]]) -> None:
        """More volunteers, who come one after another within a compressed image's time."""
        for headers in raters:
            args = (headers, len(self._threads), len(raters))
            thread = threading.Thread(target=self._run, args=args, daemon=True)
            self._threads.append(thread)
            thread.start()

    def watch(self, seconds: float) -> Seen:
        """Open the window for that long; what was met in it."""
        seen = Seen()
        with self._lock:
            self._seen = seen
        self._halt.wait(seconds)
        with self._lock:
            self._seen = None
        return seen

    def stop(self) -> None:
        """Everybody finishes the call at hand and leaves."""
        self._halt.set()
        for thread in self._threads:
            thread.join(120)

    def _run(self, headers: dict[str, str], number: int, together: int) -> None:
        rng = np.random.default_rng([self.seed, number])
        self._halt.wait(float(rng.uniform(0, MEAN_S / self.habits.speed)))
        try:
            connection = Connection(self.where)
            while not self._halt.is_set():
                self._image(connection, headers, rng, number)
        except Exception as error:  # a volunteer who is gone must not go unnoticed
            self.broken.append(f"{type(error).__name__}: {error}")

    def _image(
        self, connection: Connection, headers: dict[str, str], rng: np.random.Generator, number: int
    ) -> None:
        status, text = self._call(connection, "next", "POST", f"/projects/{self.project}/next", headers)
        if status != 200:
            if status == 204:
                self.empty.set()
            self._halt.wait(1.0)
            return
        turn = json.loads(text)
        lease, image = turn["lease"]["id"], turn["task"]["image"]["id"]
        if rng.random() < self.habits.look:
            self._call(connection, "frame", "GET", f"/images/{image}/frame", headers)
            self._call(connection, "proposals", "GET", f"/images/{image}/proposals", headers)
        self._pause(LOOK_S, rng)
        if rng.random() < self.habits.clicks:
            row, column = (float(x) for x in rng.uniform(0.3 * SIZE, 0.7 * SIZE, 2))
            prompt = {"points": [{"x": column, "y": row, "is_positive": True}]}
            self._call(connection, "segment", "POST", f"/images/{image}/segment", headers, prompt)
        masks = [{"label_id": 1, "rle": self._masks[(number + len(self.answers)) % MASKS]}]
        draw = self._seconds(DRAW_S, rng)
        self._halt.wait(draw / self.habits.speed)
        if rng.random() < self.habits.draft:
            self._call(connection, "draft", "PUT", f"/leases/{lease}/draft", headers, {"masks": masks})
        body = {"client_key": lease, "masks": masks, "duration_ms": round(1000 * draw), "clicks": 2}
        sent = time.time()
        path = f"/leases/{lease}/submissions"
        status, _ = self._call(connection, "submit", "POST", path, headers, body)
        if status in (200, 201):
            with self._lock:
                self.answers[image].append(sent)
                if self._seen is not None:
                    self._seen.submissions.append((image, sent))

    def _seconds(self, median: float, rng: np.random.Generator) -> float:
        return float(median * np.exp(rng.normal(0, SIGMA)))

    def _pause(self, median: float, rng: np.random.Generator) -> None:
        self._halt.wait(self._seconds(median, rng) / self.habits.speed)

    def _call(
        self,
        connection: Connection,
        step: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Any = None,
    ) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        status, text = connection.call(method, path, headers, data)
        took = time.perf_counter() - began
        with self._lock:
            seen = self._seen
            if seen is not None:
                if status < 300:
                    seen.seconds[step].append(took)
                else:
                    seen.failed[f"{step} {status}"] += 1
                seen.sent += len(data or b"")
                seen.received += len(text)
        return status, text
