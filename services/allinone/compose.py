"""One process or one service of many: the same apps, consumers, relays and background threads, wired by settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from fastapi import FastAPI

from shared import tracing
from shared.blobs import create_blobs
from shared.bus import create_bus
from shared.bus.topics import all_topics
from shared.db import OutboxRelay
from shared.deps import Deps
from shared.settings import SERVICES, Settings

log = logging.getLogger(__name__)


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Platform:
    """The services named, over shared bus and blob adapters.

    `app` is the gateway's where the gateway is among them (the others are its in-process upstreams), else the only service's.
    """

    def __init__(self, settings: Settings, services: Sequence[str] = SERVICES) -> None:
        self.settings = settings
        self.services = tuple(services)
        tracing.configure(
            settings.otlp_endpoint,
            "bramble" if len(self.services) > 1 else f"bramble-{self.services[0]}",
        )
        self._bus = create_bus(settings.bus_url, settings.data_dir)
        self._blobs = create_blobs(settings.blob_url, settings.data_dir)
        self.deps = {
            name: Deps.create(name, settings, bus=self._bus, blobs=self._blobs) for name in self.services
        }
        self._parts: list[Part] = []
        self.apps: dict[str, FastAPI] = {}

    def build(self) -> FastAPI:
        """Create the apps (no threads yet) and answer the one to serve."""
        self._bus.ensure_topics(all_topics())
        peers: dict[str, Any] = dict(self.settings.services_urls)
        # The gateway comes last: it forwards to the apps of the others.
        for name in sorted(self.services, key=lambda n: n == "gateway"):
            module = import_module(f"services.{name}.main")
            self.deps[name].peers = peers
            self.apps[name] = peers[name] = module.create_app(self.deps[name])
        for name in self.services:
            module = import_module(f"services.{name}.main")
            deps = self.deps[name]
            self._parts.append(OutboxRelay(deps.db, deps.bus, name))
            self._parts.extend(module.create_consumers(deps))
            create_background = getattr(module, "create_background", None)
            if create_background is not None:
                self._parts.extend(create_background(deps))
        return self.apps["gateway"] if "gateway" in self.apps else self.apps[self.services[0]]

    def start(self) -> None:
        """Start relays, consumers and background threads."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Stop everything, last started first, and close the adapters."""
        for part in reversed(self._parts):
            try:
                part.stop()
            except Exception:
                log.exception("a part did not stop cleanly")
        for deps in self.deps.values():
            deps.db.close()
        self._bus.close()
        self._blobs.close()
        tracing.shutdown()
