"""HTTP of what raters are told about their own outlines."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from services.annotations import schemas_learning as shapes
from services.annotations import store, store_advice
from services.annotations.access import json_response, require_view, transact
from services.annotations.api import ProjectId, Who
from shared.deps import Deps

AdviceId = Annotated[str, Path(max_length=36)]


def create_router(deps: Deps) -> APIRouter:
    """Routes that raters use."""
    router = APIRouter(prefix="/api/v1", tags=["practice"])
    db, clock = deps.db, deps.clock

    @router.get("/projects/{project_id}/advice", response_model=shapes.AdviceList)
    def get_advice(project_id: ProjectId, who: Who) -> Response:
        """What you may change about your outlines, as far as you haven't been told: each thing once, and only where it is sure."""
        who.require_scope("read")
        with db.read() as conn:
            require_view(who, store.find_project(conn, project_id), clock.now_us())
            rows = store_advice.untold(conn, project_id, who.id)
        names = ("id", "label_id", "kind", "direction", "px", "share", "answers")
        return json_response({"items": [{name: getattr(row, name) for name in names} for row in rows]})

    @router.post("/projects/{project_id}/advice/{advice_id}/seen", status_code=204, response_class=Response)
    def seen(project_id: ProjectId, advice_id: AdviceId, who: Who) -> Response:
        """You have read it: it isn't shown again."""
        who.require_scope("write")

        def work(conn: Any) -> None:
            require_view(who, store.find_project(conn, project_id), clock.now_us())
            store_advice.mark_seen(conn, project_id, who.id, advice_id, clock.now_us())

        transact(db, work)
        return Response(status_code=204)

    return router
