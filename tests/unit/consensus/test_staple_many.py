"""Many images at once: patterns and STAPLE give what they give for each image alone, to the bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from scipy import ndimage

from services.consensus.domain import auto
from services.consensus.domain.patterns import Patterns, patterns
from services.consensus.domain.patterns_many import patterns_many
from services.consensus.domain.staple import staple, staple_em
from services.consensus.domain.staple_many import staple_em_many, staple_many
from services.consensus.domain.votes import ImageVotes, image_votes, object_box
from tests.unit.consensus.crowds import crowd, disc


def mixed() -> list[ImageVotes]:
    """Images of several sizes with 1 to 20 raters: discs, noise, spam, nothing, everything, one pixel."""
    rng = np.random.default_rng(3)
    out = crowd(40, seed=4)[0]
    for k in range(40):
        size = rng.integers(1, 50, 2)
        raters = int(rng.integers(1, 21))
        field = ndimage.gaussian_filter(rng.standard_normal(size), 2)
        masks = {f"r{i:02d}": field + rng.normal(0, 0.1, size) > 0.02 for i in range(raters)}
        if k % 4 == 0:
            masks["blank"] = np.zeros(size, bool)
        if k % 5 == 0:
            masks["full"] = np.ones(size, bool)
        out.append(image_votes(f"noise{k}", masks))
    none, all_ = np.zeros((9, 7), bool), np.ones((9, 7), bool)
    out += [image_votes("none", {"a": none, "b": none}), image_votes("all", {"a": all_, "b": all_})]
    out += [image_votes("split", {"a": none, "b": all_}), image_votes("one", {"a": disc(40, 40, 12)})]
    return out


def same(a: Patterns, b: Patterns) -> bool:
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(Patterns)]
    alike = all(np.array_equal(x, y) and np.asarray(x).dtype == np.asarray(y).dtype for x, y in pairs)
    # Matrix products add up in the order of memory, so that has to be the same too.
    return alike and a.votes.flags.f_contiguous == b.votes.flags.f_contiguous


@pytest.mark.parametrize("boxed", [False, True])
def test_patterns_of_many_are_those_of_each(boxed):
    images = mixed()
    boxes = [object_box(v) if boxed and k % 3 else None for k, v in enumerate(images)]
    found = patterns_many([v.masks for v in images], boxes)
    alone = [patterns(v.masks, box) for v, box in zip(images, boxes, strict=True)]
    assert [same(a, b) for a, b in zip(found, alone, strict=True)] == [True] * len(images)


def test_the_em_of_many_is_that_of_each_to_the_bit():
    found = [patterns(v.masks) for v in mixed()]
    for most in (3, 500):  # broken off, and until all have converged
        together = staple_em_many(found, most=most)
        for f, one in zip(found, together, strict=True):
            alone = staple_em(f.votes, f.counts, most=most)
            assert one.iterations == alone.iterations
            for name in ("posterior", "sensitivity", "specificity"):
                assert np.array_equal(getattr(one, name), getattr(alone, name))


def test_company_and_order_change_nothing():
    images = mixed()
    together = staple_many(images)
    back = staple_many(images[::-1])[::-1]
    for v, a, b in zip(images, together, back, strict=True):
        alone = staple(v)
        assert a.mask == b.mask == alone.mask
        assert a.weights == b.weights == alone.weights
    assert staple_many([]) == []


def test_a_folder_merged_by_staple_is_merged_at_once_and_the_same():
    votes = crowd(12, seed=8)[0]
    fused, _, _ = auto.merge(votes, "staple")
    assert [f.mask for f in fused] == [staple(v).mask for v in votes]
