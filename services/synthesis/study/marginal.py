"""What the next 100 volunteers' labels and the next 500 synthetic images are expected to bring, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain import worth
from services.synthesis.domain.params import StudyParams

LABELS, SYNTHETIC = 100, 500


def rows(
    base: int,
    scores: Mapping[str, NDArray[np.float64]],
    counts: Mapping[str, float],
    groups: NDArray[np.int64],
    params: StudyParams,
    labels_per_image: float,
) -> list[dict[str, Any]]:
    """One row for the crowd and one for the generator, as far as their curves were measured.

    ``scores`` Dice ``(seeds, images)`` by arm, ``counts`` the mean number of training images of each. Columns: base, what, asked (labels or
    images), images, now, gain with low and high (Dice), verdict, predicted and measured (of the curve's last point), and, where it can be
    told, minutes of people's work, and labelled images that one synthetic image is worth.
    """

    def curve(arms: list[str]) -> worth.Curve:
        known = [arm for arm in arms if arm in scores]
        return worth.Curve(tuple(counts[a] for a in known), tuple(scores[a] for a in known))

    def parts(arm: str) -> list[str]:
        return [a for a in scores if a.partition("@")[0] == arm]

    def rng() -> np.random.Generator:
        return np.random.default_rng([params.seed, 43])

    out: list[dict[str, Any]] = []
    real = curve(["base", *parts("crowd")])
    found = worth.next_ones(real, LABELS / labels_per_image, rng(), groups)
    if found is not None:
        asked = round(found.more * labels_per_image)
        row = _row(base, "volunteers' labels", asked, found)
        row["minutes"] = round(asked * params.minutes_per_label, 1) if params.minutes_per_label else None
        out.append(row)
    drawn = curve(["crowd", *parts("crowd_synthetic")])
    # All sizes: synthetic images come on top of the real ones, so that the sizes lie close together.
    everything = len(drawn.counts)
    found = worth.next_ones(drawn, SYNTHETIC, rng(), groups, points=everything) if "crowd" in scores else None
    if found is not None:
        row = _row(base, "synthetic images", round(found.more), found)
        ends = worth.Curve((drawn.counts[0], max(drawn.counts)), (scores["crowd"], scores["crowd_synthetic"]))
        each = worth.real_labels_each(real, ends, rng(), groups) if "crowd_synthetic" in scores else None
        if each is not None:
            row |= dict(zip(("each", "each_low", "each_high"), (round(v, 4) for v in each), strict=True))
        out.append(row)
    return out


def sentence(row: Mapping[str, Any]) -> str:
    """A row of `rows` in words, for the report, the CLI and the pages."""
    more = f"The next {row['asked']} {row['what']}"
    if row["what"] == "volunteers' labels":
        more += f" ({row['images']:.0f} images"
        more += f", about {row['minutes']:.0f} minutes of people's time)" if row.get("minutes") else ")"
    text = (
        f"{more} are expected to bring {row['gain']:+.3f} Dice (95 % {row['low']:+.3f} to {row['high']:+.3f}) on top of "
        f"{row['now']:.0f} images: {row['verdict']}."
    )
    if row.get("each") is not None:
        text += (
            f" One synthetic image did as much as {row['each']:+.2f} labelled ones "
            f"({row['each_low']:+.2f} to {row['each_high']:+.2f})."
        )
    check = f"predicted {row['predicted']:.3f} from the ones before, measured {row['measured']:.3f}"
    return f"{text} Checked on the last size: {check}."


def _row(base: int, what: str, asked: int, found: worth.Worth) -> dict[str, Any]:
    names = ("now", "gain", "low", "high", "predicted", "measured")
    numbers = {name: round(getattr(found, name), 5) for name in names}
    rest = {"verdict": found.verdict, "minutes": None, "each": None, "each_low": None, "each_high": None}
    return {"base": base, "what": what, "asked": asked, "images": round(found.more, 1), **numbers, **rest}
