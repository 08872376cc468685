"""Brings a Segment Anything checkpoint into a model repository: export, parity check, Triton configuration.

Needs the `sam` and `train` extras. The checkpoint is read by `torch.load(weights_only=True)`: a pickle that wants to run code
is refused.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.inference.domain.clicker import Click
from services.inference.domain.port import ModelInfo
from services.inference.domain.prompt import Box, Prompt
from services.inference.runners import OnnxRunner
from services.inference.sam import SamSegmenter, preprocess
from shared.errors import InvalidInput

TOLERANCE_LOGITS = 5e-3
TOLERANCE_DICE = 0.995


def tiny_sam() -> Any:
    """A SAM of the library's own classes with random weights, 256 px and 0.1 M parameters: for tests, no use otherwise."""
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    dim = 32
    encoder = ImageEncoderViT(img_size=256, patch_size=16, embed_dim=dim, depth=2, num_heads=2, out_chans=dim,
                              use_rel_pos=True, window_size=4, global_attn_indexes=(1,))  # fmt: skip
    prompts = PromptEncoder(dim, (16, 16), (256, 256), 4)
    decoder = MaskDecoder(
        transformer_dim=dim,
        transformer=TwoWayTransformer(depth=1, embedding_dim=dim, num_heads=2, mlp_dim=32),
        iou_head_hidden_dim=16,
    )
    return Sam(encoder, prompts, decoder)


def _builders() -> dict[str, Callable[[], Any]]:
    try:
        from segment_anything import sam_model_registry
    except ImportError as error:
        raise InvalidInput(
            "Importing SAM needs the extras `sam` and `train`: pip install 'bramble[sam,train]'."
        ) from error
    kinds: dict[str, Callable[[], Any]] = {k: sam_model_registry[k] for k in ("vit_b", "vit_l", "vit_h")}
    return {**kinds, "tiny": tiny_sam}


def load_checkpoint(path: Path, kind: str) -> Any:
    """The model of `kind` with the weights of `path`. Raises InvalidInput for a missing, truncated, hostile or other checkpoint."""
    builders = _builders()
    if kind not in builders:
        raise InvalidInput(f"{kind!r} is no type of SAM; the types are vit_b, vit_l and vit_h.")
    if not path.is_file():
        raise InvalidInput(f"There is no checkpoint {path}.")
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(str(path))
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidInput(
            f"{path.name} can't be read as tensors only ({type(error).__name__}): it is cut off, or holds code that is refused."
        ) from error
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    model = builders[kind]()
    try:
        model.load_state_dict(state)
    except Exception as error:
        raise InvalidInput(
            f"{path.name} doesn't hold the weights of a SAM of type {kind}: {str(error)[:300]}"
        ) from error
    return model.eval()


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the exported networks are from `SamPredictor` on the same prompts."""

    embedding: float
    logits: float
    dice: float
    prompts: int

    @property
    def holds(self) -> bool:
        return self.logits <= TOLERANCE_LOGITS and self.dice >= TOLERANCE_DICE


def import_sam(model: Any, name: str, version: str, out: Path, *, source: str = "", seed: int = 0) -> Parity:
    """Export `model` to the Triton model repository `out`, check it against `SamPredictor`, and write `bramble-model.json`.

    Raises InvalidInput when the export is further from the reference than the tolerances; the card is written only when it holds,
    so that a bad export is never served.
    """
    side = int(model.image_encoder.img_size)
    encoder, decoder = (out / f"{name}-{part}" / "1" / "model.onnx" for part in ("encoder", "decoder"))
    for path in (encoder, decoder):
        path.parent.mkdir(parents=True, exist_ok=True)
    _export(model, encoder, decoder)
    low, dim, grid = side // 4, int(model.prompt_encoder.embed_dim), side // 16
    _config(
        out / f"{name}-encoder", [("image", [3, side, side])], [("embedding", [dim, grid, grid])], batch=4
    )
    _config(
        out / f"{name}-decoder",
        [("embedding", [1, dim, grid, grid]), ("point_coords", [1, -1, 2]), ("point_labels", [1, -1]),
         ("mask_input", [1, 1, low, low]), ("has_mask_input", [1])],
        [("low_res", [1, 4, low, low]), ("iou", [1, 4])],
        batch=0,
    )  # fmt: skip
    size = encoder.stat().st_size + decoder.stat().st_size
    info = ModelInfo(name, version, "split", input_side=side, bytes=size)
    parity = check_parity(model, SamSegmenter(OnnxRunner(encoder), OnnxRunner(decoder), info), seed)
    if not parity.holds:
        raise InvalidInput(
            f"The exported model differs from SamPredictor: logits by {parity.logits:.2g} (at most {TOLERANCE_LOGITS}), "
            f"Dice {parity.dice:.4f} (at least {TOLERANCE_DICE})."
        )
    card = {
        "format": 1, "name": name, "version": version, "kind": "sam", "input_side": side, "bytes": size, "note": source,
        "sha256": {p.parent.parent.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (encoder, decoder)},
        "parity": {"embedding": parity.embedding, "logits": parity.logits, "dice": parity.dice, "prompts": parity.prompts},
    }  # fmt: skip
    (out / "bramble-model.json").write_text(json.dumps(card, indent=2) + "\n")
    return parity


def _export(model: Any, encoder: Path, decoder: Path) -> None:
    import torch
    from segment_anything.utils.onnx import SamOnnxModel

    side, dim = int(model.image_encoder.img_size), int(model.prompt_encoder.embed_dim)
    grid, low = side // 16, side // 4
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the tracer warns of each Python branch of the library; parity is checked afterwards
        torch.onnx.export(
            model.image_encoder, (torch.zeros(1, 3, side, side),), str(encoder), input_names=["image"],
            output_names=["embedding"], dynamic_axes={"image": {0: "batch"}, "embedding": {0: "batch"}}, opset_version=17,
            dynamo=False,
        )  # fmt: skip

        class LowResolution(torch.nn.Module):  # type: ignore[misc]
            """The library's export module, without its upsampling: masks travel at a quarter of the side."""

            def __init__(self) -> None:
                super().__init__()
                self.inner = SamOnnxModel(model, return_single_mask=False)

            def forward(self, embedding: Any, coords: Any, labels: Any, mask: Any, has_mask: Any) -> Any:
                sparse = self.inner._embed_points(coords, labels)
                dense = self.inner._embed_masks(mask, has_mask)
                masks, scores = self.inner.mask_decoder.predict_masks(
                    image_embeddings=embedding,
                    image_pe=model.prompt_encoder.get_dense_pe(),
                    sparse_prompt_embeddings=sparse,
                    dense_prompt_embeddings=dense,
                )
                return masks, scores

        inputs = (
            torch.randn(1, dim, grid, grid), torch.rand(1, 3, 2) * side, torch.tensor([[1.0, 0.0, -1.0]]),
            torch.zeros(1, 1, low, low), torch.zeros(1),
        )  # fmt: skip
        torch.onnx.export(
            LowResolution(), inputs, str(decoder), opset_version=17, dynamo=False,
            input_names=["embedding", "point_coords", "point_labels", "mask_input", "has_mask_input"],
            output_names=["low_res", "iou"],
            dynamic_axes={"point_coords": {1: "points"}, "point_labels": {1: "points"}},
        )  # fmt: skip


