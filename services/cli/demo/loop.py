"""`bramble demo`, stage by stage, each with a progress bar."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.client import ApiError, Client
from services.cli.crowd.drive import Crowd, Outcome
from services.cli.demo.data import NAME, Slice, load
from services.cli.demo.measure import Scores, score
from services.cli.demo.memory import PeakMemory
from services.cli.demo.platform import LAB, platform
from services.cli.demo.report import write_report
from services.cli.demo.seed import Seeded, seed
from services.cli.demo.synthetic import Sample, published, refused
from shared.imaging import rle


@dataclass
class Shown:
    """One image of the report with all that is known of it, per label index."""

    name: str
    image: NDArray[np.uint8]
    truth: tuple[NDArray[np.bool_], ...]
    consensus: dict[int, NDArray[np.bool_]]
    probability: dict[int, NDArray[np.uint16]]
    agreement: dict[int, float]
    rater: dict[int, NDArray[np.bool_]]


@dataclass
class Story:
    """Everything that the report tells."""

    project: dict[str, Any]
    outcome: Outcome
    scores: Scores
    shown: list[Shown]
    synthetic: list[Sample]
    refused: list[Sample]
    synthesis: dict[str, Any]
    dataset: dict[str, Any]
    dataset_path: Path
    raters: list[dict[str, Any]]
    waiting: list[str]
    """Names of the images whose consensus awaits an expert: they aren't in the dataset."""
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


def run_demo(
    *,
    url: str,
    key: str,
    out: Path,
    raters: int,
    quorum: int,
    seed: int,
    train_seconds: int,
    samples: int,
    fresh: bool,
) -> Path:
    """Drive the loop; the path of the report."""
    out.mkdir(parents=True, exist_ok=True)
    options = {
        "raters": raters,
        "quorum": quorum,
        "seed": seed,
        "train_seconds": train_seconds,
        "samples": samples,
    }
    with platform(url) as (address, pid), PeakMemory(pid) as memory, Client(address, key) as api:
        if not key:
            api.login(*LAB)
        story = _run(api, out, options, fresh)
        story.peak_mb = memory.peak_mb
        return write_report(story, out / "report.html")


def _run(api: Client, out: Path, options: dict[str, Any], fresh: bool) -> Story:
    seconds: dict[str, float] = {}
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        slices = load()
        with _Stage(progress, seconds, "Images in", len(slices)) as stage:
            name = f"{NAME} {time.strftime('%Y-%m-%d %H:%M:%S')}" if fresh else NAME
            seeded = seed(api, slices, quorum=options["quorum"], name=name, fresh=fresh, on_image=stage.step)
        work = [i for i, s in seeded.slices.items() if not s.is_gold]
        with _Stage(progress, seconds, "Volunteers label", len(work) * options["quorum"]) as stage:
            outcome = _label(api, seeded, options, stage)
        with _Stage(progress, seconds, "Consensus", len(work)) as stage:
            _await_consensus(api, seeded.project["id"], work, stage)
        with _Stage(progress, seconds, "Generator and samples", 100) as stage:
            synthesis = _synthesise(api, seeded.project["id"], options, stage)
        # Asked before the dataset is made: what is accepted by now must be in it.
        waiting = _waiting(api, seeded, work)
        with _Stage(progress, seconds, "Dataset", 100) as stage:
            dataset, path = _publish(api, seeded.project["id"], out, options, stage)
        with _Stage(progress, seconds, "Measures and report", len(work)) as stage:
            scores, shown = _measure(api, seeded, work, stage)
    project_id = seeded.project["id"]
    return Story(
        project=api.get(f"/projects/{project_id}"),
        outcome=outcome,
        scores=scores,
        shown=shown,
        synthetic=published(path),
        refused=refused(api, project_id, synthesis["id"]),
        synthesis=synthesis,
        dataset=dataset,
        dataset_path=path,
        raters=_rater_rows(api, project_id),
        waiting=waiting,
        seconds=seconds,
        options=options,
    )


class _Stage:
    """One bar of the progress display."""

    def __init__(self, progress: Progress, seconds: dict[str, float], title: str, total: int) -> None:
        self._progress, self._seconds, self._title, self._total = progress, seconds, title, total

    def __enter__(self) -> _Stage:
        self._task = self._progress.add_task(self._title, total=self._total, note="")
        self._started = time.perf_counter()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._seconds[self._title] = time.perf_counter() - self._started
        if kind is None:
            done = self._progress.tasks[self._task].total
            self._progress.update(self._task, completed=done, note="")

    def step(self) -> None:
        self._progress.advance(self._task)

    def at(self, completed: float, note: str = "") -> None:
        self._progress.update(self._task, completed=completed, note=note)


def _label(api: Client, seeded: Seeded, options: Mapping[str, Any], stage: _Stage) -> Outcome:
    label_ids = seeded.label_ids

    def truth(image_id: str) -> Mapping[int, NDArray[np.bool_]] | None:
        piece = seeded.slices.get(image_id)
        return None if piece is None else dict(zip(label_ids, piece.truth, strict=True))

    crowd = Crowd(api.url, seeded.project["id"], truth, raters=options["raters"], seed=options["seed"])
    return crowd.run(parallel=4, on_submission=lambda done: stage.at(done))


