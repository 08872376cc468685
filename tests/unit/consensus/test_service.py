"""The consensus service: events in, versions out, whatever the order; review; downloads; who may."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from services.consensus import store, store_votes
from services.consensus.domain.auto import merge as merge_offline
from services.consensus.domain.votes import image_votes
from services.consensus.estimator import Estimator
from shared.auth import Role
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.ids import new_id
from shared.imaging import rle
from tests.unit.consensus.service import PROJECT, SIDE, Service, crowd, disk


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def test_each_submission_makes_a_version_and_the_quorum_accepts(service: Service):
    for k, rater in enumerate("abc"):
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10 + k * 0.5)}))
        found = service.consensus("i")
        assert found["version"] == k + 1
        assert found["status"] == ("accepted" if k == 2 else "pending")
    label = next(x for x in found["labels"] if x["label_id"] == 1)
    assert rle.dice_rle(rle.from_json(label["rle"]), rle.encode(disk(24, 24, 10.5))) > 0.95
    assert len(label["submissions"]) == 3
    assert label["low"] <= label["predicted_dice"] <= label["high"]
    (accepted,) = service.emitted("ConsensusAccepted")
    mask = next(x.mask for x in accepted.labels if x.mask.label_id == 1)
    assert service.deps.blobs.get(mask.rle.key).decode() == label["rle"]["counts"]
    assert list(accepted.rater_ids) == ["a", "b", "c"]


def test_a_label_that_was_left_out_is_empty_and_nothing_here_is_an_answer(service: Service):
    for rater in "abc":
        service.feed(service.submission("i", rater, {}))
    found = service.consensus("i")
    assert found["status"] == "accepted"
    assert [(x["label_id"], x["area"], x["agreement"]) for x in found["labels"]] == [(1, 0, 1.0), (2, 0, 1.0)]


def test_disagreement_goes_to_review(service: Service):
    for rater, (y, x) in zip("abc", [(10, 10), (24, 24), (38, 38)], strict=True):
        service.feed(service.submission("i", rater, {1: disk(y, x, 6)}))
    assert service.consensus("i")["status"] == "review"
    assert service.emitted("ConsensusUpdated")[-1].escalated
    listed = service.get(f"/api/v1/projects/{PROJECT}/consensus?status=review").json()["items"]
    assert {x["image_id"] for x in listed} == {service.images["i"].id}


def test_a_later_submission_supersedes_and_the_earlier_one_stays(service: Service):
    service.feed(service.submission("i", "a", {1: disk(10, 10, 5)}, duration_ms=9000))
    service.feed(service.submission("i", "a", {1: disk(30, 30, 5)}, duration_ms=2000))
    label = service.consensus("i")["labels"][0]
    assert rle.decode(rle.from_json(label["rle"]))[30, 30]
    assert label["raters"] == 1
    with service.deps.db.read() as conn:
        assert len(conn.execute(select(store.t.votes)).all()) == 4  # two submissions, two labels each
        (votes,), given = store_votes.answers(conn, PROJECT, 1)
    assert rle.decode(votes.masks[0])[30, 30]
    assert {key: g.duration_ms for key, g in given.items()} == {(service.images["i"].id, "a"): 2000}


def test_the_order_of_arrival_does_not_matter(tmp_path: Path):
    results = []
    for n, order in enumerate(([0, 1, 2], [2, 0, 1])):
        service = Service(tmp_path / str(n))
        # The same ids in both runs: ids are part of what a tie could be broken by.
        messages = crowd(service, 6)
        parts = [messages[k::3] for k in order]
        for message in itertools.chain(*parts):
            service.feed(message)
        service.settle()
        results.append([[x["rle"] for x in service.consensus(f"i{k}")["labels"]] for k in range(6)])
    assert results[0] == results[1]


def test_the_service_and_the_offline_command_agree(service: Service):
    messages = crowd(service)
    for message in messages:
        service.feed(message)
    service.settle()
    votes: dict[str, dict[str, rle.RLE]] = {}
    for message in messages:
        data = service.deps.blobs.get(message.masks[0].rle.key, 2)
        votes.setdefault(message.image.id, {})[message.rater_id] = rle.RLE(SIDE, SIDE, data)
    images = [image_votes(i, v) for i, v in votes.items()]
    fused, _, _ = merge_offline(images, "auto", {})
    for one in fused_by_image(images, fused).items():
        name = next(k for k, ref in service.images.items() if ref.id == one[0])
        assert service.consensus(name)["labels"][0]["rle"] == rle.to_json(one[1])


def fused_by_image(images, fused):
    return {v.image: f.mask for v, f in zip(sorted(images, key=lambda v: v.image), fused, strict=True)}


def test_a_spammer_is_quarantined_and_announced_but_nothing_is_deleted(service: Service):
    for message in crowd(service, 12):
        service.feed(message)
    service.settle()
    raters = {r["rater_id"]: r for r in service.get(f"/api/v1/projects/{PROJECT}/raters").json()["items"]}
    assert "spam" in raters["spam"]["flags"]
    assert "spam" not in raters["r0"]["flags"]
    mine, spam = (next(x for x in raters[r]["labels"] if x["label_id"] == 1) for r in ("r0", "spam"))
    assert mine["low"] > spam["high"]
    assert any(
        e.quarantined for e in service.emitted("RaterScored") if e.rater_id == "spam" and e.label_id == 1
    )
    label = service.consensus("i0")["labels"][0]
    assert len(label["submissions"]) == 5


def test_gold_teaches_about_raters_and_has_no_consensus_of_its_own(service: Service):
    ref = service.image("g")
    service.feed(GoldAdded(project_id=PROJECT, image=ref, masks=[service.mask(1, disk(24, 24, 9))]))
    message = service.submission("g", "a", {1: disk(24, 24, 9)}, is_gold=True, gold_dice={1: 1.0, 2: 1.0})
    service.feed(message)
    service.settle()
    assert service.get(f"/api/v1/images/{ref.id}/consensus").json()["labels"] == []
    raters = service.get(f"/api/v1/projects/{PROJECT}/raters").json()["items"]
    assert raters[0]["gold"] == {"n": 2, "dice": 1.0}
    service.feed(GoldAdded(project_id=PROJECT, image=ref, removed=True))
    assert service.consensus("g")["labels"][0]["area"] > 0


def test_an_expert_accepts_fixes_and_sends_back(service: Service):
    for rater, (y, x) in zip("abc", [(10, 10), (24, 24), (38, 38)], strict=True):
        service.feed(service.submission("i", rater, {1: disk(y, x, 6)}))
    path = f"/api/v1/images/{service.images['i'].id}/consensus/review"
    fixed = disk(20, 20, 8)
    body = {"decision": "fix", "masks": [{"label_id": 1, "rle": rle.to_json(rle.encode(fixed))}]}
    answer = service.post(path, body, Role.EXPERT)
    assert answer.status_code == 200, answer.text
    assert (rle.decode(rle.from_json(answer.json()["labels"][0]["rle"])) == fixed).all()
    assert service.emitted("ConsensusAccepted")[-1].by_expert
    # An expert's fix stays when another submission comes.
    service.feed(service.submission("i", "d", {1: disk(40, 40, 5)}))
    assert (rle.decode(rle.from_json(service.consensus("i")["labels"][0]["rle"])) == fixed).all()
    assert service.post(path, {"decision": "send_back", "comment": "look again"}).json()["status"] == "review"
    told = service.emitted("ConsensusUpdated")[-1]
    assert (told.status, told.escalated, told.version) == (
        "review",
        False,
        service.emitted("ConsensusAccepted")[-1].version,
    )
    service.feed(service.submission("i", "e", {1: disk(24, 24, 6)}))
    assert service.consensus("i")["labels"][0]["raters"] == 5
    assert service.post(path, {"decision": "accept"}).json()["status"] == "accepted"


def test_bad_reviews_are_refused(service: Service):
    service.feed(service.submission("i", "a", {1: disk(24, 24, 6)}))
    path = f"/api/v1/images/{service.images['i'].id}/consensus/review"
    wrong_size = {"label_id": 1, "rle": rle.to_json(rle.encode(np.ones((4, 4), bool)))}
    assert service.post(path, {"decision": "fix", "masks": [wrong_size]}).status_code == 422
    unknown = {"label_id": 9, "rle": rle.to_json(rle.encode(disk(9, 9, 3)))}
    assert "label 9" in service.post(path, {"decision": "fix", "masks": [unknown]}).json()["detail"]
    assert service.post(path, {"decision": "maybe"}).status_code == 422
    assert (
        service.post(f"/api/v1/images/{new_id()}/consensus/review", {"decision": "accept"}).status_code == 404
    )


def test_who_may(service: Service):
    service.feed(service.submission("i", "a", {1: disk(24, 24, 6)}))
    image = f"/api/v1/images/{service.images['i'].id}/consensus"
    listing = f"/api/v1/projects/{PROJECT}/consensus"
    assert service.get(listing, Role.VOLUNTEER).status_code == 403
    assert service.get(f"/api/v1/projects/{PROJECT}/raters", Role.EXPERT).status_code == 403
    assert service.get(image, Role.VOLUNTEER, who="stranger").status_code == 403
    assert service.get(image, Role.VOLUNTEER, who="a").status_code == 200  # next to one's own
    assert service.get(f"{image}/1/probability", Role.VOLUNTEER, who="a").status_code == 403
    assert service.post(f"{image}/review", {"decision": "accept"}, Role.VOLUNTEER).status_code == 403
    assert service.api.get(listing).status_code == 401


def test_probability_and_the_zip(service: Service):
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    image = service.images["i"].id
    data = service.get(f"/api/v1/images/{image}/consensus/1/probability").content
    p = np.asarray(Image.open(io.BytesIO(data)))
    assert p.dtype == np.uint16
    assert p[24, 24] > 60000
    assert p[0, 0] == 0
    answer = service.get(f"/api/v1/projects/{PROJECT}/consensus/masks")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        mask = np.asarray(Image.open(io.BytesIO(archive.read(f"{image}/lung.png"))))
        table = archive.read("consensus.csv").decode().splitlines()
    assert set(np.unique(mask)) == {0, 255}
    assert ((mask > 0) == disk(24, 24, 10)).all()
    assert len(table) == 3


def test_recompute_with_another_method(service: Service):
    for message in crowd(service, 3):
        service.feed(message)
    path = f"/api/v1/projects/{PROJECT}/consensus/recompute"
    answer = service.post(path, {"method": "majority"}).json()
    assert answer["images"] == 3
    assert service.consensus("i0")["labels"][0]["method"] == "majority"
    refused = service.post(path, {"method": "oracle"})
    assert refused.status_code == 422
    assert "hierarchical" in refused.json()["detail"]


def test_pages(service: Service):
    for k in range(5):
        service.feed(service.submission(f"i{k}", "a", {1: disk(24, 24, 6)}))
    seen, cursor = [], ""
    while cursor is not None:
        page = service.get(f"/api/v1/projects/{PROJECT}/consensus?limit=3&cursor={cursor}").json()
        seen += [(x["image_id"], x["label_id"]) for x in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 10
    assert service.get(f"/api/v1/projects/{PROJECT}/consensus?cursor=junk").status_code == 422


def test_versions_are_kept(service: Service):
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    with service.deps.db.read() as conn:
        rows = conn.execute(select(store.t.versions).order_by(store.t.versions.c.version)).all()
    assert [len(json.loads(r.submissions)) for r in rows] == [1, 2, 3]


def test_a_deleted_image_is_listed_and_merged_no_more(tmp_path: Path) -> None:
    service = Service(tmp_path)
    for name in ("kept", "gone"):
        for rater in ("a", "b"):
            service.feed(service.submission(name, rater, {1: disk(20, 20, 8)}))
    kept, gone = service.image("kept"), service.image("gone")

    def listed() -> set[str]:
        rows = service.get(f"/api/v1/projects/{PROJECT}/consensus", Role.LAB).json()["items"]
        return {row["image_id"] for row in rows}

    assert listed() == {kept.id, gone.id}
    service.feed(ImageDeleted(project_id=PROJECT, image_id=gone.id))
    assert listed() == {kept.id}
    assert service.get(f"/api/v1/images/{gone.id}/consensus", Role.LAB).status_code == 404
    service.feed(service.submission("gone", "c", {1: disk(20, 20, 8)}))  # was under way
    service.feed(GoldAdded(project_id=PROJECT, image=gone, masks=[service.mask(1, disk(20, 20, 8))]))
    service.settle()
    with service.deps.db.read() as conn:
        assert store.merged_images(conn, PROJECT) == [kept.id]
        assert store.gold_of(conn, PROJECT, 1) == {}
        _, submissions = store.votes_of(conn, gone.id)
    assert len(submissions) == 3, "answers stay"
    early = service.image("early")
    service.feed(ImageDeleted(project_id=PROJECT, image_id=early.id))
    service.feed(service.submission("early", "a", {1: disk(20, 20, 8)}))
    service.settle()
    assert listed() == {kept.id}


def test_raters_are_estimated_though_the_clock_was_set_back(tmp_path: Path) -> None:
    service = Service(tmp_path)
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    service.clock.advance(-3600)
    assert Estimator(service.deps).work() == 1
    with service.deps.db.read() as conn:
        project = store.project(conn, PROJECT)
    assert project.counted == project.arrived == 3


@pytest.mark.parametrize("works", [True, False])
def test_the_estimators_share_is_of_the_cpu_and_not_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    """Waiting for a busy machine isn't held against a project, or it would wait twenty times as long again."""
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}))
    service.clock.advance(60)
    rounds = []

    def fit(project_id: str) -> int:
        rounds.append(project_id)
        begun = time.thread_time()
        while works and time.thread_time() - begun < 0.2:
            pass
        time.sleep(0.0 if works else 0.2)
        return 0  # and the project stays marked

    one = Estimator(service.deps)
    monkeypatch.setattr(one, "estimate_project", fit)
    one.work()
    one.work()
    assert len(rounds) == (1 if works else 2)
