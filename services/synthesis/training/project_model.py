"""A project's own segmenter: a few small U-Nets (MONAI; Ronneberger et al. 2015), each trained without one fold of the consensus
images, together an ensemble (Lakshminarayanan et al. 2017) whose masks come with an expected Dice.

One ONNX file holds all of it, with preparation and calibration in the graph, so that who runs it knows nothing of how it was trained:

    image        uint8 (S, S, 3)         the frame, resized to the square
    probability  float32 (L, S, S)       of each label, calibrated
    expected     float32 (L,)            expected Dice of ``probability > 0.5``
"""

from __future__ import annotations

import io
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from services.synthesis.domain import project_model as rules
from services.synthesis.domain.params import SegmenterParams
from services.synthesis.training.affine import random_grid
from services.synthesis.training.checkpoints import Checkpoints, MemoryCheckpoints
from services.synthesis.training.progress import RELEASED, Clock, Report, Stopped, silent
from shared.errors import InvalidInput

RATE = 2e-3
WIDTHS = (16, 32, 64, 128)
LEAST_IMAGES, LEAST_GROUPS = 4, 2
CHECKPOINT_S = 30.0


@dataclass(frozen=True, slots=True)
class Trained:
    """Networks, what they can do label by label, and how long it took."""

    members: list[Any]
    skills: list[rules.Skill]
    size: int
    seconds: float


def train(
    images: NDArray[np.uint8],
    masks: NDArray[np.uint8],
    label_ids: Sequence[int],
    groups: Sequence[str],
    params: SegmenterParams,
    *,
    checkpoints: Checkpoints | None = None,
    report: Report = silent,
    clock: Clock = time.monotonic,
) -> Trained:
    """Train on ``images`` uint8 ``(n, S, S, 3)`` and ``masks`` uint8 ``(n, L, S, S)``, 255 where a label covers the whole cell.

    Goes on from the checkpoint where there is one; deterministic for one seed and machine. Raises InvalidInput for fewer than four
    images or two groups, or where all masks are empty; StorageFull at a checkpoint; `Stopped` as ``report`` says.
    """
    if len(images) < LEAST_IMAGES or len(set(groups)) < LEAST_GROUPS:
        raise InvalidInput(
            f"A project's segmenter needs at least {LEAST_IMAGES} consensus images of {LEAST_GROUPS} patients; there are "
            f"{len(images)} of {len(set(groups))}."
        )
    if not (masks > 127).any():
        raise InvalidInput("All consensus masks are empty; there is nothing that a segmenter could learn.")
    fold = rules.folds(groups, params.members)
    run = _Run(images, masks, fold, params)
    keeper = checkpoints or MemoryCheckpoints()
    if (kept := keeper.load()) is not None:
        run.restore(kept)
    began, saved_at = clock() - run.seconds, clock()
    total = run.count * params.steps
    while not run.done:
        run.step_once()
        run.seconds = clock() - began
        if clock() - saved_at >= CHECKPOINT_S:
            keeper.save(run.position, run.save())
            saved_at = clock()
        try:
            report(0.95 * run.position / total, "training", f"step {run.position} of {total}")
        except Stopped as halt:
            if halt.reason == RELEASED:
                keeper.save(run.position, run.save())
            raise
    report(0.95, "calibrating", f"{len(images)} held-back answers")
    held = np.concatenate([run.answers(k) for k in range(run.count)])
    order = np.concatenate([np.flatnonzero(fold == k) for k in range(run.count)])
    truth = masks[order] > 127
    names = [groups[i] for i in order]
    skills = [rules.skill(label, held[:, k], truth[:, k], names) for k, label in enumerate(label_ids)]
    return Trained(run.members, skills, params.size, run.seconds)


def build(labels: int) -> Any:
    """An untrained member: colour and position in, a logit a label out; sides divisible by 8. Instance norm: a batch of eight of a
    project's ten images is no statistic."""
    from monai.networks.nets.unet import UNet

    return UNet(2, 5, labels, WIDTHS, (2,) * (len(WIDTHS) - 1), num_res_units=1, norm="instance")


