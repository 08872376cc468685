"""How simulated volunteers err. Pure: numpy and scipy, the random generator is an argument.

A drawer sees the truth and draws its outline moved by a smooth random field (unsteady hand), a constant (over- or under-drawing) and
a shift. A spammer ignores the image. A lazy clicker sends one click to the segmenter and takes what comes; that needs the platform,
so `draw` only tells where the click goes. The figures are assumptions, chosen to give single-rater Dice from 0.6 to 0.95 on objects of
20–60 pixels across; docs/consensus.md says how far real raters differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of volunteer. Lengths are in pixels of a 256-pixel frame and grow with the frame."""

    name: str
    jitter: float = 0.0
    bias: float = 0.0
    shift: float = 0.0
    blunder: float = 0.0
    spam: str = ""
    clicks: bool = False


KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("careful", jitter=0.8, blunder=0.02),
        Kind("sloppy", jitter=2.5, blunder=0.06),
        Kind("over", jitter=1.0, bias=2.5, blunder=0.03),
        Kind("under", jitter=1.0, bias=-2.0, blunder=0.03),
        Kind("shifted", jitter=1.0, shift=4.0, blunder=0.03),
        Kind("lazy-click", clicks=True),
        Kind("spammer-blank", spam="blank"),
        Kind("spammer-full", spam="full"),
        Kind("spammer-random", spam="random"),
    )
}
DEFAULT_MIX = {
    "careful": 0.42,
    "sloppy": 0.17,
    "over": 0.09,
    "under": 0.09,
    "shifted": 0.06,
    "lazy-click": 0.05,
    "spammer-blank": 0.04,
    "spammer-full": 0.03,
    "spammer-random": 0.05,
}


def make_crowd(n: int, rng: np.random.Generator, mix: dict[str, float] | None = None) -> list[Kind]:
    """`n` volunteers in shuffled order, by largest remainder of the shares in `mix` (they need not sum to 1).

    Raises ValueError for an unknown kind or shares that are all zero.
    """
    mix = dict(DEFAULT_MIX if mix is None else mix)
    if unknown := sorted(set(mix) - set(KINDS)):
        raise ValueError(f"{', '.join(unknown)}: no such kind of volunteer; the kinds are {', '.join(KINDS)}")
    total = sum(mix.values())
    if total <= 0 or min(mix.values()) < 0:
        raise ValueError("the shares of a mix are zero or more, and not all zero")
    exact = {name: n * share / total for name, share in mix.items()}
    counts = {name: int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda k: counts[k] - exact[k])[: n - sum(counts.values())]:
        counts[name] += 1
    crowd = [KINDS[name] for name, count in counts.items() for _ in range(count)]
    rng.shuffle(crowd)
    return crowd


def draw(kind: Kind, truth: Mask, rng: np.random.Generator) -> Mask:
    """What this volunteer draws for one label of one image. `truth` and the answer: bool (H, W).

    An empty truth gives an empty mask, but for spammers. A lazy clicker's mask is a stand-in disk for where there is no segmenter.
    """
    height, width = truth.shape
    if kind.spam == "blank":
        return np.zeros_like(truth)
    if kind.spam == "full":
        return np.ones_like(truth)
    if kind.spam == "random":
        centre = rng.uniform((0, 0), (height, width))
        return _disk(truth.shape, centre, float(rng.uniform(0.08, 0.3)) * min(height, width))
    if not truth.any():
        return np.zeros_like(truth)
    if kind.clicks:
        y, x = click(truth, rng)
        return _disk(
            truth.shape, np.array([y, x], float), max(2.0, float(np.sqrt(truth.sum() / np.pi)) * 0.7)
        )
    if rng.random() < kind.blunder:
        # Meant another structure: the truth, somewhere else.
        dy, dx = rng.integers(-height // 4, height // 4 + 1), rng.integers(-width // 4, width // 4 + 1)
        return np.roll(truth, (int(dy), int(dx)), (0, 1))
    from scipy import ndimage

    scale = max(height, width) / 256
    distance = ndimage.distance_transform_edt(truth) - ndimage.distance_transform_edt(~truth)
    angle = rng.uniform(0, 2 * np.pi)
    offset = kind.shift * scale * np.array([np.sin(angle), np.cos(angle)])
    if kind.shift:
        distance = ndimage.shift(distance, offset, order=1, mode="nearest")
    field = _smooth_field(truth.shape, 24 * scale, rng) * kind.jitter * scale
    bias = kind.bias * scale * float(rng.uniform(0.6, 1.4))
    drawn: Mask = np.asarray(distance + field + bias > 0)
    return drawn


def click(truth: Mask, rng: np.random.Generator) -> tuple[int, int]:
    """Where a click for this label goes: (y, x) of a pixel well inside, a few pixels off the deepest point."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(truth)
    weights = np.where(depth >= 0.7 * depth.max(), depth, 0).ravel()
    index = int(rng.choice(weights.size, p=weights / weights.sum()))
    return index // int(truth.shape[1]), index % int(truth.shape[1])


def _disk(shape: tuple[int, ...], centre: NDArray[np.float64], radius: float) -> Mask:
    yy, xx = np.ogrid[: shape[0], : shape[1]]
    inside: Mask = (yy - centre[0]) ** 2 + (xx - centre[1]) ** 2 <= radius**2
    return inside


def _smooth_field(shape: tuple[int, ...], length: float, rng: np.random.Generator) -> NDArray[np.float64]:
    from scipy import ndimage

    field = ndimage.gaussian_filter(rng.standard_normal(shape), length / 2, mode="reflect")
    result: NDArray[np.float64] = field / (field.std() + 1e-12)
    return result
