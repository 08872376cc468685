"""Exports a checkpoint to ONNX: `python -m services.inference.training.export CHECKPOINT OUT.onnx`.

Opset 17; inputs `image` (B, 3, S, S) float32 in [0, 1] and `prompts` (B, 4, S, S), outputs `logits` (B, 1, S, S) and `iou`
(B, 1); B and S free, S a multiple of 16. The averaged weights are exported, batch norms folded; the file is compared with
torch on random input.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from services.inference.training.net import Drupelet


def load(checkpoint: Path) -> Drupelet:
    """The averaged weights of a training checkpoint, in eval mode. Tensors only are read (`weights_only`)."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    model = Drupelet()
    model.load_state_dict(state["average"])
    model.eval()
    return model


def export(model: torch.nn.Module, out: Path, size: int = 128) -> float:
    """Write the ONNX file; the largest absolute difference to torch over three sizes is answered."""
    import onnxruntime

    image, prompts = torch.rand(1, 3, size, size), torch.rand(1, 4, size, size).round()
    out.parent.mkdir(parents=True, exist_ok=True)
    axes = {0: "batch", 2: "side", 3: "side_"}
    torch.onnx.export(
        model,
        (image, prompts),
        str(out),
        input_names=["image", "prompts"],
        output_names=["logits", "iou"],
        dynamic_axes={"image": axes, "prompts": axes, "logits": axes, "iou": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch, side in ((1, 128), (2, 96), (3, 160)):
        image, prompts = torch.rand(batch, 3, side, side), torch.rand(batch, 4, side, side).round()
        with torch.no_grad():
            expected = model(image, prompts)
        found = session.run(None, {"image": image.numpy(), "prompts": prompts.numpy()})
        worst = max(
            worst, *(float(np.abs(f - e.numpy()).max()) for f, e in zip(found, expected, strict=True))
        )
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    difference = export(load(args.checkpoint), args.out)
    sys.stdout.write(
        f"{args.out}: {args.out.stat().st_size} bytes, differs from torch by at most {difference:.2e}\n"
    )
