"""The real service on SQLite and files, fed by the events that annotations and consensus send."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from services.synthesis import main
from services.synthesis.queue import JobQueue
from services.synthesis.store import Store
from services.synthesis.worker import Worker
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.bus.abstract import Message
from shared.clock import SystemClock
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded, ProjectCreated
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, ImageRef, Label, LabelMask
from shared.contracts.bramble.consensus.v1.events_pb2 import (
    ConsensusAccepted,
    ConsensusUpdated,
    LabelConsensus,
)
from shared.db.outbox import envelope_for
from shared.deps import Deps
from shared.ids import new_id
from shared.imaging import codecs, rle
from shared.settings import Settings
from tests.unit.synthesis.phantoms import phantom

LABELS = (3, 7)


class House:
    """The service with a project of phantoms, and what tests do with it."""

    def __init__(self, folder: Path, lease_s: float = 30.0, project_models: bool = False) -> None:
        self.settings = Settings(
            data_dir=folder, job_lease_s=lease_s, internal_secret="test", project_models=project_models
        )  # type: ignore[call-arg]
        self.deps = Deps.create("synthesis", self.settings)
        self.deps.db.create_all(("synthesis_", "bus_"))
        self.store = Store(self.deps.db, SystemClock())
        self.queue = JobQueue(self.deps.db, SystemClock(), lease_s)
        self.client = TestClient(main.create_app(self.deps))
        self._consumer = main.create_consumers(self.deps)[0]
        self.project = new_id()
        self.masks: dict[str, np.ndarray] = {}
        labels = [Label(id=3, name="disc", color="#f00"), Label(id=7, name="core", color="#0f0")]
        self.tell(ProjectCreated(project_id=self.project, name="Phantoms", labels=labels))

    def tell(self, message) -> None:
        envelope = envelope_for("test", self.project, message, SystemClock().now_us())
        assert self._consumer.handle(
            Message(envelope.type, 0, 0, self.project, envelope.SerializeToString(), 0)
        )

    def image(self, pixels: np.ndarray, group: str, image_id: str = "") -> ImageRef:
        data = codecs.encode_png(pixels)
        image_id = image_id or new_id()
        key = f"images/{image_id}.png"
        self.deps.blobs.put(key, data)
        frame = BlobRef(key=key, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        height, width = pixels.shape[:2]
        channels = 3 if pixels.ndim == 3 else 1
        return ImageRef(
            id=image_id, project_id=self.project, height=height, width=width, channels=channels,
            frame=frame, source_id=image_id, group=group, name=f"{group}.png",
        )  # fmt: skip

    def label_masks(self, label_map: np.ndarray) -> list[LabelMask]:
        out = []
        for index, label in enumerate(LABELS, start=1):
            mask = label_map == index
            coded = rle.encode(mask)
            counts = bytes(coded.counts)
            key = f"masks/{new_id()}"
            # Behind some other bytes: masks of one commit share a blob.
            self.deps.blobs.put(key, b"xx" + counts)
            ref = BlobRef(key=key, sha256="", size=len(counts) + 2, offset=2, length=len(counts))
            out.append(
                LabelMask(
                    label_id=label, height=mask.shape[0], width=mask.shape[1], rle=ref, area=int(mask.sum())
                )
            )
        return out

    def gold(self, pixels, label_map, group: str) -> str:
        image = self.image(pixels, group)
        self.masks[image.id] = label_map
        self.tell(GoldAdded(project_id=self.project, image=image, masks=self.label_masks(label_map)))
        return image.id

    def consensus(
        self, pixels, label_map, group: str, version: int = 1, image: ImageRef | None = None
    ) -> str:
        image = image or self.image(pixels, group)
        self.masks[image.id] = label_map
        labels = [
            LabelConsensus(mask=m, agreement=0.9, predicted_dice=0.9, raters=3)
            for m in self.label_masks(label_map)
        ]
        raters = ["rater-a", "rater-b", "rater-c"]
        self.tell(
            ConsensusAccepted(
                project_id=self.project, image=image, version=version, method="staple", labels=labels,
                submission_ids=["s1", "s2", "s3"], rater_ids=raters,
            )
        )  # fmt: skip
        return image.id

    def state(self, image_id: str, version: int, status: str) -> None:
        """What consensus tells of a version that isn't accepted (or is)."""
        self.tell(
            ConsensusUpdated(project_id=self.project, image_id=image_id, version=version, status=status)
        )

    def fill(
        self,
        gold: int = 4,
        consensus: int = 20,
        groups: int = 12,
        seed: int = 0,
        size: int = 48,
        channels: int = 1,
    ):
        rng = np.random.default_rng(seed)
        for number in range(gold + consensus):
            pixels, label_map = phantom(rng, size, channels)
            make = self.gold if number < gold else self.consensus
            make(pixels, label_map, f"patient-{number % groups}")

    def headers(self, role: Role = Role.LAB, project: str = "") -> dict[str, str]:
        asker = Principal(id="u1", role=role, memberships={project or self.project: role})
        return {HEADER: encode_principal(asker, self.settings.secret)}

    def post(self, path: str, body: dict, **kwargs):
        return self.client.post(f"/api/v1{path}", json=body, headers=self.headers(**kwargs))

    def get(self, path: str, **kwargs):
        return self.client.get(f"/api/v1{path}", headers=self.headers(**kwargs))

    def work(self) -> int:
        """A worker in this process works on one job."""
        return Worker(self.deps.db, self.deps.blobs, SystemClock(), self.queue.lease_s).run(once=True)

    def publish(self, **body) -> dict:
        job = self.post(f"/projects/{self.project}/datasets", {"name": "demo", **body}).json()
        self.work()
        return self.get(f"/jobs/{job['id']}").json()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.deps.db.close()
    made.deps.bus.close()
