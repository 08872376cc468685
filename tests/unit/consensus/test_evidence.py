"""Submissions held against votes: what is missing, what is nobody's, and which labels were asked when only drawn ones are known."""

from __future__ import annotations

import numpy as np
import pytest

from services.consensus.evidence import Stored, Submitted, compare
from services.consensus.store_votes import Vote
from shared.imaging import rle

SIZE = (8, 9)
_drawn = np.zeros(SIZE, bool)
_drawn[2:5, 3:7] = True
MASK, EMPTY = rle.encode(_drawn), rle.empty(*SIZE)


def submitted(
    number: int,
    masks: dict[int, rle.RLE],
    rater: str = "r",
    damaged: tuple[int, ...] = (),
    asked: tuple[int, ...] | None = None,
) -> Submitted:
    return Submitted(
        submission_id=f"s{number}", project_id="p", image_id="i", rater_id=rater, masks=masks,
        damaged=frozenset(damaged), size=SIZE, label_ids=asked, gold_dice={}, duration_ms=5, created_at=number,
    )  # fmt: skip


def vote(number: int, label: int, mask: rle.RLE, rater: str = "r") -> Vote:
    return Vote(f"s{number}", label, "p", "i", rater, mask, None, 5, number)


def stored(*votes: Vote) -> Stored:
    return {(v.submission_id, v.label_id): (v.image_id, v) for v in votes}


def answered(found: list[Vote]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for one in found:
        out.setdefault(one.submission_id, []).append(one.label_id)
    return out


def test_equal_is_equal() -> None:
    found = compare(stored(vote(1, 1, MASK), vote(1, 2, EMPTY)), [submitted(1, {1: MASK})], [1, 2])
    assert (found.wrong, found.back, found.gone, found.left) == ({}, {}, {}, set())
    assert found.votes == [vote(1, 1, MASK), vote(1, 2, EMPTY)]
    assert compare({}, [], [1]).votes == []


def test_a_younger_label_was_not_asked_of_older_answers() -> None:
    """Label 2 came with the third answer; the second's votes are lost, the fourth's too."""
    have = stored(vote(1, 1, MASK), vote(3, 1, EMPTY), vote(3, 2, MASK))
    every = [submitted(1, {1: MASK}), submitted(2, {}), submitted(3, {2: MASK}), submitted(4, {})]
    found = compare(have, every, [1, 2])
    assert answered(found.votes) == {"s1": [1], "s2": [1], "s3": [1, 2], "s4": [1, 2]}
    assert found.back["i"] == [vote(2, 1, EMPTY), vote(4, 1, EMPTY), vote(4, 2, EMPTY)]
    assert found.wrong == {"i": ["3 of its votes missing"]}


def test_with_all_votes_lost_every_label_was_asked() -> None:
    found = compare({}, [submitted(1, {1: MASK}), submitted(2, {})], [1, 2])
    assert answered(found.votes) == {"s1": [1, 2], "s2": [1, 2]}


def test_what_was_asked_is_known_where_it_was_kept() -> None:
    """Label 2 is younger than the first answer, and no vote is left to say so."""
    every = [submitted(1, {1: MASK}, asked=(1,)), submitted(2, {}, asked=(1, 2))]
    assert answered(compare({}, every, [1, 2]).votes) == {"s1": [1], "s2": [1, 2]}
    made_up = stored(vote(1, 1, MASK), vote(1, 2, EMPTY))
    found = compare(made_up, [submitted(1, {1: MASK}, asked=(1,))], [1, 2], drop=True)
    assert found.gone == {"i": [("s1", 2)]}


def test_a_lost_empty_vote_is_missed_where_the_label_was_known() -> None:
    have = stored(vote(1, 1, MASK), vote(1, 2, EMPTY), vote(2, 1, MASK))
    found = compare(have, [submitted(1, {1: MASK}), submitted(2, {1: MASK})], [1, 2])
    assert found.back == {"i": [vote(2, 2, EMPTY)]}


@pytest.mark.parametrize("drop", [False, True])
def test_nobodys_votes_count_until_they_are_dropped(drop: bool) -> None:
    have = stored(vote(1, 1, MASK), vote(9, 1, EMPTY, "stranger"))
    found = compare(have, [submitted(1, {1: MASK})], [1], drop=drop)
    assert found.wrong == {"i": ["1 of its votes from no submission that annotations know of"]}
    assert found.left == (set() if drop else {"i"})
    assert found.gone == ({"i": [("s9", 1)]} if drop else {})
    assert found.of_image("i")[1] == (["s1"] if drop else ["s1", "s9"])


def test_of_a_damaged_mask_the_vote_is_all_that_is_left() -> None:
    found = compare(stored(vote(1, 1, MASK)), [submitted(1, {}, damaged=(1,))], [1])
    assert found.votes == [vote(1, 1, MASK)]
    assert found.left == {"i"}
    assert compare({}, [submitted(1, {}, damaged=(1,))], [1]).votes == []


def test_the_newest_answer_of_a_rater_counts() -> None:
    votes = [vote(1, 1, MASK), vote(2, 1, EMPTY), vote(3, 1, MASK, "other")]
    every = [submitted(1, {1: MASK}), submitted(2, {}), submitted(3, {1: MASK}, "other")]
    by, submissions = compare(stored(*votes), every, [1]).of_image("i")
    assert submissions == ["s2", "s3"]
    assert by[1].masks == (MASK, EMPTY)
    assert compare(stored(*votes), every, [1]).of_image("another") == ({}, [])
