"""The routes of the consensus service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, Row

from services.consensus import export, export_instances, metrics, refresh, schemas, store, store_history
from services.consensus.domain.auto import check_method
from services.consensus.estimator import Estimator
from services.consensus.merge import from_json
from shared.auth import Principal, Role, current_principal
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import InvalidInput, NotFound
from shared.ids import new_id
from shared.imaging import rle
from shared.web import API

Who = Annotated[Principal, Depends(current_principal)]
Id = Annotated[str, Path(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=200, description="Items a page.")]
Cursor = Annotated[str, Query(max_length=80, description="`next` of the page before.")]


def create_router(deps: Deps) -> APIRouter:
    """All public routes."""
    router = APIRouter(prefix=API, tags=["consensus"])
    db = deps.db

    def image_for(conn: Connection, image_id: str, who: Principal, least: Role) -> Row[Any]:
        """The image's row, for those who may see it: members from `least` on, and whoever has answered for it themselves."""
        image = store.find_image(conn, image_id)
        if image is None:
            raise NotFound(
                f"There is no consensus for the image {image_id[:64]}: nobody has labelled it, or it doesn't exist."
            )
        if least > Role.VOLUNTEER or not store.voted(conn, image_id, who.id):
            who.require(image.project_id, max(least, Role.EXPERT))
        return image

    @router.get("/projects/{project_id}/consensus", response_model=schemas.ConsensusPage)
    def list_consensus(
        project_id: Id,
        who: Who,
        limit: Limit = 50,
        cursor: Cursor = "",
        status: Annotated[str | None, Query(pattern="^(pending|accepted|review)$")] = None,
    ) -> dict[str, Any]:
        """The newest consensus of every image, one item a label (role expert)."""
        who.require_scope("read")
        who.require(project_id, Role.EXPERT)
        image, _, label = cursor.partition(":")
        if cursor and not label.isdigit():
            raise InvalidInput("`cursor` isn't one that this list gave out; leave it away to start over.")
        with db.read() as conn:
            rows = store.page(conn, project_id, (image, int(label or 0)), limit + 1, status)
        items = [
            {
                "image_id": r.image_id,
                "label_id": r.label_id,
                "agreement": r.agreement,
                "predicted_dice": r.predicted_dice,
                "raters": r.raters,
                "area": r.area,
                "method": r.method,
                "version": r.version,
                "status": r.status,
                "updated_at": to_rfc3339(r.updated_at),
            }
            for r in rows[:limit]
        ]
        last = f"{items[-1]['image_id']}:{items[-1]['label_id']}" if len(rows) > limit else None
        return {"items": items, "next": last}

    @router.get(
        "/projects/{project_id}/consensus/masks",
        response_class=StreamingResponse,
        responses={
            200: {"content": {"application/zip": {"schema": schemas.BYTES}}, "description": "A streamed ZIP"}
        },
    )
    def download_masks(project_id: Id, who: Who) -> StreamingResponse:
        """All consensus masks with their probability maps as a streamed ZIP (role expert)."""
        who.require_scope("read")
        who.require(project_id, Role.EXPERT)
        chunks: Iterator[bytes] = export.masks_zip(deps, project_id)
        headers = {"Content-Disposition": f'attachment; filename="consensus-{project_id}.zip"'}
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)

    @router.get(
        "/projects/{project_id}/consensus/instances",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/json": {}}, "description": "A streamed COCO file"}},
    )
    def download_instances(
        project_id: Id,
        who: Who,
        label_id: Annotated[
            int | None, Query(ge=1, description="Of one label only; left out: of all.")
        ] = None,
    ) -> StreamingResponse:
        """Every object by itself, as COCO with one annotation an object (role expert).

        For labels of which an image shows several: parts are matched across raters by overlap and merged one by one, as by
        `bramble consensus --instances`. `score` is predicted Dice, `drawn` how many of `raters` drew the object.
        """
        who.require_scope("read")
        who.require(project_id, Role.EXPERT)
        chunks = export_instances.instances_json(deps, project_id, label_id)
        headers = {"Content-Disposition": f'attachment; filename="instances-{project_id}.json"'}
        return StreamingResponse(chunks, media_type="application/json", headers=headers)

    @router.get("/images/{image_id}/consensus", response_model=schemas.ImageConsensus)
    def get_consensus(image_id: Id, who: Who) -> dict[str, Any]:
        """An image's consensus. For members with role expert, and for raters who have answered for the image."""
        who.require_scope("read")
        with db.read() as conn:
            image = image_for(conn, image_id, who, Role.VOLUNTEER)
            newest = store.newest(conn, image_id)
        return _image_out(image, newest)

    @router.get(
        "/images/{image_id}/consensus/{label_id}/probability",
        responses={200: {"content": {"image/png": {}}, "description": "16-bit grey PNG, 65535 = 1."}},
        response_class=Response,
    )
    def get_probability(image_id: Id, label_id: int, who: Who) -> Response:
        """Per-pixel probability of a label (role expert)."""
        who.require_scope("read")
        with db.read() as conn:
            image = image_for(conn, image_id, who, Role.EXPERT)
            data = refresh.probability_png(conn, image_id, label_id)
        if data is None:
            raise NotFound(f"Nobody has answered for the label {label_id} on this image.")
        return Response(
            data, media_type="image/png", headers={"ETag": f'"{image_id}-{label_id}-{image.version}"'}
        )

    @router.get("/projects/{project_id}/raters", response_model=schemas.RaterList)
    def list_raters(project_id: Id, who: Who) -> dict[str, Any]:
        """What is believed of each rater, with intervals and flags (role lab)."""
        who.require_scope("read")
        who.require(project_id, Role.LAB)
        with db.read() as conn:
            rows, gold = store.rater_rows(conn, project_id), store.gold_scores(conn, project_id)
            decisions = store_history.rater_decisions(conn, project_id)
        return {"items": _raters_out(rows, gold, decisions), "next": None}

    @router.post("/images/{image_id}/consensus/review", response_model=schemas.ImageConsensus)
    def review(image_id: Id, body: schemas.ReviewIn, who: Who) -> dict[str, Any]:
        """Accept an image's consensus, fix it with masks of your own, or send it back to the raters (role expert)."""
        who.require_scope("write")
        with db.begin() as conn:
            image = image_for(conn, image_id, who, Role.EXPERT)
            newest = store.newest(conn, image_id)
            if newest is None:
                raise NotFound("This image has no consensus to review yet.")
            version = _review(conn, deps, image, newest, body, who)
            store.add_review(
                conn, new_id(), image, who.id, body.decision, body.comment, version, deps.clock.now_us()
            )
            image = store.find_image(conn, image_id) or image
            newest = store.newest(conn, image_id)
        return _image_out(image, newest)

    @router.post("/projects/{project_id}/consensus/recompute", response_model=schemas.Recomputed)
    def recompute(project_id: Id, body: schemas.RecomputeIn, who: Who) -> dict[str, Any]:
        """Estimate the raters anew and merge every image again, with another method if one is given (role lab)."""
        who.require_scope("write")
        who.require(project_id, Role.LAB)
        with db.begin() as conn:
            method = store.project(conn, project_id).method
            if body.method is not None:
                method = check_method(body.method)
                store.put_project(conn, project_id, method=method)
        changed = Estimator(deps).estimate_project(project_id)
        with db.read() as conn:
            images = len(store.merged_images(conn, project_id))
        return {"method": method, "images": images, "changed": changed}

    return router


