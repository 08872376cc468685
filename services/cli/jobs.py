"""Waiting for a job, with a progress bar on a terminal and silence elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from services.cli.output import State

if TYPE_CHECKING:
    from services.cli.client import Client


def follow(api: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Wait for the end of ``job``; the ended job. Raises ApiError when it failed or was cancelled."""
    if State.as_json or not sys.stderr.isatty():
        return api.wait(job)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<14}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, TextColumn("{task.fields[detail]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("waiting", total=1.0, detail="")

        def on_progress(now: dict[str, Any]) -> None:
            stage = now["stage"] or now["status"]
            bar.update(task, completed=now["progress"], description=stage, detail=now["detail"])

        return api.wait(job, on_progress)
