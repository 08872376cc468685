"""A project's own segmenter in the service: versions, what it proposes and what is shown, rolling back."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from services.inference import store
from services.inference.proposer import Proposer
from shared.auth import Role
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Envelope
from shared.contracts.bramble.inference.v1.events_pb2 import ProposalReady
from shared.contracts.bramble.synthesis.v1.events_pb2 import LabelSkill, SegmenterTrained
from shared.db.outbox import outbox_table
from shared.ids import new_id
from shared.imaging import metrics, rle
from tests.unit.inference.kit import PROJECT, Kit, disc, phantom

LAB = {"role": Role.LAB, "memberships": {PROJECT: Role.LAB}}


def threshold_net(level: float, expected: float, size: int = 32) -> bytes:
    """A real ONNX network of a segmenter's shape: bright pixels are the label, with one expected Dice for every image."""
    onnx = pytest.importorskip("onnx", reason="needs the [train] extra")
    helper, TensorProto = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x"], ["grey"], axes=[2], keepdims=0),
        helper.make_node("Sub", ["grey", "level"], ["over"]),
        helper.make_node("Sigmoid", ["over"], ["plane"]),
        helper.make_node("Unsqueeze", ["plane", "first"], ["probability"]),
        helper.make_node("Identity", ["sure"], ["expected"]),
    ]
    constants = [
        helper.make_tensor("level", TensorProto.FLOAT, [], [level]),
        helper.make_tensor("first", TensorProto.INT64, [1], [0]),
        helper.make_tensor("sure", TensorProto.FLOAT, [1], [expected]),
    ]
    graph = helper.make_graph(
        nodes,
        "threshold",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [size, size, 3])],
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, size, size]),
            helper.make_tensor_value_info("expected", TensorProto.FLOAT, [1]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def trained(kit: Kit, expected: float, images: int = 10, data: bytes | None = None, sha256: str = "") -> str:
    """Tell the service of a version; its id."""
    data = data or threshold_net(115, expected)
    segmenter_id = new_id()
    key = f"synthesis/segmenters/{segmenter_id}.onnx"
    kit.deps.blobs.put(key, data)
    weights = BlobRef(key=key, sha256=sha256 or hashlib.sha256(data).hexdigest(), size=len(data))
    skill = LabelSkill(label_id=1, images=images, groups=4, dice=0.8, error=0.05, present=1.0)
    kit.apply(
        SegmenterTrained(
            project_id=PROJECT, segmenter_id=segmenter_id, job_id=new_id(), images=images, size=32, labels=[skill],
            weights=weights,
        )
    )  # fmt: skip
    return segmenter_id


def told(kit: Kit) -> list[ProposalReady]:
    with kit.deps.db.read() as conn:
        rows = conn.execute(select(outbox_table).order_by(outbox_table.c.id)).all()
    return [ProposalReady.FromString(Envelope.FromString(row.value).payload) for row in rows]


def proposals(kit: Kit, image: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = kit.call("GET", f"/images/{image}/proposals").json()["items"]
    return items


@pytest.fixture
def taught(kit: Kit) -> tuple[Kit, Proposer, str]:
    """Four consensus images, a fresh one far from where theirs are, and the proposer."""
    fresh = kit.store(phantom(x=100, y=75, radius=14, seed=50))
    for seed in range(4):
        kit.accept(phantom(x=60 + seed, y=48, seed=seed), disc((96, 128), 60 + seed, 48, 20))
    return kit, Proposer(kit.deps.db, kit.deps.blobs, kit.deps.clock, kit.app.state.models.default), fresh


def test_a_mask_that_much_is_expected_of_is_shown(taught: tuple[Kit, Proposer, str]) -> None:
    kit, proposer, fresh = taught
    model = trained(kit, expected=0.83)
    assert proposer.step() == 1
    assert proposer.step() == 0, "not twice by the same version"
    [item] = proposals(kit, fresh)
    assert (item["model"], round(item["score"], 2)) == ("project", 0.83)
    assert metrics.dice(rle.decode(rle.from_json(item["rle"])), disc((96, 128), 100, 75, 14)) > 0.85
    [event] = told(kit)
    assert (event.model, event.model_version, event.project_model) == ("project", "1", model)
    assert event.doubt == pytest.approx(0.17, abs=1e-6)
    assert kit.deps.blobs.get(event.masks[0].rle.key) == item["rle"]["counts"].encode()


def test_one_that_little_is_expected_of_gives_way_to_the_promptable_model_or_none(
    taught: tuple[Kit, Proposer, str],
) -> None:
    kit, proposer, fresh = taught
    trained(kit, expected=0.4)
    near = kit.store(phantom(x=61, y=48, seed=77))
    assert proposer.step() == 2
    assert {i["model"] for i in proposals(kit, near)} == {"drupelet"}
    assert all(i["model"] != "project" for i in proposals(kit, fresh))
    assert {e.image_id: round(e.doubt, 3) for e in told(kit)} == {fresh: 0.6, near: 0.6}, (
        "doubt is told in any case"
    )


def test_a_new_version_takes_over_and_can_be_rolled_back(taught: tuple[Kit, Proposer, str]) -> None:
    kit, proposer, fresh = taught
    trained(kit, expected=0.9)
    proposer.step()
    trained(kit, expected=0.1, images=30)
    assert proposer.step() == 1
    assert proposals(kit, fresh) == [] or proposals(kit, fresh)[0]["model"] != "project"
    state = kit.call("GET", f"/projects/{PROJECT}/segmenters", **LAB).json()
    assert [(v["version"], v["images"], v["proposes"]) for v in state["items"]] == [
        (2, 30, True),
        (1, 10, False),
    ]
    assert state["chosen"] is None
    assert state["items"][0]["labels"][0]["dice"] == 0.8

    back = kit.call("PUT", f"/projects/{PROJECT}/segmenters", {"version": 1}, **LAB)
    assert back.json()["chosen"] == 1
    assert proposer.step() == 1
    assert proposals(kit, fresh)[0]["model"] == "project"
    trained(kit, expected=0.95, images=100)
    assert proposer.step() == 0, "what the lab chose stays chosen"

    kit.call("PUT", f"/projects/{PROJECT}/segmenters", {"version": 0}, **LAB)
    assert proposer.step() == 1
    assert all(i["model"] != "project" for i in proposals(kit, fresh))
    last = told(kit)[-1]
    assert (last.image_id, last.project_model, last.doubt) == (fresh, "", 0)

    newest = kit.call("PUT", f"/projects/{PROJECT}/segmenters", {"version": None}, **LAB).json()
    assert [v["version"] for v in newest["items"] if v["proposes"]] == [3]
    assert proposer.step() == 1
    assert proposals(kit, fresh)[0]["score"] == pytest.approx(0.95)


def test_who_may_choose_and_what(kit: Kit) -> None:
    address = f"/projects/{PROJECT}/segmenters"
    assert kit.call("GET", address).status_code == 403
    assert kit.call("PUT", address, {"version": 1}).status_code == 403
    unknown = kit.call("PUT", address, {"version": 7}, **LAB)
    assert unknown.status_code == 404
    assert "version 7" in unknown.json()["detail"]
    assert kit.call("PUT", address, {"version": -1}, **LAB).status_code == 422
    assert kit.call("PUT", address, {}, **LAB).status_code == 422
    assert kit.call("GET", address, **LAB).json() == {"chosen": None, "items": []}


@pytest.mark.parametrize("how", ["other bytes", "no network"])
def test_weights_that_are_not_what_was_told_leave_it_to_the_promptable_model(
    taught: tuple[Kit, Proposer, str], how: str
) -> None:
    kit, proposer, _ = taught
    near = kit.store(phantom(x=61, y=48, seed=77))
    if how == "other bytes":
        trained(kit, expected=0.9, sha256="0" * 64)
    else:
        trained(kit, expected=0.9, data=b"not onnx")
    assert proposer.step() == 2
    assert [i["model"] for i in proposals(kit, near)] == ["drupelet"]
    assert {e.project_model for e in told(kit)} == {""}
    assert proposer.step() == 0, "and it isn't tried over and over"


def test_consensus_images_get_no_proposal(taught: tuple[Kit, Proposer, str]) -> None:
    kit, proposer, _ = taught
    trained(kit, expected=0.9)
    settled = kit.accept(phantom(seed=9), disc((96, 128), 60, 48, 20))
    proposer.step()
    assert proposals(kit, settled) == []
    with kit.deps.db.read() as conn:
        assert store.count_examples(conn, PROJECT) == 5
    assert np.isfinite([e.doubt for e in told(kit)]).all()
