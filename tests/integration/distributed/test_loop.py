"""The loop over real Kafka, PostgreSQL and MinIO, each service a process of its own, with parts killed on the
way."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from shared.imaging import rle
from tests.collector import Collector
from tests.servers import ServerError
from tests.servers.base import free_port
from tests.servers.plugin import skip_real
from tests.tracing import check, drive
from tools.run_distributed import Distributed

pytestmark = [pytest.mark.real, pytest.mark.slow]
RATERS = 3
PATIENCE_S = 90.0


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture(scope="module")
def platform(collector: Collector) -> Iterator[Distributed]:
    if skip_real():
        pytest.skip("BRAMBLE_SKIP_REAL is set")
    made = Distributed(free_port(), worker=False, extra={"BRAMBLE_OTLP_ENDPOINT": collector.url})
    try:
        try:
            made.start()
        except ServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield made
    finally:
        made.stop()


def session(platform: Distributed, route: str, body: dict[str, Any]) -> httpx.Client:
    """A browser that has just logged in."""
    client = httpx.Client(base_url=f"{platform.url}/api/v1", timeout=60)
    answer = client.post(route, json=body)
    assert answer.is_success, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def lab(platform: Distributed) -> httpx.Client:
    email, password, _ = next(a for a in platform.demo_accounts() if a[2] == "lab")
    return session(platform, "/auth/login", {"email": email, "password": password})


def guest(platform: Distributed) -> httpx.Client:
    with httpx.Client(base_url=f"{platform.url}/api/v1", timeout=60) as anonymous:
        version = anonymous.get("/consent").json()["version"]
    return session(platform, "/auth/guest", {"consent_version": version})


def disc(radius: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    y, x = np.mgrid[:64, :80]
    return np.asarray((x - 40) ** 2 + (y - 30) ** 2 <= radius**2)


def eventually(check: Callable[[], Any]) -> Any:
    """What `check` answers once that is true; the last answer when patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = check()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


def submit(client: httpx.Client, project: str, radius: float, key: str) -> httpx.Response:
    """Take the next task and answer it with a disc."""
    task = eventually(lambda: (r := client.post(f"/projects/{project}/next")).status_code == 200 and r.json())
    assert task, "no task came"
    body = {"client_key": key, "masks": [{"label_id": 1, "rle": rle.to_json(rle.encode(disc(radius)))}]}
    answer = client.post(f"/leases/{task['lease']['id']}/submissions", json=body)
    assert answer.status_code == 201, answer.text
    return answer


def test_one_trace_leads_from_upload_to_consensus(platform: Distributed, collector: Collector) -> None:
    """Across HTTP and Kafka, by way of the outboxes and the merge in the background."""
    spans = check(collector, *drive(lab(platform), guest(platform)))
    assert {span.service for span in spans} >= {
        "bramble-gateway",
        "bramble-images",
        "bramble-annotations",
        "bramble-inference",
        "bramble-consensus",
    }


def test_submissions_become_a_consensus_although_parts_die(platform: Distributed) -> None:
    owner = lab(platform)
    made = owner.post(
        "/projects",
        json={"name": "Distributed", "labels": [{"name": "disc"}], "quorum": RATERS, "gold_share": 0},
    )
    assert made.is_success, made.text
    project = made.json()["id"]
    picture = io.BytesIO()
    Image.fromarray(np.where(disc(12), 200, 40).astype(np.uint8)).save(picture, "PNG")
    uploaded = owner.post(
        f"/projects/{project}/images", files={"files": ("disc.png", picture.getvalue(), "image/png")}
    )
    assert uploaded.json()["accepted"] == 1, uploaded.text
    image = uploaded.json()["results"][0]["image_ids"][0]

    # The image comes back from MinIO by way of two services, as it was shown.
    frame = owner.get(f"/images/{image}/frame")
    assert frame.status_code == 200
    assert Image.open(io.BytesIO(frame.content)).size == (80, 64)

    submit(guest(platform), project, 10, uuid.uuid4().hex)
    # Consensus dies by kill -9 while submissions go on; its events wait in Kafka.
    platform.kill_service("consensus")
    submit(guest(platform), project, 12, uuid.uuid4().hex)
    submit(guest(platform), project, 14, uuid.uuid4().hex)
    platform.start_service("consensus")

    def finished() -> Any:
        answer = owner.get(f"/images/{image}/consensus")
        if answer.status_code != 200 or not answer.json()["labels"]:
            return None
        label = answer.json()["labels"][0]
        return label if len(label["submissions"]) == RATERS else None

    label = eventually(finished)
    assert label, "the consensus never saw all submissions"
    merged = rle.decode(rle.from_json(label["rle"], 64, 80))
    assert (disc(10) & ~merged).sum() == 0, "all raters agree there"
    assert (merged & ~disc(14)).sum() == 0, "no rater drew there"
    counts = owner.get(f"/projects/{project}").json()["counts"]
    assert (counts["submissions"], counts["retired"], counts["overshoot"]) == (RATERS, 1, 0)


def test_broker_dies_and_submissions_go_on(platform: Distributed) -> None:
    """A submission needs the database, not the broker: its event waits in the outbox until Kafka is back."""
    if platform.kafka.external:
        pytest.skip("the broker was given, so it isn't this test's to kill")
    owner = lab(platform)
    made = owner.post(
        "/projects", json={"name": "Broker", "labels": [{"name": "disc"}], "quorum": 1, "gold_share": 0}
    )
    project = made.json()["id"]
    picture = io.BytesIO()
    Image.fromarray(np.where(disc(9), 180, 30).astype(np.uint8)).save(picture, "PNG")
    uploaded = owner.post(
        f"/projects/{project}/images", files={"files": ("disc.png", picture.getvalue(), "image/png")}
    )
    image = uploaded.json()["results"][0]["image_ids"][0]
    volunteer = guest(platform)
    task = eventually(
        lambda: (r := volunteer.post(f"/projects/{project}/next")).status_code == 200 and r.json()
    )
    assert task

    platform.kafka.kill()
    body = {
        "client_key": uuid.uuid4().hex,
        "masks": [{"label_id": 1, "rle": rle.to_json(rle.encode(disc(9)))}],
    }
    answer = volunteer.post(f"/leases/{task['lease']['id']}/submissions", json=body)
    assert answer.status_code == 201, answer.text
    platform.kafka.start()
    back = time.monotonic()

    def merged() -> Any:
        found = owner.get(f"/images/{image}/consensus")
        return found.status_code == 200 and found.json()["labels"]

    assert eventually(merged), "the event never arrived"
    print(f"consensus {time.monotonic() - back:.1f} s after the broker came back")
