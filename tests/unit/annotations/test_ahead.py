"""Leases ahead: the next images before they are needed, within bounds, and leases that ran out taken up again."""

from __future__ import annotations

import pytest

from services.annotations.domain.leases import MAX_AHEAD, PREFETCH, ahead_allowed
from tests.unit.annotations.kit import Kit, masks


@pytest.mark.parametrize(
    ("asked", "open_tasks", "allowed"),
    [(0, 100, 0), (2, 0, 2), (20, 0, PREFETCH), (20, 11, PREFETCH), (20, 40, 10), (20, 80, 20), (999, 999, MAX_AHEAD)],
)  # fmt: skip
def test_how_many(asked: int, open_tasks: int, allowed: int) -> None:
    assert ahead_allowed(asked, open_tasks) == allowed


def test_ahead_are_tasks_of_their_own_that_come_again_and_are_answered_in_any_order(kit: Kit) -> None:
    project = kit.project(quorum=1)["id"]
    kit.images(project, 6)
    first = kit.next(project, "ann", ahead=3)
    along = [first, *first["ahead"]]
    assert len({a["task"]["id"] for a in along}) == len({a["lease"]["id"] for a in along}) == 4
    assert all(set(a) == {"lease", "task", "draft"} for a in first["ahead"]), "and nothing tells gold"
    again = kit.next(project, "ann", ahead=3)
    assert again == first
    assert kit.next(project, "ann")["ahead"] == first["ahead"], (
        "what is held is told, also to who asks for none"
    )
    assert kit.counts(project)["leases"] == 4
    for held in reversed(along):
        assert kit.submit(held["lease"]["id"], "ann").status_code == 201
    counts = kit.counts(project)
    assert (counts["leases"], counts["submissions"], counts["overshoot"]) == (0, 4, 0)


def test_the_next_one_is_the_one_taken_first(kit: Kit) -> None:
    project = kit.project(quorum=1)["id"]
    kit.images(project, 8)
    first = kit.next(project, "ann", ahead=2)
    kit.submit(first["lease"]["id"], "ann")
    then = kit.next(project, "ann", ahead=2)
    assert [then["lease"]["id"], then["ahead"][0]["lease"]["id"]] == [
        a["lease"]["id"] for a in first["ahead"]
    ]
    assert len(then["ahead"]) == 2


def test_no_one_takes_a_small_project_along(kit: Kit) -> None:
    project = kit.project(quorum=1)["id"]
    kit.images(project, 10)
    assert len(kit.next(project, "ann", ahead=20)["ahead"]) == PREFETCH
    assert kit.next(project, "bob") is not None
    assert kit.call("POST", f"/projects/{project}/next?ahead={MAX_AHEAD + 1}", "ann").status_code == 422


def test_places_ahead_count_for_the_quorum_and_run_out(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)["id"]
    kit.images(project, 4)
    assert len(kit.next(project, "ann", ahead=3)["ahead"]) == 3
    assert kit.next(project, "bob") is None, "all places are taken"
    kit.clock.advance(61)
    assert len(kit.next(project, "bob", ahead=3)["ahead"]) == 3
    assert kit.counts(project)["leases"] == 4


def test_who_was_without_a_line_takes_the_place_up_again(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)["id"]
    kit.images(project, 3)
    mine, *_ = kit.next(project, "ann", ahead=2)["ahead"]
    lease = mine["lease"]["id"]
    kit.clock.advance(61)
    kit.next(project, "cid")  # which sweeps, and takes the first
    late = kit.submit(lease, "ann", masks=masks(radius=6))
    assert (late.status_code, late.json()["code"]) == (410, "lease-expired")
    assert kit.call("POST", f"/leases/{lease}/renew", "bob").status_code == 403
    assert kit.call("POST", f"/leases/{lease}/renew", "ann").status_code == 200
    assert kit.counts(project)["leases"] == 2
    assert kit.submit(lease, "ann", masks=masks(radius=6)).status_code == 201
    assert kit.call("POST", f"/leases/{lease}/renew", "ann").status_code == 409
    assert kit.counts(project)["overshoot"] == 0


def test_a_place_that_went_to_another_is_not_taken_up_again(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)["id"]
    kit.image(project)
    lease = kit.next(project, "ann")["lease"]["id"]
    kit.clock.advance(61)
    assert kit.next(project, "bob") is not None
    assert kit.call("POST", f"/leases/{lease}/renew", "ann").status_code == 410
    assert kit.counts(project)["leases"] == 1


def test_a_newer_lease_on_the_image_stands(kit: Kit) -> None:
    project = kit.project(quorum=3, lease_seconds=60)["id"]
    kit.image(project)
    old = kit.next(project, "ann")["lease"]["id"]
    kit.clock.advance(61)
    new = kit.next(project, "ann")["lease"]["id"]
    assert kit.call("POST", f"/leases/{old}/renew", "ann").status_code == 410
    assert kit.submit(new, "ann").status_code == 201
    assert kit.call("POST", f"/leases/{old}/renew", "ann").status_code == 410


def test_a_paused_project_gives_no_place_back(kit: Kit) -> None:
    project = kit.project(quorum=1, lease_seconds=60)["id"]
    kit.images(project, 2)
    lease = kit.next(project, "ann")["lease"]["id"]
    kit.clock.advance(61)
    kit.next(project, "ann")
    assert kit.call("PATCH", f"/projects/{project}", json={"status": "paused"}).status_code == 200
    assert kit.call("POST", f"/leases/{lease}/renew", "ann").status_code == 410
