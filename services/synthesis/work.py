"""What a worker does for each kind of job. torch is imported inside the functions that need it: a dataset is built without."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.synthesis import builder, material, segmenters
from services.synthesis.domain.jobs import PREVIEWS, preview_key
from services.synthesis.domain.params import (
    MIN_TRAIN_IMAGES,
    DatasetParams,
    SampleParams,
    StudyParams,
    TrainParams,
    VerifyParams,
    parse,
)
from services.synthesis.domain.splits import Fractions
from services.synthesis.folds import Folds, decide
from services.synthesis.queue import Job, JobQueue
from services.synthesis.rebuild import rebuild
from services.synthesis.store import Store
from services.synthesis.training.checkpoints import BlobCheckpoints
from services.synthesis.training.progress import Report, part
from shared.blobs import BlobStore
from shared.contracts.bramble.common.v1.common_pb2 import BlobRef
from shared.contracts.bramble.synthesis.v1.events_pb2 import (
    DatasetPublished,
    GeneratorTrained,
    SynthesisCompleted,
)
from shared.db.outbox import emit
from shared.errors import InvalidInput, NotFound, StorageFull, Unavailable
from shared.ids import new_id
from shared.imaging import codecs

SERVICE = "synthesis"
log = logging.getLogger(__name__)


@dataclass
class Context:
    """A claimed job and what it may use."""

    store: Store
    queue: JobQueue
    blobs: BlobStore
    job: Job
    worker: str
    report: Report
    state: dict[str, Any]
    sd_path: Path | None = None
    """The operator's Stable Diffusion, for the controlnet backend."""
    processes: int = 0
    """Of a training; 0: one a GPU."""
    ask: segmenters.Ask | None = None
    """Asks for a project's next segmenter, where they are trained by themselves."""

    def checkpoints(self) -> BlobCheckpoints:
        """Checkpoints as blobs, their pointer in the job's row."""
        return BlobCheckpoints(
            self.blobs,
            f"synthesis/checkpoints/{self.job.id}",
            lambda: str(self.queue.get(self.job.id).checkpoint_key),
            lambda key, step: self.queue.beat(
                self.job.id, self.worker, checkpoint_key=key, checkpoint_step=step
            ),
        )

    def show(self, step: int, picture: bytes) -> None:
        """Keep what the generator draws after ``step`` steps as the job's picture, in place of the one before. A store that has no room or
        doesn't answer costs the picture, not the training."""
        job = self.job.id
        try:
            self.blobs.put(preview_key(job, step), picture, media_type="image/png")
        except (OSError, StorageFull, Unavailable) as error:
            log.warning("job %s: the picture of step %d could not be stored: %s", job, step, error)
            return
        before = int(self.queue.get(job).preview_step)
        self.queue.beat(job, self.worker, preview_step=step)
        if before and before != step:
            self.blobs.delete(preview_key(job, before))

    def clear(self) -> None:
        """Remove the blobs of a job that was cancelled: nothing points to them any more."""
        self.checkpoints().clear()
        for prefix in (f"synthesis/images/{self.job.id}/", f"{PREVIEWS}/{self.job.id}/"):
            for info in list(self.blobs.list(prefix)):
                self.blobs.delete(info.key)

    def finish(self, result: dict[str, Any], write: Callable[[Any], None] | None = None) -> None:
        """Write what the job made and end it, in one transaction: all of it is there, or nothing is."""
        with self.store.db.begin() as conn:
            if write is not None:
                write(conn)
            self.queue.end(conn, self.job.id, self.worker, "succeed", result=_finite(result))


def run(context: Context) -> None:
    """Do the job to its end. What it raises decides what becomes of the job, see `worker`."""
    kinds: dict[str, Callable[[Context], None]] = {
        "train": _train_job,
        "sample": _sample_job,
        "synthesise": _synthesise_job,
        "dataset": _dataset_job,
        "study": _study_job,
        "verify": _verify_job,
        "segmenter": segmenters.job,
    }
    kinds[context.job.kind](context)


def _folds(context: Context) -> Folds:
    return decide(context.store, context.blobs, context.job.project_id, 0, Fractions(), record=True)


def _train_job(context: Context) -> None:
    params = parse(TrainParams, context.job.params)
    generator_id = _train(context, params, context.report)
    context.finish({"generator_id": generator_id})


def _sample_job(context: Context) -> None:
    params = parse(SampleParams, context.job.params)
    _sample(context, params, params.generator_id, context.report)


