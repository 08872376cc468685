"""The real-or-synthetic game: which images a round shows, and what its answers say.

A *round* shows half real and half synthetic images (those that the filters kept) in an order drawn by a seed. A *player* judges an image
once. *Accuracy* is the share of right answers; half the images of every round are synthetic, so guessing gives 0.5 whatever the player
leans to. Answers hang together by player and by image, so that n answers tell less than n coins: with several players the interval is
the two-way ("pigeonhole") bootstrap of Owen 2007 over players and images, never narrower than Wilson's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shared.errors import Conflict

CHANCE = 0.5
LEAST_HALF = 4
"""Fewer images of a kind than this make no round."""
LEAST_PLAYERS, LEAST_ANSWERS = 5, 40
"""Below these nothing is claimed, whatever the interval says: with three players of very unequal skill one crowd in nine that can't see a
difference would be said to (`benchmarks/game.py`)."""
_Z = 1.959963984540054
_POWER_Z = 0.8416212335729143  # 80 % power
_BOOTSTRAP = 2000

Verdict = Literal["too_few", "told_apart", "not_told_apart", "reversed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image that a round may show. ``seen``: the generator trained on it (real ones); ``familiar``: the player has labelled it;
    ``parents``: real images whose masks a synthetic one was drawn from."""

    id: str
    seen: bool = False
    familiar: bool = False
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An image at its place in a round."""

    id: str
    synthetic: bool
    seen: bool = False
    familiar: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one player said of one image; ``said``: synthetic."""

    player: str
    item: Item
    said: bool

    @property
    def right(self) -> bool:
        """Whether it is so."""
        return self.said == self.item.synthetic


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval: of ``n`` answers, or empty (NaN) where there is none."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class PlayerResult:
    """One player's accuracy with Wilson's interval. Players are numbered, not named: nobody needs to know who they are."""

    player: int
    accuracy: Share


@dataclass(frozen=True, slots=True)
class Fooled:
    """How often a synthetic image was taken for a real one."""

    image_id: str
    shown: int
    fooled: int


@dataclass(frozen=True, slots=True)
class Result:
    """All that the answers say. ``real_*``: the share of real images that were called real, apart by whether the generator saw them in
    training and whether the player had labelled them; ``detectable``: the accuracy that so many answers would show to be above
    chance four times in five, 1 where none would."""

    players: int
    answers: int
    accuracy: Share
    sensitivity: Share
    specificity: Share
    real_seen: Share
    real_unseen: Share
    real_familiar: Share
    detectable: float
    verdict: Verdict
    sentence: str
    by_player: tuple[PlayerResult, ...]
    images: tuple[Fooled, ...]


def enough(kept: int, real: int) -> bool:
    """Whether so many images make a round."""
    return min(kept, real) >= LEAST_HALF


def draw(
    rng: np.random.Generator, kept: Sequence[Candidate], real: Sequence[Candidate], most: int
) -> list[Item]:
    """The images of a round of at most ``most``: as many real as synthetic, in random order.

    Of the real ones half were in the generator's training and half were not, as far as there are any. Images that the player has labelled
    come last, because they would be known again; before them come those whose own mask one of the round's synthetic images was
    drawn from, because two pictures of one shape tell that one of them is drawn. Raises Conflict for fewer than `LEAST_HALF` of a kind.
    """
    half = min(most // 2, len(kept), len(real))
    if half < LEAST_HALF:
        raise Conflict(
            "You have judged nearly all images of this game already; there will be new ones when the lab draws more.",
            code="game-done",
        )
    drawn = [kept[i] for i in rng.permutation(len(kept))[:half]]
    parents = {parent for image in drawn for parent in image.parents}
    order = [real[i] for i in rng.permutation(len(real))]
    order.sort(key=lambda image: (image.familiar, image.id in parents))
    seen, unseen = [r for r in order if r.seen], [r for r in order if not r.seen]
    unseen_share = min(len(unseen), max(half // 2, half - len(seen)))
    picked = unseen[:unseen_share] + seen[: half - unseen_share]
    items = [Item(image.id, True) for image in drawn]
    items += [Item(image.id, False, image.seen, image.familiar) for image in picked]
    return [items[i] for i in rng.permutation(len(items))]


def wilson(hits: int, n: int) -> Share:
    """Wilson's (1927) 95 % interval of ``hits`` in ``n`` independent trials."""
    if n == 0:
        return Share(math.nan, math.nan, math.nan, 0)
    p = hits / n
    scale = 1 + _Z * _Z / n
    centre = (p + _Z * _Z / (2 * n)) / scale
    half = _Z * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n)) / scale
    return Share(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), n)


def share(answers: Sequence[Answer], hit: Callable[[Answer], bool], rng: np.random.Generator) -> Share:
    """The share of ``answers`` that ``hit``, with its interval: Wilson's for one player, for several the bootstrap over players and
    images, widened to Wilson's where that is wider (a bootstrap of equal answers has no width at all)."""
    hits = np.array([hit(answer) for answer in answers], np.float64)
    plain = wilson(int(hits.sum()), len(answers))
    players = _places([answer.player for answer in answers])
    if len(answers) == 0 or players.max() == 0:
        return plain
    drawn = _bootstrap(hits, players, answers, rng)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Share(plain.value, min(plain.low, float(low)), max(plain.high, float(high)), plain.n)


