"""HTTP of an image's history: versions, the platform's decisions, experts' words; and an old version computed again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection, Row

from services.consensus import schemas, store, store_history
from services.consensus.domain.budget import budget
from services.consensus.rebuild import rebuild
from services.consensus.recompute import readable
from shared.auth import Principal, Role, current_principal
from shared.clock import to_rfc3339
from shared.deps import Deps
from shared.errors import Conflict, NotFound
from shared.web import API

Who = Annotated[Principal, Depends(current_principal)]
Id = Annotated[str, Path(max_length=64)]
MOST = 200


def create_router(deps: Deps) -> APIRouter:
    """Routes of the audit trail."""
    router = APIRouter(prefix=API, tags=["consensus"])
    db = deps.db

    def image_of(conn: Connection, image_id: str, who: Principal) -> Row[Any]:
        image = store.find_image(conn, image_id)
        if image is None:
            raise NotFound(f"There is no consensus for the image {image_id[:64]}.")
        who.require(image.project_id, Role.EXPERT)
        return image

    @router.get("/images/{image_id}/consensus/history", response_model=schemas.History)
    def get_history(image_id: Id, who: Who) -> dict[str, Any]:
        """Versions, what the platform decided and why, and what experts said; newest first, 200 of each (role expert)."""
        who.require_scope("read")
        with db.read() as conn:
            image_of(conn, image_id, who)
            versions = store_history.versions(conn, image_id, MOST)
            decisions = store_history.decisions(conn, image_id, MOST)
            reviews = store_history.reviews(conn, image_id, MOST)
        return {
            "image_id": image_id,
            "versions": [
                {
                    "version": v.version,
                    "method": v.method,
                    "submissions": len(json.loads(v.submissions)),
                    "by_expert": v.by_expert or None,
                    "rebuildable": bool(v.kept),
                    "created_at": to_rfc3339(v.created_at),
                }
                for v in versions
            ],
            "decisions": [
                {
                    "version": d.version,
                    "labels": d.labels,
                    "decision": d.decision,
                    "why": d.why,
                    "expected_dice": d.expected_dice,
                    "gain": d.gain,
                    "created_at": to_rfc3339(d.created_at),
                }
                for d in decisions
            ],
            "reviews": [
                {
                    "version": r.version,
                    "expert_id": r.expert_id,
                    "decision": r.decision,
                    "comment": r.comment,
                    "created_at": to_rfc3339(r.created_at),
                }
                for r in reviews
            ],
        }

    @router.get("/images/{image_id}/consensus/versions/{version}", response_model=schemas.OldVersion)
    def get_version(image_id: Id, version: int, who: Who) -> dict[str, Any]:
        """One version as it was published, and whether computing it again from the votes gives the same bytes (role expert)."""
        who.require_scope("read")
        with db.read() as conn:
            image_of(conn, image_id, who)
            row = store_history.version(conn, image_id, version)
            if row is None:
                raise NotFound(f"The image has no version {version}.")
            labels = readable(row)
            if labels is None:
                raise Conflict(
                    f"Version {version} came to harm where it is stored and can't be shown; "
                    "the operator's `bramble admin rebuild-consensus` has a further version supersede it."
                )
            again = rebuild(conn, row)
        return {
            "image_id": image_id,
            "version": version,
            "created_at": to_rfc3339(row.created_at),
            "by_expert": row.by_expert or None,
            "submissions": json.loads(row.submissions),
            "labels": [
                {k: label[k] for k in ("label_id", "rle", "method", "agreement", "area")} for label in labels
            ],
            "identical": None if again is None else again == row.labels,
        }

    @router.get("/projects/{project_id}/consensus/budget", response_model=schemas.Budget)
    def get_budget(
        project_id: Id,
        who: Who,
        dice: Annotated[float, Query(ge=0.5, le=0.999, description="The Dice to be expected.")] = 0.95,
        share: Annotated[float, Query(gt=0, le=1, description="Of the images.")] = 0.9,
        images: Annotated[
            int | None,
            Query(ge=0, le=10_000_000, description="How many images there are; left out: those with labels."),
        ] = None,
    ) -> dict[str, Any]:
        """How many more labels bring a share of the images to an expected Dice, with a 90 % interval (role expert)."""
        who.require_scope("read")
        who.require(project_id, Role.EXPERT)
        with db.read() as conn:
            outlooks = store_history.outlooks(conn, project_id)
            decided = store_history.decided(conn, project_id)
        untouched = max(0, (images or 0) - len(outlooks))
        # A fixed seed: the same labels give the same figure.
        found = budget(outlooks, untouched, dice, share, np.random.default_rng(0))
        return {"dice": dice, "share": share, **asdict(found), "decided": decided}

    return router
