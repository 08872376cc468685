"""The consensus service on SQLite and files, fed by hand: what tests of its parts share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.consensus.estimator import Estimator
from services.consensus.events import handlers
from services.consensus.main import create_app
from services.consensus.merger import Merger
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.blobs.files import FileBlobs
from shared.bus.local import LocalBus
from shared.bus.topics import all_topics, event_types
from shared.clock import ManualClock
from shared.contracts.bramble.annotations.v1.events_pb2 import AnnotationSubmitted, ProjectCreated
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Envelope, ImageRef, Label, LabelMask
from shared.db import Database, outbox_table
from shared.deps import Deps
from shared.ids import new_id
from shared.imaging import rle
from shared.settings import Settings

SIDE = 48
PROJECT = new_id()
_yy, _xx = np.mgrid[:SIDE, :SIDE]


def disk(cy: float, cx: float, r: float) -> np.ndarray:
    return (_yy - cy) ** 2 + (_xx - cx) ** 2 <= r**2


class Service:
    """The service on SQLite and files, fed by hand."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder)
        bus = LocalBus(folder / "bus.db")
        bus.ensure_topics(all_topics())
        self.clock = ManualClock()
        db = Database(settings.database_url_for("consensus"))
        self.deps = Deps("consensus", settings, db, bus, FileBlobs(folder / "blobs"), self.clock)
        self.api = TestClient(create_app(self.deps))
        db.create_all(("consensus_", "bus_"))
        self._handlers = {h.topic: h for h in handlers(self.deps.blobs, self.clock)}
        self.images: dict[str, ImageRef] = {}
        labels = [Label(id=1, name="lung"), Label(id=2, name="heart")]
        self.feed(
            ProjectCreated(project_id=PROJECT, labels=labels, quorum=3, accept_agreement=0.7), merge=False
        )

    def feed(self, message, *, merge: bool = True) -> None:
        self.clock.advance(0.01)
        envelope = Envelope(event_id=new_id(), occurred_at_us=self.clock.now_us())
        with self.deps.db.begin() as conn:
            self._handlers[message.DESCRIPTOR.full_name].apply(conn, envelope, message)
        if merge:
            Merger(self.deps).work()

    def feed_together(self, messages: list[AnnotationSubmitted]) -> None:
        """Submissions in one call, as the consumer gives them under load."""
        arrived = []
        for message in messages:
            self.clock.advance(0.01)
            arrived.append((Envelope(event_id=new_id(), occurred_at_us=self.clock.now_us()), message))
        many = self._handlers[AnnotationSubmitted.DESCRIPTOR.full_name].apply_many
        assert many is not None
        with self.deps.db.begin() as conn:
            many(conn, arrived)

    def image(self, name: str) -> ImageRef:
        if name not in self.images:
            self.images[name] = ImageRef(id=new_id(), project_id=PROJECT, height=SIDE, width=SIDE, group=name)
        return self.images[name]

    def mask(self, label_id: int, mask: np.ndarray) -> LabelMask:
        code = rle.encode(mask)
        key = f"annotations/{new_id()}"
        self.deps.blobs.put(key, b"xx" + code.counts)
        ref = BlobRef(key=key, size=len(code.counts), offset=2, length=len(code.counts))
        return LabelMask(
            label_id=label_id, height=mask.shape[0], width=mask.shape[1], rle=ref, area=int(mask.sum())
        )

    def submission(self, image: str, rater: str, masks: dict[int, np.ndarray], **more) -> AnnotationSubmitted:
        drawn = [self.mask(i, m) for i, m in masks.items() if m.any()]
        return AnnotationSubmitted(
            submission_id=new_id(),
            project_id=PROJECT,
            image=self.image(image),
            rater_id=rater,
            masks=drawn,
            label_ids=[1, 2],
            nothing_here=not drawn,
            quorum=3,
            accept_agreement=0.7,
            **more,
        )

    def settle(self) -> None:
        self.clock.advance(60)
        Estimator(self.deps).work()

    def consensus(self, image: str, role: Role = Role.LAB) -> dict:
        answer = self.get(f"/api/v1/images/{self.images[image].id}/consensus", role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def header(self, role: Role, who: str = "someone") -> dict[str, str]:
        members = {PROJECT: role} if role > Role.VOLUNTEER else {}
        return {
            HEADER: encode_principal(
                Principal(id=who, role=role, memberships=members), self.deps.settings.secret
            )
        }

    def get(self, path: str, role: Role = Role.LAB, who: str = "someone"):
        return self.api.get(path, headers=self.header(role, who))

    def post(self, path: str, body: dict, role: Role = Role.LAB):
        return self.api.post(path, json=body, headers=self.header(role))

    def emitted(self, name: str) -> list:
        kind = event_types()[f"bramble.consensus.v1.{name}"]
        with self.deps.db.read() as conn:
            rows = conn.execute(select(outbox_table).order_by(outbox_table.c.id)).all()
        return [
            kind.FromString(Envelope.FromString(r.value).payload)
            for r in rows
            if r.topic.endswith(f".{name}")
        ]


def crowd(service: Service, images: int = 8) -> list[AnnotationSubmitted]:
    rng = np.random.default_rng(5)
    out = []
    for k in range(images):
        cy, cx = rng.uniform(18, 30, 2)
        for r in range(4):
            out.append(
                service.submission(
                    f"i{k}", f"r{r}", {1: disk(cy + rng.normal(0, 0.7), cx, 10 + rng.normal(0, 0.5))}
                )
            )
        out.append(service.submission(f"i{k}", "spam", {1: np.ones((SIDE, SIDE), bool)}))
    return out
