"""Small crowds with a known truth."""

from __future__ import annotations

import numpy as np

from services.consensus.domain.votes import ImageVotes, image_votes

SIZE = 96


def disc(cy: float, cx: float, r: float, size: int = SIZE) -> np.ndarray:
    yy, xx = np.mgrid[:size, :size]
    return (yy - cy) ** 2 + (xx - cx) ** 2 < r**2


def crowd(
    images: int = 24, seed: int = 0, spam: int = 3
) -> tuple[list[ImageVotes], dict[str, np.ndarray], dict[str, str]]:
    """Images with a disc: six careful raters, one over- and one under-drawer by 4 px, one shifted, and spammers; 7 an image."""
    rng = np.random.default_rng(seed)
    kinds = {f"good{k}": "good" for k in range(6)} | {"over": "over", "under": "under", "shift": "shift"}
    kinds |= {f"spam{k}": "spam" for k in range(spam)}
    names = sorted(kinds)
    truth, votes = {}, []
    for i in range(images):
        cy, cx, r = rng.uniform(35, 60), rng.uniform(35, 60), rng.uniform(14, 24)
        name = f"img{i:02d}"
        truth[name] = disc(cy, cx, r)
        given = {}
        for rater in rng.choice(names, 7, replace=False):
            kind = kinds[rater]
            dy, dx, dr = rng.normal(0, 0.8, 3)
            if kind == "spam":
                given[rater] = (
                    disc(*rng.uniform(10, 80, 2), rng.uniform(5, 20))
                    if rng.random() < 0.5
                    else np.zeros((SIZE, SIZE))
                )
                continue
            grow = {"over": 4.0, "under": -4.0}.get(kind, 0.0)
            move = 6.0 if kind == "shift" else 0.0
            given[rater] = disc(cy + dy + move, cx + dx, r + dr + grow)
        votes.append(image_votes(name, given))
    return votes, truth, kinds
