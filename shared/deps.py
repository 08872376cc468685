"""What a service is wired with. `main.py` of each service takes a `Deps` and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.blobs import BlobStore, create_blobs
from shared.bus import Bus, create_bus
from shared.clock import Clock, SystemClock
from shared.db.session import Database
from shared.settings import Settings


@dataclass
class Deps:
    """The parts of one service in one process. `peers` maps service names to ASGI apps (one process) or base URLs."""

    service: str
    settings: Settings
    db: Database
    bus: Bus
    blobs: BlobStore
    clock: Clock = field(default_factory=SystemClock)
    peers: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def create(
        cls, service: str, settings: Settings, *, bus: Bus | None = None, blobs: BlobStore | None = None
    ) -> Deps:
        """Connect as the settings say; `bus` and `blobs` are shared between the services of one process."""
        return cls(
            service=service,
            settings=settings,
            db=Database(settings.database_url_for(service)),
            bus=bus or create_bus(settings.bus_url, settings.data_dir),
            blobs=blobs or create_blobs(settings.blob_url, settings.data_dir),
            peers=dict(settings.services_urls),
        )
