"""Dynamic overlap: what is expected of more labels, what is decided, and that the decision is kept with its reason."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from services.consensus import store
from services.consensus.domain.hierarchical import RaterModel, RaterParams, fuse
from services.consensus.domain.majority import majority
from services.consensus.domain.overlap import GAIN, Bounds, Outlook, decide, outlook
from services.consensus.domain.votes import image_votes
from services.consensus.merge import _STRAIGHT, merge
from shared.contracts.bramble.annotations.v1.events_pb2 import Overlap, ProjectUpdated
from shared.contracts.bramble.common.v1.common_pb2 import Label
from shared.imaging import rle
from tests.unit.consensus.crowds import disc
from tests.unit.consensus.service import PROJECT, Service, disk

BOUNDS = Bounds(2, 5, 0.9)


def test_masks_that_agree_move_nothing_and_masks_that_differ_do() -> None:
    same = image_votes("i", {f"r{k}": disc(48, 48, 20) for k in range(4)})
    apart = image_votes("i", {f"r{k}": disc(48, 40 + 6 * k, 20) for k in range(4)})
    model = RaterModel()
    calm, torn = (outlook(v, fuse(v, model), model, 0.9) for v in (same, apart))
    assert calm is not None
    assert torn is not None
    assert calm.sampling == pytest.approx(0.0)
    assert calm.expected == pytest.approx(0.9)
    assert torn.sampling > 0.05
    assert torn.gain() > torn.gain(2) - torn.gain() > 0, "each further label adds less"


def test_leaving_a_rater_out_on_patterns_is_leaving_their_mask_out() -> None:
    """The shortcut over patterns against merging the others' masks anew; both for a method with and without it."""
    rng = np.random.default_rng(4)
    masks = {f"r{k}": disc(48 + rng.normal(0, 2), 48 + rng.normal(0, 2), 20) for k in range(5)}
    votes = image_votes("i", masks)
    model = RaterModel({r: RaterParams(honesty=0.9, variance=4.0 + k) for k, r in enumerate(sorted(masks))})
    for merged, again in ((fuse(votes, model), fuse), (majority(votes), lambda v, _: majority(v))):
        moved = []
        for rater in votes.raters:
            a, b = rle.decode(again(votes.without(rater), model).mask), rle.decode(merged.mask)
            moved.append(1 - 2 * (a & b).sum() / (a.sum() + b.sum()))
        found = outlook(votes, merged, model, 0.9)
        assert found is not None
        assert found.sampling == pytest.approx(math.sqrt(4 * np.mean(np.square(moved))), abs=1e-9)


def test_two_spammers_who_agree_say_nothing() -> None:
    votes = image_votes("i", {"a": disc(48, 48, 20), "b": disc(48, 48, 20)})
    model = RaterModel({"a": RaterParams(honesty=0.1), "b": RaterParams(honesty=0.1)})
    assert outlook(votes, fuse(votes, model), model, 0.99) is None
    assert decide([None], 2, 2, BOUNDS, True).decision == "more"
    assert decide([None], 5, 5, BOUNDS, True).decision == "escalate"


@pytest.mark.parametrize(
    ("labels", "asked", "expected", "sampling", "agreed", "decision"),
    [
        (1, 3, 0.99, 0.0, True, "wait"),  # below the least
        (2, 3, 0.95, 0.02, True, "enough"),  # early
        (2, 3, 0.95, 0.02, False, "wait"),
        (3, 3, 0.95, 0.02, False, "escalate"),
        (2, 3, 0.80, 0.30, True, "wait"),  # another is on its way
        (3, 3, 0.80, 0.30, True, "more"),
        (5, 5, 0.80, 0.30, True, "escalate"),  # the bound
        (2, 3, 0.80, 0.01, True, "escalate"),  # more labels wouldn't help
    ],
)
def test_decisions(
    labels: int, asked: int, expected: float, sampling: float, agreed: bool, decision: str
) -> None:
    verdict = decide([Outlook(labels, expected, sampling)], labels, asked, BOUNDS, agreed)
    assert verdict.decision == decision
    assert verdict.why.endswith(".")


