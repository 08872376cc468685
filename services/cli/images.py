"""`bramble images`: send files, list and fetch what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.output import FAILED, State, client, fail, guarded, show, table

app = typer.Typer(help="Send, list and fetch images.", no_args_is_help=True)

# A request holds this much at most; 5,000 files go out in as many requests as that takes.
_BATCH_FILES, _BATCH_BYTES = 100, 64 << 20


@app.command("add")
@guarded
def add(
    project_id: str,
    paths: Annotated[list[Path], typer.Argument(help="Files, folders (walked) or ZIP files.", exists=True)],
    group: Annotated[str | None, typer.Option(help="Patient or volume that all of these belong to.")] = None,
) -> None:
    """Upload PNG, JPEG, TIFF, DICOM and NIfTI files. A bad file is named with its reason; the others are kept."""
    files = [
        f for p in paths for f in (sorted(q for q in p.rglob("*") if q.is_file()) if p.is_dir() else [p])
    ]
    if not files:
        raise fail("there are no files to upload.")
    totals: dict[str, Any] = {"accepted": 0, "duplicate": 0, "rejected": 0, "results": []}
    with client() as api:
        for batch in _batches(files):
            handles = [(f.name, f.open("rb")) for f in batch]
            try:
                answer = api.upload(project_id, list(handles), group)
            finally:
                for _, handle in handles:
                    handle.close()
            for key in ("accepted", "duplicate", "rejected"):
                totals[key] += answer[key]
            totals["results"] += answer["results"]
    if State.as_json:
        show(totals)
    else:
        for result in totals["results"]:
            if result["status"] == "rejected":
                show(None, f"rejected  {result['name']}: {result['reason']}")
        show(
            None,
            f"{totals['accepted']} stored, {totals['duplicate']} known already, {totals['rejected']} rejected",
        )
    if totals["rejected"] and not totals["accepted"] and not totals["duplicate"]:
        raise typer.Exit(FAILED)


def _batches(files: list[Path]) -> list[list[Path]]:
    batches: list[list[Path]] = [[]]
    size = 0
    for file in files:
        weight = file.stat().st_size
        if batches[-1] and (len(batches[-1]) >= _BATCH_FILES or size + weight > _BATCH_BYTES):
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += weight
    return batches


@app.command("list")
@guarded
def list_images(project_id: str) -> None:
    """List a project's images."""
    with client() as api:
        rows = api.pages(f"/projects/{project_id}/images")
        table(rows, {"id": "id", "name": "name", "width": "width", "height": "height", "group": "group"})


@app.command("get")
@guarded
def get(
    image_id: str,
    out: Annotated[Path, typer.Option(help="Where to write it.")],
    original: Annotated[
        bool, typer.Option(help="The (de-identified) original instead of the display frame.")
    ] = False,
) -> None:
    """Fetch an image."""
    with client() as api:
        api.download(f"/images/{image_id}/{'original' if original else 'frame'}", out)
    show({"path": str(out)}, str(out))
