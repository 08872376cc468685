"""What the picture filters keep of real images that nothing was learnt from, and of the same images made noisy or blurred.

`python benchmarks/filters.py [--data ../shared/data]`. Thresholds are learnt from 32 (or 12) images of some groups; images of other groups
are judged. No generator and no torch: this shows the criteria of noise, sharpness, copies and distance; one JSON line a set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy import ndimage

SETS = ("usgra_ultrasound", "wbc_bloodsmear", "dsb2018_nuclei", "isic2017_dermoscopy", "brisc_brain_mri")


def real_sets(data: Path) -> Iterator[tuple[str, Any, list[str]]]:
    """(name, images (n, C, 64, 64), groups): slices of the MNI152 template where nilearn is installed, and the sets below ``data``."""
    from services.cli.demo import data as demo
    from services.synthesis.domain import labelmaps
    from services.synthesis.study.data import from_folder

    try:
        slices = demo.load(8, 6, 1)
        images = np.stack([labelmaps.fit_image(s.image, 64, 1) for s in slices])
        yield "mni152_mri", images, [s.group for s in slices]
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
    for name in SETS:
        if (data / name).is_dir():
            found = from_folder(data / name, 64)
            yield name, found.images, found.groups
        else:
            sys.stderr.write(f"{data / name} isn't there\n")


def damaged(images: Any, rng: np.random.Generator) -> dict[str, Any]:
    """The images as they are, with Gaussian noise (of 2, the range), and blurred (pixels)."""
    out = {"clean": images}
    for sigma in (0.05, 0.1, 0.2):
        out[f"noise {sigma}"] = np.clip(images + rng.normal(0, sigma, images.shape), -1, 1).astype(np.float32)
    for sigma in (0.7, 1.2):
        out[f"blur {sigma}"] = ndimage.gaussian_filter(images, (0, 0, sigma, sigma))
    return out


def kept(train: Any, judged: Any) -> list[str]:
    """The filters' reasons for ``judged`` images with thresholds from ``train``; masks are left out of it."""
    from services.synthesis.domain import features, filters

    real = {s: features.extract(train, s) for s in features.SPACES}
    layout, style = (
        features.standardise(real[s], features.extract(judged, s)) for s in ("pooled16", "texture")
    )
    none = np.zeros(0)
    limits = filters.learn(layout[0], style[0], filters.grain(train), none, none)
    ones = np.ones(len(judged))
    return filters.judge(ones, layout[1], style[1], filters.grain(judged), layout[0], style[0], limits)


def split(groups: list[str], count: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Positions of ``count`` images to learn from, and of up to 60 of other groups."""
    names = sorted(set(groups))
    rng.shuffle(names)
    left: list[int] = []
    right: list[int] = []
    for name in names:
        (left if len(left) < count else right).extend(i for i, g in enumerate(groups) if g == name)
    return left[:count], right[:60]


def main() -> None:
    """Print a line a set and number of images."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("BRAMBLE_SHARED_DATA", "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    for name, images, groups in real_sets(options.data):
        for count in (12, 32):
            shares: dict[str, list[float]] = {}
            for number in range(options.rounds):
                rng = np.random.default_rng([number, count])
                left, right = split(groups, count, rng)
                if len(right) < 6:
                    continue
                for what, judged in damaged(images[right], rng).items():
                    reasons = kept(images[left], judged)
                    shares.setdefault(what, []).append(float(np.mean([not r for r in reasons])))
            if shares:
                line = {"set": name, "learnt_from": count, "rounds": options.rounds}
                means = {what: round(float(np.mean(v)), 3) for what, v in shares.items()}
                sys.stdout.write(json.dumps(line | {"kept": means}) + "\n")


if __name__ == "__main__":
    main()
