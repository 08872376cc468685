"""The segmenter port. Terms:

frame       uint8 (H, W) or (H, W, 3): what the volunteer sees, the grid in which masks live.
embedding   what a model keeps of a frame so that each click is cheap. Split models (Segment Anything) put their encoder's
            features here; early-fusion models keep the frame's working view. Bound to one model and version.
prompt      see `domain.prompt`.
candidate   one answer: mask, probability and predicted IoU. `decode` gives the best first, at least one.
"""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from services.inference.domain.prompt import Prompt
from shared.errors import Conflict, InvalidInput

Frame = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model as `GET /models` shows it."""

    name: str
    version: str
    kind: str
    """`classical`, `early-fusion` or `split`."""
    browser: bool = False
    """Whether `model.onnx` may be fetched and run by the client."""
    default: bool = False
    input_side: int = 0
    bytes: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Embedding:
    """What `encode` made of a frame of `height` × `width` pixels. Arrays travel as fp16 or uint8."""

    model: str
    version: str
    height: int
    width: int
    arrays: dict[str, npt.NDArray[Any]]
    local: dict[str, Any] = field(default_factory=dict, compare=False)
    """What need not travel, because it can be had from the frame (the frame itself)."""

    def to_bytes(self) -> bytes:
        """An uncompressed `.npz` with `arrays`, floats as fp16, and `meta` = [model, version, height, width]."""
        buffer = io.BytesIO()
        small = {k: (v.astype(np.float16) if v.dtype.kind == "f" else v) for k, v in self.arrays.items()}
        meta = np.array([self.model, self.version, str(self.height), str(self.width)])
        np.savez(buffer, meta=meta, **small)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Embedding:
        """The inverse. Raises InvalidInput for other bytes; nothing is unpickled."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                model, version, height, width = (str(v) for v in archive["meta"])
                arrays = {k: archive[k] for k in archive.files if k != "meta"}
        except Exception as error:
            raise InvalidInput("These bytes are no embedding of Bramble; compute it again.") from error
        return cls(model, version, int(height), int(width), arrays)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Candidate:
    """mask bool (H, W); probability float32 (H, W) in [0, 1], or None where the model gives none; score: predicted IoU."""

    mask: BoolMask
    score: float
    probability: npt.NDArray[np.float32] | None = None


class Segmenter(ABC):
    """A promptable model. Thread-safe; holds no frame between calls."""

    info: ModelInfo

    @abstractmethod
    def encode(self, frame: Frame) -> Embedding:
        """Prepare a frame. Raises InvalidInput for anything but uint8 (H, W) or (H, W, 3) with at least one pixel."""

    @abstractmethod
    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Candidate]:
        """Masks for a prompt, best first. Raises InvalidInput for a bad prompt (`domain.prompt.checked`), Conflict for an
        embedding of another model or version, Unavailable where the model's server doesn't answer."""

    def check(self, embedding: Embedding) -> None:
        """Raise Conflict unless `embedding` was made by this model and version."""
        if (embedding.model, embedding.version) != (self.info.name, self.info.version):
            raise Conflict(
                f"This embedding is of {embedding.model} {embedding.version}; the model now is {self.info.name} "
                f"{self.info.version}. Fetch the embedding again.",
                code="stale-embedding",
            )


def checked_frame(frame: npt.NDArray[Any]) -> Frame:
    """uint8 (H, W, 3) of a frame. Other integer and float arrays are stretched from their finite range to 0..255 (16-bit
    scans, NaN in NIfTI); raises InvalidInput for other shapes and for a frame without pixels."""
    array = np.asarray(frame)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim == 3 and array.shape[2] == 4:
        array = array[..., :3]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3) or 0 in array.shape:
        raise InvalidInput(
            f"A frame is (H, W) or (H, W, 3) with at least one pixel; this array is {array.shape}."
        )
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        if array.dtype.kind not in "iuf":
            raise InvalidInput(f"A frame holds numbers, not {array.dtype}.")
        values = array.astype(np.float64)
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
        array = np.round((values - low) * (255.0 / (high - low) if high > low else 0.0)).astype(np.uint8)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    return np.ascontiguousarray(array)
