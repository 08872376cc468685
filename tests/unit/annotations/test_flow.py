"""A rater's way through a project, by HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from shared.auth import Role
from shared.canary import canary
from tests.unit.annotations.kit import HEIGHT, WIDTH, Kit, disc, masks


def test_from_project_to_retired_task(kit: Kit) -> None:
    project = kit.project(quorum=2)
    image = kit.image(project["id"])
    for who in ("ann", "bob"):
        task = kit.next(project["id"], who)
        assert task["task"]["image"]["id"] == image
        assert task["task"]["image"]["frame_url"] == f"/api/v1/images/{image}/frame"
        answer = kit.submit(task["lease"]["id"], who)
        assert answer.status_code == 201, answer.text
        assert answer.json()["feedback"] is None
    assert kit.next(project["id"], "cid") is None
    counts = kit.counts(project["id"])
    assert counts == {
        "images": 1, "gold": 0, "practice": 0, "open": 0, "retired": 1, "submissions": 2, "raters": 2, "leases": 0, "overshoot": 0,
    }  # fmt: skip
    assert [e.submissions for e in kit.events("TaskRetired")] == [2]
    submitted = kit.events("AnnotationSubmitted")
    assert [e.rater_id for e in submitted] == ["ann", "bob"]
    assert all(e.image.height == HEIGHT and e.image.width == WIDTH and e.quorum == 2 for e in submitted)
    ref = submitted[0].masks[0].rle
    stored = kit.deps.blobs.get(ref.key, ref.offset, ref.length)
    assert stored.decode() == disc()["counts"]


def test_the_live_lease_comes_again_and_not_a_second_one(kit: Kit) -> None:
    project = kit.project()
    kit.images(project["id"], 3)
    first, second = kit.next(project["id"], "ann"), kit.next(project["id"], "ann")
    assert first == second
    assert kit.counts(project["id"])["leases"] == 1


def test_same_submission_ten_times_at_once_is_one_row_and_one_answer(kit: Kit) -> None:
    project = kit.project()
    kit.images(project["id"], 2)
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: kit.submit(lease, "ann", key="once"), range(10)))
    assert sorted(a.status_code for a in answers) == [200] * 9 + [201]
    assert len({a.text for a in answers}) == 1
    assert len(kit.call("GET", f"/projects/{project['id']}/submissions").json()["items"]) == 1
    assert kit.counts(project["id"])["submissions"] == 1
    assert len(kit.events("AnnotationSubmitted")) == 1


def test_a_key_of_another_image_is_refused(kit: Kit) -> None:
    project = kit.project()
    kit.images(project["id"], 2)
    assert kit.submit(kit.next(project["id"], "ann")["lease"]["id"], "ann", key="k").status_code == 201
    answer = kit.submit(kit.next(project["id"], "ann")["lease"]["id"], "ann", key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "client-key-reused")


def test_nothing_here_is_an_answer_and_an_accident_is_not(kit: Kit) -> None:
    project = kit.project()
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.submit(lease, "ann", masks=[]).status_code == 422
    empty = [{"label_id": 1, "rle": disc(radius=0)}]
    assert kit.submit(lease, "ann", masks=empty).status_code == 422
    assert kit.submit(lease, "ann", masks=masks(), nothing_here=True).status_code == 422
    assert kit.submit(lease, "ann", nothing_here=True).status_code == 201
    (item,) = kit.call("GET", f"/projects/{project['id']}/submissions").json()["items"]
    assert item["nothing_here"] is True
    assert item["masks"] == []
    (event,) = kit.events("AnnotationSubmitted")
    assert event.nothing_here
    assert list(event.label_ids) == [1, 2]


def test_a_later_answer_supersedes_and_the_earlier_one_stays(kit: Kit) -> None:
    project = kit.project(quorum=2)
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    first = kit.submit(lease, "ann").json()["submission_id"]
    second = kit.submit(lease, "ann", masks=masks(radius=5)).json()["submission_id"]
    third = kit.submit(lease, "ann", masks=masks(radius=4)).json()["submission_id"]
    items = {
        i["id"]: i["superseded_by"]
        for i in kit.call("GET", f"/projects/{project['id']}/submissions").json()["items"]
    }
    assert items == {first: second, second: third, third: None}
    counts = kit.counts(project["id"])
    assert (counts["submissions"], counts["raters"], counts["open"]) == (1, 1, 1)
    assert [e.supersedes for e in kit.events("AnnotationSubmitted")] == ["", first, second]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"masks": [{"label_id": 1, "rle": disc(height=WIDTH, width=HEIGHT)}]}, 422, "40 × 32"),
        ({"masks": [{"label_id": 9, "rle": disc()}]}, 422, "label 9"),
        ({"masks": masks() + masks()}, 422, "two masks"),
        ({"masks": [{"label_id": 1, "rle": {"size": [HEIGHT, WIDTH], "counts": "zzz\x7f"}}]}, 422, "RLE"),
        ({"masks": [{"label_id": 1, "rle": {"size": [HEIGHT, WIDTH], "counts": "0"}}]}, 422, "pixels"),
        ({"masks": [{"label_id": 1, "rle": {"size": [HEIGHT, WIDTH], "counts": [1, 2]}}]}, 422, "counts"),
        ({"masks": [{"label_id": 1, "rle": {"size": [-1, 1 << 40], "counts": "0"}}]}, 422, "possible"),
        ({"masks": [{"label_id": True, "rle": disc()}]}, 422, "label_id"),
        ({"masks": "circle"}, 422, "masks"),
        ({"masks": [3]}, 422, "mask"),
        ({"masks": masks(), "duration_ms": -1}, 422, "duration_ms"),
        ({"masks": masks(), "unsure": "yes"}, 422, "unsure"),
        ({"masks": masks(), "comment": "x" * 3000}, 422, "comment"),
    ],
)  # fmt: skip
def test_bad_answers_are_refused_with_one_sentence_and_the_lease_lives_on(
    kit: Kit, body: dict, status: int, word: str
) -> None:
    project = kit.project()
    kit.image(project["id"])
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    answer = kit.submit(lease, "ann", **body)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in problem["detail"]
    assert problem["detail"].count("\n") == 0
    assert kit.submit(lease, "ann").status_code == 201


def test_bodies_that_are_no_json_are_bad_requests(kit: Kit) -> None:
    for body, status in (
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"masks": []}', 422),
    ):
        answer = kit.http.post("/api/v1/leases/x/submissions", content=body, headers=kit.headers("ann"))
        assert answer.status_code == status, (body, answer.text)


def test_someone_elses_unknown_and_closed_leases(kit: Kit) -> None:
    project = kit.project()
    kit.images(project["id"], 2)
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    assert kit.submit(lease, "bob").status_code == 403
    assert kit.submit("0" * 36, "bob").status_code == 404
    for method, path in (("PUT", "draft"), ("GET", "draft"), ("POST", "renew"), ("POST", "skip")):
        json = {"masks": masks()} if method == "PUT" else None
        assert kit.call(method, f"/leases/{lease}/{path}", "bob", json).status_code == 403, path
    assert kit.call("DELETE", f"/leases/{lease}", "bob").status_code == 403
    assert kit.call("POST", f"/leases/{lease}/skip", "ann").status_code == 204
    assert kit.call("POST", f"/leases/{lease}/skip", "ann").status_code == 204
    assert kit.submit(lease, "ann").status_code == 409
    assert kit.counts(project["id"])["leases"] == 0


def test_without_a_principal_nothing_is_answered(kit: Kit) -> None:
    assert kit.http.post("/api/v1/leases/x/submissions", content=b"{}").status_code == 401
    assert kit.http.get("/api/v1/projects").status_code == 401
    forged = kit.headers("ann")
    forged = {k: v[:-1] + ("0" if v[-1] != "0" else "1") for k, v in forged.items()}
    assert kit.http.get("/api/v1/projects", headers=forged).status_code == 401


def test_a_volunteer_is_kept_out_of_what_labs_do(kit: Kit) -> None:
    project = kit.project()
    image = kit.image(project["id"])
    path = f"/projects/{project['id']}"
    routes = [
        ("PATCH", path, {"quorum": 9}),
        ("DELETE", path, None),
        ("GET", f"{path}/tasks", None),
        ("GET", f"{path}/submissions", None),
        ("GET", f"{path}/gold", None),
        ("GET", f"{path}/gold/{image}", None),
        ("PUT", f"{path}/gold/{image}", {"masks": masks()}),
        ("DELETE", f"{path}/gold/{image}", None),
        ("POST", "/projects", {"name": "mine", "labels": [{"name": "x"}]}),
    ]
    for method, route, body in routes:
        assert kit.call(method, route, "ann", body).status_code == 403, (method, route)
    other_lab = kit.headers("other", Role.LAB)
    for method, route, body in routes[:-1]:
        assert kit.http.request(method, f"/api/v1{route}", json=body, headers=other_lab).status_code == 403, (
            method,
            route,
        )


def test_a_closed_project_exists_for_its_members_only(kit: Kit) -> None:
    project = kit.project(open=False)
    kit.image(project["id"])
    path = f"/projects/{project['id']}"
    assert kit.call("GET", path, "ann").status_code == 404
    assert kit.call("POST", f"{path}/next", "ann").status_code == 404
    assert kit.call("GET", "/projects", "ann").json()["items"] == []
    member = {"memberships": {project["id"]: Role.VOLUNTEER}}
    assert kit.call("POST", f"{path}/next", "ann", **member).status_code == 200
    assert len(kit.call("GET", "/projects", "ann", **member).json()["items"]) == 1


def test_a_key_without_the_scope_is_refused(kit: Kit) -> None:
    project = kit.project()
    kit.image(project["id"])
    assert (
        kit.call("POST", f"/projects/{project['id']}/next", "ann", scopes=frozenset({"read"})).status_code
        == 403
    )
    lease = kit.next(project["id"], "ann")["lease"]["id"]
    answer = kit.call(
        "POST",
        f"/leases/{lease}/submissions",
        "ann",
        {"client_key": "k", "masks": masks()},
        scopes=frozenset({"read"}),
    )
    assert answer.status_code == 403


def test_what_an_answer_cost_is_counted_by_the_segmenter_that_helped(tmp_path: Path) -> None:
    def counted(what: str, version: str) -> float:
        return REGISTRY.get_sample_value(f"bramble_annotations_answer_{what}", {"segmenter": version}) or 0.0

    kit = Kit(tmp_path, drupelet_version="2", drupelet_canary="1", drupelet_canary_share=0.5)
    try:
        people = [f"person-{n}" for n in range(12)]
        tried = {p for p in people if canary(kit.deps.settings).takes(p)}
        assert 0 < len(tried) < 12
        before = {(w, v): counted(w, v) for w in ("clicks_count", "clicks_sum", "seconds_sum") for v in "12"}
        project = kit.project(quorum=12)
        kit.image(project["id"])
        for person in people:
            lease = kit.next(project["id"], person)["lease"]["id"]
            for _ in range(2):  # told twice, counted once
                assert kit.submit(lease, person, key="k", clicks=3, duration_ms=1500).status_code < 300
        gained = {key: counted(*key) - value for key, value in before.items()}
        for version, number in (("1", len(tried)), ("2", 12 - len(tried))):
            assert gained["clicks_count", version] == number
            assert gained["clicks_sum", version] == 3 * number
            assert gained["seconds_sum", version] == pytest.approx(1.5 * number)
    finally:
        kit.close()
