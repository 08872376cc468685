"""Leases, drafts, order, quorum: what is handed out to whom, and what becomes of it when time runs out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from services.annotations import store, store_leases
from services.annotations import tables as t
from services.annotations.access import transact
from services.annotations.events import (
    on_consensus_updated,
    on_image_stored,
    on_proposal_ready,
    on_rater_scored,
)
from shared.contracts.bramble.common.v1.common_pb2 import Envelope, ImageRef, LabelMask
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusUpdated, RaterScored
from shared.contracts.bramble.images.v1.events_pb2 import ImageStored
from shared.contracts.bramble.inference.v1.events_pb2 import ProposalReady
from shared.ids import new_id
from tests.unit.annotations.kit import Kit, masks


def test_an_expired_lease_frees_the_place_and_keeps_what_was_drawn(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.next(project["id"], "bob") is None, "the only place is taken"
    kit.clock.advance(61)
    late = kit.submit(lease, "ann", masks=masks(radius=6))
    assert late.status_code == 410
    assert "draft" in late.json()["detail"]
    assert late.json()["draft_kept"] is True
    assert kit.counts(project["id"])["submissions"] == 0
    again = kit.next(project["id"], "ann")
    assert again["lease"]["id"] != lease
    assert again["draft"]["masks"] == masks(radius=6)
    assert kit.submit(again["lease"]["id"], "ann").status_code == 201
    assert kit.next(project["id"], "ann") is None


def test_the_place_of_an_expired_lease_goes_to_whoever_asks_and_the_late_answer_cannot_overshoot(
    kit: Kit,
) -> None:
    project = kit.project(quorum=1, lease_seconds=60)
    kit.image(project["id"])
    late = kit.next(project["id"], "ann")["lease"]["id"]
    kit.clock.advance(61)
    assert kit.submit(kit.next(project["id"], "bob")["lease"]["id"], "bob").status_code == 201
    assert kit.submit(late, "ann").status_code == 410
    assert kit.call("POST", f"/leases/{late}/renew", "ann").status_code == 410
    counts = kit.counts(project["id"])
    assert (counts["submissions"], counts["overshoot"], counts["leases"], counts["retired"]) == (1, 0, 0, 1)
    assert kit.next(project["id"], "ann") is None, "the draft's image is done, there is nothing to go on with"


def test_drafts_survive_expiry_and_come_first(kit: Kit) -> None:
    project = kit.project(quorum=3, lease_seconds=60, task_order="spread")
    first, _second, _third = kit.images(project["id"], 3)
    task = kit.next(project["id"], "ann")
    assert task["task"]["image"]["id"] == first
    assert task["draft"] is None
    path = f"/leases/{task['lease']['id']}/draft"
    assert kit.call("GET", path, "ann").status_code == 204
    assert kit.call("PUT", path, "ann", {"masks": masks(radius=4)}).status_code == 200
    assert kit.call("PUT", path, "ann", {"masks": masks(radius=5)}).status_code == 200
    assert kit.call("GET", path, "ann").json()["masks"] == masks(radius=5)
    assert kit.call("PUT", path, "ann", {"masks": masks(height=9, width=9)}).status_code == 422
    kit.clock.advance(61)
    # the browser's journal comes after the lease ran out, and is kept all the same
    assert kit.call("PUT", path, "ann", {"masks": masks(radius=7)}).status_code == 200
    again = kit.next(project["id"], "ann")
    assert again["task"]["image"]["id"] == first
    assert again["draft"]["masks"] == masks(radius=7)


def test_what_was_given_back_is_offered_again_and_what_was_skipped_is_not(kit: Kit) -> None:
    project = kit.project(quorum=1)
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.call("DELETE", f"/leases/{lease}", "ann").status_code == 204
    assert kit.call("DELETE", f"/leases/{lease}", "ann").status_code == 204
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.call("POST", f"/leases/{lease}/skip", "ann", {"reason": "blurred"}).status_code == 204
    assert kit.next(project["id"], "ann") is None
    assert kit.next(project["id"], "bob") is not None
    assert kit.counts(project["id"])["leases"] == 1


def test_renewing_moves_the_end(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]
    kit.clock.advance(50)
    renewed = kit.call("POST", f"/leases/{lease['id']}/renew", "ann").json()
    assert renewed["expires_at"] > lease["expires_at"]
    kit.clock.advance(50)
    assert kit.submit(lease["id"], "ann").status_code == 201


def test_the_sweep_frees_places_without_anybody_asking(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)
    kit.images(project["id"], 3)
    for who in ("ann", "bob", "cid"):
        kit.next(project["id"], who)
    kit.clock.advance(61)
    assert transact(kit.deps.db, lambda conn: store_leases.sweep(conn, kit.clock.now_us())) == 3
    assert kit.counts(project["id"])["leases"] == 0
    assert transact(kit.deps.db, lambda conn: store_leases.sweep(conn, kit.clock.now_us())) == 0


@pytest.mark.parametrize(("order", "wanted"), [("finish", [2, 0, 0]), ("spread", [1, 1, 0])])
def test_order(kit: Kit, order: str, wanted: list[int]) -> None:
    project = kit.project(quorum=2, task_order=order)
    kit.images(project["id"], 3)
    for who in ("ann", "bob"):
        assert kit.submit(kit.next(project["id"], who)["lease"]["id"], who).status_code == 201
    items = kit.call("GET", f"/projects/{project['id']}/tasks").json()["items"]
    assert [item["submissions"] for item in items] == wanted


def test_paused_and_archived_projects_hand_out_nothing_and_lose_nothing(kit: Kit) -> None:
    project = kit.project()
    kit.images(project["id"], 2)
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.call("PATCH", f"/projects/{project['id']}", json={"status": "paused"}).status_code == 200
    assert kit.next(project["id"], "bob") is None
    assert kit.submit(lease, "ann").status_code == 201
    assert kit.call("DELETE", f"/projects/{project['id']}").json()["status"] == "archived"
    assert kit.call("GET", "/projects", "bob").json()["items"] == []
    assert [e.status for e in kit.events("ProjectUpdated")] == ["paused", "archived"]


def test_a_lowered_quorum_retires_and_counts_what_goes_beyond(kit: Kit) -> None:
    project = kit.project(quorum=3)
    kit.images(project["id"], 1)
    leases = {who: kit.next(project["id"], who)["lease"]["id"] for who in ("ann", "bob", "cid")}
    assert kit.submit(leases["ann"], "ann").status_code == 201
    assert (
        kit.call("PATCH", f"/projects/{project['id']}", json={"quorum": 1}).json()["counts"]["retired"] == 1
    )
    assert kit.submit(leases["bob"], "bob").status_code == 201, "who was handed a place is heard"
    counts = kit.counts(project["id"])
    assert (counts["submissions"], counts["overshoot"], counts["open"], counts["retired"]) == (2, 1, 0, 1)
    assert len(kit.events("TaskRetired")) == 1


def test_a_raised_quorum_asks_for_more(kit: Kit) -> None:
    project = kit.project(quorum=1)
    kit.images(project["id"], 2)
    assert kit.submit(kit.next(project["id"], "ann")["lease"]["id"], "ann").status_code == 201
    kit.call("PATCH", f"/projects/{project['id']}", json={"quorum": 2})
    assert kit.submit(kit.next(project["id"], "bob")["lease"]["id"], "bob").status_code == 201
    assert kit.next(project["id"], "ann") is not None, (
        "the open task has another place; the retired one stays retired"
    )
    assert kit.counts(project["id"])["retired"] == 1


def test_consensus_asks_for_one_more_up_to_a_cap(kit: Kit) -> None:
    project = kit.project(quorum=1, overlap_least=1, overlap_most=6)
    image = kit.image(project["id"])

    def say(n: int, **more: bool) -> None:
        message = ConsensusUpdated(
            project_id=project["id"],
            image_id=image,
            submission_ids=[str(i) for i in range(n)],
            **{"needs_more": True, **more},
        )
        with kit.deps.db.begin() as conn:
            on_consensus_updated(conn, Envelope(), message)

    say(0)
    assert kit.submit(kit.next(project["id"], "r0")["lease"]["id"], "r0").status_code == 201
    assert kit.next(project["id"], "r1") is None
    say(0)
    assert kit.next(project["id"], "r1") is None, "a consensus that has not seen all answers asks for nothing"
    say(1, escalated=True)
    assert kit.next(project["id"], "r1") is None, "more raters would not help"
    for n in range(1, 6):
        say(n)
        say(n)
        assert kit.counts(project["id"])["open"] == 1
        assert kit.submit(kit.next(project["id"], f"r{n}")["lease"]["id"], f"r{n}").status_code == 201
        assert kit.next(project["id"], "other") is None, "one more, not two"
    say(6)
    assert kit.next(project["id"], "other") is None, "the cap"
    counts = kit.counts(project["id"])
    assert (counts["submissions"], counts["overshoot"], counts["retired"]) == (6, 0, 1)


def test_events_of_other_services(kit: Kit) -> None:
    project = kit.project()
    image = ImageRef(id=new_id(), project_id=project["id"], height=8, width=9, channels=1)
    for _ in range(2):
        with kit.deps.db.begin() as conn:
            on_image_stored(conn, Envelope(occurred_at_us=5), ImageStored(image=image))
    assert kit.counts(project["id"])["images"] == 1
    assert [e.image.id for e in kit.events("TaskCreated")] == [image.id]
    with kit.deps.db.begin() as conn:
        on_proposal_ready(conn, Envelope(), proposal(project["id"], image.id))
    assert kit.next(project["id"], "ann")["task"]["has_proposal"] is True
    with kit.deps.db.begin() as conn:
        on_proposal_ready(conn, Envelope(), ProposalReady(project_id=project["id"], image_id=image.id))
    assert kit.next(project["id"], "ann")["task"]["has_proposal"] is False, (
        "a later model found none good enough"
    )


def proposal(project_id: str, image_id: str) -> ProposalReady:
    """The event of a base annotation of one label."""
    return ProposalReady(
        project_id=project_id, image_id=image_id, masks=[LabelMask(label_id=1)], scores=[0.8]
    )


def test_the_control_arm_is_asked_without_a_proposal_and_stays_so(kit: Kit) -> None:
    def asked(project: dict[str, Any], rater: str) -> bool:
        return bool(kit.next(project["id"], rater)["task"]["has_proposal"])

    def prepared(share: float) -> dict[str, Any]:
        project = kit.project(quorum=60, proposal_control=share)
        image = kit.image(project["id"])
        with kit.deps.db.begin() as conn:
            on_proposal_ready(conn, Envelope(), proposal(project["id"], image))
        return project

    assert all(asked(prepared(0.0), f"r{n}") for n in range(5))
    assert not any(asked(prepared(1.0), f"r{n}") for n in range(5))
    half = prepared(0.5)
    first = [asked(half, f"r{n}") for n in range(40)]
    assert 8 <= sum(first) <= 32, "both arms have raters on the same image"
    assert [asked(half, f"r{n}") for n in range(40)] == first, (
        "the same lease, asked for again, stays in its arm"
    )


def test_a_rater_in_quarantine_takes_no_place_until_it_ends(kit: Kit) -> None:
    project = kit.project(quorum=1)
    kit.image(project["id"])

    def score(label: int, quarantined: bool) -> None:
        with kit.deps.db.begin() as conn:
            message = RaterScored(
                project_id=project["id"], rater_id="ann", label_id=label, quarantined=quarantined
            )
            on_rater_scored(conn, Envelope(), message)

    score(1, True)
    score(2, False)
    assert kit.next(project["id"], "ann") is None
    score(1, False)
    assert kit.next(project["id"], "ann") is not None


def test_labels_keep_their_ids_and_answered_ones_stay(kit: Kit) -> None:
    project = kit.project()
    kit.image(project["id"])
    path = f"/projects/{project['id']}"
    changed = kit.call(
        "PATCH", path, json={"labels": [{"name": "rim", "color": "#000000"}, {"name": "core"}]}
    ).json()
    assert [(x["id"], x["name"]) for x in changed["labels"]] == [(2, "rim"), (3, "core")]
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.submit(lease, "ann", masks=masks(label_id=1)).status_code == 422
    assert kit.submit(lease, "ann", masks=masks(label_id=3)).status_code == 201
    assert kit.call("PATCH", path, json={"labels": [{"name": "rim"}]}).status_code == 409
    renamed = kit.call(
        "PATCH", path, json={"labels": [{"id": 2, "name": "edge"}, {"name": "core"}, {"name": "new"}]}
    ).json()
    assert [(x["id"], x["name"]) for x in renamed["labels"]] == [(2, "edge"), (3, "core"), (4, "new")]


@pytest.mark.parametrize("order", ["finish", "spread"])
def test_whatever_raters_do_the_quorum_holds_and_the_counters_are_right(kit: Kit, order: str) -> None:
    """Random raters, seeded, who submit, skip, give back and let time run out; then the counters against the rows."""
    rng = np.random.default_rng(3)
    quorum = 3
    project = kit.project(quorum=quorum, lease_seconds=60, task_order=order)
    kit.images(project["id"], 12)
    raters = [f"r{i}" for i in range(9)]
    held: dict[str, tuple[str, str]] = {}
    settled: dict[str, set[str]] = {who: set() for who in raters}
    for _ in range(150):
        who = raters[rng.integers(len(raters))]
        found = kit.next(project["id"], who)
        if found is not None:
            image = found["task"]["image"]["id"]
            assert image not in settled[who], "handed out again after it was answered or skipped"
            held[who] = (found["lease"]["id"], image)
        if who in held and rng.random() < 0.8:
            lease, image = held.pop(who)
            match rng.choice(["submit", "submit", "submit", "skip", "back", "draft"]):
                case "submit":
                    status = kit.submit(lease, who).status_code
                    assert status in (201, 410)
                    if status == 201:
                        settled[who].add(image)
                case "skip":
                    if kit.call("POST", f"/leases/{lease}/skip", who).status_code == 204:
                        settled[who].add(image)
                case "back":
                    kit.call("DELETE", f"/leases/{lease}", who)
                case _:
                    kit.call("PUT", f"/leases/{lease}/draft", who, {"masks": masks()})
        if rng.random() < 0.05:
            kit.clock.advance(61)
        if rng.random() < 0.2:
            _check_counts(kit, project["id"], quorum)
    _check_counts(kit, project["id"], quorum)
    fresh = [f"f{i}" for i in range(quorum)]  # whoever has nothing behind them can finish everything
    kit.clock.advance(61)
    for who in fresh:
        while (found := kit.next(project["id"], who)) is not None:
            assert kit.submit(found["lease"]["id"], who).status_code == 201
    counts = kit.counts(project["id"])
    assert (counts["open"], counts["retired"], counts["submissions"]) == (0, 12, 12 * quorum)


def _check_counts(kit: Kit, project_id: str, quorum: int) -> None:
    with kit.deps.db.read() as conn:
        counts = store.counts_of(conn, [project_id])[project_id]
        tasks = conn.execute(select(t.tasks)).all()
        live = conn.execute(
            select(t.leases.c.task_id, func.count()).where(t.leases.c.state == 0).group_by(t.leases.c.task_id)
        )
        leases = {row[0]: row[1] for row in live}
        stored = conn.execute(select(t.submissions.c.task_id, func.count()).group_by(t.submissions.c.task_id))
        answers = {row[0]: row[1] for row in stored}
    for task in tasks:
        assert task.leases == leases.get(task.id, 0)
        assert task.submissions == answers.get(task.id, 0)
        assert task.submissions + task.leases <= quorum
        assert task.need == (0 if task.status == "retired" else quorum - task.submissions - task.leases)
    assert counts["leases"] == sum(leases.values())
    assert counts["submissions"] == sum(answers.values())
    assert counts["open"] == sum(task.status == "open" for task in tasks)
    assert counts["retired"] == sum(task.status == "retired" for task in tasks)
    assert counts["overshoot"] == 0
