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


@app.command("triton")
@guarded
def triton(
    out: Annotated[Path, typer.Option(help="Folder of the repository; Triton's --model-repository.")],
    backend: Annotated[
        str, typer.Option(help="onnxruntime (NVIDIA's images) or python (CPU, where there is nothing else).")
    ] = "onnxruntime",
    upload: Annotated[
        str,
        typer.Option(
            help="Also copy it below this prefix of BRAMBLE_BLOB_URL's bucket, e.g. models (Helm's triton.modelPrefix)."
        ),
    ] = "",
) -> None:
    """Write Drupelet as a Triton model repository, for BRAMBLE_INFERENCE_URL."""
    from services.inference.repository import write_repository

    files = write_repository(out, backend)
    if upload:
        from shared.blobs import create_blobs
        from shared.settings import Settings

        settings = Settings()
        blobs = create_blobs(settings.blob_url, settings.data_dir)
        for path in files:
            blobs.put(f"{upload.strip('/')}/{path.as_posix()}", (out / path).read_bytes())
        blobs.close()
    where = f"{out} and below {upload}/ in the object store" if upload else str(out)
    show({"files": [path.as_posix() for path in files]}, f"{len(files)} files are in {where}")
