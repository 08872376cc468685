"""`bramble model`: bring a segmentation model into a model repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import guarded, show

app = typer.Typer(help="Bring segmentation models in.", no_args_is_help=True)
import_app = typer.Typer(help="Import a checkpoint.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("sam")
@guarded
def import_sam(
    checkpoint: Annotated[Path, typer.Option(help="File of the weights (.pth or .safetensors).")],
    out: Annotated[Path, typer.Option(help="Folder of the repository, e.g. data/models/sam-vit_b.")],
    kind: Annotated[str, typer.Option("--type", help="vit_b, vit_l or vit_h.")] = "vit_b",
    version: Annotated[str, typer.Option(help="Version to register it under.")] = "1",
    name: Annotated[str, typer.Option(help="Name to register it under; default: sam-TYPE.")] = "",
) -> None:
    """Export a Segment Anything checkpoint to ONNX, check it against SamPredictor, write a Triton model repository.

    Under DATA_DIR/models the platform finds it at its next start.
    """
    from services.inference import sam_import

    model = sam_import.load_checkpoint(checkpoint, kind)
    called = name or f"sam-{kind}"
    parity = sam_import.import_sam(
        model, called, version, out, source=f"Segment Anything {kind}, {checkpoint.name}"
    )
    made = {
        "name": called,
        "version": version,
        "folder": str(out),
        "parity": {"logits": parity.logits, "dice": parity.dice, "embedding": parity.embedding},
    }
    show(made, f"{called} {version} is in {out}; masks agree with SamPredictor (Dice {parity.dice:.4f}).")
