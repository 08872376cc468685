"""The classical segmenters: no weights, no training, honest baselines that a learnt model must beat.

`RandomWalkerSegmenter`: Grady 2006 on a view of the frame; without a negative prompt the view's border counts as background.
`colour_cut`: what GrabCut does (Rother et al., SIGGRAPH 2004), with the random walker's relaxation in place of the
binary cut: histograms of foreground and background colours, likelihood as the prior, solved, and taken again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from services.inference.domain.port import (
    BoolMask,
    Candidate,
    Embedding,
    Frame,
    ModelInfo,
    Segmenter,
    checked_frame,
)
from services.inference.domain.prompt import Prompt, checked
from services.inference.domain.walker import solve
from services.inference.domain.windows import Float, Window, cut, paste, resample, view

SIZE = 128
BINS = 10


def disks(places: list[tuple[float, float]], size: int, radius: float) -> npt.NDArray[np.bool_]:
    """bool (size, size), set within `radius` of each (x, y); the pixel under each place is always set."""
    out = np.zeros((size, size), bool)
    for x, y in places:
        if not (0 <= x <= size and 0 <= y <= size):
            continue
        r0, r1 = max(0, int(y - radius)), min(size, int(y + radius) + 2)
        c0, c1 = max(0, int(x - radius)), min(size, int(x + radius) + 2)
        yy, xx = np.mgrid[r0:r1, c0:c1]
        out[r0:r1, c0:c1] |= (yy + 0.5 - y) ** 2 + (xx + 0.5 - x) ** 2 <= radius**2
        out[min(int(y), size - 1), min(int(x), size - 1)] = True
    return out


def seeds(prompt: Prompt, window: Window, size: int, radius: float) -> tuple[BoolMask, BoolMask]:
    """Positive and negative seeds of a prompt in a view; where two clicks meet, the later one wins."""
    positive, negative = np.zeros((size, size), bool), np.zeros((size, size), bool)
    for click in prompt.clicks():
        disk = disks([window.place(click, size)], size, radius)
        mine, other = (positive, negative) if click.is_positive else (negative, positive)
        mine |= disk
        other &= ~disk
    return positive, negative


def outside_box(prompt: Prompt, window: Window, size: int) -> BoolMask:
    """True outside of the prompt's box (all False without one)."""
    out = np.zeros((size, size), bool)
    if prompt.box is None:
        return out
    scale = size / window.side
    x0, x1 = ((v - window.x0) * scale for v in (prompt.box.x0, prompt.box.x1))
    y0, y1 = ((v - window.y0) * scale for v in (prompt.box.y0, prompt.box.y1))
    out[:] = True
    r0, c0 = min(max(0, int(y0)), size - 1), min(max(0, int(x0)), size - 1)
    out[r0 : max(r0 + 1, int(np.ceil(y1))), c0 : max(c0 + 1, int(np.ceil(x1)))] = False
    return out


