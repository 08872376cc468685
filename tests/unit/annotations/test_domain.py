"""The pure decisions, as tables."""

from __future__ import annotations

import pytest

from services.annotations.domain import leases, quorum, stats
from services.annotations.domain.answers import parse_answer
from services.annotations.domain.leases import Action, State
from services.annotations.domain.project import PALETTE, make_labels
from shared.errors import BadRequest, Conflict, Forbidden, Gone, InvalidInput

DAY = 86_400_000_000


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", list(Action))
def test_every_action_in_every_state_is_allowed_or_says_why_not(state: State, action: Action) -> None:
    with pytest.raises(Forbidden):
        leases.check(state, action, owner=False)
    if (state, action) in leases.TABLE:
        assert leases.check(state, action, owner=True) is leases.TABLE[state, action]
    else:
        with pytest.raises((Conflict, Gone)) as refused:
            leases.check(state, action, owner=True)
        assert isinstance(refused.value, Gone) == (state is State.EXPIRED)


def test_a_lease_ends_with_its_time_whether_or_not_it_was_swept() -> None:
    assert leases.effective(State.LIVE, 10, 9) is State.LIVE
    assert leases.effective(State.LIVE, 10, 10) is State.EXPIRED
    assert leases.effective(State.SUBMITTED, 10, 99) is State.SUBMITTED


@pytest.mark.parametrize(
    ("asked", "answers", "held", "gold", "status", "wanted"),
    [(5, 0, 0, False, "open", 5), (5, 2, 1, False, "open", 2), (5, 3, 2, False, "open", 0), (1, 3, 0, False, "open", 0),
     (5, 0, 0, True, "open", 0), (5, 0, 0, False, "retired", 0)],
)  # fmt: skip
def test_need(asked: int, answers: int, held: int, gold: bool, status: str, wanted: int) -> None:
    assert quorum.need(quorum=asked, submissions=answers, leases=held, is_gold=gold, status=status) == wanted


@pytest.mark.parametrize(
    ("asked", "answers", "seen", "wanted"),
    [(3, 3, 3, 4), (4, 4, 4, 5), (3, 2, 2, None), (3, 3, 2, None), (8, 8, 8, None), (7, 7, 7, 8)],
)
def test_one_more_rater(asked: int, answers: int, seen: int, wanted: int | None) -> None:
    raised = quorum.raised(
        most=8, quorum=asked, submissions=answers, leases=0, status=quorum.OPEN, seen_by_consensus=seen
    )
    assert raised == wanted


def test_days_in_a_row() -> None:
    days = (0, 0, 0)
    for day in (5, 5, 6, 8, 8, 7):  # the last is a clock that stepped back
        days = stats.advance_days(*days, day)
    assert days == (8, 3, 1)
    assert stats.current_days(8, 3, 4, 8) == (3, 4)
    assert stats.current_days(8, 3, 4, 9) == (0, 4)
    assert stats.current_days(8, 3, 4, 10) == (0, 0)
    assert stats.day_of(3 * DAY - 1) == 2


def test_the_interval_of_gold_is_students() -> None:
    values = [0.8, 0.9, 0.7, 0.85]
    interval = stats.gold_interval(4, sum(values), sum(v * v for v in values))
    assert interval is not None
    assert interval["mean"] == pytest.approx(0.8125)
    assert interval["high"] - interval["mean"] == pytest.approx(3.182 * 0.0853912564 / 2, rel=1e-6)
    assert stats.gold_interval(0, 0, 0) is None
    assert stats.gold_interval(3, 3.0, 3.0) == {"mean": 1.0, "low": 1.0, "high": 1.0}


def test_labels_get_ids_and_colours_that_stay() -> None:
    first = make_labels([{"name": "a"}, {"name": " b ", "color": "#010203"}])
    assert [(x.id, x.name, x.color) for x in first] == [(1, "a", PALETTE[0]), (2, "b", "#010203")]
    second = make_labels([{"name": "B"}, {"name": "c"}], first)
    assert [(x.id, x.color) for x in second] == [(2, "#010203"), (3, PALETTE[2])]
    for wrong in (
        [],
        [{"name": "a"}, {"name": "A"}],
        [{"name": " "}],
        [{"name": "a", "color": "red"}],
        [{"name": "a", "id": 7}],
    ):
        with pytest.raises(InvalidInput):
            make_labels(wrong, first)
    with pytest.raises(Conflict):
        make_labels([{"name": "a"}], first, answered=True)


@pytest.mark.parametrize("body", [b"", b"nope", b'{"client_key": "k", "masks": [}', b"\x00"])
def test_what_is_no_json_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_answer(body)


@pytest.mark.parametrize("key", [None, "", 7, "x" * 129, "a\nb", ["k"]])
def test_client_keys(key: object) -> None:
    import orjson

    with pytest.raises(InvalidInput):
        parse_answer(orjson.dumps({"client_key": key, "masks": [], "nothing_here": True}))
