"""Label maps to draw images for: the real ones, perturbed ones, blends of two, and new shapes, filtered for plausibility.

- *perturbed*: affine (turn, scale, shift, shear) and elastic deformation (Simard et al. 2003, "Best practices for convolutional neural
  networks"): smoothed random displacement fields.
- *blend*: a convex combination of the signed distance maps of two real label maps, as shape priors on level sets do (Leventon et al.
  2000, "Statistical shape influence in geodesic active contours"), perturbed afterwards. Two parents keep provenance short.
- *shape*: drawn from a statistical model of all shapes (`shapes`); its parents are the maps that the model was learnt from.

A draw names the real items that it came from; the filter compares area, compactness, position and number of parts with the real maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import shapes
from services.synthesis.domain.labelmaps import LabelMap
from services.synthesis.domain.shapes import signed_distance
from shared.errors import InvalidInput

KINDS = ("given", "perturbed", "blend", "shape")


@dataclass(frozen=True, slots=True)
class Draw:
    """A label map to draw an image for. ``parents`` are positions in the list of real maps."""

    label_map: LabelMap
    kind: str
    parents: tuple[int, ...]
    reason: str = ""
    """Why the plausibility filter refused it; "" when it passed."""


def perturb(label_map: LabelMap, rng: np.random.Generator, strength: float = 1.0) -> LabelMap:
    """A deformed copy ``(H, W)``. ``strength`` 0 gives the map itself; 1 is up to 10 degrees, 10 % scale, 6 % shift, 3 % waves."""
    from scipy import ndimage

    height, width = label_map.shape
    angle = np.deg2rad(rng.uniform(-10, 10)) * strength
    scale = np.exp(rng.uniform(-0.1, 0.1, size=2) * strength)
    shear = rng.uniform(-0.08, 0.08) * strength
    shift = rng.uniform(-0.06, 0.06, size=2) * strength * np.array([height, width])
    waves = rng.standard_normal((2, height, width))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag(1 / scale)
    # About the centre of what is there, so that a turn doesn't throw a small structure off its place.
    inside = np.argwhere(label_map)
    centre = inside.mean(axis=0) if len(inside) else np.array([height - 1, width - 1]) / 2
    grid = np.indices((height, width)).reshape(2, -1) - (centre + shift)[:, None]
    moved = matrix @ grid + centre[:, None]
    sigma = max(height, width) / 10
    for axis, side in enumerate((height, width)):
        field = ndimage.gaussian_filter(waves[axis], sigma, mode="reflect")
        peak = float(np.abs(field).max()) or 1.0
        moved[axis] += (field / peak * 0.03 * side * strength).ravel()
    out = ndimage.map_coordinates(label_map, moved, order=0, mode="constant", cval=0)
    return np.asarray(out.reshape(height, width), np.uint8)


def blend(a: LabelMap, b: LabelMap, weight: float, classes: int) -> LabelMap:
    """The map at ``weight`` (0: ``a``, 1: ``b``) between two maps of one size.

    Both are moved to the weighted mean of their centres first. The outline of all structures together is blended on its signed distance,
    and each pixel within goes to the class that is deepest there: blending classes one by one would thin out rings and layers. A class
    that only one of the two has is there while that one has the larger weight.
    """
    if a.shape != b.shape:
        raise InvalidInput(f"Can't blend maps of {a.shape} and {b.shape}; bring them to one size first.")
    if not a.any() or not b.any():
        return (a if weight < 0.5 else b).copy()
    a, b = _meet(a, b, weight)
    outline = (1 - weight) * signed_distance(a > 0) + weight * signed_distance(b > 0)
    distances = np.full((classes, *a.shape), np.inf, np.float32)
    for index in range(1, classes + 1):
        in_a, in_b = a == index, b == index
        if in_a.any() and in_b.any():
            distances[index - 1] = (1 - weight) * signed_distance(in_a) + weight * signed_distance(in_b)
        elif in_a.any() and weight < 0.5:
            distances[index - 1] = signed_distance(in_a)
        elif in_b.any() and weight >= 0.5:
            distances[index - 1] = signed_distance(in_b)
    return np.where(outline < 0, np.argmin(distances, axis=0) + 1, 0).astype(np.uint8)


def _meet(a: LabelMap, b: LabelMap, weight: float) -> tuple[LabelMap, LabelMap]:
    """Both maps, moved by whole pixels so that their centres meet."""
    from scipy import ndimage

    centres = [np.argwhere(m).mean(axis=0) for m in (a, b)]
    middle = (1 - weight) * centres[0] + weight * centres[1]
    moved = [
        ndimage.shift(m, np.rint(middle - centre), order=0, mode="constant", cval=0)
        for m, centre in zip((a, b), centres, strict=True)
    ]
    return np.asarray(moved[0], np.uint8), np.asarray(moved[1], np.uint8)


def describe(label_map: LabelMap, classes: int) -> NDArray[np.float64]:
    """Six numbers a class ``(classes, 6)``: root of the area fraction, compactness 4πA/P², centroid row and column (0..1), parts, present.

    An empty class is ``(0, 1, 0.5, 0.5, 0, 0)``.
    """
    from scipy import ndimage

    height, width = label_map.shape
    out = np.tile(np.array([0.0, 1.0, 0.5, 0.5, 0.0, 0.0]), (classes, 1))
    for index in range(1, classes + 1):
        mask = label_map == index
        area = int(mask.sum())
        if not area:
            continue
        padded = np.pad(mask, 1)
        edges = int((padded[1:] != padded[:-1]).sum()) + int((padded[:, 1:] != padded[:, :-1]).sum())
        # Counted edges overstate a smooth outline by 4/π on average (Crofton), hence the factor.
        perimeter = edges * np.pi / 4
        rows, cols = np.nonzero(mask)
        parts = int(ndimage.label(mask)[1])
        out[index - 1] = (
            np.sqrt(area / (height * width)),
            min(2.0, 4 * np.pi * area / perimeter**2),
            rows.mean() / height,
            cols.mean() / width,
            np.log1p(parts),
            1.0,
        )
    return out


@dataclass(frozen=True, slots=True)
class Plausibility:
    """The range of each descriptor over the real maps, widened by ``slack`` times its spread. Learnt by `fit_plausibility`."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    presence: NDArray[np.float64]
    classes: int

    def reason(self, label_map: LabelMap) -> str:
        """Why ``label_map`` isn't like the real ones; "" when it is."""
        names = ("area", "compactness", "row", "column", "number of parts")
        found = describe(label_map, self.classes)
        for index in range(self.classes):
            if found[index, 5] and self.presence[index] == 0:
                return f"class {index + 1} never occurs in the real masks"
            if not found[index, 5] and self.presence[index] == 1:
                return f"class {index + 1} is missing, though every real mask has it"
        for index in map(int, np.flatnonzero(found[:, 5])):
            for position, name in enumerate(names):
                value = found[index, position]
                if not self.low[index, position] <= value <= self.high[index, position]:
                    return f"{name} of class {index + 1} is {value:.3g}, outside the real range"
        return ""