def touched(mask: BoolMask, marks: BoolMask) -> BoolMask:
    """The components of `mask` that hold a mark; all of them when none does."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    keep = np.unique(labels[marks & mask])
    return np.isin(labels, keep) if keep.size else mask


def colour_prior(image: Float, inside: Float, outside: Float) -> Float:
    """Likelihood ratio P(inside | colour) (H, W) from soft histograms of the pixels weighted by `inside` and `outside`."""
    from scipy import ndimage

    level = np.minimum((image * BINS).astype(np.int64), BINS - 1)
    index = (level[..., 0] * BINS + level[..., 1]) * BINS + level[..., 2]

    def histogram(weight: Float) -> Float:
        counts = np.bincount(index.ravel(), weight.ravel(), BINS**3).reshape((BINS,) * 3)
        smooth = ndimage.gaussian_filter(counts, 0.8, mode="nearest")
        return np.asarray(smooth / max(float(smooth.sum()), 1e-9), np.float32)

    front, back = histogram(inside), histogram(outside)
    ratio = (front + 1e-5) / (front + back + 2e-5)
    return np.asarray(ratio.ravel()[index], np.float32)


class RandomWalkerSegmenter(Segmenter):
    """Random walker on the prompt's view of the frame; at most `SIZE`² unknowns, so quick on any frame."""

    def __init__(self, *, colour_rounds: int = 0) -> None:
        name = "colour-cut" if colour_rounds else "random-walker"
        note = "no learnt weights; follows edges" + (" and colours" if colour_rounds else "")
        self.info = ModelInfo(name, "1", "classical", input_side=SIZE, note=note)
        self._rounds = colour_rounds

    def encode(self, frame: Frame) -> Embedding:
        rgb = checked_frame(frame)
        height, width = rgb.shape[:2]
        small = np.round(view(rgb, Window.whole(height, width), SIZE) * 255).astype(np.uint8)
        return Embedding(self.info.name, self.info.version, height, width, {"view": small}, {"frame": rgb})

    def decode(self, embedding: Embedding, prompt: Prompt) -> list[Candidate]:
        self.check(embedding)
        height, width = embedding.height, embedding.width
        prompt = checked(prompt, height, width)
        whole = Window.whole(height, width)
        coarse = self._solve(embedding, prompt, whole, None)
        window = self._zoom(coarse, prompt, whole, height, width)
        out = np.zeros((height, width), np.float32)
        paste(out, coarse, whole)
        if window.side < 0.75 * whole.side and "frame" in embedding.local:
            paste(out, self._solve(embedding, prompt, window, resample(coarse, whole, window, SIZE)), window)
        mask = out > 0.5
        sure = float(np.abs(out[mask] - 0.5).mean() * 2) if mask.any() else 0.0
        return [Candidate(mask, sure, out)]

    def _zoom(self, coarse: Float, prompt: Prompt, whole: Window, height: int, width: int) -> Window:
        scale = whole.side / coarse.shape[0]
        rows, cols = np.nonzero(coarse > 0.5)
        xs, ys = [c.x for c in prompt.clicks()], [c.y for c in prompt.clicks()]
        if rows.size:
            xs += [whole.x0 + v * scale for v in (cols.min(), cols.max() + 1)]
            ys += [whole.y0 + v * scale for v in (rows.min(), rows.max() + 1)]
        if prompt.box:
            xs, ys = [*xs, prompt.box.x0, prompt.box.x1], [*ys, prompt.box.y0, prompt.box.y1]
        if not xs or not ys:
            return whole
        pad = 0.25 * max(max(xs) - min(xs), max(ys) - min(ys)) + 4
        return Window.around(
            min(xs) - pad, min(ys) - pad, max(xs) + pad, max(ys) + pad, height, width, SIZE // 2
        )

    def _solve(self, embedding: Embedding, prompt: Prompt, window: Window, start: Float | None) -> Float:
        frame = embedding.local.get("frame")
        small = embedding.arrays["view"]
        image: Float = (
            small.astype(np.float32) * np.float32(1 / 255) if frame is None else view(frame, window, SIZE)
        )
        positive, negative = seeds(prompt, window, SIZE, 2.0)
        # The walk starts from all the clicks each time: a mask that they correct would only hold it back (measured).
        mask = prompt.mask if not prompt.clicks() else None
        before = None if mask is None else cut(mask, window, SIZE)
        beyond = outside_box(prompt, window, SIZE)
        negative |= beyond & ~positive
        # The view's border is background, but where the coarse solution says otherwise: an object may reach beyond a zoom.
        border = np.ones((SIZE, SIZE), bool)
        border[1:-1, 1:-1] = False
        negative |= border & ~positive & (True if start is None else start < 0.5)
        prior = np.full((SIZE, SIZE), 0.5, np.float32) if before is None else before
        gamma = 0.02 if before is not None else 0.0
        if not positive.any() and before is None:  # a box alone: its middle is the object
            inner = ~beyond
            rows, cols = np.nonzero(inner)
            cy, cx = rows.mean(), cols.mean()
            ry, rx = max(1.0, np.ptp(rows) / 6), max(1.0, np.ptp(cols) / 6)
            yy, xx = np.mgrid[0:SIZE, 0:SIZE]
            positive = ((yy - cy) / ry) ** 2 + ((xx - cx) / rx) ** 2 <= 1
        x = solve(image, prior, gamma, positive, negative, beta=4.0, iterations=250, start=start)
        for _ in range(self._rounds):
            likely = colour_prior(
                image, (x > 0.5) + 20.0 * positive, (x <= 0.5) * ~positive + 20.0 * negative
            )
            x = solve(image, likely, 0.02, positive, negative, beta=4.0, iterations=120, start=x)
            x = np.where(touched(x > 0.5, positive) | (x <= 0.5), x, np.float32(0.49)).astype(np.float32)
        return x


def random_walker() -> RandomWalkerSegmenter:
    """The backend of the first hour, and the fallback when no weights are at hand."""
    return RandomWalkerSegmenter()


def colour_cut(*, default: bool = False) -> RandomWalkerSegmenter:
    """GrabCut-like: three rounds of colour histograms and relaxation."""
    model = RandomWalkerSegmenter(colour_rounds=3)
    model.info = replace(model.info, default=default)
    return model
