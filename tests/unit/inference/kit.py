"""An inference service on the embedded default, fed by events and driven through its HTTP app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from services.inference import main, tables
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.bus import create_bus
from shared.clock import SystemClock
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusAccepted
from shared.contracts.bramble.images.v1.events_pb2 import ImageStored
from shared.db.outbox import envelope_for
from shared.deps import Deps
from shared.ids import new_id
from shared.imaging import codecs, rle
from shared.settings import Settings

PROJECT = "0190a000-0000-7000-8000-000000000001"


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> npt.NDArray[np.bool_]:
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((rows + 0.5 - y) ** 2 + (cols + 0.5 - x) ** 2 < radius**2)


def phantom(
    shape: tuple[int, int] = (96, 128), x: float = 60, y: float = 48, radius: float = 20, seed: int = 0
) -> npt.NDArray[np.uint8]:
    """A bright disc on a dark, noisy ground: uint8 (H, W)."""
    rng = np.random.default_rng(seed)
    frame = 60 + 110 * disc(shape, x, y, radius) + rng.normal(0, 8, shape)
    return np.clip(frame, 0, 255).astype(np.uint8)


class Kit:
    """The service; `annotations` is a stand-in app that answers whether a project is open."""

    def __init__(self, folder: Path, project_open: bool = True, **more: Any) -> None:
        assert tables.images is not None
        settings = Settings(data_dir=folder, internal_secret="test-secret", **more)
        self.deps = Deps.create("inference", settings, bus=create_bus("", folder))
        self.deps.clock = SystemClock()
        self.deps.db.create_all(("inference_", "bus_"))
        peer = FastAPI()
        peer.get("/api/v1/projects/{p}")(lambda p: Response("{}", status_code=200 if project_open else 404))
        self.deps.peers = {"annotations": peer}
        self.app = main.create_app(self.deps)
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.http.__enter__()

    def close(self) -> None:
        self.http.__exit__(None, None, None)
        self.deps.db.close()
        self.deps.bus.close()

    def ref(self, frame: npt.NDArray[np.uint8], image_id: str | None = None) -> common.ImageRef:
        image_id = image_id or new_id()
        stored = self.deps.blobs.put(
            f"images/{image_id}/frame.png", codecs.encode_png(frame), media_type="image/png"
        )
        blob = common.BlobRef(key=stored.key, sha256=stored.sha256, size=stored.size, media_type="image/png")
        return common.ImageRef(
            id=image_id, project_id=PROJECT, height=frame.shape[0], width=frame.shape[1], frame=blob
        )

    def apply(self, message: Any) -> None:
        """Hand an event to the service's own handler, in a transaction, as the runner does."""
        [runner] = main.create_consumers(self.deps)
        envelope = envelope_for("test", PROJECT, message, self.deps.clock.now_us())
        handler = runner._handlers[envelope.type]
        with self.deps.db.begin() as conn:
            handler.apply(conn, envelope, message)

    def store(self, frame: npt.NDArray[np.uint8], image_id: str | None = None) -> str:
        ref = self.ref(frame, image_id)
        self.apply(ImageStored(image=ref))
        return str(ref.id)

    def accept(
        self,
        frame: npt.NDArray[np.uint8],
        mask: npt.NDArray[np.bool_],
        label_id: int = 1,
        image_id: str | None = None,
    ) -> str:
        ref = self.ref(frame, image_id)
        coded = rle.encode(mask)
        blob = self.deps.blobs.put(f"consensus/{ref.id}.rle", coded.counts)
        label = common.LabelMask(
            label_id=label_id, height=frame.shape[0], width=frame.shape[1],
            rle=common.BlobRef(key=blob.key, sha256=blob.sha256, size=blob.size),
        )  # fmt: skip
        event = ConsensusAccepted(project_id=PROJECT, image=ref, version=1)
        event.labels.add(mask=label, agreement=0.9)
        self.apply(event)
        return str(ref.id)

    def call(self, method: str, path: str, json: Any = None, **who: Any) -> Any:
        principal = Principal(id=who.pop("who", "v1"), role=who.pop("role", Role.VOLUNTEER), **who)
        headers = {HEADER: encode_principal(principal, self.deps.settings.secret)}
        return self.http.request(method, f"/api/v1{path}", json=json, headers=headers)