class _Run:
    """Where a training stands: the members that are finished, and the one at work."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.uint8],
        fold: NDArray[np.int64],
        params: SegmenterParams,
    ) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._x = standard(torch.from_numpy(images)).to(self._device)
        self._y = (torch.from_numpy(masks).float() / 255).to(self._device)
        self._fold, self._params = fold, params
        self.count = int(fold.max()) + 1
        self.members: list[Any] = []
        self.step = 0
        self.seconds = 0.0
        self._begin()

    def _begin(self) -> None:
        member = len(self.members)
        torch.manual_seed(self._params.seed * 1000 + member)
        self._net = build(self._y.shape[1]).to(self._device).train()
        self._optimiser = torch.optim.AdamW(self._net.parameters(), lr=RATE, weight_decay=1e-2)
        self._mine = np.flatnonzero(self._fold != member)

    @property
    def done(self) -> bool:
        return len(self.members) == self.count

    @property
    def position(self) -> int:
        """Steps that were taken, over all members."""
        return len(self.members) * self._params.steps + self.step

    def step_once(self) -> None:
        """One step; its random choices come from seed, member and step alone, so that a resumed run takes the same ones."""
        params = self._params
        rng = np.random.default_rng([params.seed, len(self.members), self.step])
        picks = torch.from_numpy(self._mine[rng.integers(0, len(self._mine), params.batch)]).to(self._device)
        x, y = augment(self._x[picks], self._y[picks], rng)
        progress = self.step / params.steps
        fade = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self._optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (self.step + 1) / 20) * fade
        loss = _loss(self._net(with_position(x)), y)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()
        self.step += 1
        if self.step >= params.steps:
            self.members.append(self._net.cpu().eval())
            self.step = 0
            if not self.done:
                self._begin()

    def answers(self, member: int) -> NDArray[np.float32]:
        """Logits ``(m, L, S, S)`` of the images that ``member`` was trained without."""
        held = self._x[torch.from_numpy(np.flatnonzero(self._fold == member)).to(self._device)].cpu()
        with torch.no_grad():
            parts = [self.members[member](with_position(part)).numpy() for part in held.split(16)]
        return np.concatenate(parts).astype(np.float32)

    def save(self) -> bytes:
        """All of it, tensors and numbers only."""
        state = {
            "members": [m.state_dict() for m in self.members],
            "net": self._net.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "images": len(self._x),
            "steps": self._params.steps,
        }
        out = io.BytesIO()
        torch.save(state, out)
        return out.getvalue()

    def restore(self, data: bytes) -> None:
        """Go on from `save`, unless images were added since: then the folds are others, and it begins anew."""
        state = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
        if (state["images"], state["steps"]) != (len(self._x), self._params.steps):
            return
        for weights in state["members"]:
            member = build(self._y.shape[1])
            member.load_state_dict(weights)
            self.members.append(member.eval())
        if not self.done:
            self._begin()
            self._net.load_state_dict(state["net"])
            self._optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]


def standard(images: Tensor) -> Tensor:
    """float ``(n, 3, S, S)`` of uint8 ``(n, S, S, 3)``: each image's channels at mean 0 and deviation 1."""
    x = images.permute(0, 3, 1, 2).float() / 255
    centred = x - x.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True).sqrt() + 1e-3)


def with_position(x: Tensor) -> Tensor:
    """``x`` ``(n, 3, S, S)`` and two planes from -1 to 1: anatomy has its place, and a convolution can't know it."""
    n, _, height, width = x.shape
    across = torch.linspace(-1, 1, width, device=x.device)[None, None, None, :].expand(n, 1, height, width)
    down = torch.linspace(-1, 1, height, device=x.device)[None, None, :, None].expand(n, 1, height, width)
    return torch.cat([x, across, down], 1)


def augment(x: Tensor, y: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Turn up to 20 degrees, scale 0.82–1.22, shift 8 %, mirror, each channel's contrast and brightness, noise."""
    n = len(x)
    grid = random_grid(x, rng, degrees=20, spread=0.2)
    moved = functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    target = functional.grid_sample(y, grid, padding_mode="zeros", align_corners=False)
    shape = (n, x.shape[1], 1, 1)
    contrast = torch.from_numpy(rng.uniform(0.7, 1.4, shape).astype(np.float32)).to(x.device)
    brightness = torch.from_numpy(rng.uniform(-0.2, 0.2, shape).astype(np.float32)).to(x.device)
    noise = torch.from_numpy(rng.standard_normal(tuple(x.shape), np.float32)).to(x.device)
    return moved * contrast + brightness + noise * float(rng.uniform(0, 0.05)), target


def _loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice (Milletari et al. 2016) over the batch: an image without the label is no 0/0."""
    chances = torch.sigmoid(logits)
    both, sizes = (chances * masks).sum((0, 2, 3)), (chances + masks).sum((0, 2, 3))
    entropy = functional.binary_cross_entropy_with_logits(logits, masks)
    loss: Tensor = entropy + 1 - ((2 * both + 1) / (sizes + 1)).mean()
    return loss


class _Whole(nn.Module):  # type: ignore[misc]
    """Preparation, members, calibration: what the ONNX file computes."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.members = nn.ModuleList(trained.members)
        for name in ("temperature", "slope", "offset", "empty"):
            values = torch.tensor([float(getattr(s, name)) for s in trained.skills])
            self.register_buffer(name, values)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = with_position(standard(image[None]))
        heat = self.temperature[:, None, None]
        each = torch.stack([torch.sigmoid(member(x)[0] / heat) for member in self.members])
        mask = (each > 0.5).float()
        # Each member's own, as on the images it was fitted on; the mean mask is better than theirs, so this errs on the safe side.
        soft = 2 * (each * mask).sum((-2, -1)) / (mask.sum((-2, -1)) + each.sum((-2, -1)) + 1e-9)
        inner = soft.clamp(1e-3, 1 - 1e-3)
        line = torch.sigmoid(self.slope * torch.log(inner / (1 - inner)) + self.offset)
        expected = torch.where(soft > 0, line, self.empty.expand_as(soft)).mean(0)
        return each.mean(0), torch.minimum(expected, agreement(mask))


def agreement(masks: Tensor) -> Tensor:
    """Mean Dice between each two of the members' masks, float ``(L,)`` of 0/1 ``(M, L, S, S)``; two empty ones agree. Held-back images
    are the project's own kind; on an image of another kind the line knows nothing, and the members fall apart."""
    flat = masks.flatten(2).transpose(0, 1)
    both = flat @ flat.transpose(1, 2)
    area = flat.sum(-1)
    dice = (2 * both + 1e-6) / (area[:, :, None] + area[:, None, :] + 1e-6)
    count = masks.shape[0]
    return (dice.sum((1, 2)) - count) / (count * (count - 1))


def export(trained: Trained) -> bytes:
    """The ONNX file (opset 17), see the top of this module."""
    image = torch.zeros((trained.size, trained.size, 3), dtype=torch.uint8)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # That instance norm takes its statistics from the image, that the square is fixed, that there is a newer exporter: all known.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(trained).eval(),
            (image,),
            out,
            input_names=["image"],
            output_names=["probability", "expected"],
            opset_version=17,
            dynamo=False,
        )
    return out.getvalue()
