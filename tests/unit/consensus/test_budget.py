"""The budget view: the cheapest labels first, honest where labels don't help."""

from __future__ import annotations

import numpy as np
import pytest

from services.consensus.domain.budget import budget
from services.consensus.domain.overlap import Outlook


def told(outlooks, untouched=0, target=0.9, share=0.9):
    return budget(outlooks, untouched, target, share, np.random.default_rng(0))


def test_nothing_to_do_and_nothing_known() -> None:
    done = told([Outlook(3, 0.95, 0.1)] * 10)
    assert (done.labels, done.low, done.high, done.there, done.experts) == (0, 0, 0, 10, 0)
    assert told([None, None], untouched=3).labels is None
    assert told([]).images == 0


def test_it_is_the_sum_of_the_cheapest() -> None:
    near, far = Outlook(4, 0.89, 0.3), Outlook(4, 0.85, 0.3)
    cheap, dear = near.to_reach(0.9), far.to_reach(0.9)
    assert cheap is not None
    assert dear is not None
    assert cheap < dear
    assert told([near] * 8 + [far] * 2, share=0.8).labels == 8 * cheap
    assert told([near] * 8 + [far] * 2, share=0.9).labels == 8 * cheap + dear
    assert told([near] * 8 + [far] * 2, share=1.0).labels == 8 * cheap + 2 * dear


def test_labels_that_cannot_help_are_experts_work() -> None:
    lost, near = Outlook(5, 0.7, 0.02), Outlook(4, 0.89, 0.3)
    found = told([near] * 8 + [lost] * 2)
    assert found.labels is None
    assert (found.reachable, found.experts) == (8, 1)
    assert told([near] * 8 + [lost] * 2, share=0.8).labels == 8 * (near.to_reach(0.9) or 0)


def test_untouched_images_cost_what_the_others_cost_in_all() -> None:
    near = Outlook(4, 0.89, 0.3)
    each = 4 + (near.to_reach(0.9) or 0)
    assert told([near] * 10, untouched=10, share=1.0).labels == 10 * (near.to_reach(0.9) or 0) + 10 * each


def test_the_interval_holds_the_figure_and_is_reproducible() -> None:
    rng = np.random.default_rng(3)
    some = [Outlook(4, float(e), 0.4) for e in rng.uniform(0.82, 0.93, 60)]
    found = told(some)
    assert found.low is not None
    assert found.high is not None
    assert found.labels is not None
    assert found.low <= found.labels <= found.high
    assert found.low < found.high
    assert found == told(some)


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_a_higher_target_never_costs_less(share: float) -> None:
    some = [Outlook(3, 0.8 + k / 100, 0.8) for k in range(15)]
    costs = [told(some, target=target, share=share).labels for target in (0.8, 0.85, 0.9, 0.93)]
    assert costs == sorted(costs)
