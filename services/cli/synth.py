"""`bramble synth`: train generators and draw synthetic images, through the public API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from services.cli.jobs import follow
from services.cli.output import client, guarded, show, table

app = typer.Typer(help="Train generators and draw synthetic images.", no_args_is_help=True)
Seconds = Annotated[float, typer.Option("--seconds", help="Training time on the worker's machine.", min=1)]
Steps = Annotated[int, typer.Option("--steps", help="Most training steps.", min=1)]
Samples = Annotated[int, typer.Option("--samples", help="Images to draw before filtering.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Size = Annotated[int, typer.Option(help="Side of the images in pixels.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end and show progress.")]
Guidance = Annotated[float, typer.Option(help="How closely the mask is followed; 1 is as trained.", min=0)]


@app.command("run")
@guarded
def run(
    project_id: str,
    seconds: Seconds = 600,
    steps: Steps = 4000,
    samples: Samples = 64,
    size: Size = 64,
    guidance: Guidance = 1.25,
    seed: Seed = 0,
    wait: Wait = True,
) -> None:
    """Train a generator, then draw, filter and measure images: the whole of it in one job."""
    params = {
        "train": {"max_seconds": seconds, "max_steps": steps, "size": size, "seed": seed},
        "sample": {"samples": samples, "guidance": guidance, "seed": seed},
    }
    _start(project_id, "synthesise", params, wait)


@app.command("train")
@guarded
def train(
    project_id: str,
    seconds: Seconds = 600,
    steps: Steps = 4000,
    size: Size = 64,
    seed: Seed = 0,
    wait: Wait = True,
) -> None:
    """Train a generator on the training split of the project's labelled images."""
    params = {"max_seconds": seconds, "max_steps": steps, "size": size, "seed": seed}
    _start(project_id, "train", params, wait)


@app.command("sample")
@guarded
def sample(
    project_id: str,
    generator: Annotated[str, typer.Option(help="Generator's id; default: the newest.")] = "",
    samples: Samples = 64,
    guidance: Guidance = 1.25,
    seed: Seed = 0,
    wait: Wait = True,
) -> None:
    """Draw images with a generator that is trained."""
    params = {"samples": samples, "guidance": guidance, "seed": seed, "generator_id": generator}
    _start(project_id, "sample", params, wait)


@app.command("list")
@guarded
def list_(project_id: str) -> None:
    """List a project's generators."""
    with client() as api:
        rows = [
            {**row, "size": row["card"].get("size")}
            for row in api.pages(f"/projects/{project_id}/generators")
        ]
    table(
        rows,
        {
            "id": "Generator",
            "steps": "Steps",
            "images": "Images",
            "size": "Size",
            "seed": "Seed",
            "created_at": "Made",
        },
    )


@app.command("images")
@guarded
def images(
    project_id: str,
    rejected: Annotated[bool, typer.Option("--rejected", help="Show the refused ones.")] = False,
) -> None:
    """List a project's synthetic images, or the refused ones with the reason."""
    with client() as api:
        rows = list(api.pages(f"/projects/{project_id}/synthetic", accepted=not rejected))
    table(
        rows, {"id": "Image", "kind": "Mask", "dice": "Dice", "reason": "Reason", "generator_id": "Generator"}
    )


def _start(project_id: str, kind: str, params: dict[str, Any], wait: bool) -> None:
    with client() as api:
        job = api.post(f"/projects/{project_id}/jobs", {"kind": kind, "params": params})
        if wait:
            job = follow(api, job)
    result = job.get("result") or {}
    if "accepted" in result:
        text = f"{result['accepted']} images kept, {result['rejected']} refused, generator {result['generator_id']}."
    elif result:
        text = f"Generator {result['generator_id']} is trained."
    else:
        text = f"Job {job['id']} is {job['status']}."
    show(job, text)
