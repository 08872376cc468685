"""The doors of `bramble demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import State, client, guarded, show

app = typer.Typer(
    help="Drive the whole loop on the demo project and write a report.", invoke_without_command=True
)


@app.callback()
@guarded
def demo(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the report and the dataset.")] = Path("out/demo"),
    raters: Annotated[int, typer.Option(help="Simulated volunteers.")] = 14,
    quorum: Annotated[int, typer.Option(help="Labels wanted for each image.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of crowd and generator.")] = 1,
    train_seconds: Annotated[int, typer.Option(help="Time for training the generator.")] = 180,
    samples: Annotated[int, typer.Option(help="Synthetic images to draw.")] = 32,
    fresh: Annotated[bool, typer.Option(help="Make a new project even if the demo project is there.")] = True,
) -> None:
    """Images → volunteers → consensus → generator → synthetic images → dataset, on real MRI slices, through the public API.

    Uses the platform at `--url` (with `--key`, else with the demo accounts), or starts one of its own in a temporary folder for as
    long as it takes.
    """
    if ctx.invoked_subcommand is not None:
        return
    from services.cli.demo.loop import run_demo

    report = run_demo(
        url=State.url,
        key=State.key,
        out=out,
        raters=raters,
        quorum=quorum,
        seed=seed,
        train_seconds=train_seconds,
        samples=samples,
        fresh=fresh,
    )
    show({"report": str(report)}, f"\nReport: {report}")


@app.command("seed")
@guarded
def seed_project() -> None:
    """Load the demo project into the platform (what `bramble up --demo` does)."""
    from services.cli.demo.data import load
    from services.cli.demo.seed import seed

    with client() as api:
        seeded = seed(api, load())
    show(
        {"project_id": seeded.project["id"]},
        f"demo project {seeded.project['id']}: {len(seeded.slices)} slices",
    )
