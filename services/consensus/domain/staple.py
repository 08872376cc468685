"""STAPLE: each rater has one sensitivity and one specificity on this image; EM finds them and the hidden true mask.

Source: Warfield, Zou and Wells, "Simultaneous Truth and Performance Level Estimation (STAPLE)", IEEE TMI 23(7), 2004. The EM
runs over the histogram of vote patterns, which is exact: pixels with one pattern share their posterior. Dropping unanimous
pixels, as is often done for speed, would change the answer. How much background is counted does too, so the box around the
object is counted by default (``crop``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.patterns import Patterns, patterns
from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, object_box

Floats = NDArray[np.float64]
_TINY = 1e-12


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
    estimate = staple_em(found.votes, found.counts)
    skill = estimate.sensitivity + estimate.specificity - 1
    weights = np.maximum(skill, 0) + _TINY
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
    total = counts.sum()
    raters = votes.shape[1]
    if total <= 0 or raters == 0:
        return StapleEstimate(np.zeros(len(votes)), np.full(raters, start), np.full(raters, start), 0)
    yes = counts @ votes
    prior = yes.sum() / (total * raters)
    if prior <= 0 or prior >= 1:
        return StapleEstimate(
            np.full(len(votes), float(prior > 0)), np.full(raters, start), np.full(raters, start), 0
        )
    bias = np.log(prior / (1 - prior))
    weighted = votes * counts[:, None]

    def e_step(theta: Floats) -> Floats:
        """Posterior of each pattern (the paper's eq. 15), in log space."""
        p, q = theta[:raters], theta[raters:]
        off = np.log((1 - p) / q)
        logit = votes @ (np.log(p / (1 - q)) - off)
        logit += bias + off.sum()
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -700, 700))), np.float64)

    def step(theta: Floats) -> Floats:
        """One E and one M step (eqs. 18, 19)."""
        posterior = e_step(theta)
        hit = posterior @ weighted
        truth = posterior @ counts
        p = hit / max(float(truth), _TINY)
        q = 1 - (yes - hit) / max(float(total - truth), _TINY)
        return np.asarray(np.clip(np.concatenate((p, q)), _TINY, 1 - _TINY), np.float64)

    theta = np.full(2 * raters, start)
    iterations = 0
    while iterations < most:
        one = step(theta)
        two = step(one)
        iterations += 2
        change = two - one
        if np.abs(change).max() < tolerance:
            theta = two
            break
        r = one - theta
        v = change - r
        size = float(np.sqrt(v @ v))
        alpha = -float(np.sqrt(r @ r)) / size if size > 0 else -1.0
        theta = two
        if iterations > 4 and -64 < alpha < -1:
            leap = one - r - 2 * alpha * r + alpha * alpha * v
            if np.isfinite(leap).all() and leap.min() > 0 and leap.max() < 1:
                theta = np.clip(leap, _TINY, 1 - _TINY)
    return StapleEstimate(e_step(theta), theta[:raters], theta[raters:], iterations)
