"""Draws a training view: a crop of an image around something to point at, and the mask of that something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from services.inference.training.data import WEIGHT, Item
from services.inference.training.painted import blob as _blob
from services.inference.training.painted import component as _component
from services.inference.training.painted import painted

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class View:
    """image float32 (3, S, S) in [0, 1]; target bool (S, S)."""

    image: Tensor
    target: Mask
    kind: str


def _shape(rng: np.random.Generator, size: int) -> Mask:
    """A random shape: ellipse, wobbly ellipse, noise blob, or polygon-like intersection of half planes."""
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32) / size
    cy, cx = rng.uniform(0.2, 0.8, 2)
    a, b = np.exp(rng.uniform(np.log(0.06), np.log(0.4), 2))
    angle = rng.uniform(0, np.pi)
    u = (xx - cx) * np.cos(angle) + (yy - cy) * np.sin(angle)
    v = -(xx - cx) * np.sin(angle) + (yy - cy) * np.cos(angle)
    style = rng.integers(4)
    if style == 3:
        mask = np.ones((size, size), bool)
        for _ in range(int(rng.integers(3, 8))):
            t = rng.uniform(0, 2 * np.pi)
            mask &= (u / a) * np.cos(t) + (v / b) * np.sin(t) < rng.uniform(0.5, 1.0)
        return np.asarray(mask)
    radius = (u / a) ** 2 + (v / b) ** 2
    wobble = 0.0 if style == 0 else rng.uniform(0.2, 0.9) * _blob(rng, size, int(rng.integers(3, 9)))
    return np.asarray(radius + wobble < 1)


class TaskSource:
    """`draw(size)` gives views from `items`; all chance comes from `rng`."""

    def __init__(self, items: list[Item], rng: np.random.Generator, labelled: float = 0.55) -> None:
        self.rng, self.labelled = rng, labelled
        self.by_set: dict[str, list[Item]] = {}
        for item in items:
            self.by_set.setdefault(item.dataset, []).append(item)
        names = sorted(self.by_set)
        weight = np.array([WEIGHT[n] for n in names])
        self.names, self.weight = names, weight / weight.sum()

    def draw(self, size: int) -> View:
        while True:
            view = self._try(size)
            area = int(view.target.sum()) if view else 0
            if view and 12 <= area <= 0.9 * size * size:
                return view

    def _item(self) -> Item:
        group = self.by_set[str(self.rng.choice(self.names, p=self.weight))]
        return group[int(self.rng.integers(len(group)))]

    def _object(self, item: Item, labels: npt.NDArray[np.int32]) -> Mask | None:
        """A label, one of its components, an instance, or now and then the union of two labels."""
        ids = np.unique(labels)
        ids = ids[ids > 0]
        if len(ids) == 0:
            return None
        pick = int(self.rng.choice(ids))
        mask = labels == pick
        chance = self.rng.random()
        if len(ids) > 1 and len(ids) < 10 and chance < 0.15:
            mask |= labels == int(self.rng.choice(ids))
        elif chance < 0.75 or (item.dataset == "dsb2018_nuclei" and chance < 0.95):
            return _component(mask, self.rng, 20)
        return np.asarray(mask)

    def _try(self, size: int) -> View | None:
        rng = self.rng
        item = self._item()
        kind = "label"
        mask: Mask | None = None
        if rng.random() < self.labelled:
            mask = self._object(item, item.maps[int(rng.integers(len(item.maps)))])
            if mask is None:
                return None
        else:
            kind = str(rng.choice(["region", "band", "paste", "painted"], p=[0.25, 0.15, 0.3, 0.3]))
            if kind == "painted":
                found = painted(rng, size)
                return (
                    None
                    if found is None
                    else View(torch.from_numpy(self._intensity(found[0])), found[1], kind)
                )
            if kind == "region":
                regions = item.regions[int(rng.integers(len(item.regions)))]
                pick = regions[int(rng.integers(regions.shape[0])), int(rng.integers(regions.shape[1]))]
                mask = regions == pick
                if mask.mean() > 0.7:
                    return None
        image, target = self._crop(item.rgb, mask, size)
        if kind == "band":
            grey = ndimage.gaussian_filter(image.mean(0), rng.uniform(0.8, 2.5))
            low = np.quantile(grey, rng.uniform(0, 0.9))
            band = (grey >= low) & (grey <= low + rng.uniform(0.08, 0.5) * (np.ptp(grey) + 1e-3))
            component = _component(ndimage.binary_opening(band), rng, 25)
            if component is None:
                return None
            target = ndimage.binary_fill_holes(component) if rng.random() < 0.5 else component
        elif kind == "paste":
            image, target = self._paste(image, size)
        image = self._intensity(image)
        return View(torch.from_numpy(image), target, kind)

    def _crop(self, rgb: npt.NDArray[np.uint8], mask: Mask | None, size: int) -> tuple[Float, Mask]:
        """A rotated, flipped, scaled square window around the mask (or anywhere), resampled to `size`."""
        rng = self.rng
        height, width = rgb.shape[:2]
        longest = max(height, width)
        if mask is None:
            side = longest * np.exp(rng.uniform(np.log(0.15), np.log(1.0)))
            cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        else:
            rows, cols = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
            fy, fx = height / mask.shape[0], width / mask.shape[1]
            top, bottom, left, right = rows[0] * fy, (rows[-1] + 1) * fy, cols[0] * fx, (cols[-1] + 1) * fx
            extent = max(bottom - top, right - left, 10.0)
            side = extent * np.exp(rng.uniform(np.log(1.1), np.log(6.0)))
            if (
                rng.random() < 0.08
            ):  # a close look at a click can cut the object; the net must say so by its predicted IoU
                side = extent * rng.uniform(0.5, 1.1)
            elif rng.random() < 0.12:
                side = longest * rng.uniform(0.9, 1.05)
            side = min(side, 1.1 * longest)
            slack = max(side - extent, 0) / 2
            cx, cy = (
                (left + right) / 2 + rng.uniform(-slack, slack),
                (top + bottom) / 2 + rng.uniform(-slack, slack),
            )
        side = max(side, 24.0)
        if (
            side < longest and rng.random() < 0.8
        ):  # as at inference: windows stay inside the frame where they can
            cx = float(np.clip(cx, min(side, width) / 2, width - min(side, width) / 2))
            cy = float(np.clip(cy, min(side, height) / 2, height - min(side, height) / 2))
        angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.35 else 0.0
        aspect = np.exp(rng.uniform(-0.25, 0.25)) if rng.random() < 0.5 else 1.0
        flip = rng.choice([-1.0, 1.0], 2)
        cos, sin = np.cos(angle), np.sin(angle)
        step = torch.linspace(-0.5, 0.5, size + 1)[:-1] + 0.5 / size
        v, u = torch.meshgrid(
            step * side * float(flip[0]) * float(aspect), step * side * float(flip[1]), indexing="ij"
        )
        px, py = cx + cos * u - sin * v, cy + sin * u + cos * v
        grid = torch.stack([px / width * 2 - 1, py / height * 2 - 1], -1)[None].float()
        # Only the window is converted: whole frames as floats would cost more than the network's step.
        x0, x1 = int(np.clip(px.min() - 2, 0, width - 2)), int(np.clip(px.max() + 3, 2, width))
        y0, y1 = int(np.clip(py.min() - 2, 0, height - 2)), int(np.clip(py.max() + 3, 2, height))
        part = torch.from_numpy(rgb[y0:y1, x0:x1].astype(np.float32)).permute(2, 0, 1)[None] / 255
        local = torch.stack([(px - x0) / (x1 - x0) * 2 - 1, (py - y0) / (y1 - y0) * 2 - 1], -1)[None].float()
        shrink = int(side / size)
        if shrink > 1 and min(part.shape[2:]) > 4 * shrink:
            part = F.avg_pool2d(part, shrink)
            fy, fx = shrink * part.shape[2] / (y1 - y0), shrink * part.shape[3] / (x1 - x0)
            local = torch.stack([(local[..., 0] + 1) / fx - 1, (local[..., 1] + 1) / fy - 1], -1)
        image = F.grid_sample(part, local, padding_mode="border", align_corners=False)[0]
        if mask is None:
            return image.numpy(), np.zeros((size, size), bool)
        target = F.grid_sample(
            torch.from_numpy(mask.astype(np.float32))[None, None],
            grid,
            padding_mode="zeros",
            align_corners=False,
        )
        return image.numpy(), target[0, 0].numpy() > 0.5

    def _paste(self, image: Float, size: int) -> tuple[Float, Mask]:
        """Something of its own look put on the image: an offset, another texture, or a soft lesion."""
        rng = self.rng
        shape = _shape(rng, size)
        alpha = shape.astype(np.float32)
        blur = rng.uniform(0.0, 2.5)
        if blur > 0.3:
            alpha = ndimage.gaussian_filter(alpha, blur)
        style = rng.random()
        if style < 0.5:
            amount = rng.choice([-1, 1]) * rng.uniform(0.08, 0.45)
            tint = rng.uniform(0.4, 1.0, (3, 1, 1)) if rng.random() < 0.4 else np.ones((3, 1, 1))
            inside = image + amount * tint
        else:
            other = self._item()
            inside, _ = self._crop(other.rgb, None, size)
            if style < 0.8:
                inside = 0.5 * inside + 0.5 * inside.mean((1, 2), keepdims=True)
        inside = np.clip(inside + rng.uniform(0, 0.08) * _blob(rng, size, int(rng.integers(4, 24))), 0, 1)
        mixed = image * (1 - alpha) + inside * alpha
        if rng.random() < 0.4:  # look-alikes elsewhere: only the one that was pointed at is the answer
            decoy = np.asarray(_shape(rng, size) & ~ndimage.binary_dilation(shape, iterations=3))
            soft = (
                decoy.astype(np.float32)
                if blur <= 0.3
                else ndimage.gaussian_filter(decoy.astype(np.float32), blur)
            )
            mixed = mixed * (1 - soft) + inside * soft
        return mixed.astype(np.float32), shape

    def _intensity(self, image: Float) -> Float:
        rng = self.rng
        size = image.shape[1]
        if rng.random() < 0.35:
            image = np.repeat(image.mean(0, keepdims=True), 3, 0)
        if rng.random() < 0.25:  # false colour: a curve of its own for each channel
            knots = np.sort(rng.random((3, 5)), 1) if rng.random() < 0.5 else rng.random((3, 5))
            image = np.stack([np.interp(image[c], np.linspace(0, 1, 5), knots[c]) for c in range(3)])
        elif rng.random() < 0.3:
            mix = np.eye(3) + rng.normal(0, 0.25, (3, 3))
            image = np.clip(np.tensordot(mix / np.abs(mix.sum(1, keepdims=True)).clip(0.3), image, 1), 0, 1)
        if rng.random() < 0.5:
            image = image ** np.exp(rng.uniform(-0.7, 0.7))
        if rng.random() < 0.35:
            image = 1 - image
        if rng.random() < 0.3:
            image = image * np.exp(0.3 * _blob(rng, size, 2))[None]
        if rng.random() < 0.25:
            image = ndimage.gaussian_filter(image, (0, *[rng.uniform(0.3, 1.5)] * 2))
        if rng.random() < 0.4:
            level = rng.uniform(0.01, 0.12)
            noise = (level * rng.standard_normal((1 if rng.random() < 0.7 else 3, size, size))).astype(
                np.float32
            )
            image = image * (1 + noise) if rng.random() < 0.4 else image + noise
        if rng.random() < 0.4:
            image = (image - 0.5) * np.exp(rng.uniform(-0.7, 0.4)) + 0.5 + rng.uniform(-0.15, 0.15)
        return np.ascontiguousarray(np.clip(image, 0, 1), dtype=np.float32)
