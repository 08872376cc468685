"""Splits without leaks: by group, decided once, recorded, and blind to everything but the project's seed and the groups' names.

Images that share a group (patient, volume, source) share a split. Images that are the same picture under two groups (uploaded twice,
say) tie their groups together, see `tie_groups`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.errors import InvalidInput

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Fractions:
    """Shares of the images that go to each split; they sum to 1."""

    train: float = 0.7
    val: float = 0.1
    test: float = 0.2

    def __post_init__(self) -> None:
        values = (self.train, self.val, self.test)
        if any(not 0 <= v <= 1 for v in values) or abs(sum(values) - 1) > 1e-6 or self.train <= 0:
            raise InvalidInput(
                f"The split {self.train} / {self.val} / {self.test} must be shares that sum to 1, with some training images."
            )

    def of(self, split: str) -> float:
        """The share of one split."""
        return {"train": self.train, "val": self.val, "test": self.test}[split]


def rank(seed: int, group: str) -> str:
    """A number (hex) that orders groups at random but for ever the same."""
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()


def assign(
    sizes: Mapping[str, int], seed: int, fractions: Fractions, recorded: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Group → split for all groups of ``sizes`` (group → number of images). Recorded groups keep their split.

    New groups go, in the order of `rank`, to the split that lacks most of its share. So three groups fill three splits where a
    plain hash would often leave the test set empty, and a group never moves once it is recorded. One group alone is "train".
    """
    out = {group: split for group, split in (recorded or {}).items() if group in sizes}
    filled = dict.fromkeys(SPLITS, 0)
    for group, split in out.items():
        filled[split] += sizes[group]
    total = sum(sizes.values())
    wanted = [s for s in SPLITS if fractions.of(s) > 0]
    for group in sorted((g for g in sizes if g not in out), key=lambda g: rank(seed, g)):
        if not any(filled.values()):
            split = "train"
        else:
            # An empty wanted split comes first (test before val): a missing test set is worse than a share that is off.
            empty = [s for s in ("test", "val") if s in wanted and not filled[s]]
            enough = filled["train"] >= max(1.0, 0.5 * fractions.train * total)
            split = (
                empty[0]
                if empty and enough
                else max(wanted, key=lambda s: fractions.of(s) * total - filled[s])
            )
        out[group] = split
        filled[split] += sizes[group]
    return out


def tie_groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Group → representative, for groups tied by ``pairs`` (two groups that hold the same picture). Untied groups are left out."""
    parent: dict[str, str] = {}

    def find(group: str) -> str:
        while parent.setdefault(group, group) != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    for left, right in pairs:
        a, b = sorted((find(left), find(right)))
        parent[b] = a
    return {group: find(group) for group in parent}


def leaks(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Sentences about groups or pictures that stand in two splits. ``rows`` are (split, group, sha256 of the image); empty: no leak."""
    by_group: dict[str, set[str]] = {}
    by_picture: dict[str, set[str]] = {}
    for split, group, digest in rows:
        by_group.setdefault(group, set()).add(split)
        by_picture.setdefault(digest, set()).add(split)
    found = [f"group {g} is in {' and '.join(sorted(s))}" for g, s in sorted(by_group.items()) if len(s) > 1]
    return found + [
        f"picture {d[:12]} is in {' and '.join(sorted(s))}"
        for d, s in sorted(by_picture.items())
        if len(s) > 1
    ]
