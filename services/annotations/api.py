"""HTTP of projects, tasks, gold and submissions as a lab sees them. What raters use is in `api_rater.py`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from services.annotations import schemas, store, store_gold
from services.annotations.access import (
    MAX_LIMIT,
    NEW_US,
    json_response,
    page,
    require_lab,
    require_view,
    transact,
)
from services.annotations.domain.answers import (
    MAX_BODY,
    check_fits,
    check_meaning,
    drawn,
    parse_body,
    parse_masks,
)
from services.annotations.domain.project import check_overlap, make_labels
from services.annotations.packs import Pack, messages, read_masks
from services.annotations.records import Project
from shared.auth import Principal, Role, current_principal
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import InvalidInput, NotFound, TooLarge
from shared.ids import is_id, new_id

Who = Annotated[Principal, Depends(current_principal)]
ProjectId = Annotated[str, Path(max_length=36)]
ImageId = Annotated[str, Path(max_length=36)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
CursorIn = Annotated[str, Query(max_length=64, description="`next` of the page before.")]

#: An upload becomes a task by event, a moment after it was answered; a lab that marks gold at once shouldn't meet that gap.
GOLD_WAIT_S = 3.0


def create_router(deps: Deps) -> APIRouter:
    """Routes that labs use."""
    router = APIRouter(prefix="/api/v1")
    db, clock, blobs = deps.db, deps.clock, deps.blobs

    def load(project_id: str) -> Project:
        with db.read() as conn:
            return store.find_project(conn, project_id)

    def answer(projects: list[Project]) -> list[dict[str, Any]]:
        with db.read() as conn:
            counts = store.counts_of(conn, [p.id for p in projects])
        return [p.to_json(counts[p.id]) for p in projects]

    # ------------------------------------------------------------------------------------------------------------ projects
    @router.post("/projects", status_code=201, response_model=schemas.Project, tags=["projects"])
    def create_project(
        body: schemas.ProjectIn,
        who: Who,
        new_id_header: Annotated[str, Header(alias="X-Bramble-New-Id", include_in_schema=False)] = "",
    ) -> Response:
        """Create a project (role lab)."""
        who.require_scope("write")
        who.require_role(Role.LAB)
        now = clock.now_us()
        labels = make_labels([label.model_dump(exclude_none=True) for label in body.labels])
        check_overlap(body.quorum, body.overlap_least, body.overlap_most)
        values = body.model_dump(exclude={"labels"})
        project = Project(
            # The gateway has made the owner a member under this id already; nobody else reaches this service.
            id=new_id_header if is_id(new_id_header) else new_id(),
            owner_id=who.id,
            labels=tuple(labels),
            status="active",
            created_at=now,
            updated_at=now,
            **values,
        )
        with db.begin() as conn:
            store.add_project(conn, project, now)
        return json_response(answer([project])[0], 201)

    @router.get("/projects", response_model=schemas.ProjectPage, tags=["projects"])
    def list_projects(who: Who, limit: Limit = 50, cursor: CursorIn = "") -> Response:
        """Projects that you may see: the open ones, and those you are a member of."""
        who.require_scope("read")
        with db.read() as conn:
            found = store.list_projects(
                conn,
                after=cursor,
                limit=limit,
                everything=who.is_operator,
                member_of=who.memberships,
                owner=who.id,
                made_after=clock.now_us() - NEW_US,
            )
        return json_response(page(answer(found), limit, lambda p: str(p.id), found[-1] if found else None))

    @router.get("/projects/{project_id}", response_model=schemas.Project, tags=["projects"])
    def get_project(project_id: ProjectId, who: Who) -> Response:
        """A project with its label schema and counts."""
        who.require_scope("read")
        project = load(project_id)
        require_view(who, project, clock.now_us())
        return json_response(answer([project])[0])

    @router.patch("/projects/{project_id}", response_model=schemas.Project, tags=["projects"])
    def patch_project(project_id: ProjectId, body: schemas.ProjectPatch, who: Who) -> Response:
        """Change a project (its lab). A label that was answered with can't be removed."""
        return json_response(change(project_id, who, body.model_dump(exclude_unset=True, exclude_none=True)))

    @router.delete("/projects/{project_id}", response_model=schemas.Project, tags=["projects"])
    def archive_project(project_id: ProjectId, who: Who) -> Response:
        """Archive a project: nothing is handed out any more, and nothing is deleted."""
        return json_response(change(project_id, who, {"status": "archived"}))

    def change(project_id: str, who: Principal, values: dict[str, Any]) -> dict[str, Any]:
        who.require_scope("write")
        now = clock.now_us()

        def work(conn: Any) -> Project:
            old = store.find_project(conn, project_id, lock=True)
            require_lab(who, old, clock.now_us())
            if "labels" in values:
                answered = store.counts_of(conn, [project_id])[project_id]["submissions"] > 0
                values["labels"] = tuple(make_labels(values["labels"], old.labels, answered=answered))
            new = replace(old, **values, updated_at=now)
            check_overlap(new.quorum, new.overlap_least, new.overlap_most)
            store.save_project(conn, old, new, now)
            return new

        return answer([transact(db, work)])[0]

    @router.get("/projects/{project_id}/tasks", response_model=schemas.TaskPage, tags=["projects"])
    def list_tasks(
        project_id: ProjectId,
        who: Who,
        status: Annotated[str | None, Query(pattern="^(open|retired)$")] = None,
        limit: Limit = 50,
        cursor: CursorIn = "",
    ) -> Response:
        """Tasks with their progress (its lab)."""
        who.require_scope("read")
        require_lab(who, load(project_id), clock.now_us())
        with db.read() as conn:
            rows = store.list_tasks(conn, project_id, status=status, after=cursor, limit=limit)
        items = [
            {**row, "is_gold": bool(row["is_gold"]), "created_at": to_rfc3339(row["created_at"])}
            for row in rows
        ]
        return json_response(page(items, limit, lambda row: str(row["id"]), items[-1] if items else None))

    # --------------------------------------------------------------------------------------------------------- submissions
    @router.get(
        "/projects/{project_id}/submissions", response_model=schemas.SubmissionPage, tags=["projects"]
    )
    def list_submissions(
        project_id: ProjectId,
        who: Who,
        image_id: Annotated[str | None, Query(max_length=36)] = None,
        limit: Limit = 50,
        cursor: CursorIn = "",
    ) -> Response:
        """Every submission with its masks, superseded ones too (its lab)."""
        who.require_scope("read")
        require_lab(who, load(project_id), clock.now_us())
        with db.read() as conn:
            rows = store.list_submissions(conn, project_id, image_id=image_id, after=cursor, limit=limit)
        items = [_submission(row, read_masks(blobs, row.pack, orjson.loads(row.masks))) for row in rows]
        return json_response(page(items, limit, lambda row: str(row.id), rows[-1] if rows else None))

    # ---------------------------------------------------------------------------------------------------------------- gold
    @router.put(
        "/projects/{project_id}/gold/{image_id}",
        response_model=schemas.Gold,
        tags=["projects"],
        openapi_extra=schemas.body_schema(schemas.GoldIn),
    )
    async def put_gold(project_id: ProjectId, image_id: ImageId, request: Request, who: Who) -> Response:
        """Make an image gold with its true masks (its lab). `masks: []` needs `nothing_here: true`."""
        from starlette.concurrency import run_in_threadpool

        body = await request.body()
        if len(body) > MAX_BODY:
            raise TooLarge(f"The masks are larger than {MAX_BODY >> 20} MB.")
        return await run_in_threadpool(store_gold_of, project_id, image_id, body, who)

    def store_gold_of(project_id: str, image_id: str, body: bytes, who: Principal) -> Response:
        who.require_scope("write")
        project = load(project_id)
        require_lab(who, project, clock.now_us())
        data = parse_body(body)
        masks, nothing_here = parse_masks(data.get("masks", ())), data.get("nothing_here", False)
        if not isinstance(nothing_here, bool):
            raise InvalidInput("nothing_here must be true or false.")
        check_meaning(masks, nothing_here)
        practice = data.get("practice")
        if practice is not None and not isinstance(practice, bool):
            raise InvalidInput("practice must be true or false.")
        task = wait_for_task(project_id, image_id)
        check_fits(masks, height=task.height, width=task.width, label_ids=project.label_ids)
        masks = drawn(masks)
        pack = Pack(f"annotations/gold/{new_id()}.rle")
        refs = messages(pack.key, pack.add(masks))
        pack.write(blobs)
        now = clock.now_us()
        for_practice = transact(
            db, lambda conn: store_gold.put_gold(conn, project_id, image_id, masks, refs, now, practice)
        )
        items = [mask.to_json() for mask in masks]
        return json_response(
            {
                "image_id": image_id,
                "masks": items,
                "nothing_here": not items,
                "practice": for_practice,
                "created_at": to_rfc3339(now),
            }
        )

    def wait_for_task(project_id: str, image_id: str) -> Any:
        deadline = time.monotonic() + GOLD_WAIT_S
        while True:
            try:
                with db.read() as conn:
                    return store.find_task(conn, project_id, image_id)
            except NotFound:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    @router.get("/projects/{project_id}/gold/{image_id}", response_model=schemas.Gold, tags=["projects"])
    def get_gold(project_id: ProjectId, image_id: ImageId, who: Who) -> Response:
        """The true masks of a gold image (its lab)."""
        who.require_scope("read")
        require_lab(who, load(project_id), clock.now_us())
        with db.read() as conn:
            row = store_gold.find_gold(conn, project_id, image_id)
        return json_response(_gold(row._mapping))

    @router.delete(
        "/projects/{project_id}/gold/{image_id}", status_code=204, response_class=Response, tags=["projects"]
    )
    def delete_gold(project_id: ProjectId, image_id: ImageId, who: Who) -> Response:
        """Make a gold image an ordinary one again (its lab)."""
        who.require_scope("write")
        require_lab(who, load(project_id), clock.now_us())
        now = clock.now_us()
        transact(db, lambda conn: store_gold.remove_gold(conn, project_id, image_id, now))
        return Response(status_code=204)

    @router.get("/projects/{project_id}/gold", response_model=schemas.GoldPage, tags=["projects"])
    def list_gold(project_id: ProjectId, who: Who, limit: Limit = 50, cursor: CursorIn = "") -> Response:
        """Gold images with their masks (its lab)."""
        who.require_scope("read")
        require_lab(who, load(project_id), clock.now_us())
        with db.read() as conn:
            items = [_gold(row) for row in store_gold.list_gold(conn, project_id, after=cursor, limit=limit)]
        return json_response(
            page(items, limit, lambda row: str(row["image_id"]), items[-1] if items else None)
        )

    return router


def _gold(row: Any) -> dict[str, Any]:
    masks = orjson.loads(row["masks"])
    return {
        "image_id": row["image_id"],
        "masks": masks,
        "nothing_here": not masks,
        "practice": bool(row["is_practice"]),
        "created_at": to_rfc3339(row["created_at"]),
    }


def _submission(row: Any, masks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "task_id": row.task_id,
        "image_id": row.image_id,
        "rater_id": row.rater_id,
        "masks": masks,
        "nothing_here": bool(row.nothing_here),
        "created_at": to_rfc3339(row.created_at),
        "superseded_by": row.superseded_by,
        "duration_ms": row.duration_ms,
        "clicks": row.clicks,
        "proposal_shown": bool(row.proposal_shown),
        "unsure": bool(row.unsure),
        "comment": row.comment,
        "is_gold": bool(row.is_gold),
        "gold_dice": orjson.loads(row.gold_dice) if row.gold_dice else None,
    }
