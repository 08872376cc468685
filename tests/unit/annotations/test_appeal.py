"""Out of quarantine by practice: on images that are new, of each the first try, one appeal at a time."""

from __future__ import annotations

from typing import Any

from services.annotations import store
from services.annotations.domain import appeal as rules
from services.annotations.domain.answers import MaskOf
from shared.imaging import rle
from tests.unit.annotations.kit import HEIGHT, WIDTH, Kit, masks


def _course(kit: Kit, practice: int, label: int = 1) -> str:
    project = kit.project(practice_dice=0.8)["id"]
    for image in kit.images(project, practice):
        _gold(kit, project, image, label)
    kit.images(project, 2)
    return project


def _gold(kit: Kit, project: str, image: str, label: int = 1) -> None:
    body = {"masks": masks(label, radius=8), "practice": True}
    assert kit.call("PUT", f"/projects/{project}/gold/{image}", json=body).status_code < 300


def _quarantine(kit: Kit, project: str, who: str = "ann", label: int = 1) -> None:
    with kit.deps.db.begin() as conn:
        store.set_quarantine(conn, project, who, label, True)


def _where(kit: Kit, project: str, who: str = "ann") -> dict[str, Any]:
    return dict(kit.call("GET", f"/projects/{project}/quarantine", who).json())


def _begin(kit: Kit, project: str, who: str = "ann") -> Any:
    return kit.call("POST", f"/projects/{project}/appeal", who)


