import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.synthesis.domain import features, splits
from shared.errors import InvalidInput

groups = st.dictionaries(st.text(min_size=1, max_size=6), st.integers(1, 30), min_size=1, max_size=30)


@given(groups, st.integers(0, 1000))
def test_every_group_gets_one_split_whatever_the_order(sizes, seed):
    made = splits.assign(sizes, seed, splits.Fractions())
    assert made.keys() == sizes.keys()
    assert made == splits.assign(dict(reversed(list(sizes.items()))), seed, splits.Fractions())
    if len(sizes) == 1:
        assert set(made.values()) == {"train"}


@given(groups, groups, st.integers(0, 1000))
def test_a_recorded_group_never_moves(before, later, seed):
    first = splits.assign(before, seed, splits.Fractions())
    both = splits.assign({**before, **later}, seed, splits.Fractions(), first)
    assert all(both[group] == split for group, split in first.items())


def test_few_groups_still_make_a_test_set():
    for seed in range(20):
        made = splits.assign(dict.fromkeys("abcdefgh", 5), seed, splits.Fractions(0.7, 0.1, 0.2))
        assert set(made.values()) == {"train", "val", "test"}
        assert list(made.values()).count("train") >= 5


def test_shares_hold_for_many_groups():
    made = splits.assign({f"g{i}": 1 for i in range(1000)}, 4, splits.Fractions(0.6, 0.2, 0.2))
    counts = {s: list(made.values()).count(s) for s in splits.SPLITS}
    assert counts == {"train": 600, "val": 200, "test": 200}


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0, 0.5, 0.5), (1.2, -0.2, 0)])
def test_shares_that_make_no_sense_are_refused(shares):
    with pytest.raises(InvalidInput):
        splits.Fractions(*shares)


def test_tied_groups_share_a_representative():
    tied = splits.tie_groups([("b", "a"), ("c", "b"), ("x", "y")])
    assert tied == {"a": "a", "b": "a", "c": "a", "x": "x", "y": "x"}


def test_planted_leaks_are_found():
    rows = [("train", "p1", "aa"), ("test", "p1", "bb"), ("train", "p2", "cc"), ("test", "p3", "cc")]
    assert len(splits.leaks(rows)) == 2
    assert splits.leaks([("train", "p1", "aa"), ("train", "p1", "bb"), ("test", "p2", "cc")]) == []


def test_the_same_picture_is_known_again_after_rescaling_its_grey_values():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 200, (60, 50)).astype(np.uint8)
    brighter = (picture + 5).astype(np.uint8)
    assert features.picture_hash(picture) == features.picture_hash(brighter)
    assert features.same_picture(features.thumbprint(picture), features.thumbprint(brighter))
    other = rng.integers(0, 200, (60, 50)).astype(np.uint8)
    assert not features.same_picture(features.thumbprint(picture), features.thumbprint(other))
    flat = np.zeros((9, 9), np.uint8)
    assert not features.same_picture(features.thumbprint(flat), features.thumbprint(flat))
