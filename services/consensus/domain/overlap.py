"""How many labels an image needs: one more, no more, or an expert.

How far the consensus is from what infinitely many raters of this crowd would draw is read off the masks themselves: leave each rater
out, merge again, and see how far the mask moves (the jackknife: Quenouille 1956; Efron and Stein, "The jackknife estimate of
variance", Ann. Statist. 1981). ``sampling`` is that distance in Dice; it falls with the number of labels, and the part of the error
that it explains is what more labels can take away. What remains is the crowd's shared error, which only an expert can mend.

What is expected now is predicted Dice itself, which is fitted for few raters too (:mod:`confidence`). ``make fit-confidence`` fits which
share of ``sampling`` more labels take away, and how fast, on simulated crowds; from which gain on another label is worth somebody's
time was chosen by hand on one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.consensus.domain.auto import fuse_with
from services.consensus.domain.hierarchical import RaterModel, fuse
from services.consensus.domain.patterns import Patterns, dice_with
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes
from shared.imaging import rle

GAIN = 0.36  # Dice that infinitely many more labels would add, as a share of `sampling`
FALL = 1.0  # sampling ~ labels ** -FALL
WORTH = 0.003  # Dice that one more label must be expected to gain
TRUSTED = 2  # raters that are more likely honest than not: two spammers who agree are sure of nothing
LEFT_OUT = 20  # raters that are left out at most, evenly taken: beyond, the mean is known well enough

Decision = Literal["wait", "more", "enough", "escalate"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one class of one image is expected to reach. labels: raters; expected: Dice now; sampling: jackknife distance, 0 … ~2."""

    labels: int
    expected: float
    sampling: float

    def gain(self, more: int = 1) -> float:
        """Dice that ``more`` further labels are expected to add."""
        return GAIN * self.sampling * (1 - float((self.labels / (self.labels + more)) ** FALL))

    def to_reach(self, target: float) -> int | None:
        """The fewest further labels after which ``target`` Dice is expected; 0: it is there; None: no number of labels gets there."""
        missing = target - self.expected
        if missing <= 0:
            return 0
        reachable = GAIN * self.sampling
        if reachable <= missing:
            return None
        left = (1 - missing / reachable) ** (1 / FALL)
        return max(1, int(np.ceil(self.labels / left - self.labels - 1e-9)))


def outlook(votes: ImageVotes, fused: Fused, model: RaterModel, predicted: float) -> Outlook | None:
    """The outlook of a consensus ``fused`` from ``votes`` whose predicted Dice is ``predicted``.

    None where fewer than two of the raters are more likely honest than not: what they agree on says nothing.
    """
    n = len(votes.raters)
    if sum(model.of(r).honesty >= 0.5 for r in votes.raters) < TRUSTED:
        return None
    chosen = sorted({int(k) for k in np.linspace(0, n - 1, min(n, LEFT_OUT))})
    moved = np.array([1 - _dice_without(votes, fused, model, k) for k in chosen])
    sampling = float(np.sqrt((n - 1) * np.mean(moved**2)))
    return Outlook(n, predicted, sampling)


def _dice_without(votes: ImageVotes, fused: Fused, model: RaterModel, k: int) -> float:
    rest = votes.without(votes.raters[k])
    if fused.method != "hierarchical":
        return rle.dice_rle(fuse_with(rest, fused.method, model).mask, fused.mask)
    full = fused.found
    # The patterns of the others are the same with one column less, so nobody's run lengths are read again.
    others = full.votes[:, [i for i in range(len(votes.raters)) if i != k]]
    found = Patterns(full.size, others, full.counts, full.ends, full.segment)
    other = fuse(rest, model, found=found)
    both = Patterns(full.size, fused.chosen[:, None].astype(np.float64), full.counts, full.ends, full.segment)
    return float(dice_with(both, other.chosen)[0])


@dataclass(frozen=True, slots=True)
class Bounds:
    """A project's setting: at least and at most so many labels an image, and the Dice that is aimed at. ``most`` 0: fixed quorum."""

    least: int = 0
    most: int = 0
    target: float = 0.9

    @property
    def on(self) -> bool:
        return self.most > 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with an image, and the sentence that says why. expected and gain: of the label that decides, nan: unknown."""

    decision: Decision
    why: str
    expected: float = float("nan")
    gain: float = float("nan")


def decide(
    outlooks: Sequence[Outlook | None], count: int, asked: int, bounds: Bounds, agreed: bool
) -> Verdict:
    """What to do with an image that ``count`` raters answered and ``asked`` are asked for; one outlook a class.

    ``agreed``: the raters agree as much as the project wants before anything is accepted. Until the least number of labels is there,
    nothing is decided; from the most on, never "more".
    """
    if count < bounds.least:
        return Verdict("wait", f"{count} of at least {bounds.least} labels are there.")
    known = [o for o in outlooks if o is not None]
    worst = min(known, key=lambda o: o.expected) if known and len(known) == len(outlooks) else None
    if worst is None:
        if count < asked:
            return Verdict("wait", "Fewer than two reliable raters answered; others are on their way.")
        if count < bounds.most:
            return Verdict("more", "Fewer than two reliable raters answered.")
        return Verdict("escalate", f"The bound of {bounds.most} labels is reached.")
    gain = (
        max(o.gain() for o in known if o.expected < bounds.target) if worst.expected < bounds.target else 0.0
    )
    figures = (round(worst.expected, 4), round(gain, 4))
    if worst.expected >= bounds.target and agreed:
        return Verdict(
            "enough",
            f"Expected Dice {figures[0]:.3f} reaches {bounds.target:.3f} with {count} labels.",
            *figures,
        )
    if worst.expected >= bounds.target:
        if count < asked:
            return Verdict("wait", "The raters don't agree enough yet; others are on their way.", *figures)
        return Verdict("escalate", f"The raters agree too little after {count} labels.", *figures)
    if count >= bounds.most:
        return Verdict(
            "escalate",
            f"Expected Dice {figures[0]:.3f} is below {bounds.target:.3f} with {count} labels, the most that is asked for.",
            *figures,
        )
    if gain < WORTH:
        return Verdict(
            "escalate",
            f"Expected Dice {figures[0]:.3f} is below {bounds.target:.3f}, and one more label would add only {gain:.4f}.",
            *figures,
        )
    decision: Decision = "wait" if count < asked else "more"
    return Verdict(
        decision,
        f"Expected Dice {figures[0]:.3f} is below {bounds.target:.3f}; one more label is expected to add {gain:.4f}.",
        *figures,
    )