def check_parity(model: Any, exported: SamSegmenter, seed: int = 0) -> Parity:
    """Largest difference of embeddings and low-resolution logits, and least Dice of masks, to `SamPredictor` on a random frame."""
    import torch
    from segment_anything import SamPredictor

    rng = np.random.default_rng(seed)
    side = exported.info.input_side
    frame = rng.integers(0, 256, (side * 3 // 4, side, 3), dtype=np.uint8)
    height, width = frame.shape[:2]
    predictor = SamPredictor(model)
    embedding = exported._encoder.run({"image": preprocess(frame, side)})["embedding"]
    with torch.no_grad():
        predictor.set_image(frame)
    worst_embedding = float(np.abs(predictor.features.numpy() - embedding).max())
    worst, least = 0.0, 1.0
    for k in range(4):
        points = rng.uniform(0, [width, height], (k + 1, 2)).astype(np.float32)
        labels = (rng.random(k + 1) < 0.7).astype(np.float32)
        box = np.array([width * 0.2, height * 0.2, width * 0.7, height * 0.8], np.float32) if k == 3 else None
        with torch.no_grad():
            _, scores, expected = predictor.predict(
                points, labels, box, multimask_output=False, return_logits=True
            )
        clicks = tuple(Click(float(x), float(y), bool(p)) for (x, y), p in zip(points, labels, strict=True))
        prompt = Prompt(clicks, Box(*box.tolist()) if box is not None else None)
        coords, kinds = exported._points(prompt, 1.0, 1.0)
        found = exported._decoder.run(
            {
                "embedding": embedding, "point_coords": coords, "point_labels": kinds,
                "mask_input": np.zeros((1, 1, side // 4, side // 4), np.float32),
                "has_mask_input": np.zeros(1, np.float32),
            }
        )  # fmt: skip
        a, b = found["low_res"][0, 0], expected[0]
        scale = max(1.0, float(np.abs(b).max()))
        worst = max(worst, float(np.abs(a - b).max()) / scale, float(abs(found["iou"][0, 0] - scores[0])))
        total = int((a > 0).sum() + (b > 0).sum())
        least = min(least, 2 * int(((a > 0) & (b > 0)).sum()) / total if total else 1.0)
    return Parity(worst_embedding, worst, least, 4)


def _config(
    folder: Path, inputs: list[tuple[str, list[int]]], outputs: list[tuple[str, list[int]]], batch: int
) -> None:
    """`config.pbtxt` for CPU, and `configs/gpu.pbtxt`, which `tritonserver --model-config-name=gpu` picks."""

    def tensors(kind: str, items: list[tuple[str, list[int]]]) -> str:
        rows = ",\n".join(f'  {{ name: "{n}" data_type: TYPE_FP32 dims: {dims} }}' for n, dims in items)
        return f"{kind} [\n{rows}\n]\n"

    def warm_up(items: list[tuple[str, list[int]]]) -> str:
        rows = "\n".join(
            f'  inputs {{ key: "{n}" value: {{ data_type: TYPE_FP32 dims: {[2 if d == -1 else d for d in dims]} zero_data: true }} }}'
            for n, dims in items
        )
        return f'model_warmup [ {{\n  name: "zeros"\n  batch_size: {1 if batch else 0}\n{rows}\n}} ]\n'

    def text(device: str) -> str:
        body = f'name: "{folder.name}"\nbackend: "onnxruntime"\nmax_batch_size: {batch}\n'
        body += tensors("input", inputs) + tensors("output", outputs)
        body += f"instance_group [ {{ count: {1 if device == 'KIND_GPU' else 2} kind: {device} }} ]\n"
        if batch:
            body += "dynamic_batching { max_queue_delay_microseconds: 2000 }\n"
        return body + warm_up(inputs)

    (folder / "configs").mkdir(parents=True, exist_ok=True)
    (folder / "config.pbtxt").write_text(text("KIND_CPU"))
    (folder / "configs" / "gpu.pbtxt").write_text(text("KIND_GPU"))
