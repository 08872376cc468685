"""HTTP of the images service."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

import anyio
import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.images import deliver, events, schemas, store
from services.images.access import Projects
from services.images.multipart import files_of
from services.images.recent import RecentBlobs
from services.images.records import Image
from services.images.upload import Upload
from shared.auth import Principal, Role, current_principal
from shared.blobs import BlobStore
from shared.db import emit
from shared.deps import Deps
from shared.errors import BrambleError, InvalidInput, NotFound
from shared.ids import is_id
from shared.imaging.codecs import thumbnail

Who = Annotated[Principal, Depends(current_principal)]
ProjectId = Annotated[str, Path(max_length=36)]
ImageId = Annotated[str, Path(max_length=36)]
Limit = Annotated[int, Query(ge=1, le=200)]
CursorIn = Annotated[str, Query(max_length=64, description="`next` of the page before.")]
Group = Annotated[
    str | None,
    Query(
        max_length=200, description="Patient or volume that all files belong to; goes before what DICOM says."
    ),
]

THUMBNAIL_SIDE = 256


def create_router(deps: Deps, projects: Projects) -> APIRouter:
    """All routes. Decoding is CPU work and runs in threads, few at a time, so that pictures are served meanwhile."""
    router = APIRouter(prefix="/api/v1", tags=["images"])
    db, blobs = deps.db, deps.blobs
    frames = RecentBlobs(blobs)
    workers: list[anyio.CapacityLimiter] = []

    async def work(function: Callable[..., Any], *args: Any) -> Any:
        if not workers:  # made within the event loop that it belongs to
            workers.append(anyio.CapacityLimiter(max(2, os.cpu_count() or 2)))
        return await anyio.to_thread.run_sync(partial(function, *args), limiter=workers[0])

    def load(image_id: str) -> Image:
        with db.read() as conn:
            return store.find_image(conn, image_id)

    async def visible(request: Request, who: Principal, image_id: str) -> Image:
        image = await run_in_threadpool(load, image_id)
        await projects.require_view(request, who, image.project_id)
        return image

    async def of_lab(request: Request, who: Principal, image_id: str) -> Image:
        image = await visible(request, who, image_id)
        await projects.require_lab(request, who, image.project_id)
        return image

    @router.post(
        "/projects/{project_id}/images",
        response_model=schemas.UploadAnswer,
        openapi_extra={"requestBody": schemas.UPLOAD_BODY},
    )
    async def upload_images(
        project_id: ProjectId, request: Request, who: Who, group: Group = None
    ) -> Response:
        """Upload images: many files in one request, and ZIP files of them (role lab).

        A file that can't be read is refused with its reason; the others are kept. A file that the project has already is a
        `duplicate`, so sending the same request again is harmless.
        """
        who.require_scope("write")
        _check_id(project_id, "project")
        await projects.require_upload(request, who, project_id)
        upload = Upload(deps, project_id, who.id, _clean_group(group))
        content_type = request.headers.get("content-type", "")
        try:
            parts = files_of(request.stream(), content_type, deps.settings.max_upload_mb << 20)
            async with aclosing(parts):
                async for part in parts:
                    with part.file:
                        await work(upload.take, part.name, part.file, part.size)
        finally:
            # Also when the request breaks off: what was kept until then stays, and is a duplicate the next time.
            with anyio.CancelScope(shield=True):
                await work(upload.finish)
        if not upload.outcomes:
            raise InvalidInput(
                "The request holds no file; send each as a part named `files` with a file name."
            )
        return _json(upload.answer())

    @router.get("/projects/{project_id}/images", response_model=schemas.ImagePage)
    async def list_images(
        project_id: ProjectId,
        request: Request,
        who: Who,
        limit: Limit = 50,
        cursor: CursorIn = "",
        group: Group = None,
    ) -> Response:
        """A project's images in order of upload (role lab)."""
        who.require_scope("read")
        await projects.require_lab(request, who, project_id)

        def page() -> list[Image]:
            with db.read() as conn:
                return store.list_images(conn, project_id, cursor, limit, group)

        items = await run_in_threadpool(page)
        following = items[-1].id if len(items) == limit else None
        return _json({"items": [image.to_json(is_lab=True) for image in items], "next": following})

    @router.get("/projects/{project_id}/images/rejections", response_model=schemas.RejectionPage)
    async def list_rejections(
        project_id: ProjectId, request: Request, who: Who, limit: Limit = 50, cursor: CursorIn = ""
    ) -> Response:
        """Files that were refused, with their reasons (role lab)."""
        who.require_scope("read")
        await projects.require_lab(request, who, project_id)

        def page() -> list[Any]:
            with db.read() as conn:
                return store.list_rejections(conn, project_id, cursor, limit)

        items = await run_in_threadpool(page)
        following = items[-1].id if len(items) == limit else None
        return _json({"items": [item.to_json() for item in items], "next": following})

    @router.get("/images/{image_id}", response_model=schemas.Image)
    async def get_image(image_id: ImageId, request: Request, who: Who) -> Response:
        """One image, without its pixels."""
        who.require_scope("read")
        image = await visible(request, who, image_id)
        return _json(image.to_json(is_lab=_is_lab(who, image)))

    @router.get("/images/{image_id}/neighbours", response_model=schemas.Neighbours)
    async def get_neighbours(image_id: ImageId, request: Request, who: Who) -> Response:
        """The frames before and after this one in its stack of slices, where they have its size; null at an end.

        A file of several frames is a stack; so are files of one group whose names differ in their last number only.
        """
        who.require_scope("read")
        image = await visible(request, who, image_id)

        def find() -> tuple[Image | None, Image | None]:
            with db.read() as conn:
                return store.neighbours(conn, image)

        is_lab = _is_lab(who, image)
        before, after = (
            None if found is None else found.to_json(is_lab=is_lab) for found in await run_in_threadpool(find)
        )
        return _json({"before": before, "after": after})

    @router.get(
        "/images/{image_id}/frame",
        responses={200: {"content": {"image/png": {}}, "description": "8-bit PNG, grey or RGB"}},
        response_class=Response,
    )
    async def get_frame(image_id: ImageId, request: Request, who: Who) -> Response:
        """The frame as people see it: 8-bit PNG in the pixel grid in which masks live. It never changes."""
        who.require_scope("read")
        image = await visible(request, who, image_id)
        if deliver.is_fresh(request.headers.get("if-none-match"), image.frame_sha256):
            return deliver.not_modified(image.frame_sha256)
        data = await run_in_threadpool(frames.get, image.frame_key)
        return deliver.whole(data, "image/png", image.frame_sha256)

    @router.get(
        "/images/{image_id}/thumbnail",
        responses={200: {"content": {"image/webp": {}}, "description": "WebP, at most 256 pixels a side"}},
        response_class=Response,
    )
    async def get_thumbnail(image_id: ImageId, request: Request, who: Who) -> Response:
        """A small picture, at most 256 pixels a side."""
        who.require_scope("read")
        image = await visible(request, who, image_id)
        etag = f"{image.frame_sha256}-{THUMBNAIL_SIDE}"
        if deliver.is_fresh(request.headers.get("if-none-match"), etag):
            return deliver.not_modified(etag)
        data = await work(_thumbnail_of, blobs, image, deps.settings.max_pixels)
        return deliver.whole(data, "image/webp", etag)

    @router.get(
        "/images/{image_id}/original",
        responses={
            200: {
                "content": {"*/*": {"schema": schemas.BYTES}},
                "description": "The kept file, of the type that it is",
            }
        },
        response_class=Response,
    )
    async def get_original(image_id: ImageId, request: Request, who: Who) -> Response:
        """The uploaded file, byte for byte; DICOM as it is after de-identification (role lab). Takes a Range."""
        who.require_scope("read")
        image = await of_lab(request, who, image_id)

        def find() -> Any:
            with db.read() as conn:
                return store.find_source(conn, image.source_id)

        source = await run_in_threadpool(find)
        if deliver.is_fresh(request.headers.get("if-none-match"), source.sha256):
            return deliver.not_modified(source.sha256)
        filename = f"{source.id}.{_SUFFIXES.get(source.media_type, source.format)}"
        return await run_in_threadpool(
            deliver.streamed,
            blobs,
            source.blob_key,
            source.size,
            source.media_type,
            source.sha256,
            request.headers.get("range"),
            filename,
        )

    @router.delete("/images/{image_id}", status_code=204, response_class=Response)
    async def delete_image(image_id: ImageId, request: Request, who: Who) -> Response:
        """Delete an image, and its file with the last image of it (role lab). It can't be undone.

        Nobody is asked about it any more: its task ends, also for who draws on it just now, and new datasets leave it out.
        """
        who.require_scope("write")
        image = await of_lab(request, who, image_id)

        def delete() -> None:
            with db.begin() as conn:
                found = store.find_image(conn, image.id)
                keys = store.delete_image(conn, found)
                emit(conn, deps.service, found.id, events.image_deleted(found), clock=deps.clock)
            for key in keys:
                blobs.delete(key)

        await run_in_threadpool(delete)
        return Response(status_code=204)

    return router


_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "application/dicom": "dcm",
    "application/gzip": "nii.gz",
    "application/octet-stream": "nii",
}


def _thumbnail_of(blobs: BlobStore, image: Image, max_pixels: int) -> bytes:
    """Made when it's first asked for, and kept."""
    try:
        return blobs.get(image.thumbnail_key)
    except NotFound:
        data = thumbnail(blobs.get(image.frame_key), side=THUMBNAIL_SIDE, max_pixels=max_pixels)
    try:
        blobs.put(image.thumbnail_key, data)
    except BrambleError as error:
        if not error.retryable:
            raise
        # A store that is full or away can't keep it, but the picture at hand can be shown all the same.
    return data


def _is_lab(who: Principal, image: Image) -> bool:
    role = who.role_in(image.project_id)
    return role is not None and role >= Role.LAB


def _clean_group(group: str | None) -> str | None:
    if group is None or not group.strip():
        return None
    if not group.isprintable():
        raise InvalidInput("`group` holds control characters; give it as plain text.")
    return group.strip()


def _check_id(value: str, what: str) -> None:
    if not is_id(value):
        raise NotFound(f"There is no {what} {value}.")


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
