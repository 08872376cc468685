"""Load: volunteers through the gateway, more from stage to stage. One JSON line a figure.

    python benchmarks/load.py                                # the distributed form on servers of its own (`make load`)
    BRAMBLE_API_KEY=brk_… python benchmarks/load.py --target https://bramble.example.org --rates 50 100

A volunteer asks for a task, fetches its frame and proposals, looks, now and then asks the server for a click (the browser's own model
does it else), draws, has the draft saved, and submits: what the web client does for a person of 21 s an image, with the seconds divided
by --speed. A stage of --rates R has as many volunteers as would submit R images a second if the platform answered at once; what they
did submit is printed. The window opens 5 s after the newcomers came; after it, the stage waits until consensus has caught up.

The consensus delay runs from when a volunteer sends the submission to when a consensus that counts it is committed, by the image's
public history (with a foreign target: by two clocks). Memory is proportional set size. A given target must have its rate limits off
(BRAMBLE_RATE_LIMITS=false), and no process of it is looked into. --tasks makes the project larger by tasks without pictures, behind the
others. The load stops by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from common import calibrate, figure
from intake_servers import Connection, guests, upload
from load_crowd import MEAN_S, Crowd, Habits, Seen
from load_target import Target, distributed, given, make_project

WARM_S = 5.0
SUBMIT_MS, DELAY_MS = 200, 2000  # the aims: p99 of submit and p95 of consensus delay
STEPS = ("next", "frame", "proposals", "segment", "draft", "submit")
SAMPLE = 150  # images a stage whose history is read


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds."""
    return {f"p{q}_ms": round(float(np.percentile(seconds, q)) * 1000, 1) for q in (50, 95, 99)}


def versions(connection: Connection, target: Target, image: str) -> list[tuple[float, int]]:
    """When each consensus of an image was committed (seconds since 1970), and how many submissions it counts."""
    status, text = connection.call("GET", f"/images/{image}/consensus/history", target.lab)
    if status == 404:
        return []
    assert status == 200, (status, text)
    return sorted(
        (datetime.fromisoformat(v["created_at"]).timestamp(), v["submissions"])
        for v in json.loads(text)["versions"]
    )


def delays(history: Sequence[tuple[float, int]], answers: Sequence[float], since: float) -> list[float]:
    """Seconds from each answer sent after `since` to the first version that counts it: the k-th answer is in the
    first version that counts k. Leaves out answers that no version counts yet."""
    found = []
    for k, sent in enumerate(sorted(answers), 1):
        at = next((when for when, counted in history if counted >= k), None)
        if sent >= since and at is not None:
            found.append(max(0.0, at - sent))
    return found


