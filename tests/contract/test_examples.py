"""Every consumer applies every example of the events that it reads: what a producer may send, a consumer understands."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from google.protobuf import json_format
from google.protobuf.message import Message as Proto
from PIL import Image
from sqlalchemy import select

from services.allinone.migrate import upgrade
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.blobs import BlobStore
from shared.bus import Message
from shared.bus.runner import ConsumerRunner, dead_letter_table
from shared.bus.topics import all_topics, event_types
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef, Envelope, LabelMask
from shared.db import inbox_table
from shared.deps import Deps
from shared.ids import new_id
from shared.imaging import rle
from shared.settings import SERVICES, Settings

ROOT = Path(__file__).resolve().parents[2]
# Images and projects before what speaks of them, as in life.
ORDER = ("ImageStored", "ProjectCreated", "TaskCreated", "ProjectUpdated", "GoldAdded", "AnnotationSubmitted")
CONSUMERS = tuple(name for name in SERVICES if name != "gateway")  # its pump is tested with the gateway


def examples(topics: list[str]) -> list[Path]:
    """The example files of `topics`, in the order in which they could happen."""
    found = [p for p in (ROOT / "proto" / "examples").glob("*/v1/*.json") if p.parts[-3] in topics]

    def rank(path: Path) -> tuple[int, str]:
        name = path.parts[-3].rsplit(".", 1)[-1]
        return (ORDER.index(name) if name in ORDER else len(ORDER), str(path))

    return sorted(found, key=rank)


def fill(message: Proto, blobs: BlobStore, size: tuple[int, int] = (8, 8)) -> None:
    """Put real bytes behind every blob that `message` names, and their digests into it."""
    fields = {field.name: value for field, value in message.ListFields()}
    if fields.get("height") and fields.get("width"):
        size = (fields["height"], fields["width"])
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for child in value if field.is_repeated else [value]:
            if not isinstance(child, BlobRef):
                fill(child, blobs, size)
                continue
            if isinstance(message, LabelMask):
                mask = np.zeros(size, bool)
                mask[size[0] // 4 : size[0] // 2, size[1] // 4 : size[1] // 2] = True
                data = str(rle.to_json(rle.encode(mask))["counts"]).encode()
                message.area = int(mask.sum())
                child.key = f"{child.key}-{message.label_id}"
            elif child.media_type == "image/png":
                picture = io.BytesIO()
                Image.fromarray(np.full(size, 90, np.uint8)).save(picture, "PNG")
                data = picture.getvalue()
            else:
                data = b"any bytes"
            info = blobs.put(child.key, data, media_type=child.media_type)
            child.sha256, child.size, child.offset, child.length = info.sha256, info.size, 0, 0


def make_project(app: FastAPI, deps: Deps) -> None:
    """The examples' project, by the door of the service that owns projects."""
    owner = Principal(id=new_id(), role=Role.OPERATOR)
    headers = {
        HEADER: encode_principal(owner, deps.settings.secret),
        "X-Bramble-New-Id": json.loads(
            next(iter(examples(["bramble.annotations.v1.ProjectCreated"]))).read_text()
        )["project_id"],
    }
    labels = [{"name": "grey matter"}, {"name": "white matter"}]
    answer = TestClient(app).post(
        "/api/v1/projects", json={"name": "Examples", "labels": labels}, headers=headers
    )
    assert answer.status_code == 201, answer.text


@pytest.fixture(params=CONSUMERS)
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Deps, list[ConsumerRunner]]]:
    deps = Deps.create(request.param, Settings(data_dir=tmp_path, jobs="external"))
    upgrade(deps.db)
    deps.bus.ensure_topics(all_topics())
    module = import_module(f"services.{request.param}.main")
    app = module.create_app(deps)
    if request.param == "annotations":
        make_project(app, deps)
    yield deps, module.create_consumers(deps)
    deps.db.close()
    deps.bus.close()
    deps.blobs.close()


def test_consumer_applies_every_example(runner: tuple[Deps, list[ConsumerRunner]]) -> None:
    deps, runners = runner
    applied: dict[str, str] = {}
    for consumer in runners:
        for i, path in enumerate(examples(consumer.topics)):
            message: Any = event_types()[path.parts[-3]]()
            json_format.Parse(path.read_text(), message)
            fill(message, deps.blobs)
            envelope = Envelope(
                event_id=new_id(),
                type=path.parts[-3],
                schema_version=1,
                occurred_at_us=deps.clock.now_us(),
                partition_key="k",
                payload=message.SerializeToString(),
            )
            applied[envelope.event_id] = f"{path.parts[-3]}/{path.stem}"
            assert consumer.handle(Message(path.parts[-3], 0, i, "k", envelope.SerializeToString(), 0))
        with deps.db.read() as conn:
            dead = {applied[r.event_id]: r.error for r in conn.execute(select(dead_letter_table))}
            seen = set(conn.execute(select(inbox_table.c.event_id)).scalars())
        assert dead == {}
        assert {applied[event_id] for event_id in seen} == set(applied.values())
