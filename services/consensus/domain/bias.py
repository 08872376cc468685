"""Where a rater over- or under-draws: at which side of the object, how far, and how sure that is.

Of each answer, the border of the rater's mask is held against the consensus (or gold) in the object's own coordinates: by the direction
in which a border pixel lies from the middle of the object, in eight sectors. An answer gives one mean displacement a sector, positive
where the rater drew outside. Answers and not pixels are the observations, since neighbouring pixels repeat each other: a sector's mean
over answers has Student's t interval. A whole that differs from zero is a habit of size, one side that does is a habit of place.

Answers that hardly overlap with the object (another object, a slip) say nothing about its border and are left out here; a label that a
rater leaves empty is counted apart. The rater is part of the consensus, which pulls it towards them: a habit looks smaller than it is,
never larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.boundary import FAR, border_points, signed_distance
from services.consensus.domain.hierarchical import RaterModel, fuse
from services.consensus.domain.votes import ImageVotes, object_box
from shared.imaging import rle
from shared.imaging.rle import RLE

#: As a reader of the image sees them, from the right on against the clock.
SECTORS = ("right", "upper-right", "up", "upper-left", "left", "lower-left", "down", "lower-right")
LEAST = 5  # answers from which a sector has an interval
OVERLAP = 0.5  # Dice from which an answer is of this object
SURE = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. sectors: (8,) px, nan where the border has no pixel there; whole: their mean over border pixels, px; moved: (rows,
    columns) px from the middle of the object to that of the mask. ``drawn``: False where the label is there and was left empty, and then
    there is nothing else."""

    drawn: bool
    sectors: Floats | None = None
    whole: float = 0.0
    moved: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over n answers with its interval, px."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def sure(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Bias:
    """A rater and class. sectors: as `SECTORS`, None where there are fewer than `LEAST` answers; there: answers on images that show the
    label; missed: of these, left empty."""

    whole: Mean | None
    rows: Mean | None
    columns: Mean | None
    sectors: tuple[Mean | None, ...]
    there: int
    missed: int


def look(votes: ImageVotes, reference: RLE) -> dict[str, Seen]:
    """Each rater's answer held against ``reference``, which is of the votes' size. An empty or full reference has no border: {}."""
    dense = rle.decode(reference)
    if not dense.any() or dense.all():
        return {}
    area = np.count_nonzero(dense)
    y0, x0, y1, x1 = object_box(ImageVotes(votes.image, ("all",), (reference,)), margin=0.5)
    whole = dense[y0:y1, x0:x1]  # and all of it: the box lies around the object
    level = signed_distance(whole)
    middle = _middle(whole)
    found: dict[str, Seen] = {}
    for rater, mask in zip(votes.raters, votes.masks, strict=True):
        # Read once: taking area and overlap off the run lengths would read them three times.
        drawn = rle.decode(mask)
        mine, part = np.count_nonzero(drawn), drawn[y0:y1, x0:x1]
        if mine == 0:
            found[rater] = Seen(False)
        elif 2 * np.count_nonzero(part & whole) >= OVERLAP * (mine + area):
            found[rater] = _compare(part, level, middle)
    return found


def _compare(mask: NDArray[np.bool_], level: NDArray[np.float32], middle: Floats) -> Seen:
    ys, xs, _ = border_points(mask)
    out = np.clip(0.5 - level[ys, xs].astype(np.float64), -FAR, FAR)
    # Rows go down, a reader's "up" doesn't.
    angle = np.arctan2(middle[0] - ys, xs - middle[1])
    sector = np.round(angle / (2 * np.pi / len(SECTORS))).astype(int) % len(SECTORS)
    count = np.bincount(sector, minlength=len(SECTORS))
    total = np.bincount(sector, out, minlength=len(SECTORS))
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    moved = _middle(mask) - middle
    return Seen(True, means, float(out.mean()), (float(moved[0]), float(moved[1])))


def _middle(mask: NDArray[np.bool_]) -> Floats:
    """Row and column of the mask's centre of gravity."""
    rows, columns = np.count_nonzero(mask, axis=1), np.count_nonzero(mask, axis=0)
    n = rows.sum()
    return np.array([rows @ np.arange(rows.size) / n, columns @ np.arange(columns.size) / n])


def summarise(answers: Sequence[Seen], sure: float = SURE) -> Bias:
    """The mean of all answers of a rater, with intervals that hold the truth with probability ``sure`` each. No answers: all None."""
    drawn = [a for a in answers if a.sectors is not None]
    table = np.array([a.sectors for a in drawn]) if drawn else np.empty((0, len(SECTORS)))
    return Bias(
        mean_of([a.whole for a in drawn], sure),
        mean_of([a.moved[0] for a in drawn], sure),
        mean_of([a.moved[1] for a in drawn], sure),
        tuple(mean_of(column[np.isfinite(column)], sure) for column in table.T),
        len(answers),
        sum(not a.drawn for a in answers),
    )


def mean_of(values: Sequence[float] | Floats, sure: float = SURE) -> Mean | None:
    """Mean with Student's t interval; None below `LEAST` values."""
    from scipy.special import stdtrit  # lazily: serving a page doesn't need it

    n = len(values)
    if n < LEAST:
        return None
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(stdtrit(n - 1, 0.5 + sure / 2)) * spread / np.sqrt(n)
    return Mean(mean, float(mean - half), float(mean + half), n)


def by_rater(seen: Sequence[Mapping[str, Seen]]) -> dict[str, list[Seen]]:
    """The answers of all images, by rater."""
    found: dict[str, list[Seen]] = {}
    for image in seen:
        for rater, one in image.items():
            found.setdefault(rater, []).append(one)
    return found


def biases(
    images: Sequence[ImageVotes], model: RaterModel, gold: Mapping[str, RLE] | None = None
) -> dict[str, Bias]:
    """Every rater's bias: each image against its gold where that is known, else against its consensus under ``model``."""
    gold = gold or {}
    return {rater: summarise(answers) for rater, answers in by_rater(seen_in(images, model, gold)).items()}


def seen_in(
    images: Sequence[ImageVotes], model: RaterModel, gold: Mapping[str, RLE]
) -> list[dict[str, Seen]]:
    """`look` at every image, in order of their names, so that sums don't depend on how they came."""
    ordered = sorted(images, key=lambda v: v.image)
    return [look(v, gold[v.image] if v.image in gold else fuse(v, model).mask) for v in ordered]
