"""Wires the consensus service."""

from __future__ import annotations

from fastapi import FastAPI

from services.consensus.api import create_router
from services.consensus.estimator import Estimator
from services.consensus.events import handlers
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.web import create_service_app

SERVICE = "consensus"


def create_app(deps: Deps) -> FastAPI:
    """The HTTP app."""
    app = create_service_app(deps)
    app.include_router(create_router(deps))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """Submissions and gold."""
    return [ConsumerRunner(deps.bus, deps.db, SERVICE, handlers(deps.blobs, deps.clock), clock=deps.clock)]


def create_background(deps: Deps) -> list[Estimator]:
    """The estimation of raters."""
    return [Estimator(deps)]
