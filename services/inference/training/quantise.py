"""Makes the 8-bit form of an exported Drupelet: `python -m services.inference.training.quantise IN.onnx OUT.onnx --data DIR --seed 7`.

Static quantisation (Jacob et al., CVPR 2018) of the convolutions by onnxruntime: weights in 7 bits a channel, activations in 8 a tensor,
whose ranges are taken from views of the training sets (never the held-back groups) in the middle of click sessions. Seven bits,
because a processor without VNNI adds pairs of products in 16 bits and would saturate: every adapter is to compute the same. What isn't a
convolution stays as it is, and so do the layers named in `KEPT`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from services.inference.training.data import TRAINABLE, read_items
from services.inference.training.sessions import SessionPool
from services.inference.training.tasks import TaskSource

KEPT = ("/dec0/dec0.0/Conv", "/head/Conv")
"""The last layer writes the logits: its error would be the mask's."""
VIEWS = {64: 12, 96: 8, 128: 6}


def session_views(model: Path, data: Path, seed: int, rounds: int = 6) -> list[dict[str, Any]]:
    """Inputs as the network meets them: image and prompts (with the model's own previous answer) over `rounds` turns of a click session
    at each size; labelled objects of the training sets only. Raises FileNotFoundError without the data."""
    from services.inference.runners import OnnxRunner

    rng = np.random.default_rng(seed)
    runner = OnnxRunner(model)
    source = TaskSource(read_items(data, TRAINABLE, held=False), rng, labelled=1.0)
    found = []
    for size, batch in VIEWS.items():
        pool = SessionPool(source, batch, size, rng)
        for _ in range(rounds):
            image, prompts, _ = pool.tensors()
            found.append({"image": image.numpy(), "prompts": prompts.numpy()})
            logits = runner.run(found[-1])["logits"]
            pool.advance(1 / (1 + np.exp(-np.clip(logits[:, 0], -30, 30))))
    return found


def quantise(model: Path, out: Path, batches: list[dict[str, Any]]) -> None:
    """Write the 8-bit form of `model` to `out`; `batches` as `session_views` gives them."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """One batch after the other, then None."""

        def __init__(self) -> None:
            self._left = reversed(batches)

        def get_next(self) -> dict[str, Any] | None:
            return next(self._left, None)

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(model), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(out),
            Reader(),
            quant_format=QuantFormat.QOperator,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=list(KEPT),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    quantise(args.model, args.out, session_views(args.model, args.data, args.seed))
    sys.stdout.write(f"{args.out}: {args.out.stat().st_size} bytes\n")
