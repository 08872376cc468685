"""HTTP of the pictures in a project's guide."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from services.annotations import schemas_learning as shapes
from services.annotations import store
from services.annotations.access import json_response, require_lab, require_view
from services.annotations.api import ProjectId, Who
from services.annotations.pictures import MAX_BYTES, accept
from shared.auth import Principal
from shared.deps import Deps
from shared.errors import NotFound, TooLarge
from shared.ids import new_id

_NAME = re.compile(r"^[0-9a-f-]{36}\.(png|jpg)$")
_TYPES = {"png": "image/png", "jpg": "image/jpeg"}
PictureName = Annotated[str, Path(max_length=40)]


def create_router(deps: Deps) -> APIRouter:
    """Routes of guide pictures."""
    router = APIRouter(prefix="/api/v1", tags=["projects"])
    db, blobs = deps.db, deps.blobs

    @router.post(
        "/projects/{project_id}/guide/pictures",
        status_code=201,
        response_model=shapes.Picture,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in ("image/png", "image/jpeg", "image/webp")
                },
            }
        },
    )
    async def add_picture(project_id: ProjectId, request: Request, who: Who) -> Response:
        """Keep a picture for the guide (its lab): PNG, JPEG or WebP as the body. It is made small and loses its metadata."""
        data = bytearray()
        async for part in request.stream():
            data += part
            if len(data) > MAX_BYTES:
                raise TooLarge(f"A picture for the guide has at most {MAX_BYTES >> 20} MB.")
        return await run_in_threadpool(keep, project_id, bytes(data), who)

    def keep(project_id: str, data: bytes, who: Principal) -> Response:
        who.require_scope("write")
        with db.read() as conn:
            require_lab(who, store.find_project(conn, project_id), deps.clock.now_us())
        picture = accept(data)
        name = f"{new_id()}.{picture.suffix}"
        blobs.put(_key(project_id, name), picture.data)
        url = f"/api/v1/projects/{project_id}/guide/pictures/{name}"
        return json_response(
            {"name": name, "url": url, "width": picture.width, "height": picture.height}, 201
        )

    @router.get(
        "/projects/{project_id}/guide/pictures/{picture}",
        response_class=Response,
        responses={200: {"content": {"image/png": {}, "image/jpeg": {}}, "description": "The picture."}},
    )
    def get_picture(project_id: ProjectId, picture: PictureName, who: Who) -> Response:
        """A picture of the guide, for whoever may see the project. Never changes."""
        who.require_scope("read")
        with db.read() as conn:
            require_view(who, store.find_project(conn, project_id), deps.clock.now_us())
        if not _NAME.match(picture):
            raise NotFound("There is no such picture.")
        data = blobs.get(_key(project_id, picture))
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(data, media_type=_TYPES[picture.rsplit(".", 1)[1]], headers=headers)

    return router


def _key(project_id: str, name: str) -> str:
    return f"annotations/guide/{project_id}/{name}"