def _review(
    conn: Connection, deps: Deps, image: Row[Any], newest: Row[Any], body: schemas.ReviewIn, who: Principal
) -> int:
    labels = orjson.loads(newest.labels)
    if body.decision == "send_back":
        refresh.set_decision(conn, image.image_id, "", "review")
        refresh.tell_sent_back(conn, deps.clock, image, int(newest.version))
        return int(newest.version)
    refresh.set_decision(conn, image.image_id, body.decision)
    by_id = {row["label_id"]: row for row in labels}
    if body.decision == "accept":
        merged = [from_json(row) for row in labels]
    else:
        height, width = next(iter(by_id.values()))["rle"]["size"]
        drawn = {m.label_id: rle.from_json(m.rle, height, width) for m in body.masks}
        if unknown := sorted(set(drawn) - set(by_id)):
            raise InvalidInput(
                f"The label {unknown[0]} isn't one of this project's; its labels are {sorted(by_id)}."
            )
        merged = [
            from_json(row, drawn.get(i, rle.empty(height, width)), "expert") for i, row in by_id.items()
        ]
    metrics.VERSIONS.labels("expert").inc()
    submissions: list[str] = json.loads(newest.submissions)
    return refresh.publish(conn, deps.blobs, deps.clock, image, merged, submissions, "accepted", who.id)


def _image_out(image: Row[Any], newest: Row[Any] | None) -> dict[str, Any]:
    labels = orjson.loads(newest.labels) if newest is not None else []
    submissions = json.loads(newest.submissions) if newest is not None else []
    extra = {"version": image.version, "status": image.status, "submissions": submissions}
    out = [
        {**{k: v for k, v in row.items() if k not in ("weights", "expected_dice", "gain")}, **extra}
        for row in labels
    ]
    return {"image_id": image.image_id, "version": image.version, "status": image.status, "labels": out}


def _drift_out(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        **{k: found[k] for k in ("before", "after")},
        "since": to_rfc3339(found["since"]),
        "n": found["answers"],
    }


def _bias_out(found: dict[str, Any] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"whole": found["whole"], "sides": found["sectors"], **{k: found[k] for k in ("there", "missed")}}


def _raters_out(
    rows: list[Row[Any]], gold: dict[str, list[float]], decisions: list[Row[Any]]
) -> list[dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    history: dict[str, list[dict[str, Any]]] = {}
    for d in decisions:
        line = {"label_id": d.label_id, "decision": d.decision, "why": d.why, "at": to_rfc3339(d.created_at)}
        history.setdefault(d.rater_id, []).append(line)
    for row in rows:
        scores = gold.get(row.rater_id, [])
        summary = {"n": len(scores), "dice": sum(scores) / len(scores) if scores else None}
        entry = out.setdefault(
            row.rater_id,
            {
                "rater_id": row.rater_id,
                "labels": [],
                "gold": summary,
                "flags": [],
                "decisions": history.get(row.rater_id, []),
            },
        )
        about = orjson.loads(row.report)
        entry["labels"].append(
            {
                "label_id": row.label_id,
                "n": about["images"],
                "offset_px": about["offset"],
                "over_time": [{**p, "at": to_rfc3339(p["at"])} for p in about.get("over_time", ())],
                "drift": _drift_out(about.get("drift")),
                "bias": _bias_out(about.get("bias")),
                **{k: about[k] for k in ("reliability", "low", "high", "sensitivity", "specificity")},
            }
        )
        entry["flags"] += [f for f in about["flags"] if f not in entry["flags"]]
        if row.quarantined and "quarantined" not in entry["flags"]:
            entry["flags"].append("quarantined")
    return sorted(out.values(), key=lambda e: e["rater_id"])
