"""The service through its doors: events in, HTTP out."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from services.inference import store
from services.inference.domain.clicker import Click
from services.inference.domain.port import Embedding
from services.inference.domain.prompt import Prompt
from services.inference.models import DRUPELET_VERSION, create_models
from services.inference.proposer import Proposer
from services.inference.serving import EmbeddingCache, Gate
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageStored
from shared.contracts.bramble.inference.v1.events_pb2 import ProposalReady
from shared.db.outbox import outbox_table
from shared.errors import Conflict, InvalidInput, Unavailable
from shared.imaging import metrics, rle
from shared.settings import Settings
from tests.unit.inference.kit import PROJECT, Kit, disc, phantom


def test_a_click_answers_the_disc(kit: Kit) -> None:
    image = kit.store(phantom())
    answer = kit.call(
        "POST",
        f"/images/{image}/segment",
        {"points": [{"x": 60, "y": 48}, {"x": 5, "y": 5, "is_positive": False}]},
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    mask = rle.decode(rle.from_json(body["rle"], 96, 128))
    assert metrics.dice(mask, disc((96, 128), 60, 48, 20)) > 0.9
    assert 0 <= body["score"] <= 1
    assert body["model"]
    assert body["ms"] > 0


def test_an_event_told_twice_changes_nothing(kit: Kit) -> None:
    ref = kit.ref(phantom())
    kit.apply(ImageStored(image=ref))
    kit.apply(ImageStored(image=ref))
    with kit.deps.db.read() as conn:
        assert store.find_image(conn, ref.id).height == 96


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"points": []},
        {"points": [{"x": -1, "y": 5}]},
        {"points": [{"x": 129, "y": 5}]},
        {"points": [{"x": 1e309, "y": 5}]},
        {"points": [{"x": 1, "y": 1}] * 501},
        {"box": [10, 10, 10, 40]},
        {"box": [200, 200, 300, 300]},
        {"box": [1, 2, 3]},
        {"scribbles": [{"points": []}]},
        {"scribbles": [{"points": [[1, 500]]}]},
        {"mask": {"size": [10, 10], "counts": "d3"}},
        {"mask": {"size": [96, 128], "counts": "~~~"}},
        {"points": [{"x": 1, "y": 1}], "surprise": 1},
    ],
)  # fmt: skip
def test_a_bad_prompt_is_refused_with_a_sentence(kit: Kit, body: dict[str, Any]) -> None:
    image = kit.store(phantom())
    import json

    principal = kit.call("GET", "/models").request.headers
    headers = {"x-bramble-principal": principal["x-bramble-principal"], "content-type": "application/json"}
    answer = kit.http.post(f"/api/v1/images/{image}/segment", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422, answer.text
    assert len(answer.json()["detail"]) > 15


def test_five_hundred_points_are_taken(kit: Kit) -> None:
    image = kit.store(phantom())
    points = [{"x": float(x % 128), "y": float(x % 96), "is_positive": x % 3 == 0} for x in range(500)]
    assert kit.call("POST", f"/images/{image}/segment", {"points": points}).status_code == 200


def test_unknown_image_and_model_are_404(kit: Kit) -> None:
    prompt = {"points": [{"x": 1, "y": 1}]}
    assert kit.call("POST", "/images/none/segment", prompt).status_code == 404
    image = kit.store(phantom())
    assert kit.call("POST", f"/images/{image}/segment", {**prompt, "model": "oracle"}).status_code == 404
    assert kit.call("GET", "/models/oracle/1/model.onnx").status_code == 404


def test_a_closed_project_is_closed_here_too(tmp_path: Path) -> None:
    kit = Kit(tmp_path, project_open=False)
    try:
        image = kit.store(phantom())
        prompt = {"points": [{"x": 60, "y": 48}]}
        assert kit.call("POST", f"/images/{image}/segment", prompt).status_code == 404
        from shared.auth import Role

        member = {"memberships": {PROJECT: Role.VOLUNTEER}}
        assert kit.call("POST", f"/images/{image}/segment", prompt, **member).status_code == 200
        assert kit.http.post(f"/api/v1/images/{image}/segment", json=prompt).status_code == 401
    finally:
        kit.close()


def test_models_list_one_default_and_immutable_weights(kit: Kit) -> None:
    items = kit.call("GET", "/models").json()["items"]
    assert sum(m["default"] for m in items) == 1
    for model in items:
        if model["browser"]:
            answer = kit.call("GET", model["url"].removeprefix("/api/v1"))
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            assert len(answer.content) == model["bytes"] <= 13_000_000
            assert model["engine"]["size"] == model["input_side"]
        else:
            assert model["engine"] is None


def test_an_earlier_version_of_the_segmenter_comes_back_by_a_setting(tmp_path: Path) -> None:
    newest = create_models(Settings(data_dir=tmp_path)).default
    before = create_models(Settings(data_dir=tmp_path, drupelet_version="1")).default
    assert (newest.info.version, before.info.version) == (DRUPELET_VERSION, "1")
    assert before.info.default
    prompt = Prompt((Click(60, 48, True), Click(10, 10, False)))
    masks = [m.decode(m.encode(phantom()), prompt)[0].mask for m in (newest, before)]
    assert metrics.dice(*masks) > 0.9
    with pytest.raises(Conflict):
        before.decode(newest.encode(phantom()), prompt)
    with pytest.raises(InvalidInput, match="BRAMBLE_DRUPELET_VERSION"):
        create_models(Settings(data_dir=tmp_path, drupelet_version="9"))


def test_a_canary_helps_its_share_of_the_people_and_nobody_else(tmp_path: Path) -> None:
    settings = {"drupelet_canary": "1", "drupelet_canary_share": 0.3}
    kit = Kit(tmp_path, **settings)
    try:
        image, versions = kit.store(phantom()), {}
        for n in range(60):
            person = f"person-{n}"
            [listed] = [m for m in kit.call("GET", "/models", who=person).json()["items"] if m["default"]]
            assert listed["name"] == "drupelet"
            assert kit.call("GET", listed["url"].removeprefix("/api/v1"), who=person).status_code == 200
            versions[person] = listed["version"]
        tried = [person for person, version in versions.items() if version == "1"]
        assert 8 <= len(tried) <= 30, "not about three in ten"
        for person in (tried[0], next(p for p in versions if p not in tried)):
            body = {"points": [{"x": 60, "y": 48}]}
            answer = kit.call("POST", f"/images/{image}/segment", body, who=person)
            assert answer.json()["version"] == versions[person]
            found = kit.call("GET", f"/images/{image}/embedding", who=person)
            assert found.headers["x-bramble-model-version"] == versions[person]
            assert found.headers["cache-control"] == "no-cache", "another version may come under this address"
        kept = kit.call(
            "GET", f"/images/{image}/embedding?model=drupelet&version=1", who=next(iter(versions))
        )
        assert kept.headers["x-bramble-model-version"] == "1"
        assert "immutable" in kept.headers["cache-control"]
        gone = kit.call("GET", f"/images/{image}/embedding?model=drupelet&version=9")
        assert (gone.status_code, "GET /models" in gone.json()["detail"]) == (404, True)
    finally:
        kit.close()
    for share, wanted in ((0.0, set()), (0.6, set(tried)), (1.0, set(versions))):
        more = create_models(Settings(data_dir=tmp_path, drupelet_canary="1", drupelet_canary_share=share))
        with_it = {p for p in versions if more.pick(None, p).info.version == "1"}
        assert wanted <= with_it, "somebody was taken back while the share grew"
        assert (share > 0) == bool(with_it)
    assert more.pick(None).info.version == DRUPELET_VERSION, (
        "what is nobody's, such as proposals, is the stable one's"
    )
    with pytest.raises(InvalidInput, match="BRAMBLE_DRUPELET_CANARY"):
        create_models(Settings(data_dir=tmp_path, drupelet_canary="9"))


def test_what_a_prompt_took_is_counted_by_model_and_version(kit: Kit) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("bramble_inference_decode_seconds_count", of) or 0.0

    info = kit.app.state.models.default.info
    of = {"model": info.name, "version": info.version}
    image, before = kit.store(phantom()), counted()
    assert kit.call("POST", f"/images/{image}/segment", {"points": [{"x": 60, "y": 48}]}).status_code == 200
    assert counted() == before + 1


def test_who_finds_no_room_gets_503_with_retry_after(kit: Kit) -> None:
    image, prompt = kit.store(phantom()), {"points": [{"x": 60, "y": 48}]}
    gate = kit.app.state.gate
    with gate.enter(), gate.enter():
        answer = kit.call("POST", f"/images/{image}/segment", prompt)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert kit.call("POST", f"/images/{image}/segment", prompt).status_code == 200


def test_the_embedding_is_small_and_bound_to_its_model(kit: Kit) -> None:
    image = kit.store(phantom((400, 600)))
    answer = kit.call("GET", f"/images/{image}/embedding")
    assert answer.status_code == 200
    assert len(answer.content) < 300_000
    embedding = Embedding.from_bytes(answer.content)
    assert (embedding.model, embedding.height, embedding.width) == (
        answer.headers["x-bramble-model"],
        400,
        600,
    )


def test_consensus_teaches_and_the_next_image_gets_a_proposal(kit: Kit) -> None:
    rng = np.random.default_rng(3)
    fresh = kit.store(phantom(x=66, y=46, seed=50))
    proposer = Proposer(kit.deps.db, kit.deps.blobs, kit.deps.clock, kit.app.state.models.default)
    assert proposer.step() == 0, "nothing is proposed before anything was learnt"
    for seed in range(4):
        x, y = 60 + rng.uniform(-6, 6), 48 + rng.uniform(-6, 6)
        kit.accept(phantom(x=x, y=y, seed=seed), disc((96, 128), x, y, 20))
    assert proposer.step() == 1
    assert proposer.step() == 0, "and not twice from the same examples"
    [item] = kit.call("GET", f"/images/{fresh}/proposals").json()["items"]
    assert item["label_id"] == 1
    assert metrics.dice(rle.decode(rle.from_json(item["rle"])), disc((96, 128), 66, 46, 20)) > 0.85
    with kit.deps.db.read() as conn:
        [row] = conn.execute(select(outbox_table)).all()
    event = ProposalReady.FromString(Envelope.FromString(row.value).payload)
    assert event.image_id == fresh
    assert kit.deps.blobs.get(event.masks[0].rle.key) == item["rle"]["counts"].encode()


def test_the_gate_sends_away_rather_than_queue_without_end() -> None:
    gate = Gate(running=1, waiting=1, patience_s=0.05)
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with gate.enter():
            inside.set()
            done.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(5)
    began = time.perf_counter()
    with pytest.raises(Unavailable) as caught, gate.enter():
        raise AssertionError("the gate let a second one in")
    assert caught.value.retry_after
    assert time.perf_counter() - began < 2
    done.set()
    thread.join()
    with gate.enter():
        pass


def test_models_run_in_the_gates_own_few_threads_whoever_asks() -> None:
    gate, seen = Gate(running=2, waiting=30, patience_s=20), list[str]()

    def ask() -> None:
        seen.append(gate.run(lambda: threading.current_thread().name))

    askers = [threading.Thread(target=ask) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    assert len(seen) == 20
    assert set(seen) <= {"inference-model_0", "inference-model_1"}
    with pytest.raises(ZeroDivisionError):
        gate.run(lambda: 1 // 0)
    assert gate.run(lambda: "still open") == "still open"


def test_the_cache_is_bounded_and_computes_once() -> None:
    made: list[str] = []

    def make(name: str) -> Embedding:
        made.append(name)
        return Embedding("m", "1", 1, 1, {"a": np.zeros(1000, np.uint8)})

    cache = EmbeddingCache(limit_bytes=2500)
    for name in "aabcab":
        cache.get(("m", "1", name), lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["a", "b", "c", "a", "b"]


def test_a_deleted_image_is_gone_and_stays_gone(kit: Kit) -> None:
    frame, mask = phantom(seed=4), disc((96, 128), 60, 48, 20)
    image = kit.accept(frame, mask)
    prompt = {"points": [{"x": 60, "y": 48}]}
    assert kit.call("POST", f"/images/{image}/segment", prompt).status_code == 200
    kit.apply(ImageDeleted(image_id=image, project_id=PROJECT))
    kit.apply(ImageDeleted(image_id=image, project_id=PROJECT))
    # What was still on its way when the image went doesn't bring it back.
    kit.apply(ImageStored(image=kit.ref(frame, image)))
    kit.accept(frame, mask, image_id=image)
    assert kit.call("POST", f"/images/{image}/segment", prompt).status_code == 404
    assert kit.call("GET", f"/images/{image}/embedding").status_code == 404
    with kit.deps.db.read() as conn:
        assert store.count_examples(conn, PROJECT) == 0
