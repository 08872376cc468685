"""`bramble study`: what each part of a dataset is worth, from a project or, offline, from a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.output import State, client, guarded, show
from shared.errors import InvalidInput

DEFAULT_ARMS = (
    "base,fewer_steps,augmented,crowd,crowd_augmented,crowd_synthetic,crowd_shuffled,enhanced,expert"
)


@guarded
def study(
    target: Annotated[
        str, typer.Argument(help="A project's id, or a folder of images and masks (works offline).")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the report, the tables and the finished runs.")] = Path(
        "study"
    ),
    arms: Annotated[str, typer.Option(help="Arms to compare, base among them.")] = DEFAULT_ARMS,
    sizes: Annotated[
        str, typer.Option(help="Sizes of the labelled set to begin with, for learning curves.")
    ] = "16",
    curve: Annotated[
        str,
        typer.Option(
            help="Parts of the volunteers' and synthetic images to try as well, for what the next are worth."
        ),
    ] = "0.25,0.5",
    seeds: Annotated[int, typer.Option(help="Trainings of each arm in each fold.")] = 5,
    folds: Annotated[int, typer.Option(help="Folds, by patient or volume.")] = 3,
    steps: Annotated[
        int, typer.Option(help="Optimiser steps of the segmenter, the same for all arms.")
    ] = 300,
    generator_steps: Annotated[int, typer.Option(help="Training steps of each fold's generator.")] = 2400,
    synthetic: Annotated[int, typer.Option(help="Synthetic images drawn in each fold.")] = 96,
    size: Annotated[int, typer.Option(help="Side of the images in pixels.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    labels_per_image: Annotated[
        float, typer.Option(help="Answers that a consensus takes; 0: as many as the data has.")
    ] = 0.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the folds (a folder only).")] = 1,
    minutes_per_label: Annotated[
        float, typer.Option(help="What an answer takes a volunteer, for the price of more.")
    ] = 0.0,
) -> None:
    """Measure what volunteers' labels and synthetic images add, with controls and intervals. Runs that are done aren't done again."""
    from services.synthesis.domain.params import StudyParams, parse

    values = {
        "arms": _words(arms),
        "base_images": [int(n) for n in _words(sizes) if n.isdigit()],
        "seeds": seeds,
        "folds": folds,
        "steps": steps,
        "generator_steps": generator_steps,
        "synthetic_images": synthetic,
        "size": size,
        "seed": seed,
        "curve": [_number("--curve", part) for part in _words(curve)],
        "labels_per_image": labels_per_image,
        "minutes_per_label": minutes_per_label,
    }
    params = parse(StudyParams, values)
    if Path(target).is_dir():
        _offline(Path(target), out, params, workers)
    else:
        _project(target, out, values)


def _project(project_id: str, out: Path, values: dict[str, Any]) -> None:
    from services.cli.jobs import follow
    from services.synthesis.study import analysis, report

    with client() as api:
        job = follow(api, api.post(f"/projects/{project_id}/jobs", {"kind": "study", "params": values}))
    rows = [r for r in job["result"]["comparisons"] if r["measure"] == "dice"]
    path = report.write(analysis.from_result(job["result"]), out)
    worth = [row["sentence"] for row in job["result"].get("worth", [])]
    show(job, "\n".join([*(_line(row) for row in rows), *worth, f"Report: {path}"]))


def _offline(folder: Path, out: Path, params: Any, workers: int) -> None:
    from services.synthesis.study import analysis, parallel, report, runner
    from services.synthesis.study.data import check, from_folder
    from services.synthesis.study.ledger import FileLedger

    data = from_folder(folder, params.size, params.seed)
    check(data, params.folds, params.base_images)
    if workers > 1:
        parallel.run(data, params, out / "runs", workers, _progress)
    runs = list(runner.run_all(data, params, FileLedger(out / "runs"), _progress))
    outcome = analysis.analyse(data, params, runs, runner.plan(data, params)[1])
    path = report.write(outcome, out)
    rows = [c.row() for c in outcome.comparisons if c.measure == "dice"]
    result = outcome.result()
    worth = [row["sentence"] for row in result["worth"]]
    show(
        {"report": str(path), **{name: result[name] for name in ("comparisons", "arms", "worth")}},
        "\n".join([*(_line(row) for row in rows), *worth, f"Report: {path}"]),
    )


_last = [-1.0]


def _progress(fraction: float, stage: str, detail: str = "") -> None:
    """A line on standard error for each hundredth."""
    if State.as_json or fraction < _last[0] + 0.01:
        return
    _last[0] = fraction
    sys.stderr.write(f"\r{100 * fraction:5.1f} %  {stage}: {detail:<40}")
    sys.stderr.flush()


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{option} takes numbers with commas between them; {text!r} is none.") from None


def _line(row: dict[str, Any]) -> str:
    return (
        f"n={row['base']:<4} {row['arm']:<16} against {row['baseline']:<6} Dice {row['value']:.3f} vs {row['baseline_value']:.3f}: "
        f"{100 * row['relative']:+.1f} % ({100 * row['relative_low']:+.1f} to {100 * row['relative_high']:+.1f}), {row['verdict']}"
    )