def _await_consensus(
    api: Client, project_id: str, work: list[str], stage: _Stage, patience_s: float = 180
) -> None:
    wanted = set(work)
    deadline = time.monotonic() + patience_s
    while True:
        settled = {
            r["image_id"] for r in api.pages(f"/projects/{project_id}/consensus") if r["status"] != "pending"
        }
        stage.at(len(settled & wanted))
        if wanted <= settled:
            return
        if time.monotonic() > deadline:
            missing = len(wanted - settled)
            if missing == len(wanted):
                raise ApiError(
                    0, "no-consensus", f"No image has a consensus after {patience_s:.0f} s; see the log.", {}
                )
            return
        time.sleep(0.5)


def _waiting(api: Client, seeded: Seeded, work: list[str]) -> list[str]:
    rows = api.pages(f"/projects/{seeded.project['id']}/consensus")
    accepted = {r["image_id"] for r in rows if r["status"] == "accepted"}
    return sorted(seeded.slices[i].name for i in work if i not in accepted)


def _synthesise(api: Client, project_id: str, options: Mapping[str, Any], stage: _Stage) -> dict[str, Any]:
    params = {"max_seconds": options["train_seconds"], "samples": options["samples"], "seed": options["seed"]}
    job = api.post(f"/projects/{project_id}/jobs", {"kind": "synthesise", "params": params})
    return api.wait(job, lambda j: stage.at(100 * j["progress"], j.get("stage") or ""))


def _publish(
    api: Client, project_id: str, out: Path, options: Mapping[str, Any], stage: _Stage
) -> tuple[dict[str, Any], Path]:
    body = {"name": "demo", "include": ["real", "consensus", "synthetic"], "seed": options["seed"]}
    job = api.post(f"/projects/{project_id}/datasets", body)
    api.wait(job, lambda j: stage.at(100 * j["progress"], j.get("stage") or ""))
    dataset = next(iter(api.pages(f"/projects/{project_id}/datasets")))
    path = api.download(f"/datasets/{dataset['id']}/download", out / "dataset.zip")
    return dataset, path


def _measure(api: Client, seeded: Seeded, work: list[str], stage: _Stage) -> tuple[Scores, list[Shown]]:
    label_ids = seeded.label_ids
    submissions: dict[str, list[dict[int, NDArray[np.bool_]]]] = {}
    for row in api.pages(f"/projects/{seeded.project['id']}/submissions"):
        if row["image_id"] in seeded.slices and not row.get("superseded_by"):
            masks = {m["label_id"]: rle.decode(rle.from_json(m["rle"])) for m in row["masks"]}
            submissions.setdefault(row["image_id"], []).append(masks)
    scores = Scores([str(label["name"]) for label in seeded.project["labels"]])
    shown: list[Shown] = []
    for image_id in work:
        piece = seeded.slices[image_id]
        merged = {label["label_id"]: label for label in api.get(f"/images/{image_id}/consensus")["labels"]}
        consensus = {
            i: rle.decode(rle.from_json(merged[n]["rle"])) for i, n in enumerate(label_ids) if n in merged
        }
        raters = [{i: m[n] for i, n in enumerate(label_ids) if n in m} for m in submissions.get(image_id, [])]
        score(scores, piece.truth, raters, consensus)
        if len(shown) < 6 and piece.name in _highlights(seeded):
            shown.append(_show(api, image_id, piece, merged, label_ids, consensus, raters))
        stage.step()
    return scores, shown


def _highlights(seeded: Seeded) -> set[str]:
    by_group: dict[str, str] = {}
    for piece in seeded.slices.values():
        if not piece.is_gold:
            by_group.setdefault(piece.group, piece.name)
    return set(by_group.values())


def _show(
    api: Client,
    image_id: str,
    piece: Slice,
    merged: Mapping[int, Mapping[str, Any]],
    label_ids: list[int],
    consensus: dict[int, NDArray[np.bool_]],
    raters: list[dict[int, NDArray[np.bool_]]],
) -> Shown:
    probability = {}
    for i, label_id in enumerate(label_ids):
        if label_id in merged:
            data = api.call("GET", f"/images/{image_id}/consensus/{label_id}/probability")
            probability[i] = np.asarray(Image.open(io.BytesIO(data))).astype(np.uint16)
    agreement = {i: float(merged[n]["agreement"]) for i, n in enumerate(label_ids) if n in merged}
    return Shown(
        piece.name, piece.image, piece.truth, consensus, probability, agreement, raters[0] if raters else {}
    )


def _rater_rows(api: Client, project_id: str) -> list[dict[str, Any]]:
    answer = api.get(f"/projects/{project_id}/raters")
    rows: list[dict[str, Any]] = answer["items"] if isinstance(answer, dict) and "items" in answer else answer
    return rows
