"""A project's own segmenter: when its training is asked for, what it is trained on, and the job.

Learnt from are accepted consensus images that aren't gold: a model that had seen the lab's answers would give them away as proposals,
and gold would measure nobody any more.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from services.synthesis.domain import project_model as rules
from services.synthesis.domain.params import SegmenterParams, job_params, parse
from services.synthesis.domain.squares import square_image, square_mask
from services.synthesis.events import decode_masks, read_ref
from services.synthesis.queue import JobQueue
from services.synthesis.store import Store
from services.synthesis.tables import items, jobs
from services.synthesis.training.progress import RELEASED, Stopped
from shared.blobs import BlobStore
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef
from shared.contracts.bramble.synthesis.v1.events_pb2 import LabelSkill, SegmenterTrained
from shared.db.outbox import emit
from shared.errors import InvalidInput
from shared.ids import new_id
from shared.imaging import codecs

if TYPE_CHECKING:
    from services.synthesis.work import Context

KIND = "segmenter"
BY_ITSELF = "bramble"
"""Who asked for a training that nobody asked for."""
MOST_IMAGES = 2000
"""The newest so many are learnt from: more would cost memory and teach a network of this size nothing."""

_LOOK_S = 2.0
"""How often a training looks whether another job waits."""

Ask = Callable[[Connection, str], bool]


def asker(queue: JobQueue) -> Ask:
    """A function of a connection and a project that asks for a training where one is due; it answers whether it did. Never a second one
    while one is queued or runs: an index holds that, whoever asks at once."""

    def ask(conn: Connection, project_id: str) -> bool:
        count = select(func.count()).where(
            items.c.project_id == project_id,
            items.c.consensus.is_not(None),
            items.c.gold.is_(None),
            items.c.deleted.is_(False),
        )
        images = int(conn.execute(count).scalar_one())
        if images < rules.STEPS[0]:
            return False
        last = (
            select(jobs.c.params, jobs.c.result)
            .where(jobs.c.project_id == project_id, jobs.c.kind == KIND)
            .order_by(jobs.c.id.desc())
            .limit(1)
        )
        row = conn.execute(last).first()
        trained = int((row.result or row.params).get("images", 0)) if row is not None else 0
        if not rules.is_due(images, trained):
            return False
        return queue.add(conn, project_id, KIND, job_params(KIND, {"images": images}), BY_ITSELF) is not None

    return ask


@dataclass(frozen=True, slots=True)
class Lessons:
    """Images uint8 ``(n, S, S, 3)``, masks uint8 ``(n, L, S, S)`` of ``label_ids``, and each image's patient."""

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    label_ids: list[int]
    groups: list[str]


def load(store: Store, blobs: BlobStore, project_id: str, size: int) -> Lessons:
    """The project's consensus images and masks as squares. Raises InvalidInput without any."""
    label_ids = [int(label["id"]) for label in store.labels(project_id)]
    known = [item for item in store.items(project_id) if item.gold is None][-MOST_IMAGES:]
    if not known:
        raise InvalidInput(
            "A project's segmenter learns from accepted consensus images, and this project has none."
        )
    images, masks = [], []
    for item in known:
        pixels = codecs.decode_png(read_ref(blobs, item.frame))
        height, width = pixels.shape[:2]
        found = decode_masks(item.masks, height, width)
        nothing = np.zeros((height, width), bool)
        images.append(square_image(pixels, size))
        masks.append(np.stack([square_mask(found.get(k, nothing), size) for k in label_ids]))
    groups = [item.group_name or item.image_id for item in known]
    return Lessons(np.stack(images), np.stack(masks), label_ids, groups)


def job(context: Context) -> None:
    """Train, store the weights, tell of them. Gives way to every other job: nobody waits for this one."""
    params = parse(SegmenterParams, context.job.params)
    project_id = context.job.project_id

    looked_at = 0.0

    def report(fraction: float, stage: str, detail: str = "") -> None:
        nonlocal looked_at
        context.report(fraction, stage, detail)
        if time.monotonic() - looked_at >= _LOOK_S:
            looked_at = time.monotonic()
            if context.queue.has_other(context.job.id):
                raise Stopped(RELEASED)

    report(0.0, "reading", "consensus images")
    found = load(context.store, context.blobs, project_id, params.size)
    report(0.0, "starting", "loading torch")
    from services.synthesis.training import project_model

    keeper = context.checkpoints()
    trained = project_model.train(
        found.images, found.masks, found.label_ids, found.groups, params, checkpoints=keeper, report=report
    )
    data = project_model.export(trained)
    segmenter_id, digest = new_id(), hashlib.sha256(data).hexdigest()
    key = f"synthesis/segmenters/{segmenter_id}.onnx"
    context.blobs.put(key, data, media_type="application/octet-stream")
    count = len(found.images)
    event = SegmenterTrained(
        project_id=project_id,
        segmenter_id=segmenter_id,
        job_id=context.job.id,
        images=count,
        size=params.size,
        weights=BlobRef(key=key, sha256=digest, size=len(data), media_type="application/octet-stream"),
        labels=[
            LabelSkill(
                label_id=s.label_id,
                images=s.images,
                groups=s.groups,
                dice=s.dice,
                error=s.error,
                present=s.present,
            )
            for s in trained.skills
        ],
    )
    result: dict[str, Any] = {
        "segmenter_id": segmenter_id,
        "images": count,
        "seconds": round(trained.seconds, 1),
        "labels": [asdict(s) for s in trained.skills],
    }

    def write(conn: Connection) -> None:
        emit(conn, "synthesis", project_id, event, clock=context.store.clock)

    context.finish(result, write)
    keeper.clear()
    if context.ask is not None:
        # Consensus may have grown past the next step meanwhile, and no further event may come to say so.
        with context.store.db.begin() as conn:
            context.ask(conn, project_id)
