"""What a study works on: images with an expert's masks (tested on), volunteers' masks, or both; from a folder or a project."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import labelmaps, masks, splits
from shared.errors import InvalidInput
from shared.imaging import codecs


@dataclass(frozen=True, slots=True)
class StudySet:
    """Images float32 ``(n, C, S, S)`` in [-1, 1]; ``expert`` and ``crowd`` label maps uint8 ``(n, S, S)``, valid where ``has_expert`` and
    ``has_crowd`` ``(n,)`` say so. ``crowd_kind``: "real" volunteers, "simulated" ones, or "none"."""

    images: NDArray[np.float32]
    expert: NDArray[np.uint8]
    crowd: NDArray[np.uint8]
    has_expert: NDArray[np.bool_]
    has_crowd: NDArray[np.bool_]
    ids: list[str]
    groups: list[str]
    classes: int
    crowd_kind: str
    name: str
    labels_per_image: float = 1.0
    """How many volunteers' masks one of the crowd's is made of, on average."""

    def crowd_dice(self) -> float | None:
        """Mean Dice of the volunteers' consensus with the expert, where both are known."""
        both = np.flatnonzero(self.has_expert & self.has_crowd)
        scores = [labelmaps.mean_dice(self.crowd[i], self.expert[i], self.classes) for i in both]
        return float(np.mean(scores)) if scores else None


def folds_of(data: StudySet, folds: int, seed: int) -> NDArray[np.int64]:
    """Fold number ``(n,)`` of each image: whole groups, balanced by the number of images with an expert's mask."""
    sizes: dict[str, int] = defaultdict(int)
    for group, known in zip(data.groups, data.has_expert, strict=True):
        sizes[group] += int(known)
    filled = [0] * folds
    where: dict[str, int] = {}
    for group in sorted(sizes, key=lambda g: (-sizes[g], splits.rank(seed, g))):
        where[group] = int(np.argmin(filled))
        filled[where[group]] += sizes[group]
    return np.array([where[g] for g in data.groups], np.int64)


