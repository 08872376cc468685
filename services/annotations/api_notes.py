"""HTTP of notes: what raters tell the lab about images, and what the lab replies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from services.annotations import schemas_learning as shapes
from services.annotations import store, store_notes
from services.annotations.access import json_response, page, require_expert, require_view, transact
from services.annotations.api import CursorIn, Limit, ProjectId, Who
from services.annotations.records import AnyRow
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import InvalidInput

NoteId = Annotated[str, Path(max_length=36)]


def create_router(deps: Deps) -> APIRouter:
    """Routes of notes."""
    router = APIRouter(prefix="/api/v1", tags=["notes"])
    db, clock = deps.db, deps.clock

    @router.post("/projects/{project_id}/notes", status_code=201, response_model=shapes.Note)
    def add_note(project_id: ProjectId, body: shapes.NoteIn, who: Who) -> Response:
        """Tell the lab something about an image: a comment, that you aren't sure, or that it looks wrong."""
        who.require_scope("write")
        if body.kind == "comment" and not body.text:
            raise InvalidInput("A comment needs a text.")

        def work(conn: Any) -> AnyRow:
            project = store.find_project(conn, project_id)
            require_view(who, project, clock.now_us())
            store.find_task(conn, project_id, body.image_id)
            row = store_notes.note_row(
                project_id=project_id,
                image_id=body.image_id,
                rater_id=who.id,
                kind=body.kind,
                text=body.text,
                now=clock.now_us(),
            )
            store_notes.add(conn, row)
            return store_notes.find(conn, project_id, row["id"])

        return json_response(_note(transact(db, work)), 201)

    @router.get("/projects/{project_id}/notes", response_model=shapes.NotePage)
    def list_notes(
        project_id: ProjectId,
        who: Who,
        status: Annotated[str | None, Query(pattern="^(open|resolved)$")] = None,
        limit: Limit = 50,
        cursor: CursorIn = "",
    ) -> Response:
        """What raters told you, newest first (role expert)."""
        who.require_scope("read")
        resolved = None if status is None else status == "resolved"
        with db.read() as conn:
            require_expert(who, store.find_project(conn, project_id), clock.now_us())
            rows = store_notes.listed(conn, project_id, resolved=resolved, before=cursor, limit=limit)
        return json_response(_page(rows, limit))

    @router.patch("/projects/{project_id}/notes/{note_id}", response_model=shapes.Note)
    def answer_note(project_id: ProjectId, note_id: NoteId, body: shapes.NotePatch, who: Who) -> Response:
        """Resolve a note, or reply to who wrote it (role expert)."""
        who.require_scope("write")

        def work(conn: Any) -> AnyRow:
            require_expert(who, store.find_project(conn, project_id), clock.now_us())
            return store_notes.answer(
                conn,
                project_id,
                note_id,
                by=who.id,
                resolved=body.resolved,
                reply=body.reply,
                now=clock.now_us(),
            )

        return json_response(_note(transact(db, work)))

    @router.get("/me/notes", response_model=shapes.NotePage)
    def my_notes(who: Who, limit: Limit = 50, cursor: CursorIn = "") -> Response:
        """What you told labs, and what they replied; newest first."""
        who.require_scope("read")
        with db.read() as conn:
            rows = store_notes.of_rater(conn, who.id, before=cursor, limit=limit)
        return json_response(_page(rows, limit))

    return router


def _page(rows: list[AnyRow], limit: int) -> dict[str, Any]:
    return page([_note(row) for row in rows], limit, lambda row: str(row.id), rows[-1] if rows else None)


def _note(row: AnyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "project_id": row.project_id,
        "image_id": row.image_id,
        "rater_id": row.rater_id,
        "submission_id": row.submission_id,
        "kind": row.kind,
        "text": row.text,
        "reply": row.reply,
        "created_at": to_rfc3339(row.created_at),
        "resolved_at": None if row.resolved_at is None else to_rfc3339(row.resolved_at),
    }
