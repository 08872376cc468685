"""All services in one process with two projects, somebody in every role, and a thing of every kind in each project."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import insert

from services.allinone.compose import Platform
from services.allinone.migrate import load_tables
from services.gateway.consent import CURRENT as CONSENT
from services.gateway.parts import Parts, parts_of
from services.gateway.passwords import Passwords
from shared.auth import Role
from shared.bus.runner import dead_letter_table
from shared.ids import new_id
from shared.settings import SERVICES, Settings

API = "/api/v1"
ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "seventeen brown hares"
ROLES = ("anonymous", "guest", "volunteer", "expert", "lab", "operator")
Call = tuple[str, str, dict[str, Any]]


def openapi() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return document


def png(seed: int = 0) -> bytes:
    """A 64 × 64 picture, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@dataclass
class World:
    """`things[scope]` holds the ids that fill a path's parameters."""

    platform: Platform
    parts: Parts
    people: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, str] = field(default_factory=dict)

    def client(self, **headers: str) -> httpx.AsyncClient:
        app = self.platform.apps["gateway"]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("93.184.216.34", 1))
        return httpx.AsyncClient(
            transport=transport, base_url="http://bramble.test", headers=headers, timeout=30
        )

    async def add(self, name: str, role: Role) -> httpx.AsyncClient:
        client, email = self.client(), f"{name}@example.org"
        hashed = self.parts.passwords.hash_now(PASSWORD)
        account = self.parts.accounts.create_account(email, hashed, name, CONSENT, role)
        me = await client.post(f"{API}/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["X-CSRF-Token"] = me.raise_for_status().json()["csrf_token"]
        self.people[name], self.ids[name] = client, account.id
        return client


async def build_world(folder: Path) -> World:
    settings = Settings(data_dir=folder, internal_secret="matrix", rate_limits=False, jobs="external")
    load_tables()
    platform = Platform(settings, SERVICES)
    for deps in platform.deps.values():
        deps.db.create_all()
    parts = parts_of(platform.deps["gateway"], Passwords(time_cost=1, memory_kib=64))
    platform.build()
    platform.start()
    world = World(platform, parts)
    world.people["anonymous"] = world.client()
    guest = world.client()
    me = (await guest.post(f"{API}/auth/guest", json={"consent_version": CONSENT})).raise_for_status().json()
    guest.headers["X-CSRF-Token"] = me["csrf_token"]
    world.people["guest"], world.ids["guest"] = guest, me["id"]
    await world.add("operator", Role.OPERATOR)
    for name, role in (
        ("volunteer", Role.VOLUNTEER),
        ("expert", Role.VOLUNTEER),
        ("lab", Role.LAB),
        ("stranger", Role.LAB),
    ):
        await world.add(name, role)
    await world.add("neighbour", Role.VOLUNTEER)
    world.things["own"] = await _furnish(
        world, "lab", open_=True, members={"volunteer": "volunteer", "expert": "expert"}, seed=10
    )
    world.things["other"] = await _furnish(
        world, "stranger", open_=False, members={"neighbour": "volunteer"}, seed=20
    )
    for name in ("guest", "volunteer", "expert", "lab", "operator"):
        world.leases[name] = await _lease(world, name, world.things["own"]["project_id"])
    world.leases["neighbour"] = await _lease(world, "neighbour", world.things["other"]["project_id"])
    for owner, scope, players in (
        ("lab", "own", ("guest", "volunteer", "expert")),
        ("stranger", "other", ("neighbour",)),
    ):
        path = f"{API}/projects/{world.things[scope]['project_id']}"
        body = {"open": True, "images": 8}
        (await world.people[owner].put(f"{path}/game", json=body)).raise_for_status()
        for name in players:
            answer = await world.people[name].post(f"{path}/rounds")
            world.rounds[name] = answer.raise_for_status().json()["id"]
    return world


async def _furnish(
    world: World, owner: str, *, open_: bool, members: dict[str, str], seed: int
) -> dict[str, str]:
    lab = world.people[owner]
    body = {
        "name": f"of {owner}",
        "labels": [{"name": "tissue"}],
        "open": open_,
        "quorum": 9,
        "gold_share": 0,
    }
    project = (await lab.post(f"{API}/projects", json=body)).raise_for_status().json()["id"]
    for name, role in members.items():
        (
            await lab.post(
                f"{API}/projects/{project}/members", json={"user_id": world.ids[name], "role": role}
            )
        ).raise_for_status()
    files = [("files", (f"{i}.png", png(seed + i), "image/png")) for i in range(3)]
    results = (
        (await lab.post(f"{API}/projects/{project}/images", files=files)).raise_for_status().json()["results"]
    )
    images = [r["image_ids"][0] for r in results]
    hook = {"project_id": project, "url": "https://hooks.example.org/x"}
    job = {"kind": "train", "params": {}}
    key = (await lab.post(f"{API}/keys", json={"name": "k"})).raise_for_status().json()
    deadline = time.monotonic() + 20
    while True:  # tasks come by event
        tasks = (await lab.get(f"{API}/projects/{project}/tasks")).raise_for_status().json()["items"]
        if len(tasks) == len(images):
            break
        assert time.monotonic() < deadline, "no tasks came"
        await asyncio.sleep(0.05)
    gold = {"masks": [], "nothing_here": True, "practice": True}
    (await lab.put(f"{API}/projects/{project}/gold/{images[2]}", json=gold)).raise_for_status()
    note = {"image_id": images[0], "kind": "wrong"}
    note_id = (await lab.post(f"{API}/projects/{project}/notes", json=note)).raise_for_status().json()["id"]
    pictures = f"{API}/projects/{project}/guide/pictures"
    picture = (await lab.post(pictures, content=png(7))).raise_for_status().json()["name"]
    return {
        "project_id": project,
        "image_id": images[0],
        "gold_image_id": images[2],
        "note_id": note_id,
        "picture": picture,
        "submission_id": new_id(),
        "advice_id": new_id(),
        "webhook_id": (await lab.post(f"{API}/webhooks", json=hook)).raise_for_status().json()["id"],
        "job_id": (await lab.post(f"{API}/projects/{project}/jobs", json=job))
        .raise_for_status()
        .json()["id"],
        "key_id": key["id"],
        "label_id": "1",
        **_made(world, project),
        **_letter(world, project),
    }


def _made(world: World, project: str) -> dict[str, str]:
    """Labelled images, a generator with its samples, a dataset and a study, as events and a worker would have left them (making them needs
    torch and minutes)."""
    from services.synthesis.store import Store
    from services.synthesis.tables import datasets
    from tests.samples import add_samples, add_study

    deps = world.platform.deps["synthesis"]
    labelled = [new_id() for _ in range(8)]
    for number, image_id in enumerate(labelled):
        deps.blobs.put(f"g/{image_id}", png(200 + number))
        head = {"group_name": image_id, "height": 64, "width": 64, "channels": 1}
        frame = {"key": f"g/{image_id}", "sha256": "0" * 64, "size": 1, "offset": 0, "length": 0}
        told = {**head, "name": "", "source_id": "", "geometry": {}, "frame": frame, "gold": {"masks": []}}
        with deps.db.begin() as conn:
            Store(deps.db, deps.clock).tell(conn, project, "gold", image_id, told)
    _, kept = add_samples(deps.db, deps.blobs, project, labelled[:4], kept=8, size=64)
    dataset_id, picture = new_id(), png(99)
    deps.blobs.put(f"d/{dataset_id}", picture)
    with deps.db.begin() as conn:
        row = {
            "project_id": project,
            "job_id": new_id(),
            "created_at_us": 1_750_000_000_000_000,
            "id": dataset_id,
            "name": "d",
            "version": 1,
            "sha256": "0" * 64,
            "archive_key": f"d/{dataset_id}",
            "archive_sha256": "0" * 64,
            "archive_size": len(picture),
            "counts": {"images": 1},
            "params": {},
        }
        conn.execute(insert(datasets).values(row))
    study_id, _ = add_study(deps.db, deps.blobs, project)
    return {"synthetic_id": kept[0], "dataset_id": dataset_id, "study_id": study_id}


def _letter(world: World, project: str) -> dict[str, str]:
    deps = world.platform.deps["annotations"]
    row = {
        "consumer": "annotations",
        "topic": "bramble.images.v1.ImageStored",
        "key": project,
        "event_id": new_id(),
        "error": "E",
        "detail": "",
        "value": b"",
        "created_at_us": 1,
    }
    with deps.db.begin() as conn:
        number = conn.execute(insert(dead_letter_table).values(row)).inserted_primary_key[0]
    return {"letter_id": f"annotations.{number}"}


async def _lease(world: World, name: str, project: str) -> str:
    answer = await world.people[name].post(f"{API}/projects/{project}/next")
    assert answer.status_code == 200, (name, answer.text)
    return str(answer.json()["lease"]["id"])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = await build_world(tmp_path)
    yield made
    for client in made.people.values():
        await client.aclose()
    await asyncio.to_thread(made.platform.stop)
