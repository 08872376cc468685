"""One image's way through a platform in one trace, for any form of it."""

from __future__ import annotations

import io
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
from PIL import Image

from shared.imaging import rle
from tests.collector import Collector, Kept

STORED, TASK = "bramble.images.v1.ImageStored", "bramble.annotations.v1.TaskCreated"
SUBMITTED, UPDATED = "bramble.annotations.v1.AnnotationSubmitted", "bramble.consensus.v1.ConsensusUpdated"
#: Steps of the chain, each below the one before: name, kind.
FROM_UPLOAD = (
    ("POST /api/v1/projects/{project_id}/images", "server"),
    ("POST images", "client"),
    ("POST /api/v1/projects/{project_id}/images", "server"),
    ("images.commit", "internal"),
    (f"{STORED} create", "producer"),
    (f"{STORED} process", "consumer"),
    (f"{TASK} create", "producer"),
)
FROM_SUBMISSION = (
    ("POST /api/v1/leases/{lease_id}/submissions", "server"),
    ("POST annotations", "client"),
    ("POST /api/v1/leases/{lease_id}/submissions", "server"),
    (f"{SUBMITTED} create", "producer"),
    (f"{SUBMITTED} process", "consumer"),
    ("consensus.merge", "internal"),
    (f"{UPDATED} create", "producer"),
    (f"{UPDATED} process", "consumer"),
)
ALSO = {"annotations.commit", f"{STORED} publish", f"{SUBMITTED} publish", f"{UPDATED} publish"}


def drive(lab: httpx.Client, volunteer: httpx.Client) -> tuple[str, str]:
    """Upload an image and answer it once, both with one `traceparent`; the trace and the span that stands for the asker. The clients are
    logged in and their base is `/api/v1`."""
    trace, root = secrets.token_hex(16), secrets.token_hex(8)
    headers = {"traceparent": f"00-{trace}-{root}-01"}
    body = {"name": "Traced", "labels": [{"name": "disc"}], "quorum": 1, "gold_share": 0}
    project = lab.post("/projects", json=body).raise_for_status().json()["id"]
    picture = io.BytesIO()
    Image.fromarray(np.arange(64 * 80, dtype=np.uint32).reshape(64, 80).astype(np.uint8)).save(picture, "PNG")
    files = {"files": ("a.png", picture.getvalue(), "image/png")}
    lab.post(f"/projects/{project}/images", files=files, headers=headers).raise_for_status()
    turn = eventually(
        lambda: (r := volunteer.post(f"/projects/{project}/next")).status_code == 200 and r.json()
    )
    mask = rle.to_json(rle.encode(np.eye(64, 80, dtype=bool)))
    answer = {"client_key": uuid.uuid4().hex, "masks": [{"label_id": 1, "rle": mask}]}
    path = f"/leases/{turn['lease']['id']}/submissions"
    volunteer.post(path, json=answer, headers=headers).raise_for_status()
    return trace, root


def check(collector: Collector, trace: str, root: str) -> list[Kept]:
    """Both chains are whole, and nothing tells who asked; the trace's spans."""

    def whole() -> bool:
        spans = collector.of(trace)
        return (
            all(_chain(spans, root, steps) for steps in (FROM_UPLOAD, FROM_SUBMISSION))
            and {span.name for span in spans} >= ALSO
        )

    eventually(whole)
    spans = collector.of(trace)
    told = "\n".join(
        f"{s.id} below {s.parent}: {s.kind} {s.name}" for s in sorted(spans, key=lambda s: s.began_ns)
    )
    for steps in (FROM_UPLOAD, FROM_SUBMISSION):
        assert _chain(spans, root, steps), f"the chain {[name for name, _ in steps]} isn't in\n{told}"
    assert {span.name for span in spans} >= ALSO, told
    assert not any(span.failed for span in spans), told
    assert all(span.began_ns <= span.ended_ns for span in spans)
    assert not any("@" in str(value) for span in spans for value in span.attributes.values())
    return spans


def _chain(spans: list[Kept], parent: str, steps: tuple[tuple[str, str], ...]) -> bool:
    """Whether the steps lie one below the other, beginning below `parent`."""
    if not steps:
        return True
    name, kind = steps[0]
    below = [s for s in spans if s.parent == parent and (s.name, s.kind) == (name, kind)]
    return any(_chain(spans, span.id, steps[1:]) for span in below)


def eventually(check: Callable[[], Any], patience_s: float = 60.0) -> Any:
    """What `check` answers once that is true; the last answer when patience ends."""
    deadline = time.monotonic() + patience_s
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
