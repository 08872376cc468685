"""Handing out: a rater's lease, with the task and the draft that go with it, as it is answered."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from services.annotations import store, store_assign
from services.annotations.access import is_expert, require_view, transact
from services.annotations.domain.arms import is_control
from services.annotations.records import Project
from services.annotations.store_assign import Assignment
from shared.auth import Principal
from shared.clock import Clock, to_rfc3339
from shared.db.session import Database


def hand_out(db: Database, clock: Clock, who: Principal, project_id: str, ahead: int) -> bytes | None:
    """The rater's next task and up to `ahead` more, as JSON (`schemas.Next`); None: nothing (more) for this rater.

    Raises NotFound where the project isn't there or isn't for them to see, Forbidden for a key without `write` and where practice
    comes first. Waits for the database: not for an event loop.
    """
    who.require_scope("write")

    share = 0.0

    def find(conn: Connection) -> tuple[Project, bool]:
        nonlocal share
        project = store.find_project(conn, project_id)
        share = project.proposal_control
        require_view(who, project, clock.now_us())
        return project, is_expert(who, project, clock.now_us())

    leases = store_assign.assign_many(partial(transact, db), find, who.id, ahead, clock.now_us())
    found = [_assignment(x, is_control(project_id, who.id, x.task_id, share)) for x in leases]
    return orjson.dumps({**found[0], "ahead": found[1:]}) if found else None


def draft_json(draft: tuple[str, int]) -> dict[str, Any]:
    """A draft (masks as JSON, when) as it is answered."""
    return {"masks": orjson.Fragment(draft[0]), "updated_at": to_rfc3339(draft[1])}


def _assignment(found: Assignment, without: bool) -> dict[str, Any]:
    return {
        "lease": {"id": found.lease_id, "expires_at": to_rfc3339(found.expires_at)},
        "task": {
            "id": found.task_id,
            "project_id": found.project_id,
            "image": orjson.Fragment(found.image_json),
            "has_proposal": bool(found.has_proposal) and not without,
        },
        "draft": draft_json(found.draft) if found.draft else None,
    }
