"""HTTP of practice: the course, an attempt with its feedback, and the way out of quarantine by practice."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from services.annotations import schemas, store, store_appeal, store_practice
from services.annotations import schemas_learning as shapes
from services.annotations.access import json_response, require_view, transact
from services.annotations.api import ImageId, ProjectId, Who
from services.annotations.domain import appeal as appeal_rules
from services.annotations.domain import gold as gold_rules
from services.annotations.domain import practice as rules
from services.annotations.domain.answers import check_fits, check_meaning, parse_body, parse_masks
from services.annotations.door import read_body
from services.annotations.records import masks_from_text
from shared.deps import Deps
from shared.errors import InvalidInput


def create_router(deps: Deps) -> APIRouter:
    """Routes that learners use."""
    router = APIRouter(prefix="/api/v1", tags=["practice"])
    db, clock = deps.db, deps.clock

    @router.get("/projects/{project_id}/practice", response_model=shapes.Practice)
    def get_practice(project_id: ProjectId, who: Who) -> Response:
        """The project's practice images, and how far you are. Never names the gold that measures."""
        who.require_scope("read")
        with db.read() as conn:
            project = store.find_project(conn, project_id)
            require_view(who, project, clock.now_us())
            course = store_practice.course(conn, project, who.id)
        images = []
        for task in course.images:
            mine = course.done.get(task.id)
            images.append(
                {
                    "image": orjson.Fragment(task.image_json),
                    "attempts": mine.attempts if mine else 0,
                    "best": round(mine.best, 4) if mine else None,
                    "passed": bool(mine and mine.best >= course.standing.threshold),
                }
            )
        example = course.example and {
            "image": orjson.Fragment(course.example.image_json),
            "reference": orjson.Fragment(course.example.masks),
        }
        return json_response({"standing": _standing(course.standing), "example": example, "images": images})

    @router.post(
        "/projects/{project_id}/practice/{image_id}",
        response_model=shapes.PracticeResult,
        openapi_extra=schemas.body_schema(shapes.PracticeIn),
    )
    async def practise(project_id: ProjectId, image_id: ImageId, request: Request, who: Who) -> Response:
        """Try a practice image: how your masks compare with the reference. As often as you like; the best attempt counts."""
        body = await read_body(request.receive)
        return await run_in_threadpool(attempt, project_id, image_id, body, who)

    def attempt(project_id: str, image_id: str, body: bytes, who: Any) -> Response:
        who.require_scope("write")
        data = parse_body(body)
        masks, nothing_here = parse_masks(data.get("masks", ())), data.get("nothing_here", False)
        if not isinstance(nothing_here, bool):
            raise InvalidInput("nothing_here must be true or false.")
        check_meaning(masks, nothing_here)

        def work(conn: Any) -> dict[str, Any]:
            project = store.find_project(conn, project_id)
            require_view(who, project, clock.now_us())
            task = store_practice.find(conn, project_id, image_id)
            check_fits(masks, height=task.height, width=task.width, label_ids=project.label_ids)
            truth = masks_from_text(task.masks)
            scores = gold_rules.score(project.label_ids, masks, truth)
            dice = rules.overall(scores, masks, truth)
            counted = store_appeal.attempt(
                conn, project, who.id, task.id, scores, masks, truth, clock.now_us()
            )
            store_practice.keep(conn, project_id, who.id, task.id, dice, clock.now_us())
            return {
                "dice": round(dice, 4),
                "passed": dice >= project.practice_dice,
                "feedback": {
                    "labels": [s.to_json() for s in scores],
                    "reference": orjson.Fragment(task.masks),
                },
                "standing": _standing(store_practice.course(conn, project, who.id).standing),
                "appeal": counted,
            }

        return json_response(transact(db, work))

    @router.get("/projects/{project_id}/quarantine", response_model=shapes.Quarantine)
    def get_quarantine(project_id: ProjectId, who: Who) -> Response:
        """Whether your answers count less for now, for which labels, and how far you are with practising again."""
        who.require_scope("read")
        with db.read() as conn:
            project = store.find_project(conn, project_id)
            require_view(who, project, clock.now_us())
            at = store_appeal.where(conn, project, who.id)
        return json_response(_quarantine(at))

    @router.post("/projects/{project_id}/appeal", response_model=shapes.Quarantine)
    def appeal(project_id: ProjectId, who: Who) -> Response:
        """Begin to practise again, to have your answers count fully: on images that you haven't seen, of each the first try counts.

        The one that you have begun is answered again. 409 `not-quarantined`; 409 `no-fresh-practice` where too few images are new to you.
        """
        who.require_scope("write")

        def work(conn: Any) -> store_appeal.Where:
            project = store.find_project(conn, project_id)
            require_view(who, project, clock.now_us())
            return store_appeal.begin(conn, project, who.id, clock.now_us())

        return json_response(_quarantine(transact(db, work)))

    return router


def _standing(where: rules.Standing) -> dict[str, Any]:
    return {
        "required": where.required,
        "threshold": where.threshold,
        "passed": where.passed,
        "qualified": where.qualified,
    }


def _quarantine(at: store_appeal.Where) -> dict[str, Any]:
    appeal = None
    if at.appeal is not None:
        dices = [dice for _, dice in orjson.loads(at.appeal.dices)]
        appeal = {
            "needed": at.appeal.needed,
            "threshold": at.appeal.threshold,
            "passed": sum(dice >= at.appeal.threshold for dice in dices),
            "images": [orjson.Fragment(task.image_json) for task in at.images],
        }
    return {
        "label_ids": at.labels,
        "appeal": appeal,
        "can_appeal": appeal is not None or len(at.fresh) >= appeal_rules.NEEDED,
    }