def test_labels_to_reach_a_target_is_the_inverse_of_the_gain() -> None:
    one = Outlook(4, 0.85, 0.6)
    assert one.to_reach(0.85) == 0
    assert one.to_reach(0.85 + GAIN * 0.6) is None
    for target in (0.86, 0.9, 0.93, 0.97):
        k = one.to_reach(target)
        assert k is not None
        assert one.expected + one.gain(k) >= target - 1e-9
        assert one.expected + one.gain(k - 1) < target


def test_what_is_kept_of_a_rater_never_changes_a_result() -> None:
    """Merged with a warm cache, after the mask or the habit changed, and with an empty one: the same."""
    habit = RaterModel({"b": RaterParams(honesty=0.9, offset=4.0, scatter=1.0)})
    for masks in ((20, 24), (18, 25), (20, 24)):
        votes = image_votes("kept", {"a": disc(48, 48, masks[0]), "b": disc(48, 48, masks[1])})
        for model in (habit, RaterModel()):
            warm = merge(1, votes, model, "hierarchical")
            _STRAIGHT.clear()
            assert merge(1, votes, model, "hierarchical") == warm


def dynamic(service: Service, least: int = 2, most: int = 5, quorum: int = 3) -> None:
    labels = [Label(id=1, name="lung"), Label(id=2, name="heart")]
    overlap = Overlap(least=least, most=most, target_dice=0.9)
    service.feed(
        ProjectUpdated(
            project_id=PROJECT, labels=labels, quorum=quorum, accept_agreement=0.7, overlap=overlap
        )
    )


def test_the_service_stops_early_and_says_why(tmp_path: Path) -> None:
    service = Service(tmp_path)
    dynamic(service)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}))
    assert service.consensus("i")["status"] == "pending"
    service.feed(service.submission("i", "b", {1: disk(24, 24, 10)}))
    assert service.consensus("i")["status"] == "accepted", "two of three asked for are enough"
    told = service.emitted("ConsensusUpdated")[-1]
    assert (told.enough, told.needs_more, told.escalated) == (True, False, False)
    assert told.expected_dice > 0.9
    history = service.get(f"/api/v1/images/{service.images['i'].id}/consensus/history").json()
    (decision,) = history["decisions"]
    assert (decision["decision"], decision["labels"]) == ("enough", 2)
    assert "0.900" in decision["why"]
    # The third rater held a lease and disagrees: the platform asks again.
    service.feed(service.submission("i", "c", {1: disk(10, 10, 6)}))
    history = service.get(f"/api/v1/images/{service.images['i'].id}/consensus/history").json()
    assert [d["decision"] for d in history["decisions"]][-1] == "enough"


def test_the_service_asks_for_more_and_then_for_an_expert(tmp_path: Path) -> None:
    service = Service(tmp_path)
    dynamic(service, most=4)
    places = [(10, 10), (24, 24), (38, 38), (10, 38)]
    seen = []
    for k, (y, x) in enumerate(places):
        message = service.submission("i", f"r{k}", {1: disk(y, x, 6)})
        message.quorum = max(3, k + 1)
        service.feed(message)
        told = service.emitted("ConsensusUpdated")[-1]
        seen.append((service.consensus("i")["status"], told.needs_more, told.escalated))
    assert seen[2] == ("pending", True, False)
    assert seen[3] == ("review", False, True)


def test_a_changed_setting_has_every_undecided_image_looked_at_again(tmp_path: Path) -> None:
    service = Service(tmp_path)
    for rater in "ab":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    assert service.consensus("i")["status"] == "pending"
    dynamic(service)
    assert service.consensus("i")["status"] == "accepted"
    service.feed(ProjectUpdated(project_id=PROJECT, quorum=3, accept_agreement=0.7, overlap=Overlap()))
    with service.deps.db.read() as conn:
        assert conn.execute(select(store.t.images.c.overlap)).scalar() == ""
    assert service.consensus("i")["status"] == "pending"
