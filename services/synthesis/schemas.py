"""What the routes take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shared.clock import to_rfc3339

T = TypeVar("T")
JobKind = Literal["train", "sample", "synthesise", "dataset", "study", "verify", "segmenter"]


class Page(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the page after it."""

    items: list[T]
    next: str | None = None


class JobRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "synthesise", "params": {"max_seconds": 240, "samples": 64, "seed": 1}}]
        },
    )

    kind: JobKind
    params: dict[str, Any] = Field(default_factory=dict)


class Shares(BaseModel):
    model_config = ConfigDict(extra="forbid")

    train: float
    val: float
    test: float


class DatasetRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "brains", "include": ["real", "consensus", "synthetic"], "seed": 1}]
        },
    )

    name: str
    include: list[str] = ["real", "consensus", "synthetic"]
    split: Shares = Shares(train=0.7, val=0.1, test=0.2)
    seed: int = 0
    formats: list[str] = ["png", "coco"]
    licence: str = ""
    consent: str = ""


class JobRow(BaseModel):
    """A job in a list: how it stands. What it was asked for and what it found, which may be long, are of the job alone."""

    id: str
    project_id: str
    kind: str
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: float
    stage: str
    detail: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    heartbeat_at: str | None
    attempts: int
    preview_step: int
    error: str | None


class Job(JobRow):
    params: dict[str, Any]
    result: dict[str, Any] | None


class Generator(BaseModel):
    id: str
    project_id: str
    job_id: str
    steps: int
    images: int
    seed: int
    label_ids: list[int]
    sha256: str
    size_bytes: int
    card: dict[str, Any]
    created_at: str


class Synthetic(BaseModel):
    id: str
    project_id: str
    generator_id: str
    job_id: str
    height: int
    width: int
    kind: str
    parents: list[str]
    seed: int
    accepted: bool
    reason: str
    dice: float
    image_url: str
    mask_url: str
    created_at: str


class Dataset(BaseModel):
    id: str
    project_id: str
    job_id: str
    name: str
    version: int
    sha256: str
    archive_sha256: str
    size_bytes: int
    counts: dict[str, Any]
    params: dict[str, Any]
    download_url: str
    created_at: str


def after(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor of the page after ``rows``; None once fewer than ``limit`` came."""
    return str(rows[-1].id) if len(rows) == limit else None


def _time(us: int | None) -> str | None:
    return None if us is None else to_rfc3339(us)


_JOB = (
    "id",
    "project_id",
    "kind",
    "status",
    "progress",
    "stage",
    "detail",
    "attempts",
    "preview_step",
    "error",
)
_JOB_TIMES = ("created_at", "started_at", "finished_at", "heartbeat_at")


def _job(row: Any) -> dict[str, Any]:
    return {n: getattr(row, n) for n in _JOB} | {n: _time(getattr(row, f"{n}_us")) for n in _JOB_TIMES}


def job_row(row: Any) -> JobRow:
    """A job's row as lists show it; ``params`` and ``result`` need not be loaded."""
    return JobRow(**_job(row))


def job(row: Any) -> Job:
    """A job's row as the API shows it."""
    return Job(**_job(row), params=row.params, result=row.result)


def generator(row: Any) -> Generator:
    """A generator's row as the API shows it."""
    return Generator(
        id=row.id,
        project_id=row.project_id,
        job_id=row.job_id,
        steps=row.steps,
        images=len(row.image_ids),
        seed=row.seed,
        label_ids=row.label_ids,
        sha256=row.weights_sha256,
        size_bytes=row.weights_size,
        card=row.card,
        created_at=to_rfc3339(row.created_at_us),
    )


def synthetic(row: Any) -> Synthetic:
    """A synthetic image's row as the API shows it."""
    return Synthetic(
        id=row.id,
        project_id=row.project_id,
        generator_id=row.generator_id,
        job_id=row.job_id,
        height=row.size,
        width=row.size,
        kind=row.kind,
        parents=row.parents,
        seed=row.seed,
        accepted=row.accepted,
        reason=row.reason,
        dice=row.dice,
        image_url=f"/api/v1/synthetic/{row.id}/image",
        mask_url=f"/api/v1/synthetic/{row.id}/mask",
        created_at=to_rfc3339(row.created_at_us),
    )


def dataset(row: Any) -> Dataset:
    """A dataset's row as the API shows it."""
    return Dataset(
        id=row.id,
        project_id=row.project_id,
        job_id=row.job_id,
        name=row.name,
        version=row.version,
        sha256=row.sha256,
        archive_sha256=row.archive_sha256,
        size_bytes=row.archive_size,
        counts=row.counts,
        params=row.params,
        download_url=f"/api/v1/datasets/{row.id}/download",
        created_at=to_rfc3339(row.created_at_us),
    )
