"""What Drupelet learns from: labelled objects of the sets that may train a shipped model, and random tasks on their images."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.uint8]
TRAINABLE = (
    "bubil_multirater",
    "dsb2018_nuclei",
    "usgra_ultrasound",
    "hvsmr_cardiac_mri",
    "brisc_brain_mri",
    "chase_fundus",
)
WEIGHT = {
    "bubil_multirater": 1.0,
    "dsb2018_nuclei": 1.6,
    "usgra_ultrasound": 1.6,
    "hvsmr_cardiac_mri": 1.2,
    "brisc_brain_mri": 1.0,
    "chase_fundus": 0.25,
}


@dataclass(slots=True)
class Item:
    """One image: rgb uint8 (H, W, 3), label maps int32 (H, W), and region maps of the unsupervised tasks."""

    dataset: str
    name: str
    group: str
    rgb: Array
    maps: list[npt.NDArray[np.int32]] = field(default_factory=list)
    regions: list[npt.NDArray[np.int32]] = field(default_factory=list)


def held_out(dataset: str, group: str, share: float = 0.15) -> bool:
    """Whether a patient, volume or (where none is named) image is kept from training. Depends on its name alone."""
    digest = hashlib.sha256(f"{dataset}/{group}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share


def read_items(root: Path, datasets: tuple[str, ...], held: bool | None, limit_side: int = 640) -> list[Item]:
    """Images with all their label maps; `held` picks a side of the split (None: both). Only gold masks of `bubil`."""
    from PIL import Image

    items: dict[str, Item] = {}
    for dataset in datasets:
        with (root / dataset / "manifest.csv").open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                if dataset == "bubil_multirater" and "gold" not in row["mask"]:
                    continue
                group = row["group"] or row["image"]
                if held is not None and held_out(dataset, group) != held:
                    continue
                key = f"{dataset}/{row['image']}"
                picture = Image.open(root / dataset / row["image"]).convert("RGB")
                scale = min(1.0, limit_side / max(picture.size))
                size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
                if key not in items:
                    rgb = np.asarray(picture.resize(size, Image.Resampling.BOX) if scale < 1 else picture)
                    items[key] = Item(dataset, row["image"], group, rgb)
                mask = Image.open(root / dataset / row["mask"])
                labels = np.asarray(
                    mask.resize(size, Image.Resampling.NEAREST) if scale < 1 else mask
                ).astype(np.int32)
                if row["mask_kind"] == "binary":
                    labels = (labels > 127).astype(np.int32)
                items[key].maps.append(labels)
    return list(items.values())


def add_regions(items: list[Item], cache: Path | None = None) -> None:
    """Region maps by Felzenszwalb & Huttenlocher (2004) at a fine and a coarse scale, at most 224 px a side; in place.

    They take over a minute of a core; `cache` is an .npz file that keeps them for the next run on the same items."""
    names = [f"{item.dataset}/{item.name}" for item in items]
    if cache is not None and cache.exists():
        with np.load(cache) as kept:
            if list(kept["names"]) == names:
                for k, item in enumerate(items):
                    item.regions += [kept[f"{k}.0"].astype(np.int32), kept[f"{k}.1"].astype(np.int32)]
                return
    _segment(items)
    if cache is not None:
        maps: dict[str, Any] = {
            f"{k}.{j}": r.astype(np.int16) for k, i in enumerate(items) for j, r in enumerate(i.regions)
        }
        np.savez_compressed(cache, names=np.array(names), **maps)


def _segment(items: list[Item]) -> None:
    from PIL import Image
    from skimage.segmentation import felzenszwalb

    for item in items:
        height, width = item.rgb.shape[:2]
        scale = min(1.0, 224 / max(height, width))
        small = Image.fromarray(item.rgb).resize(
            (max(8, round(width * scale)), max(8, round(height * scale)))
        )
        for k, sigma in ((60, 0.8), (400, 1.2)):
            item.regions.append(
                felzenszwalb(np.asarray(small), scale=k, sigma=sigma, min_size=30 if k < 100 else 80).astype(
                    np.int32
                )
            )
