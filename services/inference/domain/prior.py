"""What a project's accepted consensus masks say about where, how large and how bright its objects are.

Used to propose without a prompt: the prior turns into points and boxes for the promptable model, and ranks its answers.
Modest on purpose: a mean mask on a 24 x 24 grid, log-area, and histograms of the brightness inside and outside.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.inference.domain.clicker import Click
from services.inference.domain.port import Candidate, Embedding, Segmenter
from services.inference.domain.prompt import Box, Prompt

Float = npt.NDArray[np.float32]
GRID, BINS = 24, 16


@dataclass(frozen=True, slots=True)
class Example:
    """One consensus mask, summed up: area share, mean mask on the grid, brightness inside and outside, number of parts."""

    share: float
    grid: tuple[float, ...]
    inside: tuple[float, ...]
    outside: tuple[float, ...]
    parts: int

    def to_json(self) -> str:
        return json.dumps([self.share, [round(g, 3) for g in self.grid], [round(v, 4) for v in self.inside],
                           [round(v, 4) for v in self.outside], self.parts])  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> Example:
        share, grid, inside, outside, parts = json.loads(text)
        return cls(share, tuple(grid), tuple(inside), tuple(outside), parts)


def _small(plane: npt.NDArray[np.uint8], size: int) -> Float:
    from PIL import Image

    small = np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BOX), np.float32)
    return np.asarray(small / 255, np.float32)


def _grey(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Luma stretched between its 1st and 99th percentile, so that examples of differing exposure can be compared."""
    grey = rgb.mean(-1) if rgb.ndim == 3 else rgb.astype(float)
    low, high = np.percentile(grey, (1, 99))
    return np.asarray(np.clip((grey - low) / max(high - low, 1e-6) * 255, 0, 255), np.uint8)


def learn(rgb: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> Example:
    """The example of a frame and its mask; an empty mask gives share 0 and an empty histogram inside."""
    from scipy import ndimage

    grey = _grey(rgb)
    inside = np.bincount(np.minimum(grey[mask] // (256 // BINS), BINS - 1), minlength=BINS).astype(float)
    outside = np.bincount(np.minimum(grey[~mask] // (256 // BINS), BINS - 1), minlength=BINS).astype(float)
    _, parts = ndimage.label(mask)
    grid = _small(mask.astype(np.uint8) * 255, GRID)
    return Example(
        float(mask.mean()),
        tuple(grid.ravel().tolist()),
        tuple((inside / max(inside.sum(), 1)).tolist()),
        tuple((outside / max(outside.sum(), 1)).tolist()),
        int(parts),
    )


class Prior:
    """The examples of one label together."""

    def __init__(self, examples: list[Example]) -> None:
        filled = [e for e in examples if e.share > 0]
        self.n = len(examples)
        self.present = (len(filled) + 0.5) / (len(examples) + 1)
        """How often the label is there at all."""
        self.grid = (
            np.mean([e.grid for e in filled], 0).reshape(GRID, GRID).astype(np.float32)
            if filled
            else np.zeros((GRID, GRID), np.float32)
        )
        self.inside = np.mean([e.inside for e in filled], 0) if filled else np.zeros(BINS)
        self.outside = np.mean([e.outside for e in filled], 0) if filled else np.ones(BINS) / BINS
        logs = [math.log(e.share) for e in filled]
        self.log_area = float(np.mean(logs)) if logs else 0.0
        self.spread = float(np.sqrt(np.var(logs) + 0.09)) if logs else 1.0

    def likelihood(self, rgb: npt.NDArray[np.uint8], size: int = 96) -> Float:
        """(size, size): how much each place looks like the label's, by brightness and position, in [0, 1]."""
        from scipy import ndimage

        grey = _small(_grey(rgb), size)
        level = np.minimum((grey * BINS).astype(int), BINS - 1)
        ratio = (self.inside + 1e-3) / (self.inside + self.outside + 2e-3)
        place = ndimage.zoom(self.grid, size / GRID, order=1, mode="nearest", grid_mode=True)[:size, :size]
        place = ndimage.gaussian_filter(place, size / 24) + 0.02
        return np.asarray(ndimage.gaussian_filter(ratio[level], 1.5) * place / place.max(), np.float32)

    def fit(self, rgb: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> float:
        """How well a mask fits, in (0, 1]: area, position and brightness, geometric mean."""
        if not mask.any():
            return 1e-6
        example = learn(rgb, mask)
        area = math.exp(-0.5 * ((math.log(example.share) - self.log_area) / self.spread) ** 2 / 2)
        here = np.asarray(example.grid).reshape(GRID, GRID)
        where = float(np.minimum(here, self.grid).sum() / max(np.maximum(here, self.grid).sum(), 1e-6))
        looks = float(np.sqrt(np.asarray(example.inside) * self.inside).sum())  # Bhattacharyya
        return float(np.cbrt(max(area, 1e-3) * max(where, 0.05) * max(looks, 1e-3)))


def stability(candidate: Candidate) -> float:
    """IoU of the masks at a stricter and a looser threshold (SAM's stability score, Kirillov et al. 2023); 1 without a
    probability."""
    if candidate.probability is None:
        return 1.0
    strict, loose = int((candidate.probability > 0.65).sum()), int((candidate.probability > 0.35).sum())
    return strict / loose if loose else 0.0


def peaks(likelihood: Float, count: int, radius: int) -> list[tuple[int, int]]:
    """(row, column) of the highest places, at least `radius` apart."""
    work = likelihood.copy()
    found = []
    for _ in range(count):
        row, col = divmod(int(work.argmax()), work.shape[1])
        if work[row, col] <= 0:
            break
        found.append((row, col))
        work[max(0, row - radius) : row + radius + 1, max(0, col - radius) : col + radius + 1] = 0
    return found


def propose(
    model: Segmenter, embedding: Embedding, rgb: npt.NDArray[np.uint8], prior: Prior, points: int = 6
) -> Candidate | None:
    """The model's best mask under the prior: prompts at the likeliest places and, where position says enough, the mean
    mask's box; ranked by predicted IoU x stability x fit. None when nothing fits or the label is mostly absent."""
    if prior.present < 0.4 or prior.n == 0 or not prior.grid.any():
        return None
    height, width = rgb.shape[:2]
    likelihood = prior.likelihood(rgb)
    size = likelihood.shape[0]
    prompts = [
        Prompt((Click((col + 0.5) * width / size, (row + 0.5) * height / size, True),))
        for row, col in peaks(likelihood, points, max(3, int(size * math.exp(prior.log_area / 2) / 2)))
    ]
    settled = prior.grid > 0.5
    if settled.any():
        rows, cols = np.nonzero(prior.grid > 0.25)
        box = Box(float(cols.min() * width / GRID), float(rows.min() * height / GRID),
                  float((cols.max() + 1) * width / GRID), float((rows.max() + 1) * height / GRID))  # fmt: skip
        prompts.append(Prompt(box=box))
    best: Candidate | None = None
    for prompt in prompts:
        for candidate in model.decode(embedding, prompt)[:1]:
            rank = candidate.score * stability(candidate) * prior.fit(rgb, candidate.mask)
            if best is None or rank > best.score:
                best = Candidate(candidate.mask, float(rank), candidate.probability)
    return best if best is not None and best.mask.any() else None