def check(data: StudySet, folds: int, base_images: Sequence[int]) -> None:
    """Raise InvalidInput, saying what is missing, unless every fold has test images and every training part enough of them."""
    known = int(data.has_expert.sum())
    groups = len({g for g, k in zip(data.groups, data.has_expert, strict=True) if k})
    largest = max(base_images)
    needed = -(-largest * folds // (folds - 1))
    if known < max(needed, folds) or groups < folds:
        raise InvalidInput(
            f"A study with {largest} base images and {folds} folds needs at least {max(needed, folds)} images with an expert's masks in "
            f"at least {folds} groups (patients or volumes); there are {known} in {groups}. Add gold masks, or ask for a smaller study."
        )
    where = folds_of(data, folds, 0)
    for fold in range(folds):
        left = int((data.has_expert & (where != fold)).sum())
        if left < largest:
            raise InvalidInput(
                f"The groups are too uneven: without fold {fold + 1} only {left} images with an expert's masks are left, {largest} needed."
            )


SIMULATED_RATERS = 5


def simulate_crowd(
    expert: NDArray[np.uint8], rng: np.random.Generator, raters: int = SIMULATED_RATERS
) -> NDArray[np.uint8]:
    """A majority of ``raters`` simulated volunteers for each label map ``(n, S, S)``.

    Each volunteer has a habit (draws large, small, or shifted), waves their outline, and fails one image in twelve altogether.
    """
    from scipy import ndimage

    out = np.zeros_like(expert)
    habits = rng.choice(["exact", "large", "small", "shifted"], raters)
    for index, truth in enumerate(expert):
        votes = np.zeros((raters, *truth.shape), np.uint8)
        for rater in range(raters):
            drawn = masks.perturb(truth, rng, 0.35)
            if habits[rater] == "large":
                drawn = np.maximum(drawn, np.where(drawn == 0, ndimage.grey_dilation(drawn, 3), 0)).astype(
                    np.uint8
                )
            elif habits[rater] == "small":
                drawn = np.where(ndimage.binary_erosion(drawn > 0), drawn, 0).astype(np.uint8)
            elif habits[rater] == "shifted":
                drawn = np.roll(drawn, (1, -1), (0, 1))
            if rng.random() < 1 / 12:
                drawn = np.roll(drawn, drawn.shape[0] // 3, 0)
            votes[rater] = drawn
        out[index] = _plurality(votes)
    return out


def _plurality(votes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The class that most of ``votes (raters, H, W)`` name; the smaller id, background first, where several are named as often."""
    counts = np.stack([(votes == value).sum(axis=0) for value in range(int(votes.max()) + 1)])
    return np.asarray(np.argmax(counts, axis=0), np.uint8)


def from_folder(path: Path, size: int, seed: int = 0) -> StudySet:
    """Read a folder. Known layouts: a dataset of Bramble (manifest.jsonl), a manifest.csv with columns image, mask (and group, rater,
    mask_kind), or `images/` beside `masks/` with equal names.

    Masks are PNGs of class ids; two-valued ones are taken as one class. Rows of several raters for one image make the crowd, a rater named
    "gold…" or none is the expert. Raters named "simulated…" are said to be so. Without raters,
    volunteers are simulated, and the report says so.
    """
    if not path.is_dir():
        raise InvalidInput(f"{path} is not a folder.")
    if (path / "manifest.jsonl").exists():
        return _from_bramble(path, size)
    rows = _rows(path)
    if not rows:
        raise InvalidInput(
            f"{path} has no images with masks: give manifest.csv, or images/ beside masks/ with equal names."
        )
    by_image: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        if row.get("mask_kind") != "instance_id":
            by_image[row["image"]].append(row)
    return _assemble(path, by_image, size, seed)


def _rows(path: Path) -> list[dict[str, str]]:
    if (path / "manifest.csv").exists():
        with (path / "manifest.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if rows and not {"image", "mask"} <= set(rows[0]):
            raise InvalidInput(f"{path / 'manifest.csv'} needs the columns image and mask.")
        return rows
    masks_by_stem = {p.stem: p for p in sorted((path / "masks").glob("*.png"))}
    pictures = sorted(p for p in (path / "images").glob("*") if p.stem in masks_by_stem)
    return [{"image": f"images/{p.name}", "mask": f"masks/{masks_by_stem[p.stem].name}"} for p in pictures]


def _assemble(path: Path, by_image: dict[str, list[dict[str, str]]], size: int, seed: int) -> StudySet:
    pictures, experts, crowds, ids, groups = [], [], [], [], []
    any_raters, simulated, answers = False, True, 0
    for name, rows in sorted(by_image.items()):
        image = _read(path / name)
        gold = [r for r in rows if not r.get("rater") or r["rater"].startswith("gold")]
        others = [r for r in rows if r.get("rater") and not r["rater"].startswith("gold")]
        if not gold:
            continue
        expert = _read_mask(path / gold[0]["mask"], image.shape[:2])
        pictures.append(image)
        experts.append(labelmaps.fit_label_map(expert, size))
        votes = [_read_mask(path / r["mask"], image.shape[:2]) for r in others]
        any_raters = any_raters or bool(votes)
        answers += len(votes)
        simulated = simulated and all(r["rater"].startswith("simulated") for r in others)
        crowd = _plurality(np.stack(votes)) if votes else None
        crowds.append(labelmaps.fit_label_map(crowd, size) if crowd is not None else None)
        ids.append(name)
        groups.append(rows[0].get("group") or name)
    if not pictures:
        raise InvalidInput(f"{path} has no image with an expert's mask.")
    channels = 3 if any(p.ndim == 3 and not (p[..., 0] == p[..., -1]).all() for p in pictures) else 1
    images = np.stack([labelmaps.fit_image(p, size, channels) for p in pictures])
    expert_maps = np.stack(experts)
    classes = int(expert_maps.max())
    if classes == 0:
        raise InvalidInput("All masks are empty; there is nothing that a segmenter could learn.")
    known = np.ones(len(ids), bool)
    if any_raters:
        crowd_maps = np.stack([c if c is not None else np.zeros((size, size), np.uint8) for c in crowds])
        has_crowd, kind = np.array([c is not None for c in crowds]), "simulated" if simulated else "real"
        each = answers / max(1, int(has_crowd.sum()))
    else:
        crowd_maps = simulate_crowd(expert_maps, np.random.default_rng([seed, 11]), SIMULATED_RATERS)
        has_crowd, kind, each = known.copy(), "simulated", float(SIMULATED_RATERS)
    return StudySet(
        images, expert_maps, crowd_maps, known, has_crowd, ids, groups, classes, kind, path.name, each
    )


def _from_bramble(path: Path, size: int) -> StudySet:
    rows = [json.loads(line) for line in (path / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["origin"] in ("real", "consensus")]
    if not rows:
        raise InvalidInput(f"{path} holds no real and no consensus images.")
    pictures = [_read(path / row["image"]) for row in rows]
    label_maps = [codecs.decode_png((path / row["mask"]).read_bytes()) for row in rows]
    values = sorted({int(v) for m in label_maps for v in np.unique(m)} - {0})
    lookup = np.zeros(256, np.uint8)
    lookup[values] = np.arange(1, len(values) + 1)
    return assemble(pictures, [lookup[m] for m in label_maps], rows, size, path.name)


def assemble(
    pictures: list[Any], label_maps: list[Any], rows: list[dict[str, Any]], size: int, name: str
) -> StudySet:
    """A set of real ("real": the expert's) and consensus images; ``rows`` have id, group, origin and, for a consensus, raters."""
    channels = 3 if any(p.ndim == 3 for p in pictures) else 1
    images = np.stack([labelmaps.fit_image(p, size, channels) for p in pictures])
    maps = np.stack([labelmaps.fit_label_map(m, size) for m in label_maps])
    expert = np.array([row["origin"] == "real" for row in rows])
    if not maps.any():
        raise InvalidInput("All masks are empty; there is nothing that a segmenter could learn.")
    kind = "real" if (~expert).any() else "none"
    answers = [len(row["raters"]) for row in rows if row["origin"] == "consensus" and row.get("raters")]
    return StudySet(
        images,
        maps,
        maps,
        expert,
        ~expert,
        [r["id"] for r in rows],
        [r["group"] for r in rows],
        int(maps.max()),
        kind,
        name,
        float(np.mean(answers)) if answers else 1.0,
    )


def _read(path: Path) -> Any:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return codecs.as_pixels(image)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} can't be read as an image: {error}.") from None


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    found = _read(path)
    mask = found[..., 0] if found.ndim == 3 else found
    if mask.shape != shape:
        raise InvalidInput(
            f"{path.name} is {mask.shape[0]}x{mask.shape[1]}, its image {shape[0]}x{shape[1]}."
        )
    if int(mask.max()) == 255:
        mask = mask > 127  # 0/255: one structure
    return np.asarray(mask, np.uint8)
