"""Wiring of the synthesis service. Serving imports no torch: heavy work happens in `worker`."""

from __future__ import annotations

from fastapi import FastAPI

from services.synthesis import api, events, game_api, segmenters
from services.synthesis.game_store import GameStore
from services.synthesis.queue import JobQueue
from services.synthesis.store import Store
from services.synthesis.supervisor import WorkerSupervisor
from shared.bus.runner import ConsumerRunner
from shared.deps import Deps
from shared.peers import ProjectDoor
from shared.web import create_service_app


def create_app(deps: Deps) -> FastAPI:
    """The service's HTTP app."""
    app = create_service_app(deps)
    queue = JobQueue(deps.db, deps.clock, deps.settings.job_lease_s)
    store = Store(deps.db, deps.clock)
    app.include_router(api.router(store, queue, deps.blobs))
    app.include_router(game_api.router(GameStore(store, deps.blobs), ProjectDoor(deps)))
    return app


def create_consumers(deps: Deps) -> list[ConsumerRunner]:
    """The consumer of projects, gold and accepted consensus."""
    queue = JobQueue(deps.db, deps.clock, deps.settings.job_lease_s)
    ask = segmenters.asker(queue) if deps.settings.project_models else None
    handlers = events.handlers(Store(deps.db, deps.clock), deps.blobs, ask)
    # Nobody waits for these: a training or a dataset looks at what is known when it begins.
    return [
        ConsumerRunner(deps.bus, deps.db, deps.service, handlers, clock=deps.clock, together=50, linger_s=1.0)
    ]


def create_background(deps: Deps) -> list[WorkerSupervisor]:
    """The supervisor of worker processes, where they run beside the server (`BRAMBLE_JOBS=local`)."""
    if deps.settings.jobs != "local":
        return []
    queue = JobQueue(deps.db, deps.clock, deps.settings.job_lease_s)
    return [WorkerSupervisor(queue, deps.settings)]
