"""A pool of click sessions: each training step shows every session's next turn, so no forward pass is spent on simulation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from services.inference.domain.clicker import next_click
from services.inference.training.tasks import TaskSource, View

Mask = npt.NDArray[np.bool_]
RADIUS = 3


def stamp(channel: npt.NDArray[np.float32], x: float, y: float, radius: float = RADIUS) -> None:
    """Sets a disk of ones around (x, y) in a (S, S) channel, in place."""
    size = channel.shape[0]
    r0, r1 = max(0, int(y - radius)), min(size, int(y + radius) + 1)
    c0, c1 = max(0, int(x - radius)), min(size, int(x + radius) + 1)
    yy, xx = np.mgrid[r0:r1, c0:c1]
    channel[r0:r1, c0:c1][(yy + 0.5 - y) ** 2 + (xx + 0.5 - x) ** 2 <= radius**2] = 1


@dataclass(slots=True)
class Session:
    view: View
    prompts: npt.NDArray[np.float32]
    clicks: int = 0
    extra: dict[str, float] = field(default_factory=dict)


class SessionPool:
    """Keeps `batch` sessions; `tensors()` is what the network sees now, `advance(prob)` adds each session's next prompt."""

    def __init__(
        self, source: TaskSource, batch: int, size: int, rng: np.random.Generator, mean_turns: float = 5.0
    ) -> None:
        self.source, self.batch, self.size, self.rng, self.mean_turns = source, batch, size, rng, mean_turns
        self.sessions = [self._fresh() for _ in range(batch)]

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        image = torch.stack([s.view.image for s in self.sessions])
        prompts = torch.from_numpy(np.stack([s.prompts for s in self.sessions]))
        target = torch.from_numpy(np.stack([s.view.target for s in self.sessions])).float().unsqueeze(1)
        return image, prompts, target

    def _fresh(self) -> Session:
        rng, size = self.rng, self.size
        view = self.source.draw(size)
        prompts = np.zeros((4, size, size), np.float32)
        target = view.target
        kind = rng.random()
        empty = np.zeros_like(target)
        if kind < 0.16:
            self._box(prompts, target)
        elif kind < 0.26:
            self._scribble(prompts, target, True)
            if rng.random() < 0.5:
                self._scribble(prompts, ~target, False)
        elif kind < 0.34:  # a mask to correct
            shift = rng.integers(-size // 10, size // 10 + 1, 2)
            wrong = np.roll(target, tuple(int(s) for s in shift), (0, 1))
            turns = int(rng.integers(1, 5))
            wrong = (ndimage.binary_dilation if rng.random() < 0.5 else ndimage.binary_erosion)(
                wrong, iterations=turns
            )
            prompts[3] = wrong
        if kind >= 0.26 or (kind < 0.16 and rng.random() < 0.3):
            predicted = prompts[3] > 0.5
            self._click(prompts, predicted if predicted.any() else empty, target)
            if (
                kind > 0.8
            ):  # several points at once, as an annotator of a scattered object or a script gives them
                for _ in range(int(rng.integers(1, 4))):
                    self._anywhere(prompts, target)
        return Session(view, prompts, 1)

    def _click(self, prompts: npt.NDArray[np.float32], predicted: Mask, target: Mask) -> bool:
        click = next_click(
            predicted, target, self.rng, 0.0 if self.rng.random() < 0.35 else self.rng.uniform(0.2, 0.9)
        )
        if click is None:
            return False
        x, y = click.x, click.y
        if self.rng.random() < 0.2:
            x, y = np.clip(np.array([x, y]) + self.rng.normal(0, 2.0, 2), 0.5, self.size - 0.5)
        positive = bool(target[int(y), int(x)])
        stamp(prompts[0 if positive else 1], float(x), float(y))
        prompts[1 if positive else 0] *= 1 - prompts[0 if positive else 1]
        return True

    def _anywhere(self, prompts: npt.NDArray[np.float32], target: Mask) -> None:
        positive = self.rng.random() < 0.5
        where = np.flatnonzero(ndimage.binary_erosion(target) if positive else ~target)
        if len(where):
            row, col = divmod(int(where[self.rng.integers(len(where))]), self.size)
            stamp(prompts[0 if positive else 1], col + 0.5, row + 0.5)
            prompts[1 if positive else 0] *= 1 - prompts[0 if positive else 1]

    def _box(self, prompts: npt.NDArray[np.float32], target: Mask) -> None:
        rows, cols = np.flatnonzero(target.any(1)), np.flatnonzero(target.any(0))
        h, w = rows[-1] + 1 - rows[0], cols[-1] + 1 - cols[0]
        jitter = self.rng.normal(0, 0.05, 4) * np.array([h, w, h, w]) + self.rng.uniform(0, 0.05) * np.array(
            [-h, -w, h, w]
        )
        r0, c0, r1, c1 = np.round(np.array([rows[0], cols[0], rows[-1] + 1, cols[-1] + 1]) + jitter).astype(
            int
        )
        r0, c0 = max(0, min(r0, self.size - 2)), max(0, min(c0, self.size - 2))
        prompts[2, r0 : max(r1, r0 + 2), c0 : max(c1, c0 + 2)] = 1

    def _scribble(self, prompts: npt.NDArray[np.float32], region: Mask, positive: bool) -> None:
        """A stroke: a random walk between inner pixels of the region, thin."""
        inner = np.flatnonzero(ndimage.binary_erosion(region, iterations=2))
        if len(inner) == 0:
            inner = np.flatnonzero(region)
        if len(inner) == 0:
            return
        points = inner[self.rng.integers(len(inner), size=2)]
        start, end = (np.array(divmod(int(p), self.size), float) for p in points)
        if np.linalg.norm(end - start) > self.size / 2:
            end = start + (end - start) * 0.5
        bend = self.rng.normal(0, 0.15, 2) * np.linalg.norm(end - start)
        for t in np.linspace(0, 1, 24):
            row, col = start + (end - start) * t + bend * 4 * t * (1 - t)
            row, col = int(np.clip(row, 0, self.size - 1)), int(np.clip(col, 0, self.size - 1))
            if region[row, col]:
                stamp(prompts[0 if positive else 1], col + 0.5, row + 0.5, 1.6)

    def advance(self, prob: npt.NDArray[np.float32]) -> None:
        """`prob` (B, S, S): what the network answered; each session goes on with its next click or is replaced."""
        rng = self.rng
        for i, session in enumerate(self.sessions):
            if rng.random() < 1 / self.mean_turns or session.clicks >= 16:
                self.sessions[i] = self._fresh()
                continue
            target = session.view.target
            if not self._click(session.prompts, prob[i] > 0.5, target):
                self.sessions[i] = self._fresh()
                continue
            session.clicks += 1
            prev = prob[i]
            chance = rng.random()
            if chance < 0.12:
                prev = (prev > 0.5).astype(np.float32)
            elif chance < 0.3:  # as from a coarser pass before a zoom
                factor = int(rng.integers(2, 5))
                coarse = ndimage.zoom(
                    prev[::factor, ::factor], factor, order=1, grid_mode=True, mode="nearest"
                )
                prev = coarse[: self.size, : self.size] if min(coarse.shape) >= self.size else prev
            elif chance < 0.45:  # the first look of the engine has all clicks and no mask
                prev = np.zeros_like(prev)
            elif chance < 0.52:  # the mask of a coarser look that took too much or too little
                prev = ndimage.gaussian_filter(prev, rng.uniform(1.0, 4.0)) > rng.uniform(0.15, 0.85)
                prev = prev.astype(np.float32)
            session.prompts[3] = prev
