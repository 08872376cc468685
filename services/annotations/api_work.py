"""HTTP of what a rater did: figures, badges, own answers with what came of them; and the ranking."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.annotations import schemas, store, store_work
from services.annotations import schemas_learning as shapes
from services.annotations.access import json_response, page, require_lab, transact
from services.annotations.api import CursorIn, Limit, ProjectId, Who
from services.annotations.domain import badges, stats
from services.annotations.domain.answers import parse_masks
from services.annotations.packs import read_masks
from services.annotations.records import AnyRow
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.imaging import rle as rle_codec
from shared.peers import Peer

SubmissionId = Annotated[str, Path(max_length=36)]


def create_router(deps: Deps) -> APIRouter:
    """Routes of a rater's own work."""
    router = APIRouter(prefix="/api/v1", tags=["labelling"])
    db, clock, blobs = deps.db, deps.clock, deps.blobs
    consensus = _Consensus(deps)

    @router.get("/me/stats", response_model=schemas.Stats)
    def my_stats(who: Who, project_id: Annotated[str | None, Query(max_length=36)] = None) -> Response:
        """Your own figures, of one project or of all. `gold_dice` is the mean with its 95 % interval."""
        who.require_scope("read")
        with db.read() as conn:
            everywhere = store.rater_rows(conn, who.id, None)
            kept = store_work.badges_of(conn, who.id)
            fresh = [
                code for code in badges.earned(store_work.facts(conn, who.id, everywhere)) if code not in kept
            ]
        now = clock.now_us()
        if fresh:
            transact(db, lambda conn: store_work.give_badges(conn, who.id, fresh, now))
            kept |= dict.fromkeys(fresh, now)
        rows = [row for row in everywhere if project_id is None or row.project_id == project_id]
        day = stats.day_of(now)
        days = [stats.current_days(row.last_day, row.today, row.streak, day) for row in rows]
        seen = sum(row.gold_seen for row in rows)
        interval = stats.gold_interval(
            seen, sum(r.gold_total for r in rows), sum(r.gold_squares for r in rows)
        )
        return json_response(
            {
                "submissions": sum(row.submissions for row in rows),
                "gold_seen": seen,
                "gold_dice": interval,
                "today": sum(today for today, _ in days),
                "streak_days": max((streak for _, streak in days), default=0),
                "badges": [
                    {"code": code, "earned_at": to_rfc3339(kept[code])}
                    for code in badges.CODES
                    if code in kept
                ],
            }
        )

    @router.get("/me/work", response_model=shapes.WorkPage)
    def my_work(
        who: Who,
        project_id: Annotated[str | None, Query(max_length=36)] = None,
        limit: Limit = 50,
        cursor: CursorIn = "",
    ) -> Response:
        """Your answers, newest first."""
        who.require_scope("read")
        with db.read() as conn:
            rows = store_work.of_rater(conn, who.id, project_id=project_id, before=cursor, limit=limit)
        items = [_work(row) for row in rows]
        return json_response(page(items, limit, lambda row: str(row.id), rows[-1] if rows else None))

    @router.get("/me/work/{submission_id}", response_model=shapes.WorkDetail)
    async def one_of_mine(submission_id: SubmissionId, request: Request, who: Who) -> Response:
        """What you drew, and beside it the consensus once the image has all its answers. Once you have seen it, your answer stands."""
        who.require_scope("read")
        row = await run_in_threadpool(look, who.id, submission_id)
        mine = await run_in_threadpool(read_masks, blobs, row.pack, orjson.loads(row.masks))
        came = None
        if row.finished:
            came = await consensus.of_image(row.image_id, request)
        drawn = {m["label_id"]: m["rle"] for m in mine}
        return json_response(
            {
                **_work(row),
                "masks": mine,
                "consensus": None if came is None else [_beside(drawn, label) for label in came],
            }
        )

    def look(rater_id: str, submission_id: str) -> AnyRow:
        def work(conn: Any) -> AnyRow:
            row = store_work.find(conn, rater_id, submission_id)
            if row.finished:
                store_work.mark_seen(conn, submission_id, clock.now_us())
            return row

        return transact(db, work)

    @router.get("/projects/{project_id}/ranking", response_model=shapes.Ranking)
    def get_ranking(project_id: ProjectId, who: Who) -> Response:
        """Raters by the quality on gold that is sure (its lab). Volunteers see names of those who want that: `/leaderboard`."""
        who.require_scope("read")
        with db.read() as conn:
            require_lab(who, store.find_project(conn, project_id), clock.now_us())
            items = store_work.ranking(conn, project_id)
        return json_response({"items": items})

    return router


def _work(row: AnyRow) -> dict[str, Any]:
    return {
        "submission_id": row.id,
        "project_id": row.project_id,
        "image": orjson.Fragment(row.image_json),
        "created_at": to_rfc3339(row.created_at),
        "nothing_here": bool(row.nothing_here),
        "finished": bool(row.finished),
    }


def _beside(drawn: dict[int, Any], label: dict[str, Any]) -> dict[str, Any]:
    """One label of the consensus with the Dice of the rater's own mask; two empty ones agree."""
    label_id = label["label_id"]
    pair = [{"label_id": 1, "rle": label["rle"]}]
    if label_id in drawn:
        pair.append({"label_id": 2, "rle": drawn[label_id]})
    masks = parse_masks(pair)
    total = sum(mask.area for mask in masks)
    both = rle_codec.intersection(masks[0].rle, masks[1].rle) if len(masks) == 2 else 0
    return {
        "label_id": label_id,
        "rle": label["rle"],
        "agreement": label.get("agreement"),
        "dice": round(2 * both / total, 4) if total else 1.0,
    }


class _Consensus:
    """The consensus service, asked on the rater's behalf: it shows an image's consensus to those who answered it."""

    def __init__(self, deps: Deps) -> None:
        self._peer = Peer(deps, "consensus")

    async def of_image(self, image_id: str, request: Request) -> list[dict[str, Any]] | None:
        """The image's labels; None where there is no consensus (yet), or where consensus hasn't heard of the asker's answer.
        Raises Unavailable when the service doesn't answer."""
        found = await self._peer.get(request, f"/api/v1/images/{image_id}/consensus")
        if found is None:
            return None
        labels: list[dict[str, Any]] = found["labels"]
        return labels
