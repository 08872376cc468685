"""Practice: leads to work, counts what was mastered, and gives away nothing of the gold that measures."""

from __future__ import annotations

import numpy as np
import pytest

from services.annotations.domain import gold as gold_rules
from services.annotations.domain import practice as rules
from services.annotations.domain.answers import MaskOf
from shared.imaging import rle
from tests.unit.annotations.kit import Kit, masks


def _course(
    kit: Kit, n_practice: int, n_gold: int = 0, n_other: int = 2, **settings: object
) -> tuple[str, dict[str, list[str]]]:
    project = kit.project(**settings)["id"]
    images = {"practice": kit.images(project, n_practice), "gold": kit.images(project, n_gold)}
    images["other"] = kit.images(project, n_other)
    for kind in ("practice", "gold"):
        for image in images[kind]:
            body = {"masks": masks(radius=8), "practice": kind == "practice"}
            assert kit.call("PUT", f"/projects/{project}/gold/{image}", json=body).json()["practice"] is (
                kind == "practice"
            )
    return project, images


def _practise(kit: Kit, project: str, image: str, who: str = "ann", **disc: float) -> dict:
    answer = kit.call(
        "POST", f"/projects/{project}/practice/{image}", who, {"masks": masks(**(disc or {"radius": 8}))}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_work_waits_for_practice_and_begins_with_it(kit: Kit) -> None:
    project, images = _course(kit, 3, practice_required=2, practice_dice=0.8)
    refused = kit.call("POST", f"/projects/{project}/next", "ann")
    assert (refused.status_code, refused.json()["code"]) == (403, "practice-first")
    assert "2 more" in refused.json()["detail"]
    course = kit.call("GET", f"/projects/{project}/practice", "ann").json()
    assert course["standing"] == {"required": 2, "threshold": 0.8, "passed": 0, "qualified": False}
    assert course["example"]["reference"] == masks(radius=8)
    tried = [i["image"]["id"] for i in course["images"]]
    assert sorted([*tried, course["example"]["image"]["id"]]) == sorted(images["practice"])

    bad = _practise(kit, project, tried[0], row=10, column=10)
    assert not bad["passed"]
    assert bad["feedback"]["reference"] == masks(radius=8)
    assert bad["standing"]["passed"] == 0
    assert kit.call("POST", f"/projects/{project}/next", "ann").status_code == 403
    # Practised again, better: the best attempt counts; and a worse one after it takes nothing away.
    assert _practise(kit, project, tried[0])["standing"]["passed"] == 1
    assert _practise(kit, project, tried[0], row=10, column=10)["standing"]["passed"] == 1
    done = _practise(kit, project, tried[1])
    assert done["standing"] == {"required": 2, "threshold": 0.8, "passed": 2, "qualified": True}
    assert kit.next(project, "ann")["task"]["image"]["id"] in images["other"]
    assert kit.call("POST", f"/projects/{project}/next", "ben").status_code == 403, "each for themselves"
    course = kit.call("GET", f"/projects/{project}/practice", "ann").json()
    assert {i["image"]["id"]: i["attempts"] for i in course["images"]} == {tried[0]: 3, tried[1]: 1}


def test_a_held_lease_is_worked_off_and_experts_are_exempt(kit: Kit) -> None:
    project, _ = _course(kit, 2)
    lease = kit.next(project, "ann")["lease"]["id"]
    assert kit.call("PATCH", f"/projects/{project}", json={"practice_required": 1}).status_code == 200
    assert kit.next(project, "ann")["lease"]["id"] == lease
    assert kit.submit(lease, "ann").status_code == 201
    assert kit.call("POST", f"/projects/{project}/next", "ann").status_code == 403
    from shared.auth import Role

    expert = kit.call("POST", f"/projects/{project}/next", "eve", memberships={project: Role.EXPERT})
    assert expert.status_code == 200


def test_practice_gold_is_never_work_and_measuring_gold_never_practice(kit: Kit) -> None:
    project, images = _course(kit, 2, n_gold=2, n_other=1, gold_share=1.0)
    seen = []
    while (task := kit.next(project, "ann")) is not None:
        seen.append(task["task"]["image"]["id"])
        kit.submit(task["lease"]["id"], "ann")
    assert sorted(seen) == sorted(images["gold"] + images["other"])
    listed = kit.call("GET", f"/projects/{project}/practice", "ann").json()
    text = kit.call("GET", f"/projects/{project}/practice", "ann").text
    assert len(listed["images"]) == 1
    for image in images["gold"] + images["other"]:
        assert image not in text
        refused = kit.call("POST", f"/projects/{project}/practice/{image}", "ann", {"masks": masks()})
        assert refused.status_code == 404, "an answer would give the reference away"
    assert kit.call("GET", f"/me/stats?project_id={project}", "ann").json()["gold_seen"] == 2
    assert kit.counts(project)["practice"] == 2


def test_who_practised_an_image_never_gets_it_as_work(kit: Kit) -> None:
    project, _ = _course(kit, 2, n_other=0, gold_share=1.0)
    image = kit.call("GET", f"/projects/{project}/practice", "ann").json()["images"][0]["image"]["id"]
    _practise(kit, project, image)
    # The lab turns it into measuring gold: ann has seen the reference, ben hasn't.
    body = {"masks": masks(radius=8), "practice": False}
    assert kit.call("PUT", f"/projects/{project}/gold/{image}", json=body).json()["practice"] is False
    assert kit.next(project, "ann") is None
    assert kit.next(project, "ben")["task"]["image"]["id"] == image
    kit.call("DELETE", f"/projects/{project}/gold/{image}")
    assert kit.next(project, "ann") is None, "nor as an ordinary image"
    assert kit.counts(project)["practice"] == 1


def test_nobody_is_locked_out_by_missing_practice_images(kit: Kit) -> None:
    project, _ = _course(kit, 0, practice_required=3)
    assert kit.next(project, "ann") is not None
    project, images = _course(kit, 1, practice_required=3)
    (only,) = images["practice"]
    assert kit.call("GET", f"/projects/{project}/practice", "ann").json()["example"] is None, (
        "a single one is to be tried"
    )
    assert kit.call("POST", f"/projects/{project}/next", "ann").status_code == 403
    assert _practise(kit, project, only)["standing"]["qualified"]
    assert kit.next(project, "ann") is not None


def test_a_raised_threshold_asks_for_more_practice(kit: Kit) -> None:
    project, images = _course(kit, 1, practice_required=1, practice_dice=0.5)
    assert _practise(kit, project, images["practice"][0], radius=6)["standing"]["qualified"]
    kit.call("PATCH", f"/projects/{project}", json={"practice_dice": 0.95})
    assert kit.call("POST", f"/projects/{project}/next", "ann").status_code == 403
    assert _practise(kit, project, images["practice"][0])["standing"]["qualified"]


@pytest.mark.parametrize(
    "body", [{"masks": []}, {"masks": [], "nothing_here": "no"}, {"masks": masks(height=8, width=8)}]
)
def test_bad_attempts_are_refused(kit: Kit, body: dict) -> None:
    project, images = _course(kit, 1)
    path = f"/projects/{project}/practice/{images['practice'][0]}"
    assert kit.call("POST", path, "ann", body).status_code == 422
    assert kit.call("GET", f"/projects/{project}/practice", "ann").json()["images"][0]["attempts"] == 0


def test_absent_labels_do_not_flatter() -> None:
    filled = rle.encode(np.ones((4, 4), bool))
    truth = [MaskOf(1, filled, 16)]
    empty = gold_rules.score([1, 2, 3, 4, 5], [], truth)
    assert rules.overall(empty, [], truth) == 0.0
    assert gold_rules.mean_dice(empty) == 0.8, "what it would be over all labels"
    assert rules.overall(gold_rules.score([1, 2], [], []), [], []) == 1.0
    extra = [MaskOf(1, filled, 16), MaskOf(2, filled, 16)]
    assert rules.overall(gold_rules.score([1, 2, 3], extra, truth), extra, truth) == 0.5


def test_the_way_through_practice_is_ones_own() -> None:
    images = [f"i{n}" for n in range(20)]
    ann = rules.order("p", "ann", images, {})
    assert ann == rules.order("p", "ann", images[::-1], {})
    assert ann != rules.order("p", "ben", images, {})
    last = rules.order("p", "ann", images, {ann[0]: 0.9, ann[1]: 0.2})
    assert last[-2:] == [ann[1], ann[0]], "what was tried comes last, the worst first"
