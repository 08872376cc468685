"""An annotations service on the embedded default, driven through its HTTP app by accounts of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from services.annotations import main, store
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.bus import create_bus
from shared.clock import ManualClock, SystemClock
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.deps import Deps
from shared.ids import new_id
from shared.imaging import rle
from shared.settings import Settings

HEIGHT, WIDTH = 40, 32


def make_deps(folder: Path, clock: Any = None, database_url: str = "", **more: Any) -> Deps:
    """Real parts: SQLite or the database given, files, LocalBus."""
    settings = Settings(data_dir=folder, database_url=database_url, internal_secret="test-secret", **more)
    deps = Deps.create("annotations", settings, bus=create_bus("", folder))
    deps.clock = clock or SystemClock()
    deps.db.create_all(("annotations_", "bus_"))
    return deps


def disc(
    row: float = 20, column: float = 16, radius: float = 8, height: int = HEIGHT, width: int = WIDTH
) -> dict[str, Any]:
    """RLE of a disc, in pixels."""
    rows, columns = np.mgrid[:height, :width]
    return rle.to_json(rle.encode((rows - row) ** 2 + (columns - column) ** 2 < radius**2))


def masks(label_id: int = 1, **where: float) -> list[dict[str, Any]]:
    return [{"label_id": label_id, "rle": disc(**where)}]  # type: ignore[arg-type]


class Kit:
    """One service with a clock that the test moves."""

    def __init__(self, folder: Path, clock: Any = None, database_url: str = "", **settings: Any) -> None:
        self.clock = clock or ManualClock()
        self.deps = make_deps(folder, self.clock, database_url, **settings)
        self.app = main.create_app(self.deps)
        self.projects: dict[str, Role] = {}  # the memberships of "lab"
        self.http = TestClient(self.app, raise_server_exceptions=False)
        self.http.__enter__()  # one event loop for all requests, as a server has

    def close(self) -> None:
        for part in main.create_background(self.deps)[:1]:
            part.stop()
        self.http.__exit__(None, None, None)
        self.deps.db.close()
        self.deps.bus.close()

    def headers(self, who: str, role: Role = Role.VOLUNTEER, **more: Any) -> dict[str, str]:
        principal = Principal(id=who, role=role, **more)
        return {HEADER: encode_principal(principal, self.deps.settings.secret)}

    def call(self, method: str, path: str, who: str = "lab", json: Any = None, **more: Any) -> Any:
        role = Role.LAB if who == "lab" else Role.VOLUNTEER
        mine = {"role": role, "memberships": self.projects} if who == "lab" else {"role": role}
        headers = self.headers(who, **{**mine, **more})
        return self.http.request(method, f"/api/v1{path}", json=json, headers=headers)

    def project(self, **settings: Any) -> dict[str, Any]:
        body = {
            "name": "Discs",
            "labels": [{"name": "disc"}, {"name": "rim"}],
            "gold_share": 0.0,
            "quorum": 2,
            **settings,
        }
        answer = self.call("POST", "/projects", json=body)
        assert answer.status_code == 201, answer.text
        made = dict(answer.json())
        self.projects[made["id"]] = Role.LAB
        return made

    def image(self, project_id: str, height: int = HEIGHT, width: int = WIDTH) -> str:
        """Store an image's task, as `ImageStored` does; answers the image's id."""
        image = common.ImageRef(
            id=new_id(), project_id=project_id, height=height, width=width, channels=1, group="g", frames=1
        )
        with self.deps.db.begin() as conn:
            store.add_task(conn, new_id(), image, self.clock.now_us())
        return image.id

    def images(self, project_id: str, n: int) -> list[str]:
        return [self.image(project_id) for _ in range(n)]

    def next(self, project_id: str, who: str, ahead: int = 0) -> Any:
        answer = self.call("POST", f"/projects/{project_id}/next?ahead={ahead}", who)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else None

    def submit(self, lease_id: str, who: str, key: str | None = None, **body: Any) -> Any:
        if "masks" not in body and "nothing_here" not in body:
            body["masks"] = masks()
        body.setdefault("masks", [])
        return self.call(
            "POST", f"/leases/{lease_id}/submissions", who, {"client_key": key or new_id(), **body}
        )

    def counts(self, project_id: str) -> dict[str, int]:
        return dict(self.call("GET", f"/projects/{project_id}").json()["counts"])

    def events(self, name: str) -> list[Any]:
        """The messages of one type that wait in the outbox, in order."""
        from sqlalchemy import select

        from shared.contracts.bramble.annotations.v1 import events_pb2
        from shared.contracts.bramble.common.v1.common_pb2 import Envelope
        from shared.db.outbox import outbox_table

        with self.deps.db.read() as conn:
            rows = conn.execute(select(outbox_table.c.value).order_by(outbox_table.c.id)).scalars().all()
        envelopes = [Envelope.FromString(row) for row in rows]
        kind = getattr(events_pb2, name)
        return [kind.FromString(e.payload) for e in envelopes if e.type.endswith(f".{name}")]
