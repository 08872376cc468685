"""Votes mark their images; the merger merges each once for however many votes came, forgets none, and gives way under load."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from sqlalchemy import select

from services.consensus import estimator, merger, store
from services.consensus.estimator import Estimator
from services.consensus.merger import Merger
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.errors import Unavailable
from tests.unit.consensus.service import PROJECT, Service, disk


def waiting(service: Service) -> list[str]:
    with service.deps.db.read() as conn:
        return sorted(conn.execute(select(store.t.dirty.c.image_id)).scalars())


def test_votes_that_came_together_are_merged_once(tmp_path: Path) -> None:
    service = Service(tmp_path)
    for k, rater in enumerate("abc"):
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10 + k * 0.5)}), merge=False)
    assert service.consensus("i")["version"] == 0
    assert waiting(service) == [service.images["i"].id]
    assert Merger(service.deps).work() == 1
    found = service.consensus("i")
    assert (found["version"], found["status"]) == (1, "accepted")
    assert len(found["labels"][0]["submissions"]) == 3
    assert len(service.emitted("ConsensusUpdated")) == len(service.emitted("ConsensusAccepted")) == 1
    assert waiting(service) == []
    assert Merger(service.deps).work() == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_neither_order_nor_timing_of_the_merges_shows_in_the_result(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    masks = [disk(24, 24, 9), disk(25, 24, 10), disk(24, 26, 8)]
    results = []
    for name, merge in (("one by one", True), ("together", False)):
        service = Service(tmp_path / name)
        for k in order if name == "together" else range(3):
            service.feed(service.submission("i", f"r{k}", {1: masks[k]}), merge=merge)
        Merger(service.deps).work()
        labels = service.consensus("i")["labels"]
        results.append([(x["rle"], x["agreement"], x["predicted_dice"]) for x in labels])
    assert results[0] == results[1]


def test_a_mark_outlives_the_process(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}), merge=False)
    service.deps.db.close()
    again = Service(tmp_path)
    again.images = service.images
    assert Merger(again.deps).work() == 1
    assert again.consensus("i")["labels"][0]["area"] > 0


def test_a_vote_that_comes_after_the_merge_marks_anew(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}))
    service.feed(service.submission("i", "b", {1: disk(24, 24, 10)}), merge=False)
    assert waiting(service) == [service.images["i"].id]
    # Another one who brings the image up to date leaves the mark; the merger finds nothing to do and takes it away.
    Estimator(service.deps).estimate_project(service.images["i"].project_id)
    version = service.consensus("i")["version"]
    assert Merger(service.deps).work() == 1
    assert service.consensus("i")["version"] == version == 2
    assert waiting(service) == []


def test_complete_images_go_first(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("early", "a", {1: disk(24, 24, 10)}), merge=False)
    for rater in "abc":
        service.feed(service.submission("complete", rater, {1: disk(24, 24, 10)}), merge=False)
    assert Merger(service.deps).work(complete_only=True) == 1
    assert service.consensus("complete")["status"] == "accepted"
    assert waiting(service) == [service.images["early"].id]


def test_incomplete_images_get_a_share_of_the_time(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}), merge=False)
    one = Merger(service.deps)
    before = merger.time.perf_counter()
    one.work()
    spent = merger.time.perf_counter() - before
    assert 0 < one._not_before - before <= spent / merger.SHARE + 0.05


def test_one_image_that_cannot_be_merged_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path)
    for name in ("a", "bad", "c"):
        service.feed(service.submission(name, "r", {1: disk(24, 24, 10)}), merge=False)
    real, bad = merger.refresh, service.images["bad"].id

    def sometimes(conn, blobs, clock, image_id, **more):
        if image_id == bad:
            raise ValueError("broken")
        return real(conn, blobs, clock, image_id, **more)

    monkeypatch.setattr(merger, "refresh", sometimes)
    monkeypatch.setattr(merger, "PAUSE_S", 3600.0)  # on a busy machine a second is over before the next call
    monkeypatch.setattr(merger, "LONGEST_PAUSE_S", 3600.0)
    one = Merger(service.deps)
    one.work()
    assert service.consensus("a")["version"] == service.consensus("c")["version"] == 1
    assert waiting(service) == [bad]
    assert one.work() == 0, "it rests"
    one._failed[bad] = (0.0, 2.0)
    monkeypatch.setattr(merger, "refresh", real)
    assert one.work() == 1
    assert waiting(service) == []


def test_a_database_that_is_away_is_no_fault_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}), merge=False)

    def away(*_args, **_more):
        raise Unavailable("away")

    monkeypatch.setattr(merger, "refresh", away)
    one = Merger(service.deps)
    with pytest.raises(Unavailable):
        one.work()
    assert one._failed == {}
    assert waiting(service) == [service.images["i"].id]


def test_gold_and_deleted_images_leave_no_mark_behind(tmp_path: Path) -> None:
    service = Service(tmp_path)
    ref = service.image("g")
    service.feed(GoldAdded(project_id=ref.project_id, image=ref, masks=[service.mask(1, disk(24, 24, 9))]))
    service.feed(service.submission("g", "a", {1: disk(24, 24, 9)}, is_gold=True, gold_dice={1: 1.0}))
    assert waiting(service) == []
    service.feed(service.submission("d", "a", {1: disk(24, 24, 9)}), merge=False)
    gone = service.images["d"]
    service.feed(ImageDeleted(project_id=gone.project_id, image_id=gone.id), merge=False)
    Merger(service.deps).work()
    assert waiting(service) == []


def test_the_probability_shows_the_votes_of_its_version(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}))
    path = f"/api/v1/images/{service.images['i'].id}/consensus/1/probability"
    before = service.get(path)
    service.feed(service.submission("i", "b", {1: disk(10, 10, 5)}), merge=False)
    assert service.get(path).content == before.content
    Merger(service.deps).work()
    after = service.get(path)
    assert after.content != before.content
    assert after.headers["etag"] != before.headers["etag"]


def test_an_estimation_that_dies_between_model_and_merges_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 after the new belief about raters is kept and before the images are merged by it."""
    service = Service(tmp_path)
    for image in "ij":
        for k, rater in enumerate("abc"):
            service.feed(service.submission(image, rater, {1: disk(24, 24, 10 + k * 0.5)}))
    real = estimator.refresh

    def dies(*_given: object, **_more: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(estimator, "refresh", dies)
    with pytest.raises(KeyboardInterrupt):
        service.settle()
    merged: list[str] = []

    def notes(conn, blobs, clock, image_id, **more):
        merged.append(image_id)
        return real(conn, blobs, clock, image_id, **more)

    monkeypatch.setattr(estimator, "refresh", notes)
    service.settle()
    assert sorted(merged) == sorted(ref.id for ref in service.images.values())
    merged.clear()
    service.settle()
    assert merged == [], "once is enough"


def _rows(service: Service) -> list[list[tuple]]:
    """Votes, marks, images and news, without what differs from run to run."""
    v, d, i, p = store.t.votes.c, store.t.dirty.c, store.t.images.c, store.t.projects.c
    with service.deps.db.read() as conn:
        return [
            [tuple(r) for r in conn.execute(query)]
            for query in (
                select(v.submission_id, v.label_id, v.image_id, v.counts, v.gold_dice).order_by(
                    v.submission_id, v.label_id
                ),
                select(d.image_id, d.complete).order_by(d.image_id),
                select(i.image_id, i.quorum, i.is_gold).order_by(i.image_id),
                select(p.arrived, p.counted),
            )
        ]


def test_submissions_that_come_together_leave_the_rows_that_they_leave_one_by_one(tmp_path: Path) -> None:
    one, many = Service(tmp_path / "one"), Service(tmp_path / "many")
    one.image("i"), one.image("j"), one.image("g")
    many.images = one.images
    made = [one.submission("i", rater, {1: disk(24, 24, 9 + k)}) for k, rater in enumerate("abc")]
    made.append(one.submission("j", "a", {2: disk(20, 20, 6)}))
    made.append(one.submission("g", "a", {1: disk(20, 20, 6)}, is_gold=True, gold_dice={1: 0.5}))
    for message in made:
        for mask in message.masks:  # one pack, as the intake writes it
            data = one.deps.blobs.get(mask.rle.key)
            many.deps.blobs.put(mask.rle.key, data)
        one.feed(message, merge=False)
    pack, offset = b"", 0
    for mask in (m for message in made for m in message.masks):
        counts = one.deps.blobs.get(mask.rle.key, mask.rle.offset, mask.rle.length)
        pack += counts
        mask.rle.key, mask.rle.offset, offset = "annotations/pack", offset, offset + len(counts)
    many.deps.blobs.put("annotations/pack", pack)
    many.feed_together(made)
    assert _rows(many) == _rows(one)
    assert _rows(one)[1] == [
        (i, c) for i, c in sorted([(one.images["i"].id, True), (one.images["j"].id, False)])
    ]
    assert _rows(one)[3] == [(5, 0)]


@pytest.mark.parametrize("together", [False, True])
def test_an_event_that_is_replayed_changes_no_count_and_marks_nothing(tmp_path: Path, together: bool) -> None:
    """Under an event id of its own, as an operator replays it, past what the inbox knows."""
    service = Service(tmp_path)
    first = service.submission("i", "a", {1: disk(24, 24, 10)})
    service.feed(first, merge=False)
    later = service.submission("i", "b", {1: disk(24, 24, 10)})
    later.quorum = 5
    service.feed(later)
    service.settle()
    before, told = _rows(service), len(service.emitted("ConsensusUpdated"))
    assert before[3] == [(2, 2)]
    if together:
        service.feed_together([first, later, first])
    else:
        service.feed(first, merge=False)
    assert _rows(service) == before, "the quorum that was true at the first answer isn't true any more"
    service.settle()
    assert len(service.emitted("ConsensusUpdated")) == told


def test_an_event_twice_in_one_batch_counts_once_beside_a_new_one(tmp_path: Path) -> None:
    service = Service(tmp_path)
    first = service.submission("i", "a", {1: disk(24, 24, 10)})
    service.feed_together([first, service.submission("j", "a", {1: disk(24, 24, 9)}), first])
    assert _rows(service)[3] == [(2, 0)]


def test_two_replicas_that_estimate_one_project_take_its_news_off_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path)
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    other = Estimator(service.deps)
    fit = estimator.estimate
    nested: list[str] = []

    def at_the_same_moment(*args, **more):
        if not nested:
            nested.append("once")
            other.estimate_project(PROJECT)
            service.feed(service.submission("i", "d", {1: disk(24, 24, 10)}), merge=False)
        return fit(*args, **more)

    monkeypatch.setattr(estimator, "estimate", at_the_same_moment)
    Estimator(service.deps).estimate_project(PROJECT)
    assert _rows(service)[3] == [(4, 3)]  # the fourth came in between and is still news


def test_an_image_that_there_was_no_time_for_keeps_its_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path)
    for image in "ij":
        service.feed(service.submission(image, "a", {1: disk(24, 24, 10)}), merge=False)
    monkeypatch.setattr(merger, "HOLD_S", 0.0)
    worker = Merger(service.deps)
    assert worker._chunk(False, 16) == 1
    assert len(waiting(service)) == 1
    assert worker._chunk(False, 16) == 1
    assert waiting(service) == []
