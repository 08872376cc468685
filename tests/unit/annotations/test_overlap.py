"""Dynamic overlap in the tasks: one more rater, or none any more, within the bound; whoever holds a lease finishes."""

from __future__ import annotations

from typing import Any

import pytest

from services.annotations import store
from services.annotations.events import on_consensus_updated
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusUpdated
from tests.unit.annotations.kit import Kit


def say(kit: Kit, project: dict[str, Any], image: str, seen: int, **what: bool) -> None:
    message = ConsensusUpdated(
        project_id=project["id"], image_id=image, submission_ids=[str(i) for i in range(seen)], **what
    )
    with kit.deps.db.begin() as conn:
        on_consensus_updated(conn, Envelope(occurred_at_us=kit.clock.now_us()), message)


def answer(kit: Kit, project: dict[str, Any], who: str) -> None:
    assert kit.submit(kit.next(project["id"], who)["lease"]["id"], who).status_code == 201


def task(kit: Kit, project: dict[str, Any]) -> dict[str, Any]:
    (found,) = kit.call("GET", f"/projects/{project['id']}/tasks").json()["items"]
    return dict(found)


def test_a_sure_image_retires_early_and_who_holds_it_finishes(kit: Kit) -> None:
    project = kit.project(quorum=5, overlap_least=2, overlap_most=8)
    image = kit.image(project["id"])
    answer(kit, project, "a")
    held = kit.next(project["id"], "late")["lease"]["id"]
    given_back = kit.next(project["id"], "gone")["lease"]["id"]
    say(kit, project, image, 1, enough=True)
    assert task(kit, project)["status"] == "open", "not before the least number of raters"
    answer(kit, project, "b")
    say(kit, project, image, 1, enough=True)
    assert task(kit, project)["status"] == "open", "an older message has not seen every answer"
    say(kit, project, image, 2, enough=True)
    assert (task(kit, project)["status"], task(kit, project)["quorum"]) == ("retired", 4)
    assert [e.submissions for e in kit.events("TaskRetired")] == [2]
    assert kit.next(project["id"], "other") is None
    kit.call("DELETE", f"/leases/{given_back}", "gone")
    assert kit.next(project["id"], "other") is None, "a place that is given back isn't offered again"
    assert kit.submit(held, "late").status_code == 201
    counts = kit.counts(project["id"])
    assert (counts["submissions"], counts["overshoot"], counts["retired"], counts["open"]) == (3, 0, 1, 0)


def test_an_image_that_was_stopped_asks_again_when_a_late_answer_disagrees(kit: Kit) -> None:
    project = kit.project(quorum=3, overlap_least=2, overlap_most=4)
    image = kit.image(project["id"])
    answer(kit, project, "a")
    answer(kit, project, "b")
    held = kit.next(project["id"], "c")["lease"]["id"]
    say(kit, project, image, 2, enough=True)
    say(kit, project, image, 2, needs_more=True)
    assert kit.next(project["id"], "d") is None, "the live lease is the one more"
    assert kit.submit(held, "c").status_code == 201
    say(kit, project, image, 3, needs_more=True)
    answer(kit, project, "d")
    say(kit, project, image, 4, needs_more=True)
    assert kit.next(project["id"], "e") is None, "the bound"
    assert kit.counts(project["id"])["overshoot"] == 0


def test_escalation_stops_too_and_a_fixed_quorum_listens_to_nothing(kit: Kit) -> None:
    dynamic = kit.project(quorum=3, overlap_least=2, overlap_most=4)
    fixed = kit.project(quorum=3)
    for project, status in ((dynamic, "retired"), (fixed, "open")):
        image = kit.image(project["id"])
        answer(kit, project, "a")
        answer(kit, project, "b")
        say(kit, project, image, 2, escalated=True)
        assert task(kit, project)["status"] == status
    answer(kit, fixed, "c")
    with kit.deps.db.begin() as conn:
        assert not store.raise_quorum(conn, fixed["id"], task(kit, fixed)["image_id"], 3)


@pytest.mark.parametrize("wrong", [(0, 5), (4, 5), (2, 2), (2, 0)])
def test_bounds_that_make_no_sense_are_refused_in_a_sentence(kit: Kit, wrong: tuple[int, int]) -> None:
    project = kit.project(quorum=3)
    body = dict(zip(("overlap_least", "overlap_most"), wrong, strict=True))
    refused = kit.call("PATCH", f"/projects/{project['id']}", json=body)
    assert refused.status_code == 422
    assert "quorum of 3" in refused.json()["detail"]


def test_the_setting_travels_with_the_project(kit: Kit) -> None:
    project = kit.project(quorum=3, overlap_least=2, overlap_most=6, overlap_dice=0.93)
    kit.call("PATCH", f"/projects/{project['id']}", json={"overlap_least": 0, "overlap_most": 0})
    created, updated = kit.events("ProjectCreated")[-1].overlap, kit.events("ProjectUpdated")[-1].overlap
    assert (created.least, created.most, created.target_dice) == (2, 6, pytest.approx(0.93))
    assert (updated.least, updated.most) == (0, 0)
