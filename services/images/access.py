"""Who may change which project's images; who may see them is for `shared.peers.ProjectDoor` to say."""

from __future__ import annotations

from fastapi import Request

from shared.auth import Principal, Role
from shared.errors import Conflict, Forbidden, NotFound
from shared.peers import ProjectDoor


class Projects(ProjectDoor):
    """The projects as annotations tells of them."""

    async def require_lab(self, request: Request, who: Principal, project_id: str) -> None:
        """Raise Forbidden (or NotFound, for a project that the principal can't see) unless the principal is the project's lab."""
        role = who.role_in(project_id)
        if role is not None and role >= Role.LAB:
            return
        # Having made the project counts for nothing: the gateway makes its maker a member before it forwards, and a maker who was
        # removed as a member is out.
        if role is None and who.role >= Role.LAB and await self.find(request, project_id) is None:
            raise NotFound(f"There is no project {project_id[:64]}.")
        raise Forbidden(
            "This needs the role lab in the project; ask the project's lab to add you as a member."
        )

    async def require_upload(self, request: Request, who: Principal, project_id: str) -> None:
        """As `require_lab`, and the project must exist and not be archived: an image without a project would never be shown."""
        await self.require_lab(request, who, project_id)
        if not self.is_known:
            return
        project = await self.find(request, project_id)
        if project is None:
            raise NotFound(f"There is no project {project_id[:64]}.")
        if project.get("status") == "archived":
            raise Conflict("The project is archived; take it out of the archive before you add images.")
