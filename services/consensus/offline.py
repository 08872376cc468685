"""Consensus of a folder of masks, without the platform: ``run`` for scripts and notebooks, and what ``bramble consensus`` calls.

    from services.consensus.offline import run
    summary = run("masks", "out")          # masks/<image>/<rater>.png or .nii.gz

Writes ``<image>.png`` (0/255; a label map where the masks are label maps), ``<image>.prob.png`` (16 bit, 65535 = 1), ``images.csv`` and
``raters.csv``; with ``instances``, also ``<image>.instances.png`` and ``instances.csv``. The same functions as in the service decide, so
the results are the same.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.auto import check_method, fuse_with, merge
from services.consensus.domain.bias import SECTORS, Bias, biases
from services.consensus.domain.confidence import Confidence, confidence, probability
from services.consensus.domain.conformal import Widening, widened, widening_of
from services.consensus.domain.instances import Merged, merge_instances
from services.consensus.domain.reliability import RaterReport, report
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.files import Layout, classes, read_array, select, stem, write_plane
from services.consensus.offline_images import look, read_images
from services.consensus.offline_instances import COLUMNS, check_planes, write_instances
from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.rle import RLE

PathLike = str | os.PathLike[str]
IMAGE = "image"
_SKIP = {"thumbs.db", "desktop.ini"}
UNSURE = 0.8  # an image whose predicted Dice lies below is flagged for a look


@dataclass(frozen=True)
class Summary:
    """What a run found: one row an image, a rater and an object (the columns of the CSV files), the method by class, and why."""

    images: list[dict[str, Any]]
    raters: list[dict[str, Any]]
    method: dict[int, str]
    why: dict[int, str]
    instances: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class _Crowd:
    layouts: dict[str, Layout] = field(default_factory=dict)
    votes: dict[int, list[ImageVotes]] = field(default_factory=dict)
    is_label_map: bool = False


def run(
    masks: PathLike,
    out: PathLike,
    method: str = "auto",
    images: PathLike | None = None,
    gold: PathLike | None = None,
    instances: bool = False,
) -> Summary:
    """Merge ``masks/<image>/<rater>.png|.nii.gz`` into ``out``.

    method: auto, hierarchical, image, majority, staple, simple or weighted. images: a folder of ``<image>.png|.jpg|.tif|.nii.gz``; with
    ``auto`` they move borders where they prove to be worth it, with ``image`` (hierarchical, then the images) in any case, with the
    others they are only checked. gold: a folder of ``<image>.png|.nii.gz`` with the truth of some images; it teaches the raters'
    reliability, from six on picks the method, and from nine on widens the intervals of predicted Dice until they hold on it.
    instances: several objects of a class are matched across raters and merged one by one too (two-dimensional masks only).
    Raises InvalidInput with one sentence for whatever can't be used; then nothing is written.
    """
    if method == IMAGE and images is None:
        raise InvalidInput("The method 'image' looks at the images; give their folder (--images).")
    check_method("hierarchical" if method == IMAGE else method)
    source, target = Path(masks), Path(out)
    crowd = _read(source)
    truths = _read_gold(Path(gold), crowd) if gold is not None else {}
    pictures = read_images(Path(images), crowd.layouts) if images is not None else {}
    if instances:
        check_planes(crowd.layouts)
    if target.exists() and not target.is_dir():
        raise InvalidInput(f"{target} is a file; give a folder to write to.")
    results: dict[int, list[Fused]] = {}
    objects: dict[int, list[list[Merged]]] = {}
    wider: dict[int, Widening | None] = {}
    summary = Summary([], [], {}, {})
    for label, votes in sorted(crowd.votes.items()):
        truth = truths.get(label, {})
        fused, model, choice = merge(votes, "hierarchical" if method == IMAGE else method, truth)
        why = choice.why
        if pictures and (method == IMAGE or (method == "auto" and choice.method == "hierarchical")):
            looked = look(votes, fused, model, pictures, truth, always=method == IMAGE)
            fused, why = looked.fused, f"{why} {looked.why}"
        results[label] = fused
        wider[label] = widening_of(votes, fused, truth)
        if instances:
            by = partial(fuse_with, method=choice.method, model=model)
            objects[label] = [merge_instances(v, by) for v in votes]
        summary.method[label], summary.why[label] = choice.method, why
        # The slices of a volume lie side by side, so its objects have no middle.
        flat = not any(layout.is_volume for layout in crowd.layouts.values())
        found = biases(votes, model, truth) if flat else {}
        summary.raters.extend(_rater_row(r, label, crowd) for r in report(model, votes, truth, bias=found))
    target.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(sorted(crowd.layouts)):
        parts = {label: found[k] for label, found in results.items()}
        _write_image(target, name, parts, crowd)
        for label, part in parts.items():
            summary.images.append(_image_row(name, label, part, crowd, wider[label]))
        if instances:
            size = next(iter(parts.values())).found.size
            here = {label: found[k] for label, found in objects.items()}
            summary.instances.extend(write_instances(target, name, crowd.layouts[name], size, here))
    _write_table(target / "images.csv", summary.images)
    _write_table(target / "raters.csv", summary.raters)
    if instances:
        _write_table(target / "instances.csv", summary.instances, COLUMNS)
    return summary


def _folders(source: Path) -> list[Path]:
    if not source.is_dir():
        raise InvalidInput(f"{source} is not a folder of masks.")
    found = sorted(p for p in source.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not found:
        raise InvalidInput(f"{source} has no folders; it should hold <image>/<rater>.png or .nii.gz.")
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(
        p
        for p in folder.iterdir()
        if p.is_file() and not p.name.startswith(".") and p.name.lower() not in _SKIP
    )


def _read(source: Path) -> _Crowd:
    planes: dict[str, dict[str, RLE | NDArray[Any]]] = {}
    crowd = _Crowd()
    ids: set[int] = set()
    maps: dict[tuple[str, str], NDArray[Any]] = {}
    for folder in _folders(source):
        layout: Layout | None = None
        given = planes.setdefault(folder.name, {})
        for path in _files(folder):
            rater = stem(path)
            if rater is None:
                raise InvalidInput(f"{path} is neither .png nor .nii.gz; masks are one of them.")
            if rater in given:
                raise InvalidInput(f"{rater!r} has two masks of image {folder.name!r}; keep one of them.")
            plane, own = read_array(path)
            if layout is None:
                layout = own
            elif (
                plane.shape != layout.to_plane(np.zeros(layout.shape, bool)).shape
                or own.shape != layout.shape
            ):
                raise InvalidInput(
                    f"{path} has the size {_size(own)}, but the other masks of that image have {_size(layout)}."
                )
            found = classes(plane)
            if found != [1] or crowd.is_label_map:
                crowd.is_label_map = crowd.is_label_map or len(found) > 1
            if len(found) > 1 or found != [1] or int(plane.max(initial=0)) == 1:
                ids.update(found)
                maps[folder.name, rater] = plane.astype(np.int16)
            given[rater] = rle.encode(select(plane, 1, False))
        if layout is None:
            raise InvalidInput(f"{folder} holds no masks, so image {folder.name!r} has no raters.")
        crowd.layouts[folder.name] = layout
    if not crowd.is_label_map:
        crowd.votes[1] = [image_votes(name, given) for name, given in sorted(planes.items())]
        return crowd
    for label in sorted(ids):
        crowd.votes[label] = [
            image_votes(name, {r: _class_mask(maps.get((name, r)), label, m) for r, m in given.items()})
            for name, given in sorted(planes.items())
        ]
    return crowd


def _class_mask(plane: NDArray[Any] | None, label: int, drawn: RLE | NDArray[Any]) -> RLE:
    """A class of a rater's label map; a map without that class (or empty) says that it isn't there."""
    assert isinstance(drawn, RLE)
    if plane is None:
        return rle.empty(*drawn.size)
    return rle.encode(select(plane, label, True))


def _size(layout: Layout) -> str:
    return " × ".join(str(n) for n in layout.shape)


def _named(folder: Path, what: str) -> dict[str, Path]:
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder of {what}.")
    return {name: p for p in _files(folder) if (name := stem(p)) is not None}


def _read_gold(folder: Path, crowd: _Crowd) -> dict[int, dict[str, RLE]]:
    out: dict[int, dict[str, RLE]] = {}
    for name, path in sorted(_named(folder, "gold masks").items()):
        if name not in crowd.layouts:
            continue  # gold of an image that nobody labelled says nothing about anybody
        plane, own = read_array(path)
        if own.shape != crowd.layouts[name].shape:
            raise InvalidInput(
                f"{path} has the size {_size(own)}, but the masks of that image have {_size(crowd.layouts[name])}."
            )
        for label in crowd.votes:
            out.setdefault(label, {})[name] = rle.encode(select(plane, label, crowd.is_label_map))
    if not out:
        raise InvalidInput(f"{folder} holds no gold mask of any of the labelled images.")
    return out


def _write_image(target: Path, name: str, parts: Mapping[int, Fused], crowd: _Crowd) -> None:
    layout = crowd.layouts[name]
    maps = {label: f.found.spread(probability(f)) for label, f in parts.items()}
    if crowd.is_label_map:
        chosen = {label: rle.decode(f.mask) for label, f in parts.items()}
        labels = sorted(maps)
        scores = np.stack([np.where(chosen[k], maps[k], -1.0) for k in labels])
        plane = np.where(scores.max(axis=0) >= 0, np.array(labels)[scores.argmax(axis=0)], 0).astype(np.uint8)
        prob = np.max(np.stack([maps[k] for k in labels]), axis=0)
    else:
        (fused,) = parts.values()
        plane = rle.decode(fused.mask).astype(np.uint8) * np.uint8(255)
        (prob,) = maps.values()
    write_plane(target, name, plane, layout)
    write_plane(target, f"{name}.prob", np.round(prob * 65535).astype(np.uint16), layout)


def _image_row(name: str, label: int, fused: Fused, crowd: _Crowd, wider: Widening | None) -> dict[str, Any]:
    sure: Confidence = confidence(fused)
    if wider is not None:
        sure = widened(sure, wider)
    flags = list(fused.flags)
    if sure.predicted_dice < UNSURE:
        flags.append("unsure")
    if len(fused.weights) == 1:
        flags.append("one-rater")
    area = rle.area(fused.mask)
    if area == 0:
        flags.append("nothing-here")
    return {
        "image": name,
        **({"class": label} if crowd.is_label_map else {}),
        "raters": len(fused.weights),
        "method": fused.method,
        "agreement": round(sure.agreement, 5),
        "predicted_dice": round(sure.predicted_dice, 5),
        "low": round(sure.low, 5),
        "high": round(sure.high, 5),
        "alpha": round(sure.alpha, 5),
        "presence": round(sure.presence, 5),
        "area_px": area,
        "flags": " ".join(flags),
    }


def _rater_row(r: RaterReport, label: int, crowd: _Crowd) -> dict[str, Any]:
    return {
        "rater": r.rater,
        **({"class": label} if crowd.is_label_map else {}),
        "images": r.images,
        "reliability": round(r.reliability, 5),
        "low": round(r.low, 5),
        "high": round(r.high, 5),
        "honesty": round(r.honesty, 5),
        "sensitivity": round(r.sensitivity, 5),
        "specificity": round(r.specificity, 5),
        "offset_px": round(r.offset, 3),
        "shift_row_px": round(r.shift[0], 3),
        "shift_column_px": round(r.shift[1], 3),
        "noise_px": round(r.noise, 3),
        **_bias_columns(r.bias),
        "gold_images": r.gold_images,
        "gold_dice": round(r.gold_dice, 5) if r.gold_images else "",
        "quarantined": int(r.quarantined),
        "flags": " ".join(r.flags),
    }


def _bias_columns(bias: Bias | None) -> dict[str, Any]:
    """Where the rater over- (positive) or under-draws, px with its 95 % interval; "" below five answers."""
    whole = bias.whole if bias else None
    sides = zip(SECTORS, bias.sectors if bias else [None] * len(SECTORS), strict=True)
    return {
        "border_px": round(whole.mean, 3) if whole else "",
        "border_low_px": round(whole.low, 3) if whole else "",
        "border_high_px": round(whole.high, 3) if whole else "",
        "sides_px": " ".join(f"{name}:{m.mean:+.2f}[{m.low:.2f},{m.high:.2f}]" for name, m in sides if m),
        "missed": bias.missed if bias else "",
        "there": bias.there if bias else "",
    }


def _write_table(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, fieldnames=columns or list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
