"""Who may see or change which project's images.

The gateway's principal says who is a member. Whether a project is open to all volunteers only annotations knows, so it's asked
over HTTP, on behalf of the asker; what it answers is remembered for a minute, because a volunteer's pictures come by the dozen.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

import httpx
from fastapi import Request

from shared.auth import HEADER, Principal, Role
from shared.deps import Deps
from shared.errors import Conflict, Forbidden, NotFound, Unavailable

_REMEMBER_S = 60.0
_REMEMBERED = 10_000


class Projects:
    """The projects as annotations tells of them."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._client: httpx.AsyncClient | None = None
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def require_view(self, request: Request, who: Principal, project_id: str) -> None:
        """Raise NotFound unless the principal may work in the project: a member, an operator, or anybody where it's open."""
        if who.role_in(project_id) is not None:
            return
        key, now = (who.id, project_id), time.monotonic()
        if self._seen.get(key, 0.0) > now:
            return
        if await self._ask(request, project_id) is None:
            raise NotFound("There is no such image, or it belongs to a project that isn't open to you.")
        self._seen[key] = now + _REMEMBER_S
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    async def require_lab(self, request: Request, who: Principal, project_id: str) -> None:
        """Raise Forbidden (or NotFound, for a project that the principal can't see) unless the principal is the project's lab."""
        role = who.role_in(project_id)
        if role is not None and role >= Role.LAB:
            return
        # Having made the project counts for nothing: the gateway makes its maker a member before it forwards, and a maker who was
        # removed as a member is out.
        if role is None and who.role >= Role.LAB and await self._ask(request, project_id) is None:
            raise NotFound(f"There is no project {project_id[:64]}.")
        raise Forbidden(
            "This needs the role lab in the project; ask the project's lab to add you as a member."
        )

    async def require_upload(self, request: Request, who: Principal, project_id: str) -> None:
        """As `require_lab`, and the project must exist and not be archived: an image without a project would never be shown."""
        await self.require_lab(request, who, project_id)
        if "annotations" not in self._deps.peers:
            return
        project = await self._ask(request, project_id)
        if project is None:
            raise NotFound(f"There is no project {project_id[:64]}.")
        if project.get("status") == "archived":
            raise Conflict("The project is archived; take it out of the archive before you add images.")

    async def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, request: Request, project_id: str) -> dict[str, Any] | None:
        """The project as the asker sees it, or None."""
        peer = self._deps.peers.get("annotations")
        if peer is None:
            return None
        if self._client is None:
            is_url = isinstance(peer, str)
            self._client = httpx.AsyncClient(
                base_url=peer if is_url else "http://annotations",
                transport=None if is_url else httpx.ASGITransport(app=peer),
                timeout=10.0,
                trust_env=False,
            )
        headers = {HEADER: request.headers[HEADER], "X-Request-Id": request.headers.get("x-request-id", "")}
        try:
            response = await self._client.get(f"/api/v1/projects/{project_id}", headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(
                "The annotations service doesn't answer; try again in a moment.", retry_after=2
            ) from error
        if response.status_code in (401, 403, 404, 422):
            return None
        if response.status_code != 200:
            raise Unavailable("The annotations service can't say who may see this; try again.", retry_after=2)
        project: dict[str, Any] = response.json()
        return project
