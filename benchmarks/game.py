"""The real-or-synthetic game's interval and verdict on simulated answers, where the truth is known.

`python benchmarks/game.py [--runs 300]`: one JSON line a crowd. `held`: how often the 95 % interval holds the accuracy of all players and
images; `wilson`: the same of Wilson's interval, which takes answers for independent; `claimed`: how often players are said to tell images
apart (where skill is 0, each time is a false claim).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from services.synthesis.domain import game
from services.synthesis.domain.game import Answer, Item

# (players, skill, deviation of players, deviation of images), all but the first on the logit of being right
CROWDS = (
    *((players, 1.0, 0.8, 0.8) for players in (2, 3, 5, 10, 30)),
    *((players, 1.0, 2.0, 0.3) for players in (3, 5, 10)),
    *((players, 0.0, 0.0, 0.0) for players in (3, 5, 10)),
    *((players, 0.0, 2.0, 0.5) for players in (3, 5, 10)),
)


def play(
    players: int, skill: float, of_players: float, of_images: float, seed: int, pool: int = 40
) -> list[Answer]:
    """A round of 20 for each player from ``pool`` images of a kind: the logit of being right is ``skill`` plus a normal deviation of
    the player's and of the image's."""
    dice = np.random.default_rng(seed)
    images = of_images * dice.standard_normal(2 * pool)
    found = []
    for player in range(players):
        lean = of_players * dice.standard_normal()
        for synthetic in (False, True):
            for image in dice.choice(pool, 10, replace=False):
                place = image + pool * synthetic
                right = dice.random() < 1 / (1 + math.exp(-(skill + lean + images[place])))
                item = Item(f"i{place}", synthetic, seen=bool(image % 2))
                found.append(Answer(f"p{player}", item, synthetic if right else not synthetic))
    return found


def truth(skill: float, of_players: float, of_images: float) -> float:
    """The accuracy over all players and images that `play` draws from."""
    deviates = np.random.default_rng(99).standard_normal((2, 100_000))
    logits = skill + of_players * deviates[0] + of_images * deviates[1]
    return float(np.mean(1 / (1 + np.exp(-logits))))


def measure(players: int, skill: float, of_players: float, of_images: float, runs: int) -> dict[str, float]:
    """Shares over ``runs`` crowds, seeds 0 to runs - 1."""
    aim, held, plain, claimed, width = truth(skill, of_players, of_images), 0, 0, 0, 0.0
    for seed in range(runs):
        answers = play(players, skill, of_players, of_images, seed)
        found = game.share(answers, lambda a: a.right, np.random.default_rng(seed))
        alone = game.wilson(round(found.value * found.n), found.n)
        held += found.low <= aim <= found.high
        plain += alone.low <= aim <= alone.high
        claimed += found.low > game.CHANCE and players >= game.LEAST_PLAYERS
        width += found.high - found.low
    shares = {"held": held, "wilson": plain, "claimed": claimed, "width": width}
    return {name: round(value / runs, 3) for name, value in shares.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    for crowd in CROWDS:
        named = dict(zip(("players", "skill", "of_players", "of_images"), crowd, strict=True))
        line = {"metric": "game.interval", **named, "runs": runs, **measure(*crowd, runs)}
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
