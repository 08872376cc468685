"""HTTP of jobs, generators, synthetic images and datasets; see docs/contract.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from services.synthesis import schemas as s
from services.synthesis.domain.jobs import preview_key
from services.synthesis.domain.params import SOURCES, DatasetParams, job_params, parse
from services.synthesis.domain.splits import Fractions
from services.synthesis.queue import JobQueue
from services.synthesis.store import Store
from services.synthesis.tables import datasets, synthetic
from shared.auth import Principal, Role, current_principal
from shared.blobs import BlobStore
from shared.errors import BrambleError, InvalidInput, NotFound

Asker = Annotated[Principal, Depends(current_principal)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=64)]
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")
_CYCLE = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
_IMMUTABLE = "private, max-age=31536000, immutable"


class RangeNotSatisfiable(BrambleError):
    """The client asks for bytes beyond the end."""

    status, code, title = 416, "range-not-satisfiable", "Range not satisfiable"


def router(store: Store, queue: JobQueue, blobs: BlobStore) -> APIRouter:
    """All routes. The supervisor (or a worker elsewhere) finds a new job by itself."""
    api = APIRouter(prefix="/api/v1", tags=["synthesis"])

    def may(asker: Principal, project_id: str, scope: str) -> None:
        asker.require(project_id, Role.LAB)
        asker.require_scope(scope)

    def mine(asker: Principal, row: Any, scope: str, what: str) -> Any:
        # Somebody else's thing and one that doesn't exist look the same, so that ids can't be probed.
        role = asker.role_in(row.project_id)
        if role is None or role < Role.LAB:
            raise NotFound(f"There is no such {what}.")
        asker.require_scope(scope)
        return row

    def create(asker: Principal, project_id: str, kind: str, params: dict[str, Any]) -> s.Job:
        may(asker, project_id, "write")
        return s.job(queue.create(project_id, kind, job_params(kind, params), asker.id))

    @api.post("/projects/{project_id}/jobs", status_code=202, summary="Start a job")
    def create_job(project_id: str, body: s.JobRequest, asker: Asker) -> s.Job:
        """`train` a generator, `sample` from it, both as `synthesise`, build a `dataset`, or run a `study`."""
        return create(asker, project_id, body.kind, body.params)

    @api.get("/projects/{project_id}/jobs", summary="Jobs, newest first")
    def list_jobs(
        project_id: str, asker: Asker, limit: Limit = 50, cursor: Cursor = None
    ) -> s.Page[s.JobRow]:
        """How each stands; what a job was asked for and what it found are at `/jobs/{job_id}`."""
        may(asker, project_id, "read")
        rows = queue.page(project_id, cursor, limit)
        return s.Page[s.JobRow](items=[s.job_row(row) for row in rows], next=s.after(rows, limit))

    @api.get("/jobs/{job_id}", summary="One job")
    def get_job(job_id: str, asker: Asker) -> s.Job:
        return s.job(mine(asker, queue.get(job_id), "read", "job"))

    @api.post("/jobs/{job_id}/cancel", summary="Cancel a job")
    def cancel_job(job_id: str, asker: Asker) -> s.Job:
        """Stops it within seconds. Nothing of it is published; a generator that it had finished stays."""
        mine(asker, queue.get(job_id), "write", "job")
        return s.job(queue.cancel(job_id))

    @api.get(
        "/jobs/{job_id}/report",
        response_class=Response,
        responses={200: {"content": {"text/html": {}}, "description": "One self-contained page."}},
        summary="The report of a finished study (HTML)",
    )
    def job_report(job_id: str, asker: Asker) -> Response:
        """As an attachment. 404 for a job that is no study, and for a study that hasn't finished."""
        row = mine(asker, queue.get(job_id), "read", "job")
        key = (row.result or {}).get("report_key")
        if row.kind != "study":
            raise NotFound(f"Only studies have a report; this job is of kind {row.kind!r}.")
        if not key:
            raise NotFound(
                f"This study has no report: it is {row.status}, and a report is written when it succeeds."
            )
        headers = {
            "Cache-Control": _IMMUTABLE,
            "Content-Disposition": f'attachment; filename="study-{_slug(row.result["facts"]["name"], "project")}.html"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(blobs.get(key), media_type="text/html; charset=utf-8", headers=headers)

    @api.get(
        "/jobs/{job_id}/preview",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}, "description": "Samples below their masks."}},
        summary="What a generator in training draws (PNG)",
    )
    def job_preview(job_id: str, asker: Asker) -> Response:
        """At its newest checkpoint, the job's `preview_step`: always for the same masks and noise. 404 before the first one."""
        row = mine(asker, queue.get(job_id), "read", "job")
        if not row.preview_step:
            raise NotFound(
                "This job has drawn nothing yet; a generator shows samples from its first checkpoint on."
            )
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(
            blobs.get(preview_key(row.id, row.preview_step)), media_type="image/png", headers=headers
        )

    @api.get("/projects/{project_id}/generators", summary="Trained generators, newest first")
    def list_generators(
        project_id: str, asker: Asker, limit: Limit = 50, cursor: Cursor = None
    ) -> s.Page[s.Generator]:
        may(asker, project_id, "read")
        rows = [r for r in reversed(store.generators_of(project_id)) if not cursor or r.id < cursor][:limit]
        return s.Page[s.Generator](items=[s.generator(row) for row in rows], next=s.after(rows, limit))

    @api.get("/projects/{project_id}/synthetic", summary="Synthetic images, kept and rejected, newest first")
    def list_synthetic(
        project_id: str,
        asker: Asker,
        limit: Limit = 50,
        cursor: Cursor = None,
        accepted: bool | None = None,
        job_id: Annotated[str | None, Query(max_length=36)] = None,
    ) -> s.Page[s.Synthetic]:
        may(asker, project_id, "read")
        rows = store.page(synthetic, project_id, cursor, limit, accepted=accepted, job_id=job_id)
        return s.Page[s.Synthetic](items=[s.synthetic(row) for row in rows], next=s.after(rows, limit))

    def picture(data: bytes) -> Response:
        headers = {"Cache-Control": _IMMUTABLE, "X-Content-Type-Options": "nosniff"}
        return Response(data, media_type="image/png", headers=headers)

    @api.get("/synthetic/{synthetic_id}/image", response_class=Response, summary="A synthetic image (PNG)")
    def synthetic_image(synthetic_id: str, asker: Asker) -> Response:
        row = mine(asker, store.synthetic_image(synthetic_id), "read", "synthetic image")
        return picture(blobs.get(row.image_key))

    @api.get(
        "/synthetic/{synthetic_id}/mask", response_class=Response, summary="The mask it was drawn for (PNG)"
    )
    def synthetic_mask(synthetic_id: str, asker: Asker) -> Response:
        """A palette PNG: each pixel's index is its label id, its colour the label's, so that people and programs can read it."""
        row = mine(asker, store.synthetic_image(synthetic_id), "read", "synthetic image")
        return picture(colour_mask(blobs.get(row.mask_key), store.labels(row.project_id)))

    @api.post("/projects/{project_id}/datasets", status_code=202, summary="Publish a dataset")
    def create_dataset(project_id: str, body: s.DatasetRequest, asker: Asker) -> s.Job:
        """A job that builds it. The same content under the same name is published once; new content is the next version."""
        may(asker, project_id, "write")
        params = body.model_dump(exclude_unset=True)
        wanted = parse(DatasetParams, params)
        if "synthetic" in wanted.include and wanted.split != Fractions():
            _check_split(store, project_id, wanted.split)
        return create(asker, project_id, "dataset", params)

    @api.get("/projects/{project_id}/datasets", summary="Published datasets, newest first")
    def list_datasets(
        project_id: str, asker: Asker, limit: Limit = 50, cursor: Cursor = None
    ) -> s.Page[s.Dataset]:
        may(asker, project_id, "read")
        rows = store.page(datasets, project_id, cursor, limit)
        return s.Page[s.Dataset](items=[s.dataset(row) for row in rows], next=s.after(rows, limit))

    @api.get("/datasets/{dataset_id}", summary="One dataset")
    def get_dataset(dataset_id: str, asker: Asker) -> s.Dataset:
        return s.dataset(mine(asker, store.dataset(dataset_id), "read", "dataset"))

    @api.post("/datasets/{dataset_id}/verify", status_code=202, summary="Build a dataset again and compare")
    def verify_dataset(dataset_id: str, asker: Asker) -> s.Job:
        """A job that builds it from the events of then; `result.same` tells whether every file came out the same."""
        row = mine(asker, store.dataset(dataset_id), "write", "dataset")
        return create(asker, row.project_id, "verify", {"dataset_id": dataset_id})

    @api.get(
        "/datasets/{dataset_id}/download", response_class=Response, summary="The dataset as ZIP, resumable"
    )
    def download(
        dataset_id: str,
        asker: Asker,
        range_: Annotated[str | None, Header(alias="range")] = None,
        if_range: Annotated[str | None, Header(alias="if-range")] = None,
        if_none_match: Annotated[str | None, Header(alias="if-none-match")] = None,
    ) -> Response:
        """Streamed; one byte range is answered with 206, so that a download that broke goes on where it was."""
        row = mine(asker, store.dataset(dataset_id), "read", "dataset")
        etag = f'"{row.archive_sha256}"'
        headers = {
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Cache-Control": _IMMUTABLE,
            "Content-Disposition": f'attachment; filename="{_slug(row.name, "dataset")}-v{row.version}.zip"',
        }
        if if_none_match == etag:
            return Response(status_code=304, headers=headers)
        size = int(row.archive_size)
        part = byte_range(range_, size) if if_range in (None, etag) else None
        first, last = part or (0, size - 1)
        headers["Content-Length"] = str(last - first + 1)
        if part:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        pieces = _pieces(blobs, row.archive_key, first, last - first + 1)
        return StreamingResponse(pieces, 206 if part else 200, headers=headers, media_type="application/zip")

    return api