def _synthesise_job(context: Context) -> None:
    training = parse(TrainParams, context.job.params["train"])
    sampling = parse(SampleParams, context.job.params["sample"])
    report = context.report
    # A worker that takes the job over after training finds the generator in the state, and goes on with sampling.
    generator_id = context.state.get("generator_id") or _train(context, training, part(report, 0.0, 0.75))
    _sample(context, sampling, generator_id, part(report, 0.75, 1.0))


def _train(context: Context, params: TrainParams, report: Report) -> str:
    job = context.job
    report(0.0, "reading", "labelled images")
    folds = _folds(context)
    found = material.load(context.store, context.blobs, job.project_id, folds, params.size, ("train", "val"))
    images, maps = found.of("train")
    if len(images) < MIN_TRAIN_IMAGES:
        raise InvalidInput(
            f"A generator needs at least {MIN_TRAIN_IMAGES} labelled images in the training split; this project has {len(images)}. "
            "Add gold masks or let volunteers finish more images."
        )
    report(0.0, "starting", "loading torch and diffusers")
    from services.synthesis.training import backends

    keeper = context.checkpoints()
    generator = backends.train(
        images,
        maps,
        len(found.label_ids),
        params,
        context.sd_path,
        validation=found.of("val"),
        checkpoints=keeper,
        report=report,
        show=context.show,
        processes=context.processes,
    )
    weights = backends.save(generator)
    digest = hashlib.sha256(weights).hexdigest()
    generator_id = new_id()
    key = f"synthesis/generators/{generator_id}.safetensors"
    context.blobs.put(key, weights)
    image_ids = [found.ids[i] for i in found.where("train")]
    card = {
        **backends.card(generator),
        "size": params.size,
        "seconds": round(generator.seconds, 1),
        "stopped": generator.stopped,
        "loss": [[s, round(v, 5)] for s, v in generator.losses[-50:]],
        "validation": [[s, round(v, 5)] for s, v in generator.validation],
        "params": job.params,
        "split_seed": folds.seed,
        "licence_note": "Weights were made from the project's images; they carry the images' licence and consent.",
    }
    state = {**context.state, "generator_id": generator_id}
    with context.store.db.begin() as conn:
        context.store.add_generator(
            conn,
            {
                "id": generator_id,
                "project_id": job.project_id,
                "job_id": job.id,
                "weights_key": key,
                "weights_sha256": digest,
                "weights_size": len(weights),
                "steps": generator.steps,
                "seed": params.seed,
                "label_ids": found.label_ids,
                "image_ids": image_ids,
                "card": _finite(card),
            },
        )
        event = GeneratorTrained(
            project_id=job.project_id,
            generator_id=generator_id,
            job_id=job.id,
            steps=generator.steps,
            images=len(image_ids),
            seed=params.seed,
            weights=BlobRef(key=key, sha256=digest, size=len(weights), media_type="application/octet-stream"),
        )
        emit(conn, SERVICE, job.project_id, event, clock=context.store.clock)
        context.queue.hold(conn, job.id, context.worker, state=state, checkpoint_key="")
    context.state = state
    keeper.clear()
    return generator_id


