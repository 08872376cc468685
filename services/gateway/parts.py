"""Everything that the gateway's rooms share, made once for a `Deps`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

from services.gateway.domain import route_table
from services.gateway.domain.limits import Limiter
from services.gateway.domain.routing import RouteTable
from services.gateway.forward import Upstreams
from services.gateway.hub import Hub
from services.gateway.identity import Authenticator
from services.gateway.passwords import Passwords
from services.gateway.store import AccountStore
from services.gateway.store_access import AuditStore, KeyStore, MemberStore
from services.gateway.store_hooks import HookStore
from shared.deps import Deps

_KEPT_AS = "_gateway_parts"


@dataclass
class Parts:
    """The gateway's stores and machinery. Nothing opens a connection before it is used."""

    deps: Deps
    passwords: Passwords

    def __post_init__(self) -> None:
        deps = self.deps
        self.secrets = deps.settings.keys
        self.https = deps.settings.public_url.startswith("https://")
        self.upload_bytes = deps.settings.max_upload_mb << 20
        self.accounts = AccountStore(deps.db, deps.clock)
        self.keys = KeyStore(deps.db, deps.clock)
        self.members = MemberStore(deps.db, deps.clock)
        self.audit = AuditStore(deps.db, deps.clock)
        self.hooks = HookStore(deps.db, deps.clock)
        self.auth = Authenticator(self.accounts, deps.settings.keys)
        self.limiter = Limiter(time.monotonic, enabled=deps.settings.rate_limits)
        self.upstreams = Upstreams(lambda: deps.peers)
        self.hub = Hub()

    @cached_property
    def table(self) -> RouteTable:
        """All public routes."""
        return route_table.build()


def parts_of(deps: Deps, passwords: Passwords | None = None) -> Parts:
    """The parts of this `Deps`, made on the first call: `create_app` and `create_background` are called with the same `Deps` and must
    share the hub, through which the bus's events reach the open streams."""
    kept: Parts | None = deps.__dict__.get(_KEPT_AS)
    if kept is None:
        kept = deps.__dict__[_KEPT_AS] = Parts(deps, passwords or Passwords())
    return kept