class Load:
    """One project under volunteers, stage after stage."""

    def __init__(self, target: Target, options: argparse.Namespace) -> None:
        self.target, self.options = target, options
        self.project = make_project(target, options.seed)
        habits = Habits(options.speed, options.look, options.clicks, options.draft)
        self.crowd = Crowd(target.url, self.project, habits, options.seed)
        self.held = 0.0
        self.images = 0
        self.missed = ""

    def prepare(self) -> None:
        """Upload enough images, and wait until the platform rests."""
        o = self.options
        images = round(sum(r * (o.seconds + 2 * WARM_S) for r in o.rates) / 5 * 1.15 + max(o.rates) * 2)
        self.images = images
        say(f"uploading {images} images")
        began = time.monotonic()
        upload(Connection(self.target.url), self.target.lab, self.project, images)
        if o.tasks > images:
            self.target.add_tasks(self.project, o.tasks - images)
        rest(self.target)
        self._idle()
        say(f"ready after {time.monotonic() - began:.0f} s")

    def _idle(self, seconds: float = 10.0) -> None:
        """CPU of each process while nobody is there: what doesn't grow with the volunteers."""
        before = self.target.cpu()
        if before:
            time.sleep(seconds)
            used = {name: round((now - before[name]) / seconds, 3) for name, now in self.target.cpu().items()}
            figure(
                "load_idle", round(sum(used.values()), 3), "cores", processes=used, target=self.target.name
            )

    def stage(self, rate: float) -> None:
        """Bring the crowd to `rate`, look at it, let consensus catch up, print."""
        o = self.options
        wanted = max(1, round(rate * MEAN_S / o.speed))
        self.crowd.hire(guests(Connection(self.target.url), max(0, wanted - len(self.crowd))))
        time.sleep(WARM_S)
        before, began = self.target.cpu(), time.perf_counter()
        mine, stored = time.process_time(), self.target.stored()
        since, load = time.time(), os.getloadavg()[0]
        seen = self.crowd.watch(o.seconds)
        wall, after = time.perf_counter() - began, self.target.cpu()
        own = time.process_time() - mine
        kept = {name: size - stored[name] for name, size in self.target.stored().items()}
        common = {
            "target": self.target.name,
            "offered_per_s": rate,
            "volunteers": len(self.crowd),
            "speed": o.speed,
            "seconds": round(wall, 1),
            "tasks": max(self.images, o.tasks),
            "seed": o.seed,
            "load_average": [round(load, 1), round(os.getloadavg()[0], 1)],
            "calib_ms": round(calibrate(), 2),
        }
        self._print(seen, wall, rate, since, common)
        if before and seen.submissions:
            cpu = {name: after[name] - before[name] for name in before}
            self._costs(cpu, own, len(seen.submissions), wall, kept, common)

    def _print(self, seen: Seen, wall: float, rate: float, since: float, common: dict[str, Any]) -> None:
        n = len(seen.submissions)
        figure("load_submissions", round(n / wall, 1), "1/s", n=n, failed=dict(seen.failed), **common)
        for step in STEPS:
            if seen.seconds.get(step):
                found = quantiles(seen.seconds[step])
                aim = {"aim": f"< {SUBMIT_MS} at 100/s"} if step == "submit" else {}
                figure(
                    f"load_{step}", found["p99_ms"], "ms", n=len(seen.seconds[step]), **found, **aim, **common
                )
        late, behind, lost = self._consensus(seen, since)
        if late:
            found = quantiles(late)
            aim = {
                "aim": f"p95 < {DELAY_MS} at 100/s",
                "caught_up_s": round(behind, 1),
                "never_counted": lost,
            }
            figure("load_consensus_delay", found["p95_ms"], "ms", n=len(late), **found, **aim, **common)
        submit = quantiles(seen.seconds["submit"])["p99_ms"] if seen.seconds.get("submit") else float("inf")
        delay = quantiles(late)["p95_ms"] if late else float("inf")
        if submit < SUBMIT_MS and delay < DELAY_MS and not lost and not seen.failed:
            self.held = max(self.held, n / wall)
        elif not self.missed:
            self.missed = (
                f"at {n / wall:.0f}/s: submit p99 {submit:.0f} ms, consensus delay p95 {delay:.0f} ms"
            )

    def _consensus(self, seen: Seen, since: float) -> tuple[list[float], float, int]:
        """Delays of a sample of the window's submissions, seconds until consensus had caught up after the window,
        and how many submissions it hadn't counted within two minutes."""
        rng = np.random.default_rng(self.options.seed)
        images = sorted({image for image, _ in seen.submissions})
        chosen = [images[i] for i in rng.permutation(len(images))[:SAMPLE]]
        connection = Connection(self.target.url)
        until, began, found, lost = time.time(), time.monotonic(), list[float](), 0
        behind = 0.0
        for image in chosen:
            while True:
                answers = [sent for sent in self.crowd.answers[image] if sent <= until]
                history = versions(connection, self.target, image)
                counted = max((c for _, c in history), default=0)
                if counted >= len(answers) or time.monotonic() - began > 120:
                    break
                time.sleep(0.2)
                behind = time.monotonic() - began
            lost += max(0, len(answers) - counted)
            found += delays(history, answers, since)
        return found, behind, lost

    def _costs(
        self,
        cpu: dict[str, float],
        own: float,
        n: int,
        wall: float,
        kept: dict[str, int],
        common: dict[str, Any],
    ) -> None:
        """CPU and memory of each process, and what one volunteer costs: at work for an hour, at a person's speed."""
        memory = self.target.memory_mb()
        for name, seconds in sorted(cpu.items(), key=lambda item: -item[1]):
            figure(
                "load_cpu",
                round(1000 * seconds / n, 3),
                "ms a submission",
                process=name,
                cores=round(seconds / wall, 3),
                cpu_s=round(seconds, 2),
                memory_mb=round(memory[name], 1),
                **common,
            )
        figure("load_generator", round(own / wall, 3), "cores", **common)
        total, hourly = sum(cpu.values()), 3600 / MEAN_S
        figure(
            "load_volunteer",
            round(total / n * hourly, 2),
            "CPU seconds an hour at work",
            cpu_ms_a_submission=round(1000 * total / n, 2),
            submissions_an_hour=round(hourly, 1),
            cores=round(total / wall, 3),
            memory_mb=round(sum(memory.values())),
            disk_kb_a_submission={name: round(size / n / 1024, 2) for name, size in kept.items()},
            **common,
        )


def rest(target: Target, limit_s: float = 120.0) -> None:
    """Wait until no service is busy any more: what an upload causes (embeddings) is computed behind the scenes, and
    would be measured with the first stage. A foreign target gets ten seconds."""
    if not target.pids:
        time.sleep(10)
        return
    end, last = time.monotonic() + limit_s, target.cpu()
    while time.monotonic() < end:
        time.sleep(2)
        now = target.cpu()
        if all(now[name] - last[name] < 0.4 for name in now):
            return
        last = now
    say(f"the platform was still busy after {limit_s:.0f} s")


def main() -> int:
    """The command line; 1 where a volunteer broke off or nothing was submitted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", default="", metavar="URL", help="a platform that runs already")
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 25, 50, 75, 100], metavar="R")
    parser.add_argument("--seconds", type=float, default=20, help="how long a stage is looked at")
    parser.add_argument("--speed", type=float, default=20, help="a person's seconds are divided by this")
    parser.add_argument("--look", type=float, default=1.0, help="share of images whose frame is fetched")
    parser.add_argument(
        "--clicks", type=float, default=0.05, help="share of images with a click at the server"
    )
    parser.add_argument("--draft", type=float, default=0.65, help="share of images whose draft is saved")
    parser.add_argument("--tasks", type=int, default=0, help="make the project at least that large")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with given(options.target) if options.target else distributed() as target:
        load = Load(target, options)
        try:
            load.prepare()
            for rate in options.rates:
                load.stage(rate)
        finally:
            load.crowd.stop()
            if options.target:
                Connection(target.url).call("DELETE", f"/projects/{load.project}", target.lab)
        why = {"missed": load.missed} if load.missed else {}
        aim = f"100 with submit p99 < {SUBMIT_MS} ms and consensus delay p95 < {DELAY_MS} ms"
        figure(
            "load_held", round(load.held, 1), "1/s", aim=aim, target=target.name, speed=options.speed, **why
        )
        for line in load.crowd.broken[:5]:
            say(f"a volunteer broke off: {line}")
        if load.crowd.empty.is_set():
            say("some volunteers found no task at times: upload more images, or take fewer seconds")
    return 1 if load.crowd.broken or not load.crowd.answers else 0


if __name__ == "__main__":
    raise SystemExit(main())
