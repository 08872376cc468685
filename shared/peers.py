"""Asking another service over HTTP on the asker's behalf, in this process or over the network, and who may see which project.

httpx is imported at the first question: it brings a terminal of its own along, and a start doesn't wait for it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from shared import telemetry, tracing
from shared.auth import HEADER, Principal
from shared.deps import Deps
from shared.errors import NotFound, Unavailable

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 10.0
_REMEMBER_S = 60.0
_REMEMBERED = 10_000


class Peer:
    """The service `name` as `deps.peers` knows it: an ASGI app, a base URL, or nothing."""

    def __init__(self, deps: Deps, name: str) -> None:
        self._deps, self._name = deps, name
        self._client: httpx.AsyncClient | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is such a service here at all."""
        return self._name in self._deps.peers

    async def get(self, request: Request, path: str) -> Any | None:
        """The JSON that the peer answers to the asker of `request`; None where it knows no such thing for this asker (401, 403,
        404, 422), or where there is no such peer. Raises Unavailable where it doesn't answer or fails."""
        import httpx

        peer = self._deps.peers.get(self._name)
        if peer is None:
            return None
        if self._client is None:
            remote = isinstance(peer, str)
            self._client = httpx.AsyncClient(
                base_url=peer if remote else f"http://{self._name}",
                transport=None if remote else httpx.ASGITransport(app=peer),
                timeout=_TIMEOUT_S,
                trust_env=False,
            )
        headers = {HEADER: request.headers[HEADER], "X-Request-Id": request.headers.get("x-request-id", "")}
        try:
            with tracing.within(f"GET {self._name}", "client", server_address=self._name):
                headers["traceparent"] = telemetry.current_context().traceparent
                answer = await self._client.get(path, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The {self._name} service doesn't answer; try again in a moment.", retry_after=2
            ) from error
        if answer.status_code in (401, 403, 404, 422):
            return None
        try:
            if answer.status_code == 200:
                return answer.json()
        except ValueError:
            pass  # something in between answered
        raise Unavailable(f"The {self._name} service can't answer this just now; try again.", retry_after=2)


class ProjectDoor:
    """Who may see a project: its members are named by the gateway's principal; whether it is open to all volunteers only
    annotations knows. A yes is remembered for a minute, because a volunteer's pictures come by the dozen."""

    def __init__(self, deps: Deps) -> None:
        self._annotations = Peer(deps, "annotations")
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    @property
    def is_known(self) -> bool:
        """Whether there is an annotations service to ask."""
        return self._annotations.is_known

    async def find(self, request: Request, project_id: str) -> dict[str, Any] | None:
        """The project as the asker sees it; None where the asker doesn't see it. Raises Unavailable."""
        found: dict[str, Any] | None = await self._annotations.get(request, f"/api/v1/projects/{project_id}")
        return found

    async def require_view(
        self, request: Request, who: Principal, project_id: str, what: str = "image"
    ) -> None:
        """Raise NotFound (of ``what``) unless the principal may work in the project: a member, an operator, or anybody where it's open."""
        if who.role_in(project_id) is not None:
            return
        key, now = (who.id, project_id), time.monotonic()
        if self._until.get(key, 0.0) > now:
            return
        if await self.find(request, project_id) is None:
            raise NotFound(f"There is no such {what}, or it belongs to a project that isn't open to you.")
        self._until[key] = now + _REMEMBER_S
        self._until.move_to_end(key)
        while len(self._until) > _REMEMBERED:
            self._until.popitem(last=False)