def colour_mask(data: bytes, labels: Sequence[Mapping[str, Any]]) -> bytes:
    """A grey PNG of label ids as a palette PNG with the same indices and the labels' colours (a fixed cycle where none is given)."""
    import io

    from PIL import Image

    palette = [0] * 768
    for label in labels:
        number = int(label["id"])
        named = str(label.get("color") or "")
        colour = named if _COLOUR.match(named) else _CYCLE[number % len(_CYCLE)]
        if number < 256:
            palette[3 * number : 3 * number + 3] = bytes.fromhex(colour[1:])
    with Image.open(io.BytesIO(data), formats=["PNG"]) as grey:
        shown = Image.frombytes("P", grey.size, grey.convert("L").tobytes())
    shown.putpalette(palette)
    out = io.BytesIO()
    shown.save(out, "PNG")
    return out.getvalue()


def _slug(name: str, otherwise: str) -> str:
    """A name as part of a file's name; ``otherwise`` where nothing of it is left."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or otherwise


def _pieces(blobs: BlobStore, key: str, offset: int, length: int) -> Iterator[bytes]:
    yield from blobs.iter(key, 1 << 18, offset, length)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) of a `Range` header with one range; None for none or one that may be ignored (RFC 9110 §14.2).

    Raises RangeNotSatisfiable when it lies beyond the end.
    """
    found = _RANGE.match((header or "").replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None
    start, end = found[1], found[2]
    if start:
        first, last = int(start), min(int(end), size - 1) if end else size - 1
        if end and int(end) < int(start):
            return None
    else:
        first, last = max(0, size - int(end)), size - 1
    if first >= size or (not start and int(end) == 0):
        raise RangeNotSatisfiable(f"The file has {size} bytes; the range asked for lies beyond its end.")
    return first, last


def _check_split(store: Store, project_id: str, wanted: Fractions) -> None:
    """Say at once what the job would fail on later."""
    row = store.project(project_id)
    if row is not None and row.split_seed is not None and Fractions(**row.split) != wanted:
        fixed = Fractions(**row.split)
        raise InvalidInput(
            f"This project's split was fixed as {fixed.train:g} / {fixed.val:g} / {fixed.test:g} when its first generator was trained. "
            f"Leave `split` out, or `include` only {SOURCES[0]} and {SOURCES[1]}."
        )


__all__ = ["byte_range", "router"]