def _bootstrap(
    hits: NDArray[np.float64],
    players: NDArray[np.int64],
    answers: Sequence[Answer],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Shares ``(rounds,)`` where players and images are drawn anew, real and synthetic images apart as the rounds have them."""
    count = int(players.max()) + 1
    weight = rng.multinomial(count, np.full(count, 1 / count), _BOOTSTRAP).astype(np.float64)
    above, below = np.zeros(_BOOTSTRAP), np.zeros(_BOOTSTRAP)
    kinds = np.array([answer.item.synthetic for answer in answers])
    for kind in (False, True):
        here = np.flatnonzero(kinds == kind)
        if not len(here):
            continue
        images = _places([answers[i].item.id for i in here.tolist()])
        width = int(images.max()) + 1
        shape, cells = (count, width), players[here] * width + images
        right = np.bincount(cells, hits[here], count * width).reshape(shape)
        shown = np.bincount(cells, minlength=count * width).astype(np.float64).reshape(shape)
        times = rng.multinomial(width, np.full(width, 1 / width), _BOOTSTRAP).astype(np.float64)
        above += ((weight @ right) * times).sum(axis=1)
        below += ((weight @ shown) * times).sum(axis=1)
    # A draw may hold no answer at all where players have judged different images.
    return np.asarray(above[below > 0] / below[below > 0])


def _places(names: Sequence[str]) -> NDArray[np.int64]:
    order: dict[str, int] = {}
    return np.array([order.setdefault(name, len(order)) for name in names], np.int64)


def result(answers: Sequence[Answer], seed: int = 0) -> Result:
    """What the answers of finished rounds say; the same answers in the same order give the same result."""
    rng = np.random.default_rng(seed)
    accuracy = share(answers, lambda a: a.right, rng)
    players = list(dict.fromkeys(answer.player for answer in answers))
    fakes = [a for a in answers if a.item.synthetic]
    reals = [a for a in answers if not a.item.synthetic]

    def called_real(chosen: list[Answer]) -> Share:
        return share(chosen, lambda a: not a.said, rng)

    detectable = _detectable(accuracy)
    verdict = _verdict(accuracy, len(players))
    each = []
    for number, player in enumerate(players, start=1):
        own = [a.right for a in answers if a.player == player]
        each.append(PlayerResult(number, wilson(sum(own), len(own))))
    return Result(
        len(players),
        len(answers),
        accuracy,
        share(fakes, lambda a: a.said, rng),
        called_real(reals),
        called_real([a for a in reals if a.item.seen]),
        called_real([a for a in reals if not a.item.seen]),
        called_real([a for a in reals if a.item.familiar]),
        detectable,
        verdict,
        _sentence(verdict, accuracy, len(players), detectable),
        tuple(each),
        _fooled(fakes),
    )


def _fooled(fakes: Sequence[Answer]) -> tuple[Fooled, ...]:
    shown: dict[str, list[int]] = {}
    for answer in fakes:
        tally = shown.setdefault(answer.item.id, [0, 0])
        tally[0] += 1
        tally[1] += not answer.said
    rows = [Fooled(image_id, n, fooled) for image_id, (n, fooled) in shown.items()]
    return tuple(sorted(rows, key=lambda f: (-f.fooled / f.shown, -f.shown, f.image_id)))


def _detectable(accuracy: Share) -> float:
    """0.5 plus what a two-sided test at 5 % finds with 80 % power, n shrunk by how much wider the interval is than Wilson's."""
    if accuracy.n == 0:
        return 1.0
    plain = wilson(round(accuracy.value * accuracy.n), accuracy.n)
    spread = max(1.0, (accuracy.high - accuracy.low) / (plain.high - plain.low))
    return min(1.0, CHANCE + (_Z + _POWER_Z) * 0.5 * spread / math.sqrt(accuracy.n))


def _verdict(accuracy: Share, players: int) -> Verdict:
    if players < LEAST_PLAYERS or accuracy.n < LEAST_ANSWERS:
        return "too_few"
    if accuracy.low > CHANCE:
        return "told_apart"
    return "reversed" if accuracy.high < CHANCE else "not_told_apart"


def _sentence(verdict: Verdict, accuracy: Share, players: int, detectable: float) -> str:
    if accuracy.n == 0:
        return "Nobody has finished a round yet, so nothing can be told."
    people = "1 player" if players == 1 else f"{players} players"
    found = f"{accuracy.value:.0%} right ({accuracy.low:.0%} to {accuracy.high:.0%}) in {accuracy.n} answers of {people}"
    least = (
        f"with so few answers an accuracy below {detectable:.0%} would mostly go unnoticed"
        if detectable < 1
        else "with so few answers no accuracy at all would reliably show"
    )
    told = {
        "too_few": f"{found}: too few to claim anything (it takes {LEAST_PLAYERS} players and {LEAST_ANSWERS} answers); {least}.",
        "told_apart": f"{found}: players tell synthetic images from real ones better than by guessing (50%).",
        "reversed": f"{found}: players are wrong more often than by guessing, so they do see a difference and misread it.",
        "not_told_apart": f"{found}: it isn't shown that players can tell them apart, nor that they can't: {least}, "
        f"and an accuracy of up to {accuracy.high:.0%} isn't excluded.",
    }
    return told[verdict]


def items_to_json(items: Sequence[Item]) -> list[dict[str, Any]]:
    """As a round's row keeps them."""
    return [{"id": i.id, "synthetic": i.synthetic, "seen": i.seen, "familiar": i.familiar} for i in items]


def items_from_json(rows: Sequence[dict[str, Any]]) -> list[Item]:
    """What `items_to_json` wrote."""
    return [Item(**row) for row in rows]
