"""From values to the 8 bits that a display shows (DICOM PS3.3 C.11.2, "VOI LUT", and C.11.1, "Modality LUT")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]

# Shares of the finite values that fall outside of an automatic window, each side: outliers must not eat the contrast.
LOW, HIGH = 0.5, 99.5
SAMPLE = 1_000_000  # values from which percentiles are taken; evenly spread, so a larger sample changes nothing visible


def apply_window(values: Values, centre: float, width: float, function: str = "LINEAR") -> NDArray[np.uint8]:
    """Values (any shape) to uint8 by a window, PS3.3 C.11.2.1.2 (LINEAR) and C.11.2.1.3 (LINEAR_EXACT, SIGMOID).

    Non-finite values become 0. A LINEAR width of 1 is a threshold at ``centre - 0.5``; a width below that is taken as the least
    that the function allows.
    """
    x = np.asarray(values, np.float32)
    if function == "SIGMOID":
        with np.errstate(over="ignore", invalid="ignore"):
            y = 255.0 / (1.0 + np.exp(-4.0 * (x - np.float32(centre)) / np.float32(max(width, 1e-6))))
    else:
        if function != "LINEAR_EXACT":
            centre, width = centre - 0.5, width - 1.0
        if width <= 0:
            y = np.where(x > centre, np.float32(255), np.float32(0))
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                y = ((x - np.float32(centre)) / np.float32(width) + np.float32(0.5)) * np.float32(255)
    y = np.clip(np.nan_to_num(y, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)
    shown: NDArray[np.uint8] = (y + np.float32(0.5)).astype(np.uint8)
    return shown


def automatic_window(samples: Iterable[Values]) -> tuple[float, float] | None:
    """``(centre, width)`` for LINEAR_EXACT from the 0.5th to the 99.5th percentile of the finite values.

    Falls back to least and greatest value where the percentiles coincide (a few bright spots on a flat ground), and to a width of 1
    for constant values. None: no value is finite.
    """
    parts = []
    for sample in samples:
        flat = np.asarray(sample).reshape(-1)
        flat = flat[:: max(1, flat.size // SAMPLE)]
        if flat.dtype.kind == "f":
            flat = flat[np.isfinite(flat)]
        if flat.size:
            parts.append(flat)
    if not parts:
        return None
    values = np.concatenate(parts) if len(parts) > 1 else parts[0]
    low, high = (float(v) for v in np.percentile(values.astype(np.float64, copy=False), (LOW, HIGH)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    if high <= low:
        return low + 0.5, 1.0
    return (low + high) / 2, high - low


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` indices spread evenly over ``range(count)``."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
