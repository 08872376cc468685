"""Wires the consensus service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from services.consensus import api_history
from services.consensus.api import create_router
from services.consensus.estimator import Estimator
from services.consensus.events import handlers
from services.consensus.merger import Merger
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.web import create_service_app

SERVICE = "consensus"


def create_app(deps: Deps) -> FastAPI:
    """The HTTP app."""
    app = create_service_app(deps)
    app.include_router(create_router(deps))
    app.include_router(api_history.create_router(deps))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """Submissions and gold."""
    votes = handlers(deps.blobs, deps.clock)
    return [ConsumerRunner(deps.bus, deps.db, SERVICE, votes, clock=deps.clock, together=50, linger_s=0.2)]


def create_background(deps: Deps) -> list[Any]:
    """The merging of images, and the estimation of raters."""
    return [Merger(deps), Estimator(deps)]
