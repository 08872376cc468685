"""Wires the inference service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from services.inference import api
from services.inference.events import handlers
from services.inference.models import create_models
from services.inference.proposer import Proposer
from services.inference.serving import EmbeddingCache, Gate, Models
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.web import create_service_app

SERVICE = "inference"


def _models(deps: Deps) -> Models:
    """The registry that the app and the background parts of `deps` share; no weights are loaded before the first prompt."""
    found = vars(deps).get("_models")
    if found is None:
        found = create_models(deps.settings)
        vars(deps)["_models"] = found
    return found


def create_app(deps: Deps) -> FastAPI:
    """The HTTP app."""
    app = create_service_app(deps)
    app.state.models = _models(deps)
    app.state.gate = Gate()
    app.include_router(api.create_router(deps, app.state.models, app.state.gate, EmbeddingCache()))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """The consumers of other services' events."""
    return [ConsumerRunner(deps.bus, deps.db, SERVICE, handlers(deps.blobs), clock=deps.clock, linger_s=0.25)]


def create_background(deps: Deps) -> list[Any]:
    """The thread that makes proposals."""
    return [Proposer(deps.db, deps.blobs, deps.clock, _models(deps).default)]
