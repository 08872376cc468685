"""Every version can be computed again bit for bit, whatever was learnt, labelled or superseded since; and any order gives the same."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.consensus import store, store_history
from services.consensus.estimator import Estimator
from services.consensus.merger import Merger
from services.consensus.rebuild import rebuild
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted
from shared.imaging import rle
from tests.unit.consensus.service import Service, crowd, disk


def test_last_months_versions_are_rebuilt_bit_for_bit(tmp_path: Path) -> None:
    service = Service(tmp_path)
    messages = crowd(service, 6)
    for k, message in enumerate(messages):
        service.feed(message)
        if k % 9 == 8:
            service.settle()  # the raters are believed to be something else from here on
    service.feed(service.submission("i0", "r0", {1: disk(30, 30, 5)}))  # supersedes
    service.settle()
    with service.deps.db.read() as conn:
        rows = conn.execute(select(store.t.versions)).all()
        assert len(rows) > 30
        assert len({row.basis for row in rows}) > 5
        for row in rows:
            assert rebuild(conn, row) == row.labels
    image = service.images["i0"].id
    old = service.get(f"/api/v1/images/{image}/consensus/versions/2").json()
    assert old["identical"] is True
    assert old["labels"] != service.consensus("i0")["labels"]
    assert service.get(f"/api/v1/images/{image}/consensus/versions/99").status_code == 404


def test_an_experts_version_says_that_nobody_can_compute_it(tmp_path: Path) -> None:
    service = Service(tmp_path)
    for rater in "abc":
        service.feed(service.submission("i", rater, {1: disk(24, 24, 10)}))
    image = service.images["i"].id
    fixed = [{"label_id": 1, "rle": rle.to_json(rle.encode(disk(20, 20, 8)))}]
    service.post(f"/api/v1/images/{image}/consensus/review", {"decision": "fix", "masks": fixed})
    found = service.get(f"/api/v1/images/{image}/consensus/versions/2").json()
    if found.get("by_expert") is None:
        found = service.get(f"/api/v1/images/{image}/consensus/versions/4").json()
    assert found["by_expert"] == "someone"
    assert found["identical"] is None
    history = service.get(f"/api/v1/images/{image}/consensus/history").json()
    assert history["reviews"][0]["decision"] == "fix"
    assert [v["by_expert"] is not None for v in history["versions"]] == [True] + [False] * (
        len(history["versions"]) - 1
    )


def test_a_harmed_version_is_named_and_not_shown(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.feed(service.submission("i", "a", {1: disk(24, 24, 10)}))
    v, image = store.t.versions, service.images["i"].id
    with service.deps.db.begin() as conn:
        conn.execute(v.update().where(v.c.image_id == image).values(labels=b"[{"))
    answer = service.get(f"/api/v1/images/{image}/consensus/versions/1")
    assert answer.status_code == 409
    assert "rebuild-consensus" in answer.json()["detail"]


def test_the_basis_survives_storage_to_the_last_bit(tmp_path: Path) -> None:
    from services.consensus.domain.hierarchical import RaterModel, RaterParams

    rng = np.random.default_rng(1)
    raters = {
        f"r{k}": RaterParams(
            *map(float, rng.random(3)), shift=(float(rng.normal()), 1e-300), agreement=float(rng.random())
        )
        for k in range(9)
    }
    basis = {1: ("hierarchical", RaterModel(raters, 1.0 + 1e-15)), 2: ("majority", RaterModel())}
    assert store_history.unpack_basis(store_history.pack_basis(basis)) == basis


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory):
    """Submissions of a small crowd, and what the service makes of them in the order in which they were sent."""
    service = Service(tmp_path_factory.mktemp("reference"))
    messages = crowd(service, 4)
    blobs = {m.masks[0].rle.key: service.deps.blobs.get(m.masks[0].rle.key) for m in messages if m.masks}
    return messages, blobs, dict(service.images), outcome(service, messages, [True] * len(messages))


def outcome(service: Service, messages: list[AnnotationSubmitted], merge: list[bool]) -> bytes:
    for message, now in zip(messages, merge, strict=True):
        service.feed(message, merge=now)
        if now and len(message.submission_id) and message.submission_id[-1] in "048c":
            service.clock.advance(60)
            Estimator(service.deps).work()
    Merger(service.deps).work()
    service.settle()
    out = {}
    for name in sorted(service.images):
        labels = service.consensus(name)["labels"]
        out[name] = [
            {
                k: label[k]
                for k in ("label_id", "rle", "method", "raters", "area", "submissions", "status", "flags")
            }
            for label in labels
        ]
    return orjson.dumps(out)


@settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a smaller order of arrival tells nothing more
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1), lazy=st.floats(0, 1))
def test_any_order_of_arrival_and_of_merging_gives_the_same(
    reference, tmp_path_factory: pytest.TempPathFactory, seed: int, lazy: float
) -> None:
    messages, blobs, images, wanted = reference
    rng = random.Random(seed)
    service = Service(tmp_path_factory.mktemp("order"))
    service.images = dict(images)
    for key, data in blobs.items():
        service.deps.blobs.put(key, data)
    shuffled = rng.sample(messages, len(messages))
    assert outcome(service, shuffled, [rng.random() > lazy for _ in shuffled]) == wanted
    service.deps.db.close()
