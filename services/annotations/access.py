"""Who may do what in a project, and the helpers that all routes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from fastapi import Response
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from services.annotations.records import Project
from shared.auth import Principal, Role
from shared.db.session import Database
from shared.errors import Conflict, NotFound, Unavailable

Result = TypeVar("Result")
MAX_LIMIT = 200


#: For so long after a project was made its owner counts as its lab without a membership: a gateway may show a principal for a minute
#: after it was signed (`shared.auth.encode_principal`). Later only memberships count, so that who was removed is out.
NEW_US = 60 * 1_000_000


def _just_made(principal: Principal, project: Project, now: int) -> bool:
    return project.owner_id == principal.id and now - project.created_at < NEW_US


def is_lab(principal: Principal, project: Project, now: int) -> bool:
    """The project's lab at `now` (µs): a member with that role, an operator, or for a minute whoever made it."""
    if _just_made(principal, project, now) and principal.role >= Role.LAB:
        return True
    role = principal.role_in(project.id)
    return role is not None and role >= Role.LAB


def require_lab(principal: Principal, project: Project, now: int) -> None:
    """Raise Forbidden, or NotFound where the principal may not know of the project, unless `is_lab`."""
    if not is_lab(principal, project, now):
        require_view(principal, project, now)
        principal.require(project.id, Role.LAB)


def is_expert(principal: Principal, project: Project, now: int) -> bool:
    """The project's experts and its lab."""
    role = principal.role_in(project.id)
    return is_lab(principal, project, now) or (role is not None and role >= Role.EXPERT)


def require_expert(principal: Principal, project: Project, now: int) -> None:
    """As `require_lab`, for the project's experts too."""
    if not is_expert(principal, project, now):
        require_view(principal, project, now)
        principal.require(project.id, Role.EXPERT)


def may_view(principal: Principal, project: Project, now: int) -> bool:
    """Open projects are for all; the others for their members, operators, and for a minute whoever made it."""
    return project.open or _just_made(principal, project, now) or principal.role_in(project.id) is not None


def require_view(principal: Principal, project: Project, now: int) -> None:
    """Raise NotFound unless `may_view`: that a closed project exists is nobody else's business."""
    if not may_view(principal, project, now):
        raise NotFound(f"There is no project {project.id}.")


def transact(db: Database, work: Callable[[Connection], Result], tries: int = 5) -> Result:
    """Run `work` in a transaction, again when another one got in its way (PostgreSQL: a unique index or a deadlock)."""
    for attempt in range(1, tries + 1):
        try:
            with db.begin() as conn:
                return work(conn)
        except IntegrityError as error:
            if attempt == tries:
                raise Conflict("Somebody changed the same thing at the same moment; try again.") from error
        except Unavailable:
            if db.is_sqlite or attempt == tries:
                raise
    raise AssertionError("unreachable")


def page(items: list[Any], limit: int, cursor: Callable[[Any], str], last: Any) -> dict[str, Any]:
    """A list answer: there is a next page when as many rows as asked for were found."""
    return {"items": items, "next": cursor(last) if len(items) == limit else None}


def json_response(value: Any, status: int = 200) -> Response:
    """JSON by orjson; the routes name their models for the OpenAPI only."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    return Response(body, status_code=status, media_type="application/json")
