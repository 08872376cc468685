"""`bramble consensus`: merge a folder of masks on this machine, without the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import USAGE, State, show


def consensus(
    masks: Annotated[Path, typer.Argument(help="Folder with <image>/<rater>.png or .nii.gz.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    method: Annotated[
        str, typer.Option(help="auto, hierarchical, image, majority, staple, simple or weighted.")
    ] = "auto",
    images: Annotated[
        Path | None,
        typer.Option(help="Folder with <image>.png, .jpg, .tif or .nii.gz; they may move uncertain borders."),
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="Folder with the truth of some images.")] = None,
    instances: Annotated[
        bool, typer.Option("--instances", help="Also merge each object of a class by itself: instances.csv.")
    ] = False,
) -> None:
    """Merge the masks of many raters: one mask an image, its probability, images.csv and raters.csv."""
    from services.consensus.offline import run
    from shared.errors import BrambleError

    try:
        found = run(masks, out, method, images, gold, instances)
    except BrambleError as error:
        typer.echo(f"bramble consensus: {error}", err=True)
        raise typer.Exit(USAGE) from None
    names = {row["image"] for row in found.images}
    summary = {
        "images": len(names),
        "raters": len({row["rater"] for row in found.raters}),
        "method": {str(k): v for k, v in found.method.items()},
        **({"instances": len(found.instances)} if instances else {}),
        "why": {str(k): v for k, v in found.why.items()},
        "out": str(out),
    }
    why = " ".join(dict.fromkeys(found.why.values()))
    how = ", ".join(dict.fromkeys(found.method.values()))
    show(summary, f"{summary['images']} images by {how} in {out}. {why}")
    State.as_json = False
