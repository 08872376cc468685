"""A deleted image: never handed out again, its leases end, its answers stay, and the counters say so."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.annotations import events, store
from services.annotations import tables as t
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.errors import NotFound
from shared.ids import new_id
from tests.unit.annotations.kit import Kit, masks


def delete(kit: Kit, project_id: str, image_id: str) -> None:
    envelope = common.Envelope(occurred_at_us=kit.clock.now_us())
    with kit.deps.db.begin() as conn:
        events.on_image_deleted(conn, envelope, ImageDeleted(image_id=image_id, project_id=project_id))


def test_a_live_lease_ends_and_its_submission_is_told_so(kit: Kit) -> None:
    project = kit.project()["id"]
    kit.images(project, 2)
    held = kit.next(project, "ann")
    lease, image = held["lease"]["id"], held["task"]["image"]["id"]
    assert kit.counts(project)["leases"] == 1
    kit.call("PUT", f"/leases/{lease}/draft", "ann", {"masks": masks()})
    delete(kit, project, image)
    refused = kit.submit(lease, "ann")
    assert (refused.status_code, refused.json()["code"]) == (410, "image-deleted")
    assert refused.json()["detail"] == "The lab deleted this image; ask for the next task."
    for method, path, body in (
        ("POST", "renew", None),
        ("POST", "skip", {}),
        ("PUT", "draft", {"masks": masks()}),
    ):
        again = kit.call(method, f"/leases/{lease}/{path}", "ann", body)
        assert (again.status_code, again.json()["code"]) == (410, "image-deleted"), path
    assert kit.call("DELETE", f"/leases/{lease}", "ann").status_code in (200, 204)
    assert kit.submit(lease, "eve").status_code == 403
    counts = kit.counts(project)
    assert (counts["images"], counts["open"], counts["retired"], counts["submissions"]) == (1, 1, 0, 0)
    assert counts["leases"] == 0
    following = kit.next(project, "ann")
    assert following["task"]["image"]["id"] != image
    assert following["draft"] is None


def test_answers_stay_and_nobody_is_asked_again(kit: Kit) -> None:
    project = kit.project(quorum=2)["id"]
    image = kit.image(project)
    lease = kit.next(project, "ann")["lease"]["id"]
    assert kit.submit(lease, "ann", key="k").status_code == 201
    delete(kit, project, image)
    delete(kit, project, image)  # the wire may bring it twice
    assert kit.next(project, "bob") is None
    assert kit.submit(lease, "ann", key="k").status_code == 200, "an acknowledged answer is answered alike"
    assert kit.submit(lease, "ann", key="other").status_code == 410
    counts = kit.counts(project)
    assert {name: counts[name] for name in ("images", "open", "retired", "submissions", "leases")} == {
        "images": 0, "open": 0, "retired": 0, "submissions": 1, "leases": 0,
    }  # fmt: skip
    listed = kit.call("GET", f"/projects/{project}/submissions?image_id={image}").json()["items"]
    assert [item["image_id"] for item in listed] == [image]
    assert kit.call("GET", f"/projects/{project}/tasks").json()["items"] == []


def test_nothing_brings_a_deleted_task_back(kit: Kit) -> None:
    project = kit.project(quorum=1)["id"]
    image = kit.image(project)
    assert kit.submit(kit.next(project, "ann")["lease"]["id"], "ann").status_code == 201
    assert kit.counts(project)["retired"] == 1
    delete(kit, project, image)
    with kit.deps.db.begin() as conn, pytest.raises(NotFound):
        store.raise_quorum(conn, project, image, 1)
    assert kit.call("PATCH", f"/projects/{project}", json={"quorum": 3}).status_code == 200
    assert kit.call("PUT", f"/projects/{project}/gold/{image}", json={"masks": masks()}).status_code == 404
    with kit.deps.db.begin() as conn:
        assert not store.add_task(conn, new_id(), common.ImageRef(id=image, project_id=project), 0)
    assert kit.next(project, "bob") is None
    counts = kit.counts(project)
    assert (counts["images"], counts["open"], counts["retired"], counts["submissions"]) == (0, 0, 0, 1)


def test_deleted_gold_is_gold_no_more(kit: Kit) -> None:
    project = kit.project(gold_share=1.0)["id"]
    image = kit.image(project)
    assert kit.call("PUT", f"/projects/{project}/gold/{image}", json={"masks": masks()}).status_code < 300
    lease = kit.next(project, "ann")["lease"]["id"]
    delete(kit, project, image)
    assert kit.submit(lease, "ann").json()["code"] == "image-deleted"
    assert kit.call("GET", f"/projects/{project}/gold").json()["items"] == []
    assert kit.next(project, "bob") is None
    counts = kit.counts(project)
    assert (counts["images"], counts["gold"], counts["open"], counts["leases"]) == (0, 0, 0, 0)


def test_the_news_of_the_deletion_may_come_first(kit: Kit) -> None:
    project, image = kit.project()["id"], new_id()
    delete(kit, project, image)
    ref = common.ImageRef(id=image, project_id=project, height=4, width=4)
    with kit.deps.db.begin() as conn:
        assert not store.add_task(conn, new_id(), ref, kit.clock.now_us())
        assert conn.execute(select(t.tasks.c.status)).scalars().all() == ["deleted"]
    assert kit.next(project, "ann") is None
    assert kit.counts(project)["images"] == 0