def _sample(context: Context, params: SampleParams, generator_id: str, report: Report) -> None:
    job = context.job
    report(0.0, "reading", "training images")
    row = context.store.generator(job.project_id, generator_id)
    folds = _folds(context)
    size = int(row.card["size"])
    found = material.load(context.store, context.blobs, job.project_id, folds, size, ("train", "val"))
    if found.label_ids != list(row.label_ids):
        raise InvalidInput(
            "The project's labels have changed since this generator was trained; train a new one."
        )
    # Only what the generator saw and what still is in training: later images would make the copy check blind.
    saw = set(row.image_ids)
    places = [i for i in found.where("train") if found.ids[i] in saw]
    if not places:
        raise InvalidInput(
            "None of this generator's training images is in the training split now; train a new one."
        )
    from services.synthesis import judge
    from services.synthesis.domain import filters
    from services.synthesis.training import backends

    generator = backends.load(context.blobs.get(row.weights_key), context.sd_path)
    images, maps = found.images[places], found.maps[places]
    drawn = judge.draw(generator, images, maps, found.of("val"), params, report)
    lookup = np.array([0, *found.label_ids], np.uint8)
    rows = []
    for position, (planes, draw) in enumerate(zip(drawn.images, drawn.draws, strict=True)):
        synthetic_id = new_id()
        prefix = f"synthesis/images/{job.id}/{context.job.attempts}-{position:06d}"
        image = codecs.encode_png(_pixels(planes))
        mask = codecs.encode_png(lookup[draw.label_map])
        context.blobs.put(f"{prefix}.png", image, media_type="image/png")
        context.blobs.put(f"{prefix}.mask.png", mask, media_type="image/png")
        parents = [places[i] for i in draw.parents]
        rows.append(
            {
                "id": synthetic_id,
                "project_id": job.project_id,
                "generator_id": row.id,
                "job_id": job.id,
                "position": position,
                "seed": params.seed,
                "size": size,
                "channels": int(drawn.images.shape[1]),
                "kind": draw.kind,
                "parents": [found.ids[i] for i in parents],
                "groups": sorted({found.groups[i] for i in parents}),
                "image_key": f"{prefix}.png",
                "image_sha256": hashlib.sha256(image).hexdigest(),
                "mask_key": f"{prefix}.mask.png",
                "accepted": not drawn.reasons[position],
                "reason": drawn.reasons[position][:200],
                "dice": float(drawn.dice[position]),
            }
        )
        report(0.98 + 0.02 * position / len(drawn.draws), "storing", f"{position} of {len(drawn.draws)}")
    accepted = sum(1 for r in rows if r["accepted"])
    result = {
        "generator_id": row.id,
        "accepted": accepted,
        "rejected": len(rows) - accepted,
        "reasons": filters.tally(drawn.reasons),
        "measures": drawn.measures,
    }

    def write(conn: Any) -> None:
        context.store.add_synthetic(conn, rows)
        event = SynthesisCompleted(
            project_id=job.project_id,
            generator_id=row.id,
            job_id=job.id,
            accepted=accepted,
            rejected=len(rows) - accepted,
        )
        emit(conn, SERVICE, job.project_id, event, clock=context.store.clock)

    context.finish(result, write)


def _dataset_job(context: Context) -> None:
    job, store = context.job, context.store
    params = parse(DatasetParams, job.params)
    context.report(0.0, "splitting", "by group")
    with_synthetic = "synthetic" in params.include
    folds = decide(store, context.blobs, job.project_id, params.seed, params.split, record=with_synthetic)
    with builder.build(
        store, context.blobs, job.project_id, params, folds, part(context.report, 0.0, 0.9)
    ) as built:
        context.report(0.92, "storing", f"{built.size / 1e6:.1f} MB")
        key = f"synthesis/datasets/{built.archive_sha256}.zip"
        with built.path.open("rb") as file:
            context.blobs.put(key, file, media_type="application/zip")
        dataset_id = new_id()
        result: dict[str, Any] = {"counts": built.counts, "sha256": built.sha256}

        def write(conn: Any) -> None:
            same = store.same_dataset(conn, job.project_id, params.name, built.sha256)
            if same is not None:
                # The same content again is the same dataset: nothing new is published.
                result.update(dataset_id=same.id, version=same.version, unchanged=True)
                return
            version = store.add_dataset(
                conn,
                {
                    "id": dataset_id,
                    "project_id": job.project_id,
                    "job_id": job.id,
                    "name": params.name,
                    "sha256": built.sha256,
                    "archive_key": key,
                    "archive_sha256": built.archive_sha256,
                    "archive_size": built.size,
                    "counts": built.counts,
                    "params": job.params,
                    "basis": {
                        "images": folds.basis[0],
                        "splits": folds.basis[1],
                        "seed": folds.seed,
                        "shares": asdict(folds.fractions),
                    },
                },
            )
            result.update(dataset_id=dataset_id, version=version, unchanged=False)
            event = DatasetPublished(
                project_id=job.project_id,
                dataset_id=dataset_id,
                name=params.name,
                version=version,
                sha256=built.sha256,
                real=built.counts["real"],
                consensus=built.counts["consensus"],
                synthetic=built.counts["synthetic"],
            )
            emit(conn, SERVICE, job.project_id, event, clock=store.clock)

        context.finish(result, write)


def _verify_job(context: Context) -> None:
    dataset_id = parse(VerifyParams, context.job.params).dataset_id
    if context.store.dataset(dataset_id).project_id != context.job.project_id:
        raise NotFound("There is no such dataset.")
    context.finish(rebuild(context.store, context.blobs, dataset_id, context.report))


def _study_job(context: Context) -> None:
    from services.synthesis.study.job import run_for_project

    params = parse(StudyParams, context.job.params)
    context.finish(run_for_project(context, params))


def _pixels(planes: Any) -> Any:
    from services.synthesis.domain.labelmaps import to_uint8

    return to_uint8(planes)


def _finite(value: Any) -> Any:
    """JSON without NaN and infinities, which databases refuse: they become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
