"""Who passed practice again is judged anew from then on: by what came after, and for what came after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from services.consensus import store, store_history
from services.consensus.domain.hierarchical import RaterModel, RaterParams, estimate
from services.consensus.domain.reliability import Given, report
from services.consensus.domain.terms import fold, name_of, rater_of, split, with_newcomers
from services.consensus.domain.votes import image_votes
from shared.contracts.bramble.annotations.v1.events_pb2 import AppealPassed
from tests.unit.consensus.service import PROJECT, SIDE, Service, disk


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def spoil(service: Service, names: range, rater: str = "x", honest: bool = False) -> None:
    """Images of four careful raters and one who paints everything, or is as careful as they."""
    rng = np.random.default_rng(names.start)
    for k in names:
        for r in ("a", "b", "c", "d", rater):
            bad = r == rater and not honest
            mask = np.ones((SIDE, SIDE), bool) if bad else disk(24 + rng.normal(0, 0.5), 24, 10)
            service.feed(service.submission(f"i{k}", r, {1: mask}), merge=False)


def about(service: Service, rater: str = "x") -> dict:
    found = service.get(f"/api/v1/projects/{PROJECT}/raters").json()["items"]
    return next(r for r in found if r["rater_id"] == rater)


def appeal(service: Service, rater: str = "x") -> None:
    service.clock.advance(1)
    service.feed(
        AppealPassed(
            appeal_id="p", project_id=PROJECT, rater_id=rater, label_ids=[1], threshold=0.7, needed=3,
            dices=[0.8, 0.9, 0.85], passed_at_us=service.clock.now_us(),
        ),
        merge=False,
    )  # fmt: skip


def test_an_appeal_ends_the_quarantine_and_is_in_the_audit_trail(service: Service) -> None:
    spoil(service, range(12))
    service.settle()
    assert "quarantined" in about(service)["flags"]
    (into,) = [d for d in about(service)["decisions"] if d["label_id"] == 1]
    assert into["decision"] == "quarantine"
    assert "12 answers" in into["why"]
    before = len(service.emitted("RaterScored"))
    appeal(service)
    service.settle()
    assert "quarantined" not in about(service)["flags"]
    assert "spam" not in about(service)["flags"]
    trail = [d for d in about(service)["decisions"] if d["label_id"] == 1]
    assert [d["decision"] for d in trail] == ["quarantine", "appeal", "lifted"]
    assert "0.80, 0.90, 0.85" in trail[1]["why"]
    told = [e for e in service.emitted("RaterScored")[before:] if e.rater_id == "x" and e.label_id == 1]
    assert [e.quarantined for e in told] == [False]


def test_what_was_drawn_before_keeps_the_weight_that_it_earned(service: Service) -> None:
    spoil(service, range(12))
    service.settle()
    old = service.consensus("i0")["labels"][0]["rle"]
    appeal(service)
    spoil(service, range(20, 24), honest=True)
    service.settle()
    assert service.consensus("i0")["labels"][0]["rle"] == old
    with service.deps.db.read() as conn:
        project = store.project(conn, PROJECT)
        votes = {n: store.votes_of(conn, service.images[n].id)[0][1] for n in ("i0", "i20")}
        then = store.model(conn, project, 1, votes["i0"]).of("x")
        now = store.model(conn, project, 1, votes["i20"]).of("x")
        others = [store.model(conn, project, 1, v).of("a") for v in votes.values()]
    assert then.images == 12
    assert then.honesty < 0.2
    assert now.images == 4
    assert now.honesty > 0.7
    assert others[0] == others[1]


def test_a_later_quarantine_rests_on_new_evidence(service: Service) -> None:
    spoil(service, range(12))
    service.settle()
    appeal(service)
    spoil(service, range(20, 22))
    service.settle()
    assert "quarantined" not in about(service)["flags"], "two answers say too little, whatever was before"
    spoil(service, range(30, 42))
    service.settle()
    assert "quarantined" in about(service)["flags"]
    said = [d["decision"] for d in about(service)["decisions"] if d["label_id"] == 1]
    assert said == ["quarantine", "appeal", "lifted", "quarantine"]


def test_an_appeal_that_comes_twice_begins_one_term(service: Service) -> None:
    spoil(service, range(3))
    appeal(service)
    with service.deps.db.begin() as conn:
        again = AppealPassed(
            project_id=PROJECT, rater_id="x", label_ids=[1], passed_at_us=_starts(service)[0]
        )
        store_history.add_appeal(conn, again)
    assert len(_starts(service)) == 1


def _starts(service: Service) -> list[int]:
    with service.deps.db.read() as conn:
        return store_history.terms_of(conn, PROJECT)[1]["x"]


def test_terms_are_people_of_their_own_to_the_estimate_and_one_outside() -> None:
    assert rater_of(name_of("r", 3)) == rater_of(name_of("r", 0)) == "r"
    votes = [image_votes(f"i{k}", {"r": disk(24, 24, 9), "s": disk(24, 24, 9)}) for k in range(4)]
    given = {(f"i{k}", r): Given(100 * k, 2000) for k in range(4) for r in "rs"}
    apart, times = split(votes, given, {"r": [150]})
    assert [v.raters for v in apart] == [("r", "s")] * 2 + [(name_of("r", 1), "s")] * 2
    assert times["i3", name_of("r", 1)].at == 300
    assert ("i3", "r") not in times
    assert split(votes, given, {}) == (votes, given)
    model = with_newcomers(estimate(apart), {"r": [150, 900], "nobody": [1]})
    (r, s) = fold(model, report(model, apart, given=times), {"r": [150, 900]})
    assert (r.rater, r.since, r.report.images) == ("r", 900, 0)
    assert [start for start, _ in r.earlier] == [0, 150]
    assert r.at(50).images == 2
    assert r.at(200) == r.earlier[1][1]
    assert r.at(900) == RaterParams()
    assert (s.since, s.earlier) == (0, ())
    assert all("\x1f" not in flag for flag in (*r.report.flags, *s.report.flags))
    assert fold(RaterModel(), [], {}) == []
