"""Wires the annotations service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from services.annotations import (
    api,
    api_advice,
    api_guide,
    api_learning,
    api_notes,
    api_rater,
    api_work,
    store_leases,
)
from services.annotations.access import transact
from services.annotations.door import NextDoor, SubmissionDoor
from services.annotations.events import ARRIVALS, CHANGES
from services.annotations.intake import GroupCommitter, LeaseSweeper
from shared.bus.runner import ConsumerRunner
from shared.canary import canary
from shared.deps import Deps
from shared.web import create_service_app

SERVICE = "annotations"


def _intake(deps: Deps) -> GroupCommitter:
    """The one writer of submissions that the app and the background parts of `deps` share."""
    found = vars(deps).get("_intake")
    if found is None:
        found = GroupCommitter(deps.db, deps.blobs, deps.clock, canary(deps.settings))
        vars(deps)["_intake"] = found
    return found


def create_app(deps: Deps) -> FastAPI:
    """The HTTP app. No thread runs before the first submission or task."""
    app = create_service_app(deps)
    # At the end of the list is nearest to the router: inside of the context that `create_service_app` binds.
    secret = deps.settings.keys
    app.user_middleware.append(Middleware(SubmissionDoor, intake=_intake(deps), secret=secret))
    app.user_middleware.append(Middleware(NextDoor, db=deps.db, clock=deps.clock, secret=secret))
    app.include_router(api.create_router(deps))
    app.include_router(api_rater.create_router(deps, _intake(deps)))
    for part in (api_learning, api_advice, api_notes, api_work, api_guide):
        app.include_router(part.create_router(deps))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """The consumers of other services' events."""
    return [
        ConsumerRunner(deps.bus, deps.db, SERVICE, ARRIVALS, clock=deps.clock, together=50),
        ConsumerRunner(
            deps.bus,
            deps.db,
            SERVICE,
            CHANGES,
            group=f"{SERVICE}-changes",
            clock=deps.clock,
            together=50,
            linger_s=0.25,
        ),
    ]


def create_background(deps: Deps) -> list[Any]:
    """Threads with `start` and `stop`: the writer of submissions, and the sweep of expired leases."""

    def sweep() -> int:
        return transact(deps.db, lambda conn: store_leases.sweep(conn, deps.clock.now_us()))

    return [_intake(deps), LeaseSweeper(sweep, deps.settings.lease_sweep_s)]
