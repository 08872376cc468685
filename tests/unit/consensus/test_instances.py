"""Objects of one class: matched across raters, cut where somebody's outline held two, joined where somebody drew pieces."""

from __future__ import annotations

import numpy as np
import pytest

from services.consensus.domain import auto
from services.consensus.domain.hierarchical import RaterModel
from services.consensus.domain.instances import MOST, Merged, merge_instances, parts, things
from services.consensus.domain.votes import image_votes
from shared.imaging import metrics, rle
from tests.unit.consensus.crowds import disc

LEFT, RIGHT, FAR = disc(40, 30, 10), disc(40, 54, 10), disc(80, 80, 8)
BRIDGE = np.zeros_like(LEFT)
BRIDGE[37:44, 35:50] = True
ONE = LEFT | RIGHT | BRIDGE  # both in one outline
NONE = np.zeros_like(LEFT)


def merged(masks: list[np.ndarray], method: str = "hierarchical") -> list[Merged]:
    votes = image_votes("i", {f"r{k:02d}": m for k, m in enumerate(masks)})
    return merge_instances(votes, lambda v: auto.fuse_with(v, method, RaterModel()))


def dense(found: list[Merged]) -> list[np.ndarray]:
    return [rle.decode(m.mask) for m in found]


@pytest.mark.parametrize("method", ["hierarchical", *auto.METHODS])
def test_each_object_is_merged_by_itself(method):
    """One is drawn by all, one too large by one of them, one by a single rater."""
    found = merged([LEFT | RIGHT, LEFT | disc(40, 54, 13), LEFT | RIGHT | FAR, LEFT | RIGHT], method)
    assert len(found) == 2
    assert np.array_equal(dense(found)[0], LEFT)
    assert np.array_equal(dense(found)[1], RIGHT)
    assert found[0].thing.drawn == ("r00", "r01", "r02", "r03")


def test_an_outline_around_two_is_cut_where_most_drew_two():
    left, right = merged([LEFT | RIGHT, LEFT | RIGHT, LEFT | RIGHT, ONE, ONE])
    assert metrics.dice(rle.decode(left.mask), LEFT) > 0.97
    assert metrics.dice(rle.decode(right.mask), RIGHT) > 0.97
    assert left.thing.cut == right.thing.cut == ("r03", "r04")
    assert left.thing.drawn == right.thing.drawn == ("r00", "r01", "r02", "r03", "r04")


def test_pieces_are_joined_where_most_drew_one():
    (found,) = merged([ONE, ONE, ONE, LEFT | RIGHT, LEFT | RIGHT])
    assert np.array_equal(rle.decode(found.mask), ONE)
    assert found.thing.joined == ("r03", "r04")
    assert found.thing.cut == ()


def test_at_a_tie_two_objects_stay_two():
    found = merged([LEFT | RIGHT, LEFT | RIGHT, ONE, ONE])
    assert len(found) == 2
    assert all(m.thing.cut == ("r02", "r03") for m in found)


def test_one_rater_is_believed_and_none_drew_nothing():
    assert [m.tolist() for m in dense(merged([LEFT | FAR]))] == [LEFT.tolist(), FAR.tolist()]
    assert merged([NONE]) == []
    assert merged([NONE, NONE, LEFT]) == []


def test_objects_share_no_pixel_and_order_of_raters_changes_nothing():
    rng = np.random.default_rng(0)
    masks = {}
    for k in range(6):
        drawn = [disc(*(np.array(at) + rng.normal(0, 1.5, 2)), 11) for at in ((30, 30), (30, 52), (52, 41))]
        masks[f"r{k}"] = np.logical_or.reduce(drawn)
    fuse = lambda v: auto.fuse_with(v, "hierarchical", RaterModel())  # noqa: E731
    found = dense(merge_instances(image_votes("i", masks), fuse))
    back = dense(merge_instances(image_votes("i", dict(reversed(masks.items()))), fuse))
    assert np.sum(found, axis=0).max() == 1
    assert [m.tolist() for m in found] == [m.tolist() for m in back]


def test_a_full_frame_does_not_join_what_it_covers():
    found = merged([LEFT | FAR, LEFT | FAR, LEFT | FAR, np.ones_like(LEFT)])
    assert [metrics.dice(m, t) > 0.97 for m, t in zip(dense(found), (LEFT, FAR), strict=True)] == [True, True]


def test_noise_is_bounded():
    rng = np.random.default_rng(2)
    specks = rle.encode(rng.random((300, 300)) < 0.1)
    assert parts(specks).max() == MOST
    big = np.zeros((300, 300), bool)
    big[100:160, 100:160] = True
    votes = image_votes("i", {"a": big, "b": big, "c": specks})
    assert max(len(t.drawn) for t in things(votes)) >= 2
    (found,) = merge_instances(votes, lambda v: auto.fuse_with(v, "majority", RaterModel()))
    assert np.array_equal(rle.decode(found.mask), big)