def fit_plausibility(maps: Sequence[LabelMap], classes: int, slack: float = 0.15) -> Plausibility:
    """Learn the ranges from real label maps. With few maps the range is widened by ``slack`` of itself and 5 % of the mean.

    Raises InvalidInput for no maps.
    """
    if not maps:
        raise InvalidInput("No masks to learn plausible shapes from; at least one labelled image is needed.")
    table = np.stack([describe(m, classes) for m in maps])
    presence = table[:, :, 5].mean(axis=0)
    low, high = np.zeros((classes, 5)), np.zeros((classes, 5))
    for index in range(classes):
        rows = table[table[:, index, 5] > 0, index, :5]
        if not len(rows):
            continue
        lowest, highest = rows.min(axis=0), rows.max(axis=0)
        margin = slack * (highest - lowest) + 0.05 * np.abs(rows.mean(axis=0))
        low[index], high[index] = lowest - margin, highest + margin
    return Plausibility(low, high, presence, classes)


def draw_masks(
    maps: Sequence[LabelMap],
    count: int,
    classes: int,
    rng: np.random.Generator,
    kinds: Sequence[str] = KINDS,
    strength: float = 1.0,
    tries: int = 8,
) -> tuple[list[Draw], list[Draw]]:
    """``count`` label maps to draw images for, and the refused candidates with their reasons.

    ``maps`` are real ones of one size; all-empty ones are used only when there are no others. Kinds take turns; a refused candidate
    is tried again up to ``tries`` times, after which the real map itself stands in, so that ``count`` draws always come back. Where there
    are too few maps for a blend or a shape model, perturbed ones take their turns.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise InvalidInput(f"{kind!r} is no kind of mask; choose from {', '.join(KINDS)}.")
    if not kinds:
        raise InvalidInput(f"Name at least one kind of mask: {', '.join(KINDS)}.")
    usable = [i for i, m in enumerate(maps) if m.any()] or list(range(len(maps)))
    if not usable:
        raise InvalidInput("No masks to draw from; at least one labelled image is needed.")
    model = fit_plausibility([maps[i] for i in usable], classes)
    shape: shapes.ShapeModel | None = None
    if "shape" in kinds and len(usable) >= shapes.MIN_MAPS and maps[usable[0]].any():
        shape = shapes.fit(maps, classes, rng)
    kept: list[Draw] = []
    refused: list[Draw] = []
    order = rng.permutation(usable)
    while len(kept) < count:
        kind = kinds[len(kept) % len(kinds)]
        if (kind == "blend" and len(usable) < 2) or (kind == "shape" and shape is None):
            kind = "perturbed"
        first = int(order[len(kept) % len(order)])
        draw = Draw(maps[first], "given", (first,))
        for _ in range(tries if kind != "given" else 0):
            parents: tuple[int, ...] = (first,)
            if kind == "perturbed":
                candidate = perturb(maps[first], rng, strength)
            elif shape is not None and kind == "shape":
                candidate, parents = perturb(shape.draw(rng, strength), rng, strength / 2), shape.members
            else:
                second = int(rng.choice([i for i in usable if i != first]))
                mixed = blend(maps[first], maps[second], float(rng.uniform(0.25, 0.75)), classes)
                candidate, parents = perturb(mixed, rng, strength / 2), (first, second)
            reason = model.reason(candidate)
            if not reason:
                draw = Draw(candidate, kind, parents)
                break
            refused.append(Draw(candidate, kind, parents, reason))
        kept.append(draw)
    return kept, refused
