"""Gold: served among the others, scored, and never given away."""

from __future__ import annotations

import numpy as np
import pytest

from services.annotations.domain import gold
from services.annotations.domain.answers import MaskOf
from shared.imaging import rle
from tests.unit.annotations.kit import HEIGHT, WIDTH, Kit, masks


def _mask(array: np.ndarray, label_id: int = 1) -> MaskOf:
    encoded = rle.encode(array)
    return MaskOf(label_id, encoded, rle.area(encoded))


def test_scores_against_pixels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.random((13, 7)) < rng.random(), rng.random((13, 7)) < rng.random()
        mine = [_mask(a)] if a.any() else []
        truth = [_mask(b)] if b.any() else []
        (score,) = gold.score([1], mine, truth)
        both = int((a & b).sum())
        total = int(a.sum() + b.sum())
        assert score.dice == pytest.approx(2 * both / total if total else 1.0)
        assert (score.missed_px, score.extra_px) == (int((b & ~a).sum()), int((a & ~b).sum()))
        assert score.message


def test_two_empty_labels_agree_and_one_empty_does_not() -> None:
    filled = _mask(np.ones((3, 3), bool))
    assert [s.dice for s in gold.score([1, 2], [], [])] == [1.0, 1.0]
    assert [s.dice for s in gold.score([1], [filled], [])] == [0.0]
    assert [s.dice for s in gold.score([1], [], [filled])] == [0.0]


def test_turns_are_reproducible_and_near_the_share() -> None:
    turns = [gold.is_gold_turn("p", f"r{r}", n, 0.2) for r in range(40) for n in range(100)]
    assert turns == [gold.is_gold_turn("p", f"r{r}", n, 0.2) for r in range(40) for n in range(100)]
    assert abs(np.mean(turns) - 0.2) < 0.025
    assert not any(gold.is_gold_turn("p", "r", n, 0.0) for n in range(100))
    assert all(gold.is_gold_turn("p", "r", n, 1.0) for n in range(100))


def _gold_project(kit: Kit, n_gold: int, n_other: int, **settings: object) -> tuple[str, set[str]]:
    project = kit.project(**settings)["id"]
    golden = set(kit.images(project, n_gold))
    kit.images(project, n_other)
    for image in golden:
        answer = kit.call("PUT", f"/projects/{project}/gold/{image}", json={"masks": masks(radius=8)})
        assert answer.status_code == 200, answer.text
    return project, golden


def test_feedback_comes_after_the_answer_and_only_on_gold(kit: Kit) -> None:
    project, golden = _gold_project(kit, 1, 1, gold_share=1.0)
    task = kit.next(project, "ann")
    assert task["task"]["image"]["id"] in golden
    assert set(task) == {"lease", "task", "draft", "ahead"}
    assert set(task["task"]) == {"id", "project_id", "image", "has_proposal"}
    answer = kit.submit(task["lease"]["id"], "ann", masks=masks(radius=8)).json()
    disc_score, rim_score = answer["feedback"]["labels"]
    assert (disc_score["dice"], disc_score["missed_px"], disc_score["extra_px"]) == (1.0, 0, 0)
    assert (rim_score["label_id"], rim_score["dice"]) == (2, 1.0), "both left it empty"
    assert answer["feedback"]["reference"] == masks(radius=8)
    other = kit.next(project, "ann")
    assert other["task"]["image"]["id"] not in golden
    assert kit.submit(other["lease"]["id"], "ann").json()["feedback"] is None
    plain, golden_event = sorted(kit.events("AnnotationSubmitted"), key=lambda e: e.is_gold)
    assert dict(golden_event.gold_dice) == {1: 1.0, 2: 1.0}
    assert dict(plain.gold_dice) == {}
    stats = kit.call("GET", f"/me/stats?project_id={project}", "ann").json()
    assert stats["gold_seen"] == 1
    assert stats["gold_dice"] == {"mean": 1.0, "low": 0.0, "high": 1.0}
    assert (stats["submissions"], stats["today"], stats["streak_days"]) == (2, 2, 1)


def test_no_feedback_where_the_project_gives_none(kit: Kit) -> None:
    project, _ = _gold_project(kit, 1, 0, gold_share=1.0, gold_feedback=False)
    task = kit.next(project, "ann")
    assert kit.submit(task["lease"]["id"], "ann").json()["feedback"] is None
    assert dict(kit.events("AnnotationSubmitted")[0].gold_dice)[1] == 1.0


def test_gold_is_never_served_twice_to_a_rater_and_to_any_number_of_raters(kit: Kit) -> None:
    project, golden = _gold_project(kit, 7, 0, gold_share=1.0, quorum=1)
    for who in ("ann", "bob", "cid", "dan"):
        seen = []
        while (task := kit.next(project, who)) is not None:
            seen.append(task["task"]["image"]["id"])
            if len(seen) % 3:
                assert kit.submit(task["lease"]["id"], who).status_code == 201
            else:
                kit.call("POST", f"/leases/{task['lease']['id']}/skip", who)
        assert len(seen) == len(set(seen)) == 7
        assert set(seen) == golden
    late = kit.image(project)
    assert (
        kit.call(
            "PUT", f"/projects/{project}/gold/{late}", json={"masks": [], "nothing_here": True}
        ).status_code
        == 200
    )
    assert kit.next(project, "ann")["task"]["image"]["id"] == late
    counts = kit.counts(project)
    assert (counts["gold"], counts["retired"], counts["overshoot"], counts["open"]) == (8, 0, 0, 8)


