"""Volunteers who never give up: what wasn't acknowledged is sent again, with its key, until it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from shared.ids import new_id
from shared.imaging import rle

HEIGHT, WIDTH = 48, 64
GAVE_WAY = (429, 502, 503, 504, 507)  # what a client may try again, as the API's documentation has it


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the platform promised to keep."""

    submission_id: str
    image_id: str
    rater_id: str
    counts: str


class Crowd:
    """`size` guests at one project through the gateway, until `target` submissions are acknowledged or `stop` is called."""

    def __init__(self, url: str, project: str, *, size: int, target: int, seed: int, pause_s: float) -> None:
        self._url, self._project, self._target, self._pause_s = f"{url}/api/v1", project, target, pause_s
        self.kept: dict[str, Acknowledged] = {}  # client_key → what was promised
        self.drafts = 0  # drawings that came too late and are kept as drafts
        self.retries: Counter[str] = Counter()
        self.unclear: list[str] = []  # answers that tell a volunteer neither "done" nor "try again"
        self._halt = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(seed, i), daemon=True) for i in range(size)]

    def start(self) -> None:
        """Let them in."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience_s: float = 60.0) -> None:
        """No new task; each sends what it has drawn, and leaves."""
        self._halt.set()
        deadline = time.monotonic() + patience_s
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self.unclear.append(f"volunteers still try after {patience_s:.0f} s")

    @property
    def busy(self) -> bool:
        """Whether anybody still works."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self, seed: int, number: int) -> None:
        try:
            self._work(np.random.default_rng([seed, number]))
        except Exception as error:  # a thread's failure must fail the run
            self.unclear.append(f"volunteer {number}: {type(error).__name__}: {error}")

    def _work(self, rng: np.random.Generator) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as http:
            version = self._insist(http, "GET", "/consent").json()["version"]
            me = self._insist(http, "POST", "/auth/guest", {"consent_version": version}).json()
            http.headers["X-CSRF-Token"] = me["csrf_token"]
            while not self._halt.is_set() and len(self.kept) < self._target:
                turn = self._insist(http, "POST", f"/projects/{self._project}/next")
                if turn.status_code == 204:
                    return
                work = turn.json()
                mask = _disc(rng)
                key = new_id()
                body = {"client_key": key, "masks": [{"label_id": 1, "rle": mask}]}
                time.sleep(float(rng.exponential(self._pause_s)))
                done = self._submit(http, work["lease"]["id"], body)
                if done is None:
                    continue
                self.kept[key] = Acknowledged(
                    done.json()["submission_id"], work["task"]["image"]["id"], me["id"], mask["counts"]
                )

    def _submit(self, http: httpx.Client, lease: str, body: dict[str, Any]) -> httpx.Response | None:
        """The receipt, or None where the time for the image ran out and its place is gone. Then, as the browser's client does it, the
        lease was taken up again in vain, and the drawing must be kept as a draft."""
        path = f"/leases/{lease}"
        answer = self._insist(http, "POST", f"{path}/submissions", body, but=410)
        if answer.status_code != 410:
            return answer
        self.retries["410"] += 1
        if answer.json()["code"] != "lease-expired":
            raise AssertionError(f"{path}: {answer.text[:300]}")
        if self._insist(http, "POST", f"{path}/renew", but=410).status_code != 410:
            return self._insist(http, "POST", f"{path}/submissions", body)
        draft = self._insist(http, "GET", f"{path}/draft")
        if draft.status_code != 200 or draft.json()["masks"] != body["masks"]:
            raise AssertionError(f"{path}: the drawing isn't kept as a draft ({draft.status_code})")
        self.drafts += 1
        return None

    def _insist(
        self, http: httpx.Client, method: str, path: str, body: Any = None, but: int = 0
    ) -> httpx.Response:
        """The answer, once it is a success or `but`. Counts tries; raises for an answer that isn't to be tried again."""
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = http.request(method, path, json=body)
            except httpx.TransportError as error:
                self.retries[type(error).__name__] += 1
                wait = 0.2
            else:
                if answer.is_success or answer.status_code == but:
                    return answer
                if answer.status_code not in GAVE_WAY or "retry-after" not in answer.headers:
                    raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
                self.retries[str(answer.status_code)] += 1
                wait = min(float(answer.headers["retry-after"]), 1.0)
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path}: no success within 120 s ({dict(self.retries)})")
            time.sleep(wait)


def _disc(rng: np.random.Generator) -> dict[str, Any]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    radius, row, column = rng.uniform(6, 16), rng.normal(24, 2), rng.normal(32, 2)
    return rle.to_json(rle.encode((y - row) ** 2 + (x - column) ** 2 <= radius**2))
