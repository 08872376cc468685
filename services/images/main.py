"""Wires the images service."""

from __future__ import annotations

from fastapi import FastAPI

from services.images.access import Projects
from services.images.api import create_router
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.web import create_service_app

SERVICE = "images"


def create_app(deps: Deps) -> FastAPI:
    """The HTTP app."""
    app = create_service_app(deps)
    app.include_router(create_router(deps, Projects(deps)))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """Images consumes no events."""
    return []