def test_after_the_feedback_a_second_answer_does_not_raise_the_score(kit: Kit) -> None:
    project, _ = _gold_project(kit, 1, 0, gold_share=1.0)
    lease = kit.next(project, "ann")["lease"]["id"]
    kit.submit(lease, "ann", masks=masks(radius=4))
    first = dict(kit.events("AnnotationSubmitted")[0].gold_dice)
    assert first[1] < 0.5
    answer = kit.submit(lease, "ann", masks=masks(radius=8))
    assert answer.json()["feedback"]["labels"][0]["dice"] == 1.0
    assert dict(kit.events("AnnotationSubmitted")[1].gold_dice) == first
    stats = kit.call("GET", f"/me/stats?project_id={project}", "ann").json()
    assert stats["gold_seen"] == 1
    assert stats["gold_dice"]["mean"] == pytest.approx((first[1] + 1) / 2)


def test_the_repeated_request_gets_the_same_feedback_even_when_gold_has_changed(kit: Kit) -> None:
    project, golden = _gold_project(kit, 1, 0, gold_share=1.0)
    lease = kit.next(project, "ann")["lease"]["id"]
    first = kit.submit(lease, "ann", key="k")
    kit.call("PUT", f"/projects/{project}/gold/{next(iter(golden))}", json={"masks": masks(radius=3)})
    again = kit.submit(lease, "ann", key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content


def test_gold_can_be_read_listed_checked_and_taken_away(kit: Kit) -> None:
    project, golden = _gold_project(kit, 2, 0, quorum=1)
    image = sorted(golden)[0]
    path = f"/projects/{project}/gold"
    assert kit.call("GET", f"{path}/{image}").json()["masks"] == masks(radius=8)
    assert [g["image_id"] for g in kit.call("GET", f"{path}?limit=1").json()["items"]] == [image]
    assert (
        kit.call("PUT", f"{path}/{image}", json={"masks": masks(height=WIDTH, width=HEIGHT)}).status_code
        == 422
    )
    assert kit.call("PUT", f"{path}/{image}", json={"masks": []}).status_code == 422
    assert kit.next(project, "ann") is None, "gold takes no part in the queue"
    assert kit.call("DELETE", f"{path}/{image}").status_code == 204
    assert kit.call("GET", f"{path}/{image}").status_code == 404
    assert kit.call("DELETE", f"{path}/{image}").status_code == 404
    assert kit.next(project, "ann")["task"]["image"]["id"] == image
    assert [e.removed for e in kit.events("GoldAdded")] == [False, False, True]
    ref = kit.events("GoldAdded")[0].masks[0].rle
    assert kit.deps.blobs.get(ref.key, ref.offset, ref.length).decode() == masks(radius=8)[0]["rle"]["counts"]


def test_the_adaptive_share_begins_high_and_comes_down_to_the_projects() -> None:
    share = [gold.share_for(0.1, n, 0.9) for n in (0, 2, 3, 9, 10, 50)]
    assert share == [0.34, 0.34, 0.2, 0.2, 0.1, 0.1]
    assert gold.share_for(0.1, 50, 0.4) == 0.2, "in doubt"
    assert gold.share_for(0.0, 0, None) == 0.0, "no gold wanted"
    assert gold.share_for(0.6, 0, None) == gold.share_for(0.6, 20, 0.1) == 0.6, "never below the project's"


def test_newcomers_meet_more_gold_where_the_project_adapts_it(kit: Kit) -> None:
    met = {}
    for adaptive in (False, True):
        project, golden = _gold_project(kit, 6, 14, gold_share=0.05, gold_adaptive=adaptive, quorum=50)
        met[adaptive] = 0
        # Who meets gold is drawn by a hash of the project's fresh id: with six raters one run in twenty or so failed by chance, with
        # twenty-four and four times the bound one in some thousands does.
        for who in (f"r{k}" for k in range(24)):
            for _ in range(6):
                task = kit.next(project, who)
                met[adaptive] += task["task"]["image"]["id"] in golden
                kit.submit(task["lease"]["id"], who, masks=masks(radius=8))
    assert met[True] > met[False] + 12


def test_gold_and_other_tasks_look_alike_until_they_are_answered(kit: Kit) -> None:
    """Nothing in what `next` answers tells gold: same fields, same kinds of values, ids in the same order, lease of the same length."""
    project, golden = _gold_project(kit, 8, 8, gold_share=0.5, quorum=50)
    seen: dict[bool, list[tuple[object, ...]]] = {True: [], False: []}
    for who in (f"r{k}" for k in range(4)):
        for _ in range(6):
            task = kit.next(project, who, ahead=1)
            for one in [task, *task["ahead"]]:
                fields = {k: v for k, v in one.items() if k != "ahead"}
                length = (
                    one["lease"]["expires_at"] > kit.call("GET", f"/projects/{project}").json()["created_at"]
                )
                seen[one["task"]["image"]["id"] in golden].append((_shape(fields), length))
            kit.clock.advance(1)
            kit.submit(task["lease"]["id"], who, masks=masks(radius=8))
    assert seen[True]
    assert seen[False]
    assert set(seen[True]) == set(seen[False])
    assert len(set(seen[True])) == 1


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return tuple((k, _shape(v)) for k, v in value.items())
    if isinstance(value, list):
        return tuple(_shape(v) for v in value)
    return type(value).__name__, len(value) if isinstance(value, str) else 0
