"""Segment Anything (Kirillov et al., ICCV 2023) behind the port: encoder once a frame, decoder at each prompt.

The weights come from an operator by `bramble model import sam` (`sam_import.py`); this module runs the exported networks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.inference.domain.interact import sigmoid
from services.inference.domain.port import Candidate, Embedding, Frame, ModelInfo, Segmenter, checked_frame
from services.inference.domain.prompt import Prompt, checked
from services.inference.domain.windows import Float
from services.inference.runners import OnnxRunner, Runner, TritonRunner

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)


def preprocess(rgb: npt.NDArray[np.uint8], side: int) -> Float:
    """(1, 3, side, side) float32: longest side resized to `side`, normalised, padded with zeros right and below."""
    from PIL import Image

    height, width = resized(rgb.shape[0], rgb.shape[1], side)
    small = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR), np.float32)
    out = np.zeros((1, 3, side, side), np.float32)
    out[0, :, :height, :width] = ((small - MEAN) / STD).transpose(2, 0, 1)
    return out


def resized(height: int, width: int, side: int) -> tuple[int, int]:
    """Size of the frame when its longest side is `side`."""
    scale = side / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


class SamSegmenter(Segmenter):
    """An exported SAM. `side`: the encoder's input (1024 for the published ones); masks come back at `side` / 4."""

    def __init__(self, encoder: Runner, decoder: Runner, info: ModelInfo) -> None:
        self.info, self._encoder, self._decoder = info, encoder, decoder

    @classmethod
    def from_folder(cls, folder: Path, remote: str = "") -> SamSegmenter:
        """The model of a repository that `sam_import` wrote; on Triton where `remote` names one."""
        from services.inference.models import read_card

        card: Any = read_card(folder)
        name, version = str(card["name"]), str(card["version"])
        info = ModelInfo(
            name,
            version,
            "split",
            input_side=int(card["input_side"]),
            bytes=int(card["bytes"]),
            note=str(card["note"]),
        )
        if remote:
            return cls(
                TritonRunner(remote, f"{name}-encoder", deadline_s=10.0),
                TritonRunner(remote, f"{name}-decoder"),
                info,
            )
        paths = [folder / f"{name}-{part}" / "1" / "model.onnx" for part in ("encoder", "decoder")]
        return cls(OnnxRunner(paths[0]), OnnxRunner(paths[1]), info)

    def encode(self, frame: Frame) -> Embedding:
        rgb = checked_frame(frame)
        found = self._encoder.run({"image": preprocess(rgb, self.info.input_side)})
        arrays = {"embedding": found["embedding"].astype(np.float16)}
        return Embedding(self.info.name, self.info.version, rgb.shape[0], rgb.shape[1], arrays)

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Candidate]:
        self.check(embedding)
        height, width = embedding.height, embedding.width
        prompt = checked(prompt, height, width)
        side = self.info.input_side
        tall, wide = resized(height, width, side)
        coords, labels = self._points(prompt, wide / width, tall / height)
        mask = np.zeros((1, 1, side // 4, side // 4), np.float32)
        if prompt.mask is not None:
            mask[0, 0] = self._mask_logits(prompt.mask, side // 4, tall, wide)
        found = self._decoder.run(
            {
                "embedding": embedding.arrays["embedding"].astype(np.float32),
                "point_coords": coords,
                "point_labels": labels,
                "mask_input": mask,
                "has_mask_input": np.array([1.0 if prompt.mask is not None else 0.0], np.float32),
            }
        )
        scores = found["iou"][0]
        # One point leaves the scale open: the three masks of differing extent are offered. More prompts: the single one.
        single = len(prompt.clicks()) + 2 * (prompt.box is not None) > 1
        chosen = [0] if single else [1 + int(i) for i in np.argsort(-scores[1:])]
        return [
            self._candidate(found["low_res"][0, i], float(scores[i]), height, width, tall, wide)
            for i in chosen
        ]

    def _points(self, prompt: Prompt, sx: float, sy: float) -> tuple[Float, Float]:
        rows = [(c.x * sx, c.y * sy, float(c.is_positive)) for c in prompt.clicks()]
        if prompt.box is not None:
            b = prompt.box
            rows += [(b.x0 * sx, b.y0 * sy, 2.0), (b.x1 * sx, b.y1 * sy, 3.0)]
        else:
            rows.append((0.0, 0.0, -1.0))  # the decoder's padding point, as the reference predictor has it
        table = np.asarray(rows, np.float32)
        return table[None, :, :2], table[None, :, 2]

    @staticmethod
    def _mask_logits(mask: npt.NDArray[np.bool_], low: int, tall: int, wide: int) -> Float:
        from PIL import Image

        small = Image.fromarray(mask.astype(np.float32)).resize(
            (max(1, round(wide / 4)), max(1, round(tall / 4))), Image.Resampling.BOX
        )
        out = np.full((low, low), -10.0, np.float32)
        part = np.asarray(small, np.float32)[:low, :low]
        out[: part.shape[0], : part.shape[1]] = part * 20 - 10
        return out

    def _candidate(
        self, low: Float, score: float, height: int, width: int, tall: int, wide: int
    ) -> Candidate:
        from PIL import Image

        side = low.shape[0]
        box = (0, 0, wide * side / self.info.input_side, tall * side / self.info.input_side)
        image = Image.fromarray(np.ascontiguousarray(low, np.float32))
        logits = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box), np.float32)
        return Candidate(logits > 0, float(np.clip(score, 0, 1)), sigmoid(logits))
