"""Notes that reach the lab, own work with what came of it, badges, ranking, pictures of the guide."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from services.annotations.domain import badges
from services.annotations.pictures import MAX_SIDE, accept
from shared.auth import Role
from shared.errors import InvalidInput
from tests.unit.annotations.kit import Kit, masks


def test_what_raters_say_reaches_the_lab_and_the_reply_comes_back(kit: Kit) -> None:
    project = kit.project(quorum=5)["id"]
    image = kit.image(project)
    task = kit.next(project, "ann")
    kit.submit(task["lease"]["id"], "ann", comment="Two discs?", unsure=True)
    kit.submit(kit.next(project, "ben")["lease"]["id"], "ben")  # says nothing
    lease = kit.next(project, "cas")["lease"]["id"]
    kit.call("POST", f"/leases/{lease}/skip", "cas", {"reason": "bad_image"})
    kit.call("POST", f"/leases/{lease}/skip", "cas", {"reason": "bad_image"})  # repeated: one note
    told = kit.call(
        "POST",
        f"/projects/{project}/notes",
        "dan",
        {"image_id": image, "kind": "wrong", "text": " upside down "},
    )
    assert told.status_code == 201, told.text
    notes = kit.call("GET", f"/projects/{project}/notes").json()["items"]
    assert [(n["rater_id"], n["kind"], n["text"]) for n in notes] == [
        ("dan", "wrong", "upside down"),
        ("cas", "skip", "bad_image"),
        ("ann", "unsure", "Two discs?"),
    ]
    assert {n["image_id"] for n in notes} == {image}
    answered = kit.call(
        "PATCH",
        f"/projects/{project}/notes/{notes[0]['id']}",
        json={"resolved": True, "reply": "Right, thank you!"},
    )
    assert answered.json()["resolved_at"]
    (mine,) = kit.call("GET", "/me/notes", "dan").json()["items"]
    assert (mine["reply"], mine["id"]) == ("Right, thank you!", notes[0]["id"])
    left = kit.call("GET", f"/projects/{project}/notes?status=open").json()["items"]
    assert [n["id"] for n in left] == [n["id"] for n in notes[1:]]
    assert kit.call("GET", f"/projects/{project}/notes", "dan").status_code == 403
    assert (
        kit.call(
            "PATCH", f"/projects/{project}/notes/{notes[0]['id']}", "dan", {"resolved": False}
        ).status_code
        == 403
    )
    assert [b["code"] for b in kit.call("GET", "/me/stats", "dan").json()["badges"]] == ["watchful"]


def test_notes_are_refused_where_they_make_no_sense(kit: Kit) -> None:
    project, other = kit.project()["id"], kit.project(open=False)["id"]
    image, theirs = kit.image(project), kit.image(other)
    path = f"/projects/{project}/notes"
    assert kit.call("POST", path, "ann", {"image_id": image, "kind": "comment"}).status_code == 422
    assert kit.call("POST", path, "ann", {"image_id": image, "kind": "skip"}).status_code == 422
    assert kit.call("POST", path, "ann", {"image_id": theirs, "kind": "wrong"}).status_code == 404
    assert (
        kit.call("POST", f"/projects/{other}/notes", "ann", {"image_id": theirs, "kind": "wrong"}).status_code
        == 404
    )
    assert kit.call("PATCH", f"{path}/nothing", json={"resolved": True}).status_code == 404
    note = kit.call("POST", f"/projects/{other}/notes", json={"image_id": theirs, "kind": "wrong"}).json()
    assert kit.call("PATCH", f"{path}/{note['id']}", json={"resolved": True}).status_code == 404, (
        "of another project"
    )


def _consensus(kit: Kit, labels: list[dict[str, Any]]) -> list[str]:
    """A consensus service that knows every image; answers whom it was asked by."""
    asked: list[str] = []
    app = FastAPI()

    @app.get("/api/v1/images/{image_id}/consensus")
    def image(image_id: str) -> dict[str, Any]:
        asked.append(image_id)
        return {"image_id": image_id, "labels": labels}

    kit.deps.peers["consensus"] = app
    return asked


def test_own_work_beside_what_came_of_it_and_then_it_stands(kit: Kit) -> None:
    project = kit.project(quorum=2)["id"]
    kit.image(project)
    asked = _consensus(kit, [{"label_id": 1, "rle": masks(radius=8)[0]["rle"], "agreement": 0.9}])
    lease = kit.next(project, "ann")["lease"]["id"]
    kit.submit(lease, "ann", masks=masks(radius=6))
    (mine,) = kit.call("GET", "/me/work", "ann").json()["items"]
    assert mine["finished"] is False
    one = kit.call("GET", f"/me/work/{mine['submission_id']}", "ann").json()
    assert (one["masks"], one["consensus"]) == (masks(radius=6), None)
    assert asked == [], "while answers are missing nothing is shown, so nothing can be copied"
    assert kit.submit(lease, "ann", masks=masks(radius=7)).status_code == 201
    kit.submit(kit.next(project, "ben")["lease"]["id"], "ben")
    (mine,) = kit.call("GET", f"/me/work?project_id={project}", "ann").json()["items"]
    assert mine["finished"] is True
    assert kit.call("GET", f"/me/work/{mine['submission_id']}", "ben").status_code == 404
    assert kit.submit(lease, "ann", masks=masks(radius=6)).status_code == 201, "not looked yet"
    (mine,) = kit.call("GET", "/me/work", "ann").json()["items"]
    one = kit.call("GET", f"/me/work/{mine['submission_id']}", "ann").json()
    small, large = (np.mgrid[:40, :32][0] - 20) ** 2 + (np.mgrid[:40, :32][1] - 16) ** 2 < 36, None
    large = (np.mgrid[:40, :32][0] - 20) ** 2 + (np.mgrid[:40, :32][1] - 16) ** 2 < 64
    (label,) = one["consensus"]
    assert label["dice"] == pytest.approx(2 * (small & large).sum() / (small.sum() + large.sum()), abs=1e-4)
    late = kit.submit(lease, "ann", masks=masks(radius=8))
    assert (late.status_code, late.json()["code"]) == (409, "consensus-seen")
    again = kit.call("GET", f"/me/work/{mine['submission_id']}", "ann").json()
    assert again["masks"] == masks(radius=6)


def test_gold_looks_like_unfinished_work(kit: Kit) -> None:
    project = kit.project(gold_share=1.0, gold_feedback=False, quorum=1)["id"]
    image = kit.image(project)
    kit.call("PUT", f"/projects/{project}/gold/{image}", json={"masks": masks()})
    asked = _consensus(kit, [])
    kit.submit(kit.next(project, "ann")["lease"]["id"], "ann")
    (mine,) = kit.call("GET", "/me/work", "ann").json()["items"]
    assert mine["finished"] is False
    assert kit.call("GET", f"/me/work/{mine['submission_id']}", "ann").json()["consensus"] is None
    assert asked == []


def test_ranking_is_by_quality_that_is_sure(kit: Kit) -> None:
    project = kit.project(gold_share=1.0, quorum=1)["id"]
    for image in kit.images(project, 6):
        kit.call("PUT", f"/projects/{project}/gold/{image}", json={"masks": masks(radius=8)})
    for who, radius, n in (("good", 8, 4), ("eager", 5, 6), ("new", 8, 2)):
        for _ in range(n):
            kit.submit(kit.next(project, who)["lease"]["id"], who, masks=masks(radius=radius))
    ranked = kit.call("GET", f"/projects/{project}/ranking").json()["items"]
    assert [r["rater_id"] for r in ranked] == ["good", "eager"], "who met two gold images has no rank yet"
    assert kit.call("GET", f"/projects/{project}/ranking", "good").status_code == 403


def test_badges_stay(kit: Kit) -> None:
    project = kit.project(quorum=9)["id"]
    kit.image(project)
    assert kit.call("GET", "/me/stats", "ann").json()["badges"] == []
    kit.submit(kit.next(project, "ann")["lease"]["id"], "ann")
    (first,) = kit.call("GET", "/me/stats", "ann").json()["badges"]
    kit.clock.advance(90_000)
    assert kit.call("GET", "/me/stats", "ann").json()["badges"] == [first]


def test_badges_ask_for_what_is_sure() -> None:
    assert badges.earned(badges.Facts()) == []
    lucky = badges.Facts(submissions=5, gold_seen=5, gold_low=0.4)
    assert "steady" not in badges.earned(lucky)
    assert badges.earned(badges.Facts(submissions=100, gold_seen=10, gold_low=0.9)) == [
        "first",
        "ten",
        "steady",
        "sharp",
        "hundred",
    ]


def _picture(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else (10, 200, 30, 90)[: len(mode)]).save(out, kind, **more)
    return out.getvalue()


def test_pictures_become_small_and_lose_their_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "Jane Doe, born 1950"
    photo = accept(_picture("JPEG", (4000, 100), exif=exif))
    assert (photo.suffix, photo.width) == ("jpg", MAX_SIDE)
    assert b"Jane" not in photo.data
    assert accept(_picture("PNG", mode="RGBA")).suffix == "png"
    assert accept(_picture("WEBP")).suffix == "png"
    for bad in (b"", b"GIF89a", b"<svg onload='alert(1)'/>", _picture("PNG")[:40], _picture("BMP")):
        with pytest.raises(InvalidInput):
            accept(bad)


def test_the_guide_s_pictures_are_the_labs_to_add_and_the_raters_to_see(kit: Kit) -> None:
    project = kit.project(open=False)["id"]
    path = f"/api/v1/projects/{project}/guide/pictures"
    lab, ann = kit.headers("lab", Role.LAB), kit.headers("ann", memberships={project: Role.VOLUNTEER})
    assert kit.http.post(path, content=_picture("PNG"), headers=ann).status_code == 403
    assert kit.http.post(path, content=b"no picture", headers=lab).status_code == 422
    kept = kit.http.post(path, content=_picture("PNG"), headers=lab)
    assert kept.status_code == 201
    got = kit.http.get(kept.json()["url"], headers=ann)
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(got.content)).size == (40, 30)
    assert kit.http.get(kept.json()["url"], headers=kit.headers("stranger")).status_code == 404
    assert kit.http.get(f"{path}/..%2f..%2fx.png", headers=lab).status_code == 404
    name = kept.json()["name"]
    other = f"{name[:-5]}{'1' if name[-5] == '0' else '0'}.png"
    assert kit.http.get(f"{path}/{other}", headers=lab).status_code == 404


def test_an_owner_who_was_removed_is_out_and_one_who_has_just_made_the_project_is_in(kit: Kit) -> None:
    made = kit.call("POST", "/projects", json={"name": "Mine", "labels": [{"name": "disc"}], "open": False})
    path = f"/projects/{made.json()['id']}"
    nothing: dict[str, Role] = {}  # what a gateway that hasn't heard of the membership yet signs

    def status(method: str, at: str, json: object = None) -> int:
        return int(kit.call(method, at, json=json, memberships=nothing).status_code)

    def listed() -> list[str]:
        found = kit.call("GET", "/projects", memberships=nothing).json()["items"]
        return [p["name"] for p in found]

    assert status("PATCH", path, {"quorum": 3}) == 200
    assert listed() == ["Mine"]
    kit.clock.advance(61)
    # Nobody would know: the project is closed, and the membership that made them its lab is gone.
    assert status("GET", path) == status("PATCH", path, {"quorum": 4}) == status("GET", f"{path}/gold") == 404
    assert listed() == []
    member = {made.json()["id"]: Role.LAB}
    assert kit.call("PATCH", path, json={"quorum": 4}, memberships=member).status_code == 200
    volunteer = {made.json()["id"]: Role.VOLUNTEER}
    assert kit.call("PATCH", path, json={"quorum": 4}, memberships=volunteer).status_code == 403
