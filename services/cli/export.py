"""`bramble export`: fetch consensus masks and submissions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import client, guarded, show

app = typer.Typer(help="Fetch consensus masks and submissions.", no_args_is_help=True)


@app.command("consensus")
@guarded
def consensus(project_id: str, out: Annotated[Path, typer.Option(help="ZIP file to write.")]) -> None:
    """Fetch all consensus masks with their probability maps as a ZIP."""
    with client() as api:
        api.download(f"/projects/{project_id}/consensus/masks", out)
    show({"path": str(out)}, str(out))


@app.command("instances")
@guarded
def instances(
    project_id: str,
    out: Annotated[Path, typer.Option(help="COCO file to write.")],
    label: Annotated[int | None, typer.Option(help="Id of one label; left out: all.")] = None,
) -> None:
    """Fetch every object by itself, as COCO with one annotation an object."""
    query = f"?label_id={label}" if label is not None else ""
    with client() as api:
        api.download(f"/projects/{project_id}/consensus/instances{query}", out)
    show({"path": str(out)}, str(out))


@app.command("submissions")
@guarded
def submissions(
    project_id: str, out: Annotated[Path, typer.Option(help="JSON lines file to write.")]
) -> None:
    """Fetch every submission with its masks as COCO RLE, one JSON line each."""
    count = 0
    with client() as api, out.open("w") as file:
        for row in api.pages(f"/projects/{project_id}/submissions"):
            file.write(json.dumps(row) + "\n")
            count += 1
    show({"path": str(out), "submissions": count}, f"{count} submissions in {out}")