def _try(
    kit: Kit, project: str, image: str, who: str = "ann", label: int = 1, **disc: float
) -> dict[str, Any]:
    body = {"masks": masks(label, **(disc or {"radius": 8}))}
    answer = kit.call("POST", f"/projects/{project}/practice/{image}", who, body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


BAD = {"row": 8, "column": 8, "radius": 4}


def test_who_is_not_in_quarantine_has_nothing_to_appeal(kit: Kit) -> None:
    project = _course(kit, 6)
    assert _where(kit, project) == {"label_ids": [], "appeal": None, "can_appeal": False}
    refused = _begin(kit, project)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-quarantined")
    assert _try(kit, project, _practice_images(kit, project)[0])["appeal"] is None


def _practice_images(kit: Kit, project: str, who: str = "ann") -> list[str]:
    found = kit.call("GET", f"/projects/{project}/practice", who).json()["images"]
    return [i["image"]["id"] for i in found]


def test_passing_lifts_the_quarantine_and_tells_of_it_once(kit: Kit) -> None:
    project = _course(kit, 6)
    _quarantine(kit, project)
    assert kit.next(project, "ann") is None, "no gold that measures, and no place of a quorum is spent"
    assert _where(kit, project)["can_appeal"]
    begun = _begin(kit, project).json()
    assert (begun["appeal"]["needed"], begun["appeal"]["passed"], len(begun["appeal"]["images"])) == (3, 0, 4)
    assert _begin(kit, project).json() == begun, "one at a time: the same is answered again"

    images = [i["id"] for i in begun["appeal"]["images"]]
    first = _try(kit, project, images[0], **BAD)
    assert first["appeal"] == {"state": "open", "needed": 3, "passed": 0, "left": 3, "dice": 0.0}
    # The reference was shown: a second try on that image teaches, and counts for nothing.
    assert _try(kit, project, images[0])["appeal"] is None
    for image in images[1:3]:
        assert _try(kit, project, image)["appeal"]["state"] == "open"
    assert kit.next(project, "ann") is None
    assert kit.events("AppealPassed") == []
    kit.clock.advance(5)
    done = _try(kit, project, images[3])["appeal"]
    assert (done["state"], done["passed"], done["left"]) == ("passed", 3, 0)

    assert _where(kit, project)["label_ids"] == []
    assert kit.next(project, "ann") is not None
    (event,) = kit.events("AppealPassed")
    assert (event.rater_id, list(event.label_ids), event.needed) == ("ann", [1], 3)
    assert list(event.dices) == [0.0, 1.0, 1.0, 1.0]
    assert event.threshold == 0.8
    assert event.passed_at_us == kit.clock.now_us()
    assert _begin(kit, project).status_code == 409


def test_what_was_seen_is_never_used_again(kit: Kit) -> None:
    project = _course(kit, 8)  # one of them is the example
    for image in _practice_images(kit, project)[:3]:
        _try(kit, project, image)
    _quarantine(kit, project)
    begun = _begin(kit, project).json()["appeal"]
    fresh = {i["id"] for i in begun["images"]}
    assert len(fresh) == 4
    assert fresh.isdisjoint(_tried(kit, project))
    for n, image in enumerate(sorted(fresh)):
        if n < 2:
            state = _try(kit, project, image, **BAD)["appeal"]["state"]
    assert state == "failed", "two of four missed: three can't be reached any more"
    assert _where(kit, project) == {"label_ids": [1], "appeal": None, "can_appeal": False}
    refused = _begin(kit, project)
    assert (refused.status_code, refused.json()["code"]) == (409, "no-fresh-practice")
    assert kit.events("AppealPassed") == []
    # The lab adds some: then it goes on.
    for image in kit.images(project, 1):
        _gold(kit, project, image)
    assert _begin(kit, project).status_code == 200


def _tried(kit: Kit, project: str) -> set[str]:
    found = kit.call("GET", f"/projects/{project}/practice", "ann").json()["images"]
    return {i["image"]["id"] for i in found if i["attempts"]}


def test_an_image_counts_only_where_it_shows_the_label_in_question(kit: Kit) -> None:
    project = _course(kit, 6, label=1)
    _quarantine(kit, project, label=2)
    assert not _where(kit, project)["can_appeal"], "leaving label 2 empty would be right on every one of them"
    for image in kit.images(project, 4):
        _gold(kit, project, image, label=2)
    (first, *_) = _begin(kit, project).json()["appeal"]["images"]
    # Label 2 right and label 1 drawn where there is none: what the appeal is about is right.
    body = {"masks": [*masks(1, **BAD), *masks(2, radius=8)]}
    answer = kit.call("POST", f"/projects/{project}/practice/{first['id']}", "ann", body).json()
    assert answer["appeal"]["passed"] == 1
    assert answer["dice"] == 0.5


def test_an_appeal_whose_images_the_lab_takes_away_begins_anew(kit: Kit) -> None:
    project = _course(kit, 9)
    _quarantine(kit, project)
    begun = [i["id"] for i in _begin(kit, project).json()["appeal"]["images"]]
    for image in begun[:2]:
        assert kit.call("DELETE", f"/projects/{project}/gold/{image}").status_code < 300
    again = _begin(kit, project).json()["appeal"]
    assert len(again["images"]) == 4
    assert set(begun[:2]).isdisjoint(i["id"] for i in again["images"])


def test_an_older_estimate_that_comes_late_is_set_right_by_the_next(kit: Kit) -> None:
    project = _course(kit, 6)
    _quarantine(kit, project)
    for image in _begin(kit, project).json()["appeal"]["images"][:3]:
        _try(kit, project, image["id"])
    _quarantine(kit, project)  # RaterScored of before the appeal
    assert _where(kit, project)["label_ids"] == [1]
    with kit.deps.db.begin() as conn:
        store.set_quarantine(conn, project, "ann", 1, False)  # … and the one that counts it
    assert kit.next(project, "ann") is not None


def test_the_rules() -> None:
    images = [f"i{n}" for n in range(9)]
    drawn = rules.draw("a", images)
    assert drawn == rules.draw("a", images[::-1])
    assert len(drawn) == rules.NEEDED + rules.SPARE
    assert drawn != rules.draw("b", images)
    assert rules.draw("a", images[:2]) == []
    assert rules.judge([0.9, 0.9], 2, 3, 0.8) == "open"
    assert rules.judge([0.9, 0.1], 2, 3, 0.8) == "open"
    assert rules.judge([0.1, 0.1], 2, 3, 0.8) == "failed"
    assert rules.judge([0.9, 0.8, 0.8], 1, 3, 0.8) == "passed"
    empty = MaskOf(1, rle.empty(HEIGHT, WIDTH), 0)
    assert not rules.shows([empty], [1])
    assert not rules.shows([], [1])
