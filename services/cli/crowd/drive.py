"""Sends simulated volunteers through the public API: guest, next task, draw, submit, until nothing is left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.cli.client import ApiError, Client
from services.cli.crowd.raters import Kind, Mask, click, draw, make_crowd
from shared.ids import new_id
from shared.imaging import rle

# Truth of one image: label_id → bool (H, W). None where the simulation doesn't know the image.
Truth = Callable[[str], Mapping[int, Mask] | None]


@dataclass
class Outcome:
    """What a run of the crowd did."""

    submissions: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    raters: dict[str, str] = field(default_factory=dict)  # rater id → kind


class Crowd:
    """`raters` volunteers of a seeded mix who work on one project at the same time, `parallel` at once."""

    def __init__(
        self,
        url: str,
        project_id: str,
        truth: Truth,
        *,
        raters: int,
        seed: int,
        mix: dict[str, float] | None = None,
    ) -> None:
        self._url, self._project_id, self._truth, self._seed = url, project_id, truth, seed
        self._kinds = make_crowd(raters, np.random.default_rng(seed), mix)
        self._lock = threading.Lock()
        self.outcome = Outcome()

    def run(
        self,
        *,
        parallel: int = 4,
        limit: int | None = None,
        on_submission: Callable[[int], None] | None = None,
    ) -> Outcome:
        """Work until no rater gets a task any more, or `limit` submissions are made."""
        started = time.perf_counter()

        def one(index: int) -> None:
            self._work(index, self._kinds[index], limit, on_submission)

        with ThreadPoolExecutor(max_workers=parallel) as pool:
            for future in [pool.submit(one, i) for i in range(len(self._kinds))]:
                future.result()
        self.outcome.seconds = time.perf_counter() - started
        return self.outcome

    def _work(
        self, index: int, kind: Kind, limit: int | None, on_submission: Callable[[int], None] | None
    ) -> None:
        with Client(self._url) as api:
            me = api.guest(f"Simulated {index + 1}")
            with self._lock:
                self.outcome.raters[me["id"]] = kind.name
            while True:
                with self._lock:
                    if limit is not None and self.outcome.submissions >= limit:
                        return
                turn = api.post(f"/projects/{self._project_id}/next")
                if turn is None:
                    return
                self._answer(api, index, kind, turn)
                with self._lock:
                    done = self.outcome.submissions
                if on_submission is not None:
                    on_submission(done)

    def _answer(self, api: Client, index: int, kind: Kind, turn: dict[str, Any]) -> None:
        image, lease = turn["task"]["image"], turn["lease"]["id"]
        truth = self._truth(image["id"])
        if truth is None:
            api.post(f"/leases/{lease}/skip", {"reason": "the simulation doesn't know this image"})
            return
        # The same seed draws the same mask for the same rater and image, in whatever order the tasks come.
        rng = np.random.default_rng([self._seed, index, int(image["id"].replace("-", "")[-12:], 16)])
        masks = []
        clicks = 0
        for label_id, mask in truth.items():
            drawn = draw(kind, mask, rng)
            if kind.clicks and mask.any():
                y, x = click(mask, rng)
                clicks += 1
                drawn = self._segment(api, image["id"], x, y, drawn)
            if drawn.any():
                masks.append({"label_id": label_id, "rle": rle.to_json(rle.encode(drawn))})
        body = {
            "client_key": new_id(),
            "masks": masks,
            "nothing_here": not masks,
            "duration_ms": int(rng.gamma(4, 6000)) if not kind.spam else int(rng.gamma(2, 800)),
            "clicks": clicks,
        }
        try:
            api.post(f"/leases/{lease}/submissions", body)
            with self._lock:
                self.outcome.submissions += 1
        except ApiError as error:
            if error.status not in (403, 409, 410):
                raise
            with self._lock:
                self.outcome.refused[error.code] += 1

    @staticmethod
    def _segment(api: Client, image_id: str, x: int, y: int, fallback: Mask) -> Mask:
        prompt = {"points": [{"x": x, "y": y, "is_positive": True}]}
        try:
            answer = api.post(f"/images/{image_id}/segment", prompt)
        except ApiError:
            # A volunteer whose segmenter is away draws by hand.
            return fallback
        return rle.decode(rle.from_json(answer["rle"]))
