"""`bramble gold`: give masks of known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import client, fail, guarded, show, table

app = typer.Typer(help="Give, list and remove gold masks.", no_args_is_help=True)


@app.command("add")
@guarded
def add(
    project_id: str,
    folder: Annotated[
        Path,
        typer.Argument(
            help="<image name or id>/<label name>.png, or <image>.png for one label.", exists=True
        ),
    ],
) -> None:
    """Upload a folder of gold masks (PNG, zero is outside). An image without any set pixel is gold for "nothing here"."""
    import numpy as np
    from PIL import Image

    from shared.imaging import rle

    with client() as api:
        labels = {label["name"]: label["id"] for label in api.get(f"/projects/{project_id}")["labels"]}
        images: dict[str, str] = {}
        for image in api.pages(f"/projects/{project_id}/images"):
            for key in (image["id"], image["name"], Path(image["name"]).stem):
                images.setdefault(key, image["id"])
        done = 0
        for entry in sorted(folder.iterdir()):
            files = (
                sorted(entry.glob("*.png")) if entry.is_dir() else [entry] if entry.suffix == ".png" else []
            )
            if not files:
                continue
            image_id = images.get(entry.name) or images.get(entry.stem)
            if image_id is None:
                raise fail(f"{entry}: the project has no image of that name or id.")
            masks = []
            for file in files:
                label = labels.get(file.stem) if entry.is_dir() else next(iter(labels.values()))
                if label is None:
                    raise fail(
                        f"{file}: the project has no label {file.stem!r}; its labels are {', '.join(labels)}."
                    )
                mask = np.asarray(Image.open(file).convert("L")) > 0
                if mask.any():
                    masks.append({"label_id": label, "rle": rle.to_json(rle.encode(mask))})
            api.put(f"/projects/{project_id}/gold/{image_id}", {"masks": masks, "nothing_here": not masks})
            done += 1
    if not done:
        raise fail(f"{folder} holds no PNG masks.")
    show({"gold": done}, f"{done} gold images")


@app.command("list")
@guarded
def list_gold(project_id: str) -> None:
    """List a project's gold images."""
    with client() as api:
        table(
            api.pages(f"/projects/{project_id}/gold"), {"image_id": "image", "nothing_here": "nothing here"}
        )


@app.command("remove")
@guarded
def remove(project_id: str, image_id: str) -> None:
    """Take an image out of the gold set."""
    with client() as api:
        api.delete(f"/projects/{project_id}/gold/{image_id}")
    show({"removed": image_id}, f"{image_id} is no longer gold")
