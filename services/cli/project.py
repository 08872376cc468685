"""`bramble project`: create, list, look at and change projects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import client, guarded, show, table

app = typer.Typer(help="Create, list, show and change projects.", no_args_is_help=True)


@app.command("create")
@guarded
def create(
    name: Annotated[str, typer.Argument(help="Name that volunteers see.")],
    label: Annotated[list[str], typer.Option(help="A class: NAME or NAME:#rrggbb; repeat for several.")],
    summary: Annotated[str, typer.Option(help="One sentence on what helping does.")] = "",
    instructions: Annotated[Path | None, typer.Option(help="Markdown file: the volunteers' guide.")] = None,
    quorum: Annotated[int, typer.Option(help="Labels wanted for each image.")] = 5,
    gold_share: Annotated[float, typer.Option(help="Share of gold images in a volunteer's work.")] = 0.1,
) -> None:
    """Create a project."""
    labels = []
    for text in label:
        title, _, color = text.partition(":")
        labels.append({"name": title, **({"color": color} if color else {})})
    body = {
        "name": name,
        "summary": summary,
        "instructions": instructions.read_text() if instructions else "",
        "labels": labels,
        "quorum": quorum,
        "gold_share": gold_share,
    }
    with client() as api:
        made = api.post("/projects", body)
    show(made, f"Created {made['name']} with the id {made['id']}")


@app.command("list")
@guarded
def list_projects() -> None:
    """List the projects that you may see."""
    with client() as api:
        rows = [{**p, **p["counts"]} for p in api.pages("/projects")]
    columns = {
        "id": "id",
        "name": "name",
        "status": "status",
        "images": "images",
        "retired": "done",
        "submissions": "labels",
    }
    table(rows, columns)


@app.command("show")
@guarded
def show_project(project_id: str) -> None:
    """Show a project with its counters."""
    with client() as api:
        show(api.get(f"/projects/{project_id}"))


@app.command("set")
@guarded
def set_values(
    project_id: str,
    quorum: Annotated[int | None, typer.Option(help="Labels wanted for each image.")] = None,
    status: Annotated[str | None, typer.Option(help="active, paused or archived.")] = None,
    instructions: Annotated[Path | None, typer.Option(help="Markdown file: the volunteers' guide.")] = None,
) -> None:
    """Change a project's settings."""
    text = instructions.read_text() if instructions else None
    body = {
        k: v for k, v in {"quorum": quorum, "status": status, "instructions": text}.items() if v is not None
    }
    with client() as api:
        show(api.patch(f"/projects/{project_id}", body))
