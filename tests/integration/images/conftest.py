"""The images service over HTTP, with the real annotations service as its peer, on SQLite, files and LocalBus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.annotations.main import create_app as create_annotations
from services.images.main import create_app as create_images
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.blobs.files import FileBlobs
from shared.bus.local import LocalBus
from shared.bus.topics import all_topics
from shared.db.session import Database
from shared.deps import Deps
from shared.ids import new_id
from shared.settings import Settings

LAB, OTHER_LAB, VOLUNTEER = new_id(), new_id(), new_id()


@pytest.fixture
def deps(tmp_path: Path) -> dict[str, Deps]:
    settings = Settings(data_dir=tmp_path)
    bus = LocalBus(tmp_path / "bus.db")
    bus.ensure_topics(all_topics())
    blobs = FileBlobs(tmp_path / "blobs")
    made: dict[str, Deps] = {}
    for service in ("images", "annotations"):
        db = Database(settings.database_url_for(service))
        made[service] = Deps(service, settings, db, bus, blobs)
    made["images"].peers["annotations"] = create_annotations(made["annotations"])
    for each in made.values():
        each.db.create_all()
    return made


@pytest.fixture
async def http(deps: dict[str, Deps]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_images(deps["images"]))
    async with httpx.AsyncClient(transport=transport, base_url="http://images/api/v1") as client:
        yield client


@pytest.fixture
def as_(deps: dict[str, Deps]) -> Callable[..., dict[str, str]]:
    """Headers of a principal: `as_(LAB, Role.LAB, {project: Role.LAB})`."""
    secret = deps["images"].settings.secret

    def headers(
        account: str, role: Role, memberships: dict[str, Role] | None = None, **more: Any
    ) -> dict[str, str]:
        return {HEADER: encode_principal(Principal(account, role, memberships or {}, **more), secret)}

    return headers


@pytest.fixture
async def project(deps: dict[str, Deps], as_: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Two projects of the lab, one open and one closed: {"open": id, "closed": id}."""
    transport = httpx.ASGITransport(app=deps["images"].peers["annotations"])
    made = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://annotations/api/v1") as client:
        for name in ("open", "closed"):
            body = {"name": name, "labels": [{"name": "cell"}], "open": name == "open"}
            answer = await client.post("/projects", json=body, headers=as_(LAB, Role.LAB))
            assert answer.status_code == 201, answer.text
            made[name] = answer.json()["id"]
    return made
