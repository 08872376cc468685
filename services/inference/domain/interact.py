"""From a prompt to a mask with an early-fusion network: windows, passes, and what makes a click count.

1. *Look*: the network sees the window that the prompt suggests (the whole frame, or around the box). A single click says
   nothing of scale, so two closer windows around it are looked at in the same batch, and the predicted IoU chooses.
2. *Zoom*: the network sees the object's own window, with the first answer as the previous mask.
3. *Settle*: a random walker with the network's answer as prior (`domain.walker`) follows the frame's own edges at a finer
   grid than the network's, holds each click exactly, and lets a click weigh most nearby: the prior fades around clicks that
   it contradicts, so that after many clicks local correction dominates.
4. *Keep what was pointed at*: parts without a positive click go, unless the network was sure of them.

Only numpy and Pillow; the network is a function. The browser does 1 and 2, and a light form of 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.inference.domain.classical import disks, outside_box, seeds, touched
from services.inference.domain.clicker import Click
from services.inference.domain.port import BoolMask, Candidate
from services.inference.domain.prompt import Box, Prompt
from services.inference.domain.tuning import Tuning
from services.inference.domain.walker import solve
from services.inference.domain.windows import Float, Window, cut, paste, resample, view

Net = Callable[[Float, Float], tuple[Float, Float]]
"""image (B, 3, S, S) and prompts (B, 4, S, S), float32 -> logits (B, 1, S, S), predicted IoU (B, 1)."""


def sigmoid(x: Float) -> Float:
    out: Float = (1 / (1 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)
    return out


def prompt_planes(prompt: Prompt, window: Window, previous: Float | None, t: Tuning, size: int) -> Float:
    """(4, S, S): positive disks, negative disks, filled box, previous probability. Of two clicks on one place the later wins."""
    planes = np.zeros((4, size, size), np.float32)
    clicks = prompt.clicks()
    thin = len(clicks) - len(prompt.points)
    for i, click in enumerate(clicks):
        radius = 1.6 if i < thin else t.radius
        if window.holds(click):
            disk = disks([window.place(click, size)], size, radius)
            planes[0 if click.is_positive else 1][disk] = 1
            planes[1 if click.is_positive else 0][disk] = 0
    if prompt.box is not None:
        scale = size / window.side
        c0, c1 = ((v - window.x0) * scale for v in (prompt.box.x0, prompt.box.x1))
        r0, r1 = ((v - window.y0) * scale for v in (prompt.box.y0, prompt.box.y1))
        r0, c0 = max(0, min(round(r0), size - 2)), max(0, min(round(c0), size - 2))
        planes[2, r0 : max(r0 + 2, round(r1)), c0 : max(c0 + 2, round(c1))] = 1
    if previous is not None:
        planes[3] = previous
    return planes


class Interaction:
    """One prompt on one frame."""

    def __init__(
        self, net: Net, rgb: npt.NDArray[np.uint8], prompt: Prompt, tuning: Tuning | None = None
    ) -> None:
        self.net, self.rgb, self.prompt = net, rgb, prompt
        self.t = (tuning or Tuning()).at(prompt)
        self.height, self.width = rgb.shape[:2]
        self.believed = self._believed()

    def _believed(self) -> BoolMask | None:
        """The previous mask, unless the newest click lies so deep inside of an error that the mask is more wrong than right:
        then starting afresh from the clicks is better than mending."""
        mask = self.prompt.mask
        if mask is None or not mask.any():
            return None
        clicks = self.prompt.points
        if not clicks:
            return mask
        from scipy import ndimage

        size = 64
        window = Window.whole(self.height, self.width)
        small = cut(mask, window, size) > 0.5
        click = clicks[-1]
        row, col = min(int(click.y), self.height - 1), min(int(click.x), self.width - 1)
        if bool(mask[row, col]) == click.is_positive or not small.any():
            return mask
        x, y = window.place(click, size)
        inner = small if not click.is_positive else ~small
        depth = ndimage.distance_transform_edt(np.pad(inner, 1, constant_values=False))[1:-1, 1:-1]
        deep = float(depth[min(int(y), size - 1), min(int(x), size - 1)])
        radius = float(np.sqrt(small.sum() / np.pi))
        return mask if deep <= self.t.mend * radius + 1 else None

    def answer(self) -> Candidate:
        """The mask at the frame's resolution, its probability, and the predicted IoU."""
        t = self.t
        window, prob, score = self._look()
        first = prob
        target = self._closer(window, prob) or window
        previous: list[Float | None] = [resample(prob, window, target, t.size)]
        if self.believed is not None:
            previous.append(cut(self.believed, target, t.size))
        seen = self._see([target] * len(previous), previous, t.size)
        ranks = np.array([self._rank(*answer, target) for answer in seen])
        share = np.exp(t.sharp * (ranks - ranks.max()))
        share /= share.sum()
        prob = np.asarray(sum(w * p for w, (p, _) in zip(share, seen, strict=True)), np.float32)
        score = float(sum(w * q for w, (_, q) in zip(share, seen, strict=True)))
        prob = self._consult(prob, target)
        # Nothing lies far outside of the box; a tenth of its size is the slack of who drew it.
        if self.prompt.box is not None:
            b = self.prompt.box
            sx, sy = 0.1 * (b.x1 - b.x0) + 1, 0.1 * (b.y1 - b.y0) + 1
            wide = Prompt(box=Box(b.x0 - sx, b.y0 - sy, b.x1 + sx, b.y1 + sy))
            prob = np.where(outside_box(wide, target, t.size), np.float32(0), prob)
        last, settled = self._settle(target, prob)
        out = np.zeros((self.height, self.width), np.float32)
        if target.side < window.side and self.prompt.box is None:
            paste(out, first, window)
        paste(out, settled, last)
        return Candidate(self._merge(self._keep(out)), score, out)

    def _consult(self, prob: Float, window: Window) -> Float:
        """The mean with a random walker of the clicks alone (Grady 2006), whose share grows with them: its errors are others
        than the network's, and with clicks on both sides it is the best of the classical baselines."""
        points = self.prompt.points
        signs = {c.is_positive for c in points if window.holds(c)}
        share = min(self.t.walk, 0.12 * (len(points) - 2))
        if len(signs) < 2 or share <= 0:
            return prob
        size = prob.shape[0]
        positive, negative = seeds(self.prompt, window, size, 2.0)
        border = np.ones((size, size), bool)
        border[1:-1, 1:-1] = False
        negative |= border & (prob < 0.5) & ~positive
        image = view(self.rgb, window, size)
        walked = solve(
            image, np.full_like(prob, 0.5), 0.0, positive, negative, beta=4.0, iterations=120, start=prob
        )
        mixed: Float = ((1 - share) * prob + share * walked).astype(np.float32)
        return mixed

    def _merge(self, mask: BoolMask) -> BoolMask:
        """After a few clicks only the change around the newest one is taken (progressive merge, FocalClick, Chen et al. 2022):
        what was right stays right. The changes that touch the click's disk count, so that a jittered click works too."""
        clicks = self.prompt.points
        if self.believed is None or len(clicks) <= self.t.merge_after:
            return mask
        from scipy import ndimage

        change = mask ^ self.believed
        labels, count = ndimage.label(change)
        if count < 2:
            return mask
        row, col = min(int(clicks[-1].y), self.height - 1), min(int(clicks[-1].x), self.width - 1)
        reach = 2
        near = labels[max(0, row - reach) : row + reach + 1, max(0, col - reach) : col + reach + 1]
        keep = np.zeros(count + 1, bool)
        keep[near.ravel()] = True
        for click in clicks:  # and the changes that any click asks for
            r, c = min(int(click.y), self.height - 1), min(int(click.x), self.width - 1)
            if bool(mask[r, c]) == click.is_positive:
                keep[labels[r, c]] = True
        keep[0] = False
        return np.asarray(self.believed ^ keep[labels])

    # ------------------------------------------------------------------------------------------------------------- passes
    def _see(
        self, windows: list[Window], previous: list[Float | None], size: int
    ) -> list[tuple[Float, float]]:
        images = np.stack([view(self.rgb, w, size).transpose(2, 0, 1) for w in windows])
        planes = np.stack(
            [prompt_planes(self.prompt, w, p, self.t, size) for w, p in zip(windows, previous, strict=True)]
        )
        logits, quality = self.net(images, planes)
        return [(sigmoid(logits[i, 0]), float(quality[i, 0])) for i in range(len(windows))]

    def _look(self) -> tuple[Window, Float, float]:
        """The first view: of the windows that the prompt leaves open, the one whose answer is best by its own predicted IoU,
        by its agreement with the clicks, and by staying clear of the window's border."""
        prompt, t = self.prompt, self.t
        windows: list[Window] = []
        if prompt.box is not None:
            windows.append(self._fit(prompt.box.x0, prompt.box.y0, prompt.box.x1, prompt.box.y1))
        elif prompt.clicks():
            windows += self._around_clicks()
        previous: list[Float | None] = [None] * len(windows)
        if prompt.mask is not None and prompt.mask.any():
            rows, cols = np.flatnonzero(prompt.mask.any(1)), np.flatnonzero(prompt.mask.any(0))
            windows.append(
                self._fit(float(cols[0]), float(rows[0]), float(cols[-1] + 1), float(rows[-1] + 1))
            )
            previous.append(cut(prompt.mask, windows[-1], t.look))
        seen = self._see(windows, previous, t.look)
        ranks = [self._rank(*answer, window) for answer, window in zip(seen, windows, strict=True)]
        if previous[-1] is not None:  # the predicted IoU flatters an answer that follows a previous mask
            ranks[-1] += t.trust
        negatives = sum(not c.is_positive for c in prompt.points)
        excess = max(0, 2 * negatives - len(prompt.points))
        if excess and len(windows) > 1:
            sides = np.array([w.side for w in windows])
            ranks[int(sides.argmin())] += min(0.15, 0.05 * excess)
        best = int(np.argmax(ranks))
        return windows[best], *seen[best]

    def _around_clicks(self) -> list[Window]:
        """The whole frame and closer windows around the positive clicks, as far as they hold them all."""
        t = self.t
        whole = Window.whole(self.height, self.width)
        found = [whole]
        clicks = [c for c in self.prompt.clicks() if c.is_positive] or self.prompt.clicks()
        xs, ys = [c.x for c in clicks], [c.y for c in clicks]
        reach = max(max(xs) - min(xs), max(ys) - min(ys))
        cx, cy = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        for scale in t.scales[1:]:
            side = scale * whole.side
            if side < max(t.least, 1.3 * reach):
                break
            found.append(self._centred(cx, cy, side))
        bound = self._bounded()
        if bound is not None and bound + reach < 0.8 * found[-1].side:
            found.append(self._centred(cx, cy, bound + reach))
        return found

    def _centred(self, x: float, y: float, side: float) -> Window:
        half = side / 2
        return Window.around(x - half, y - half, x + half, y + half, self.height, self.width, self.t.least)

    def _bounded(self) -> float | None:
        """How wide the object can be, when more negative clicks than positive ones stand around it: what was answered so far
        was too large, and a small object needs a closer look."""
        clicks = self.prompt.points
        inside = [(c.x, c.y) for c in clicks if c.is_positive]
        outside = [(c.x, c.y) for c in clicks if not c.is_positive]
        if not inside or len(outside) < len(inside) + 1:
            return None
        gaps = np.hypot(*(np.asarray(outside)[:, None] - np.asarray(inside)[None]).transpose(2, 0, 1))
        return float(max(3.0 * gaps.min(), self.t.least))

    def _rank(self, prob: Float, score: float, window: Window) -> float:
        size = prob.shape[0]
        agree = []
        for click in self.prompt.clicks():
            if window.holds(click):
                x, y = window.place(click, size)
                p = float(prob[min(int(y), size - 1), min(int(x), size - 1)])
                agree.append(p if click.is_positive else 1 - p)
        return (
            score + self.t.agreement * (float(np.mean(agree)) if agree else 0.0) - self._cut_off(prob, window)
        )

    def _cut_off(self, prob: Float, window: Window) -> float:
        """A penalty for an answer that runs into the window's border where the frame goes on."""
        inside = prob > 0.5
        if not inside.any():
            return 1.0
        rows, cols, inner_rows, inner_cols = window.part(self.height, self.width)
        edge = 0
        if rows.start > 0 and inner_rows.start == 0:
            edge += int(inside[0].sum())
        if rows.stop < self.height:
            edge += int(inside[-1].sum())
        if cols.start > 0 and inner_cols.start == 0:
            edge += int(inside[:, 0].sum())
        if cols.stop < self.width:
            edge += int(inside[:, -1].sum())
        return float(0.5 * edge / prob.shape[0])

    def _fit(self, x0: float, y0: float, x1: float, y1: float) -> Window:
        """The window of a rectangle and all positive clicks, with a margin."""
        for click in self.prompt.clicks():
            near = max(x1 - x0, y1 - y0)
            inside = x0 - near <= click.x <= x1 + near and y0 - near <= click.y <= y1 + near
            if click.is_positive or inside:
                x0, x1, y0, y1 = min(x0, click.x), max(x1, click.x), min(y0, click.y), max(y1, click.y)
        pad = self.t.margin * max(x1 - x0, y1 - y0) + 2
        return Window.around(x0 - pad, y0 - pad, x1 + pad, y1 + pad, self.height, self.width, self.t.least)

    def _closer(self, window: Window, prob: Float) -> Window | None:
        """The window of what was found, when the network would see it notably larger (or the find reaches beyond)."""
        mask = prob > 0.5
        clicks = [c for c in self.prompt.clicks() if c.is_positive and window.holds(c)]
        if clicks:
            marks = disks([window.place(c, prob.shape[0]) for c in clicks], prob.shape[0], self.t.radius)
            mask = touched(mask, marks)
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not rows.size:
            if not clicks:
                return None
            x, y = clicks[-1].x, clicks[-1].y
            side = window.side / 4
            found = self._fit(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        else:
            scale = window.side / prob.shape[0]
            found = self._fit(
                window.x0 + cols[0] * scale, window.y0 + rows[0] * scale,
                window.x0 + (cols[-1] + 1) * scale, window.y0 + (rows[-1] + 1) * scale,
            )  # fmt: skip
        return (
            found if found.side < self.t.zoom_below * window.side or found.side > 1.15 * window.side else None
        )

    # ------------------------------------------------------------------------------------------------------------- settle
    def _settle(self, window: Window, prob: Float) -> tuple[Window, Float]:
        t = self.t
        size = t.settle_size
        image = view(self.rgb, window, size)
        prior = prob if size == prob.shape[0] else resample(prob, window, window, size)
        positive, negative = np.zeros((size, size), bool), np.zeros((size, size), bool)
        # With each further click the person knows better than the network: its say fades.
        say = t.gamma * t.wane ** max(0, len(self.prompt.points) - 4)
        gamma = np.full((size, size), say, np.float32)
        for click in self.prompt.clicks():
            if not window.holds(click):
                continue
            x, y = window.place(click, size)
            disk = disks([(x, y)], size, t.seed_radius)
            mine, other = (positive, negative) if click.is_positive else (negative, positive)
            mine |= disk
            other &= ~disk
            self._fade(gamma, prior, x, y, click)
        return window, solve(image, prior, gamma, positive, negative, beta=t.beta, iterations=80)

    def _fade(self, gamma: Float, prior: Float, x: float, y: float, click: Click) -> None:
        """The prior loses its say around a click that it contradicts."""
        size = prior.shape[0]
        here = float(prior[min(int(y), size - 1), min(int(x), size - 1)])
        wrong = (1 - here) if click.is_positive else here
        if wrong < 0.3:
            return
        yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
        near = np.exp(-((xx + 0.5 - x) ** 2 + (yy + 0.5 - y) ** 2) / (2 * self.t.fade_px**2))
        gamma *= (1 - 0.97 * near * wrong).astype(np.float32)

    def _keep(self, prob: Float) -> BoolMask:
        """Threshold; parts that no positive prompt touches go when parts that one touches exist; then single pixels under
        clicks are set as they say."""
        from scipy import ndimage

        mask: BoolMask = np.asarray(prob > 0.5)
        clicks = self.prompt.clicks()
        places = [
            (min(int(c.y), self.height - 1), min(int(c.x), self.width - 1), c.is_positive) for c in clicks
        ]
        for row, col, positive in places:
            mask[row, col] = positive
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not rows.size:
            return mask
        # Only the mask's own rectangle is looked at: most frames are far larger than what was pointed at.
        r0, c0 = int(rows[0]), int(cols[0])
        part = mask[r0 : int(rows[-1]) + 1, c0 : int(cols[-1]) + 1]
        inner = prob[r0 : int(rows[-1]) + 1, c0 : int(cols[-1]) + 1]
        places = [
            (r - r0, c - c0, p)
            for r, c, p in places
            if 0 <= r - r0 < part.shape[0] and 0 <= c - c0 < part.shape[1]
        ]
        labels, count = ndimage.label(part)
        if count > 1 and any(p for *_, p in places):
            pointed = {int(labels[r, c]) for r, c, p in places if p} - {0}
            if pointed:
                keep = np.zeros(count + 1, bool)
                keep[list(pointed)] = True
                if self.t.keep_prob > 0:
                    mean = ndimage.mean(inner, labels, np.arange(count + 1))
                    sizes = np.bincount(labels.ravel(), minlength=count + 1)
                    least = 0.2 * max(sizes[i] for i in pointed)
                    keep |= (np.asarray(mean) > self.t.keep_prob) & (sizes >= least)
                    keep[0] = False
                part[:] = keep[labels]
        return mask
