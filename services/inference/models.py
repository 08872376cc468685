"""The learnt models and the registry: which there are, where their weights lie, and where they run."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from services.inference.domain.classical import colour_cut, random_walker
from services.inference.domain.interact import Interaction
from services.inference.domain.port import Candidate, Embedding, Frame, ModelInfo, Segmenter, checked_frame
from services.inference.domain.prompt import Prompt, checked
from services.inference.domain.tuning import Tuning
from services.inference.domain.windows import Float, Window, view
from services.inference.runners import OnnxRunner, Runner, TritonRunner
from services.inference.serving import Models
from shared.canary import canary
from shared.errors import InvalidInput
from shared.settings import Settings

log = logging.getLogger(__name__)
WEIGHTS = Path(__file__).parent / "weights"
DRUPELET_VERSION = "2"
# The same network: version 1 as it was trained, version 2 in 8 bits (`training.quantise`), with smaller views at a single click.
VERSIONS: dict[str, tuple[Path, Tuning]] = {
    "1": (WEIGHTS / "drupelet-v1.onnx", Tuning(first_look=96, first_size=128)),
    DRUPELET_VERSION: (WEIGHTS / "drupelet-v2.onnx", Tuning()),
}
DRUPELET = VERSIONS[DRUPELET_VERSION][0]
DRUPELET_FLOAT = VERSIONS["1"][0]


class DrupeletSegmenter(Segmenter):
    """The early-fusion model that this repository ships (weights/drupelet-v1.md)."""

    def __init__(
        self,
        runner: Runner,
        *,
        weights: Path | None = None,
        tuning: Tuning | None = None,
        version: str = DRUPELET_VERSION,
    ) -> None:
        self.weights = weights
        self._runner, self.tuning = runner, tuning or Tuning()
        self.info = ModelInfo(
            "drupelet",
            version,
            "early-fusion",
            browser=weights is not None,
            input_side=self.tuning.size,
            bytes=weights.stat().st_size if weights else 0,
            note="small promptable network, runs whole at each prompt",
        )

    def encode(self, frame: Frame) -> Embedding:
        rgb = checked_frame(frame)
        height, width = rgb.shape[:2]
        small = np.round(view(rgb, Window.whole(height, width), self.tuning.size) * 255).astype(np.uint8)
        return Embedding(self.info.name, self.info.version, height, width, {"view": small}, {"frame": rgb})

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Candidate]:
        self.check(embedding)
        prompt = checked(prompt, embedding.height, embedding.width)
        frame = embedding.local.get("frame")
        if frame is None:  # an embedding that travelled: the frame is known at the working size only
            frame = _spread(embedding)
        return [Interaction(self._net, frame, prompt, self.tuning).answer()]

    def _net(self, image: Float, prompts: Float) -> tuple[Float, Float]:
        found = self._runner.run({"image": image, "prompts": prompts})
        return found["logits"], found["iou"]


def _spread(embedding: Embedding) -> Frame:
    from PIL import Image

    window = Window.whole(embedding.height, embedding.width)
    _, _, inner_rows, inner_cols = window.part(embedding.height, embedding.width)
    square = Image.fromarray(embedding.arrays["view"].astype(np.uint8)).resize((window.side, window.side))
    return np.ascontiguousarray(np.asarray(square)[inner_rows, inner_cols])


def create_models(settings: Settings) -> Models:
    """The segmenters that the settings name: Drupelet (on Triton where BRAMBLE_INFERENCE_URL is given, else in process), the
    classical ones, and those that `bramble model import` put under the data folder. Nothing is loaded before its first use."""
    models: list[Segmenter] = []
    remote = settings.inference_url
    for name in ("version", "canary"):
        asked = getattr(settings, f"drupelet_{name}")
        if asked and asked not in VERSIONS:
            raise InvalidInput(
                f"BRAMBLE_DRUPELET_{name.upper()} is {asked!r}; the versions here are {', '.join(VERSIONS)}, or leave it empty."
            )
    tried = None
    if shipped := _drupelet(remote, settings.drupelet_version):
        models.append(shipped)
        tried = _drupelet(remote, settings.drupelet_canary) if settings.drupelet_canary else None
    models += [random_walker(), colour_cut()]
    models += _imported(settings.data_dir / "models", remote)
    models[0].info = replace(models[0].info, default=True)
    if tried is not None:
        tried.info = replace(tried.info, default=True)
    return Models(models, tried, canary(settings))


def _drupelet(remote: str, asked: str) -> DrupeletSegmenter | None:
    """The shipped segmenter in the version ``asked`` ("": the newest), on Triton where ``remote`` names one. None without weights."""
    version = asked or DRUPELET_VERSION
    weights, tuning = VERSIONS[version]
    if remote:
        # Unless a version is asked for, the newest in Triton's repository answers, as its own policy has it.
        runner: Runner = TritonRunner(remote, "drupelet", asked)
    elif weights.exists():
        runner = OnnxRunner(weights)
    else:
        return None
    return DrupeletSegmenter(runner, weights=_present(weights), tuning=tuning, version=version)


def _present(path: Path) -> Path | None:
    return path if path.exists() else None


def _imported(folder: Path, remote: str) -> list[Segmenter]:
    """Models of `bramble model import … --out` under `data/models`; a broken one is left out with a warning."""
    found: list[Segmenter] = []
    for card in sorted(folder.glob("**/bramble-model.json")) if folder.is_dir() else []:
        try:
            from services.inference.sam import SamSegmenter

            found.append(SamSegmenter.from_folder(card.parent, remote))
        except Exception:
            log.warning("the model in %s can't be used", card.parent, exc_info=True)
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_card(folder: Path) -> dict[str, object]:
    """`bramble-model.json` of an imported model. Raises ValueError where it isn't one."""
    card = json.loads((folder / "bramble-model.json").read_text())
    if not isinstance(card, dict) or card.get("format") != 1:
        raise ValueError("bramble-model.json is of another version")
    return card
