"""The versions of each project's own segmenter: which there are, which one proposes, and its network, ready to run."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from services.inference.domain.project_model import Guess, guess
from services.inference.tables import model_choices, project_models
from shared.blobs import BlobStore
from shared.contracts.bramble.synthesis.v1.events_pb2 import SegmenterTrained
from shared.db.upsert import put
from shared.errors import InvalidInput, NotFound

NAME = "project"
"""What stands as the model of such a proposal."""
NEWEST = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version; `labels` as held-back images judged them, in the order of the network's planes."""

    id: str
    project_id: str
    version: int
    images: int
    size: int
    labels: tuple[Mapping[str, Any], ...]
    weights_key: str
    weights_sha256: str
    made_at_us: int
    active: bool


def add(conn: Connection, message: SegmenterTrained, now_us: int) -> None:
    """Keep a new version. It proposes from now on, unless the lab has chosen another."""
    here = project_models.c.project_id == message.project_id
    last = conn.execute(select(func.max(project_models.c.version)).where(here)).scalar()
    labels = [
        {"label_id": s.label_id, "images": s.images, "groups": s.groups, "dice": s.dice, "error": s.error, "present": s.present}
        for s in message.labels
    ]  # fmt: skip
    values = {
        "id": message.segmenter_id,
        "project_id": message.project_id,
        "version": int(last or 0) + 1,
        "images": message.images,
        "size": message.size,
        "labels": json.dumps(labels),
        "weights_key": message.weights.key,
        "weights_sha256": message.weights.sha256,
        "made_at_us": now_us,
        "active": False,
    }
    conn.execute(insert(project_models).values(values))
    _settle(conn, message.project_id)


def choose(conn: Connection, project_id: str, version: int | None) -> None:
    """Let `version` propose (0: none) until another is chosen; None: the newest, also those to come. Raises NotFound."""
    if version is NEWEST:
        conn.execute(delete(model_choices).where(model_choices.c.project_id == project_id))
    else:
        here = (project_models.c.project_id == project_id) & (project_models.c.version == version)
        if version and conn.execute(select(project_models.c.id).where(here)).first() is None:
            raise NotFound(
                f"This project's segmenter has no version {version}; 0 turns it off, null takes the newest."
            )
        put(conn, model_choices, {"project_id": project_id}, {"version": version})
    _settle(conn, project_id)


def chosen(conn: Connection, project_id: str) -> int | None:
    """What the lab chose; None: the newest."""
    query = select(model_choices.c.version).where(model_choices.c.project_id == project_id)
    found = conn.execute(query).scalar()
    return None if found is None else int(found)


def _settle(conn: Connection, project_id: str) -> None:
    here = project_models.c.project_id == project_id
    version = chosen(conn, project_id)
    if version is None:
        version = conn.execute(select(func.max(project_models.c.version)).where(here)).scalar()
    conn.execute(update(project_models).where(here).values(active=project_models.c.version == version))


def versions(conn: Connection, project_id: str) -> list[Version]:
    """All of a project, newest first."""
    query = select(project_models).where(project_models.c.project_id == project_id)
    return [_version(row) for row in conn.execute(query.order_by(project_models.c.version.desc()))]


def find(conn: Connection, model_id: str) -> Version | None:
    """A version by its id."""
    row = conn.execute(select(project_models).where(project_models.c.id == model_id)).first()
    return None if row is None else _version(row)


def _version(row: Row[Any]) -> Version:
    return Version(
        row.id, row.project_id, row.version, row.images, row.size, tuple(json.loads(row.labels)), row.weights_key,
        row.weights_sha256, row.made_at_us, bool(row.active),
    )  # fmt: skip


class Networks:
    """Sessions of ONNX Runtime on one thread, those used last kept: a proposer goes through a project image by image."""

    def __init__(self, blobs: BlobStore, keep: int = 2) -> None:
        self._blobs, self._keep = blobs, keep
        self._open: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def guess(self, version: Version, frame: npt.NDArray[np.uint8]) -> list[Guess]:
        """What `version` says of a frame uint8 (H, W) or (H, W, 3), label by label. Raises InvalidInput where its file isn't what was
        told of, NotFound where it is gone."""
        session = self._session(version)
        names = [o.name for o in session.get_outputs()]
        labels = [int(label["label_id"]) for label in version.labels]
        return guess(
            lambda inputs: dict(zip(names, session.run(None, dict(inputs)), strict=True)),
            frame,
            labels,
            version.size,
        )

    def _session(self, version: Version) -> Any:
        with self._lock:
            found = self._open.get(version.id)
            if found is None:
                found = self._open[version.id] = self._load(version)
                while len(self._open) > self._keep:
                    self._open.popitem(last=False)
            self._open.move_to_end(version.id)
            return found

    def _load(self, version: Version) -> Any:
        import onnxruntime

        data = self._blobs.get(version.weights_key)
        if hashlib.sha256(data).hexdigest() != version.weights_sha256:
            raise InvalidInput(
                f"The weights of version {version.version} of a project's segmenter aren't those that were told of."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
