"""Who may have an image segmented: whoever may work on it. Members are named by the gateway's principal; whether a project is
open to all only annotations knows, so it is asked on the asker's behalf, and a yes is remembered for a minute."""

from __future__ import annotations

import time
from collections import OrderedDict

import httpx
from fastapi import Request

from shared.auth import HEADER, Principal
from shared.deps import Deps
from shared.errors import NotFound, Unavailable

REMEMBER_S = 60.0
REMEMBERED = 10_000


class Doorkeeper:
    """Remembers who was let into which project."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._client: httpx.AsyncClient | None = None
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def admit(self, request: Request, who: Principal, project_id: str) -> None:
        """Raise NotFound unless the principal may see the project; Unavailable when annotations can't say."""
        if who.role_in(project_id) is not None:
            return
        key, now = (who.id, project_id), time.monotonic()
        if self._until.get(key, 0.0) > now:
            return
        if not await self._is_visible(request, project_id):
            raise NotFound("There is no such image, or it belongs to a project that isn't open to you.")
        self._until[key] = now + REMEMBER_S
        self._until.move_to_end(key)
        while len(self._until) > REMEMBERED:
            self._until.popitem(last=False)

    async def _is_visible(self, request: Request, project_id: str) -> bool:
        peer = self._deps.peers.get("annotations")
        if peer is None:
            return False
        if self._client is None:
            remote = isinstance(peer, str)
            self._client = httpx.AsyncClient(
                base_url=peer if remote else "http://annotations",
                transport=None if remote else httpx.ASGITransport(app=peer),
                timeout=5.0,
                trust_env=False,
            )
        headers = {HEADER: request.headers[HEADER]}
        try:
            answer = await self._client.get(f"/api/v1/projects/{project_id}", headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(
                "The annotations service doesn't answer; try again soon.", retry_after=2
            ) from error
        if answer.status_code >= 500:
            raise Unavailable("The annotations service can't say who may see this; try again.", retry_after=2)
        return answer.status_code == 200
