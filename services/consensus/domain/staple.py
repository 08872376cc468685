"""STAPLE: each rater has one sensitivity and one specificity on this image; EM finds them and the hidden true mask.

Source: Warfield, Zou and Wells, "Simultaneous Truth and Performance Level Estimation (STAPLE)", IEEE TMI 23(7), 2004. The EM
runs over the histogram of vote patterns, which is exact: pixels with one pattern share their posterior. Dropping unanimous
pixels, as is often done for speed, would change the answer. How much background is counted does too, so the box around the
object is counted by default (``crop``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, object_box

Floats = NDArray[np.float64]
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class StapleEstimate:
    """posterior: (K,) probability of truth per pattern; sensitivity, specificity: (R,); iterations until convergence."""

    posterior: Floats
    sensitivity: Floats
    specificity: Floats
    iterations: int


def staple(votes: ImageVotes, *, crop: bool = True, found: Patterns | None = None) -> Fused:
    """Consensus where the posterior is at least one half. All masks empty: empty."""
    if found is None:
        found = patterns(votes.masks, object_box(votes) if crop else None)
    return fused_by(votes, found, staple_em(found.votes, found.counts))


def fused_by(votes: ImageVotes, found: Patterns, estimate: StapleEstimate) -> Fused:
    """The consensus that an estimate means."""
    skill = estimate.sensitivity + estimate.specificity - 1
    weights = np.maximum(skill, 0) + TINY
    weights /= weights.sum()
    support = estimate.posterior
    chosen = (support >= 0.5) & found.votes.any(axis=1)
    return Fused("staple", found, chosen, support, dict(zip(votes.raters, weights.tolist(), strict=True)))


def staple_em(
    votes: Floats, counts: Floats, *, start: float = 0.99999, tolerance: float = 1e-9, most: int = 500
) -> StapleEstimate:
    """EM of the paper on patterns (K, R) with their counts (K,); priors and starting values as in ITK's filter.

    The prior is the mean vote (the paper's eq. 21). Plain EM steps are sped up by SQUAREM (Varadhan and Roland 2008), which has the
    same fixed points; a step that leaves the unit cube or is not finite falls back to the plain one.
    """
    raters = votes.shape[1]
    step = prepared(votes, counts)
    if step is None:
        value = float(counts @ votes.sum(axis=1) > 0)
        return StapleEstimate(np.full(len(votes), value), np.full(raters, start), np.full(raters, start), 0)
    theta = np.full(2 * raters, start)
    iterations = 0
    while iterations < most:
        one = step(theta)
        two = step(one)
        iterations += 2
        r, change = one - theta, two - one
        theta = two
        if max(float(change.max()), -float(change.min())) < tolerance:
            break
        change -= r
        size, length = math.sqrt(change @ change), math.sqrt(r @ r)
        if iterations > 4:
            leap = leaps(one, r, change, size, length)
            if leap is not None:
                theta = leap
    return StapleEstimate(step.posterior(theta), theta[:raters], theta[raters:], iterations)


def prepared(votes: Floats, counts: Floats) -> Step | None:
    """The steps on these patterns; None where nobody or everybody marked everything, so that nothing is to be found."""
    total = float(counts.sum())
    raters = votes.shape[1]
    if total <= 0 or raters == 0:
        return None
    yes = counts @ votes
    prior = yes.sum() / (total * raters)
    if prior <= 0 or prior >= 1:
        return None
    return Step(votes, counts, yes, total, float(np.log(prior / (1 - prior))))


def leaps(one: Floats, r: Floats, change: Floats, size: float, length: float) -> Floats | None:
    """SQUAREM's step from a first step's end, the step and its change; None where it wouldn't stay within the unit cube."""
    if not size < length < 64 * size:
        return None
    by = length / size
    leap = one + (2 * by - 1) * r + by * by * change
    return leap if leap.min() > 0 and leap.max() < 1 else None  # neither where one isn't a number


class Step:
    """One E and one M step (the paper's eqs. 15, 18, 19) on patterns, in few calls: at 256² numpy's start-up is the time."""

    def __init__(self, votes: Floats, counts: Floats, yes: Floats, total: float, bias: float) -> None:
        patterns, raters = votes.shape
        # E: a pattern's logit is linear in the four logarithms. -log-odds = constant + votes @ slope, signs turned for exp.
        self.votes = votes
        self.bias = bias
        # M: sums over patterns of posterior × count, for each rater those with a yes, and for all.
        self.sums = np.empty((patterns, raters + 1))
        np.multiply(votes, counts[:, None], out=self.sums[:, :raters])
        self.sums[:, raters] = counts
        self.yes, self.total, self._raters = yes, total, raters
        self._both = np.empty((2, 2 * raters))

    def posterior(self, theta: Floats) -> Floats:
        """Posterior of each pattern (K,), in log space. theta: sensitivities, then specificities."""
        # Probabilities that a rater is wrong must not be 0, and 1 - p of a p next to 1 is.
        both = self._both
        np.maximum(theta, TINY, out=both[0])
        np.minimum(both[0], 1 - TINY, out=both[0])
        np.subtract(1, both[0], out=both[1])
        np.log(both, out=both)
        (p, q), (not_p, not_q) = both.reshape(2, 2, self._raters)
        off = q - not_p
        minus = self.votes @ (not_q - p - off)
        minus += np.add.reduce(off) - self.bias
        np.minimum(minus, 700, out=minus)
        np.exp(minus, out=minus)
        minus += 1
        return np.asarray(1 / minus, np.float64)

    def __call__(self, theta: Floats) -> Floats:
        """The next sensitivities and specificities."""
        sums = self.posterior(theta) @ self.sums
        hit, truth = sums[:-1], float(sums[-1])
        out = np.empty_like(theta)
        np.divide(hit, max(truth, TINY), out=out[: self._raters])
        miss = self.yes - hit
        miss /= -max(self.total - truth, TINY)
        np.add(miss, 1, out=out[self._raters :])
        return out
