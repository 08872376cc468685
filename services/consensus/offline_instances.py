"""What `bramble consensus --instances` writes: each image's objects as a map of numbers, and one row an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from services.consensus.domain.confidence import confidence
from services.consensus.domain.instances import Merged
from services.consensus.files import Layout, write_plane
from shared.errors import InvalidInput
from shared.imaging import rle

COLUMNS = (
    "image",
    "class",
    "instance",
    "raters",
    "drawn",
    "agreement",
    "predicted_dice",
    "low",
    "high",
    "area_px",
    "row",
    "column",
    "cut",
    "joined",
)
MOST = 65535  # what 16 bits hold


def check_planes(layouts: Mapping[str, Layout]) -> None:
    """Raises InvalidInput where an image is a volume: its slices lie side by side here, so an object would end at each of them."""
    for name, layout in sorted(layouts.items()):
        if layout.is_volume:
            raise InvalidInput(f"{name!r} is a volume; instances are merged on two-dimensional masks only.")


def write_instances(
    folder: Path, name: str, layout: Layout, size: tuple[int, int], objects: Mapping[int, Sequence[Merged]]
) -> list[dict[str, Any]]:
    """Write ``name.instances.png`` (16 bit; 0: none, then 1, 2, … class by class) and answer its rows. objects: by class; size (H, W)."""
    plane = np.zeros(size, np.uint16)
    rows: list[dict[str, Any]] = []
    for label, found in sorted(objects.items()):
        for one in found:
            number = len(rows) + 1
            if number > MOST:
                raise InvalidInput(
                    f"Image {name!r} has more than {MOST} objects, more than a 16-bit map can number."
                )
            mask = rle.decode(one.mask)
            plane[mask] = number
            rows.append(_row(name, label, number, one, mask))
    write_plane(folder, f"{name}.instances", plane, layout)
    return rows


def _row(name: str, label: int, number: int, one: Merged, mask: Any) -> dict[str, Any]:
    sure = confidence(one.fused)
    ys, xs = np.nonzero(mask)
    values = (
        name,
        label,
        number,
        len(one.thing.votes.raters),
        len(one.thing.drawn),
        *(round(v, 5) for v in (sure.agreement, sure.predicted_dice, sure.low, sure.high)),
        int(ys.size),
        *(round(float(v.mean()), 2) for v in (ys, xs)),
        " ".join(one.thing.cut),
        " ".join(one.thing.joined),
    )
    return dict(zip(COLUMNS, values, strict=True))
