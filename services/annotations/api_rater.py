"""HTTP that raters use: the next task, leases, drafts, submissions, their own figures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response
from sqlalchemy import bindparam, insert, select
from starlette.concurrency import run_in_threadpool

from services.annotations import schemas, store_leases, store_notes, store_renew
from services.annotations import tables as t
from services.annotations.access import json_response, transact
from services.annotations.api import ProjectId, Who
from services.annotations.domain.answers import check_fits, parse_body, parse_masks
from services.annotations.domain.leases import MAX_AHEAD, Action, State, image_deleted
from services.annotations.domain.quorum import DELETED
from services.annotations.door import answer, read_body
from services.annotations.handout import draft_json, hand_out
from services.annotations.intake import GroupCommitter
from services.annotations.records import masks_to_text, parse_labels
from shared.auth import HEADER
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import Forbidden

LeaseId = Annotated[str, Path(max_length=36)]
Ahead = Annotated[int, Query(ge=0, le=MAX_AHEAD, description="Tasks to hold beside the one at work.")]


_DRAWN_ON = (
    select(t.tasks.c.height, t.tasks.c.width, t.tasks.c.status, t.projects.c.labels)
    .join(t.projects, t.projects.c.id == t.tasks.c.project_id)
    .where(t.tasks.c.id == bindparam("t"))
)


def create_router(deps: Deps, intake: GroupCommitter) -> APIRouter:
    """Routes that raters use."""
    router = APIRouter(prefix="/api/v1", tags=["labelling"])
    db, clock = deps.db, deps.clock
    secret = deps.settings.keys

    @router.post(
        "/projects/{project_id}/next",
        response_model=schemas.Next,
        responses={204: {"description": "Nothing (more) for you."}},
    )
    def next_task(project_id: ProjectId, who: Who, ahead: Ahead = 0) -> Response:
        """Your next task by a lease, or the live one you have. Never says whether it is gold.

        With `ahead`, that many tasks after it are yours too, each by a lease of its own: to show the next image at once, or to work
        without a connection. You may get fewer. Leases that you have are counted in and answered again.
        403 `practice-first` where the project wants practice images mastered before.
        """
        # `door.NextDoor` answers before this route is reached, unless the query needs its words of refusal.
        body = hand_out(db, clock, who, project_id, ahead)
        return Response(status_code=204) if body is None else json_response(body)

    @router.post("/leases/{lease_id}/renew", response_model=schemas.LeaseInfo)
    def renew(lease_id: LeaseId, who: Who) -> Response:
        """Let the lease run for its full time from now. One that ran out comes back to life if its place is still free, else 410."""
        who.require_scope("write")
        expires_at = transact(db, lambda conn: store_renew.renew(conn, lease_id, who.id, clock.now_us()))
        return json_response({"id": lease_id, "expires_at": to_rfc3339(expires_at)})

    @router.post("/leases/{lease_id}/skip", status_code=204, response_class=Response)
    def skip(lease_id: LeaseId, who: Who, body: Annotated[schemas.SkipIn | None, Body()] = None) -> Response:
        """Not this image: it isn't offered to you again. "Nothing here" is an answer, not a skip."""
        who.require_scope("write")
        reason, now = (body.reason if body else None), clock.now_us()

        def work(conn: Any) -> None:
            lease = store_leases.find_lease(conn, lease_id)
            ended = store_leases.end(conn, lease_id, who.id, Action.SKIP, now, reason)
            if ended and reason:
                task = select(t.tasks.c.image_id).where(t.tasks.c.id == lease.task_id)
                image_id = conn.execute(task).scalar_one()
                row = {"project_id": lease.project_id, "image_id": image_id, "rater_id": who.id}
                note = store_notes.note_row(**row, kind="skip", text=reason, now=now)
                conn.execute(insert(t.notes), note)

        transact(db, work)
        return Response(status_code=204)

    @router.delete("/leases/{lease_id}", status_code=204, response_class=Response)
    def give_back(lease_id: LeaseId, who: Who) -> Response:
        """Give the place back; the image may be offered to you again."""
        who.require_scope("write")
        transact(db, lambda conn: store_leases.end(conn, lease_id, who.id, Action.GIVE_BACK, clock.now_us()))
        return Response(status_code=204)

    # -------------------------------------------------------------------------------------------------------------- drafts
    @router.put(
        "/leases/{lease_id}/draft",
        response_model=schemas.Draft,
        openapi_extra=schemas.body_schema(schemas.DraftIn),
    )
    async def put_draft(lease_id: LeaseId, request: Request, who: Who) -> Response:
        """Keep the unfinished drawing. It outlives the lease, and comes back with your next lease on that image."""
        who.require_scope("write")
        return await run_in_threadpool(save_draft, lease_id, who.id, await read_body(request.receive))

    def save_draft(lease_id: str, rater_id: str, body: bytes) -> Response:
        masks = parse_masks(parse_body(body).get("masks"))
        text, now = masks_to_text(masks), clock.now_us()

        def work(conn: Any) -> None:
            lease = store_leases.find_lease(conn, lease_id)
            after = store_leases.allowed(lease, rater_id, Action.DRAFT, now)
            task = conn.execute(_DRAWN_ON, {"t": lease.task_id}).one()
            if task.status == DELETED:
                raise image_deleted()
            label_ids = [label.id for label in parse_labels(task.labels)]
            check_fits(masks, height=task.height, width=task.width, label_ids=label_ids)
            store_leases.save_draft(conn, rater_id, lease.task_id, text, now)
            if after is not State.LIVE:
                store_leases.mark_lapsed(conn, rater_id, lease.task_id, lease.project_id)

        transact(db, work)
        return json_response(draft_json((text, now)))

    @router.get(
        "/leases/{lease_id}/draft",
        response_model=schemas.Draft,
        responses={204: {"description": "Nothing is drawn yet."}},
    )
    def get_draft(lease_id: LeaseId, who: Who) -> Response:
        """Your draft of the lease's image."""
        who.require_scope("read")
        with db.read() as conn:
            lease = store_leases.find_lease(conn, lease_id)
            if lease.rater_id != who.id:
                raise Forbidden("This lease belongs to another rater.", code="lease-not-yours")
            draft = store_leases.find_draft(conn, who.id, lease.task_id)
        return Response(status_code=204) if draft is None else json_response(draft_json(draft))

    # --------------------------------------------------------------------------------------------------------- submissions
    @router.post(
        "/leases/{lease_id}/submissions",
        status_code=201,
        response_model=schemas.SubmissionOut,
        responses={
            200: {
                "model": schemas.SubmissionOut,
                "description": "The client_key was seen; the same answer as then.",
            }
        },
        openapi_extra=schemas.body_schema(schemas.SubmissionIn),
    )
    async def submit(lease_id: str, request: Request) -> Response:
        """Answer the image. Durable when it is acknowledged; repeat it with the same client_key as often as you like."""
        # `door.SubmissionDoor` answers before this route is reached; here for the OpenAPI, and should the door be taken away.
        receipt = await answer(
            intake, secret, request.headers.get(HEADER), lease_id, await read_body(request.receive)
        )
        return json_response(receipt.to_json(), 201 if receipt.created else 200)

    return router
