"""Members, audit log and webhooks of projects."""

from __future__ import annotations

import asyncio
import secrets

from fastapi import APIRouter

from services.gateway.api_common import Cursor, Limit, Who
from services.gateway.domain.credentials import normalise_email
from services.gateway.domain.hooks import check_url
from services.gateway.events import EVENT_NAMES
from services.gateway.forward import call_json
from services.gateway.parts import Parts
from services.gateway.schemas import (
    AuditEntry,
    AuditPage,
    Leaderboard,
    Member,
    MemberIn,
    Members,
    NewWebhook,
    Placed,
    Webhook,
    WebhookIn,
    Webhooks,
)
from services.gateway.store_access import Entry
from shared.auth import Principal, Role
from shared.errors import InvalidInput, NotFound, Unavailable
from shared.web import API


def project_router(parts: Parts) -> APIRouter:
    """`/projects/{p}/members`, `/audit`, `/webhooks`."""
    router = APIRouter()

    @router.get("/projects/{project_id}/members", tags=["members"], operation_id="listMembers")
    def list_members(project_id: str, who: Who, limit: Limit = 50, cursor: Cursor = "") -> Members:
        """Who has which role in the project."""
        who.require(project_id, Role.LAB)
        rows = parts.members.of_project(project_id, limit + 1, cursor)
        more = rows[limit - 1]["user_id"] if len(rows) > limit else None
        return Members(items=[Member(**row) for row in rows[:limit]], next=more)

    @router.post("/projects/{project_id}/members", tags=["members"], operation_id="putMember")
    def put_member(project_id: str, body: MemberIn, who: Who) -> Member:
        """Add a member, or change a member's role."""
        who.require(project_id, Role.LAB)
        if (body.email is None) == (body.user_id is None):
            raise InvalidInput("Name the account by either email or user_id.")
        if body.email is not None:
            account = parts.accounts.by_email(normalise_email(body.email))
            if account is None:
                raise NotFound("Nobody has signed up with this e-mail address yet.")
        else:
            account = parts.accounts.get(str(body.user_id))
        parts.members.put(project_id, account.id, Role.parse(body.role))
        parts.auth.forget_account(account.id)
        parts.audit.write(Entry(f"member.{body.role}", who.id, project_id, account.id, key_id=who.key_id))
        rows = parts.members.of_project(project_id, 1, _before(account.id))
        return Member(**rows[0])

    @router.delete(
        "/projects/{project_id}/members/{user_id}",
        status_code=204,
        tags=["members"],
        operation_id="removeMember",
    )
    def remove_member(project_id: str, user_id: str, who: Who) -> None:
        """Take a member out of the project."""
        who.require(project_id, Role.LAB)
        parts.members.remove(project_id, user_id)
        parts.auth.forget_account(user_id)
        parts.audit.write(Entry("member.remove", who.id, project_id, user_id, 204, key_id=who.key_id))

    @router.get("/projects/{project_id}/leaderboard", tags=["labelling"], operation_id="readLeaderboard")
    async def read_leaderboard(project_id: str, who: Who, limit: Limit = 20) -> Leaderboard:
        """Raters who want to be seen, by the quality on gold that is sure: the lower end of the interval, not the count."""
        upstream = parts.upstreams.get("annotations")
        path = f"{API}/projects/{project_id}"
        # The asker must be allowed to see the project; who stands where only its lab may know, so the gateway asks for that itself.
        status, _ = await call_json(upstream, "GET", path, principal=parts.auth.sign(who))
        if status != 200:
            raise NotFound(f"There is no project {project_id}.")
        gateway = Principal(id="gateway", role=Role.OPERATOR)
        status, body = await call_json(upstream, "GET", f"{path}/ranking", principal=parts.auth.sign(gateway))
        if status != 200 or not isinstance(body, dict):
            raise Unavailable(f"The service annotations answered {status}; see its logs.", retry_after=5)
        ranked = body["items"]
        names = await asyncio.to_thread(parts.accounts.shown_names, [row["rater_id"] for row in ranked])
        shown = [row for row in ranked if row["rater_id"] in names][:limit]
        return Leaderboard(
            items=[
                Placed(
                    place=place,
                    name=names[row["rater_id"]],
                    quality=row["gold_dice"]["low"],
                    gold_seen=row["gold_seen"],
                    is_me=row["rater_id"] == who.id,
                )
                for place, row in enumerate(shown, 1)
            ]
        )

    @router.get("/audit", tags=["audit"], operation_id="listAudit")
    def list_audit(
        who: Who, project_id: str | None = None, limit: Limit = 50, cursor: Cursor = ""
    ) -> AuditPage:
        """Who did what, newest first: a project's log for its lab, everything for an operator."""
        if project_id is None:
            if not who.is_operator:
                raise InvalidInput("Say whose log: add ?project_id= of a project of yours.")
        else:
            who.require(project_id, Role.LAB)
        rows = parts.audit.page(project_id, limit + 1, cursor)
        more = rows[limit - 1]["id"] if len(rows) > limit else None
        return AuditPage(items=[AuditEntry(**row) for row in rows[:limit]], next=more)

    @router.get("/webhooks", tags=["webhooks"], operation_id="listWebhooks")
    def list_webhooks(who: Who, project_id: str | None = None) -> Webhooks:
        """Webhooks of your projects, or of one."""
        if project_id is not None:
            who.require(project_id, Role.LAB)
            mine: list[str] | None = [project_id]
        else:
            mine = None if who.is_operator else [p for p, role in who.memberships.items() if role >= Role.LAB]
        return Webhooks(items=[Webhook(**row) for row in parts.hooks.of_projects(mine)])

    @router.post("/webhooks", status_code=201, tags=["webhooks"], operation_id="createWebhook")
    def create_webhook(body: WebhookIn, who: Who) -> NewWebhook:
        """Have a project's events sent to a URL. Deliveries are signed: `X-Bramble-Signature: t=<unix>,v1=<hex>`, an HMAC-SHA256 with
        the secret over `<unix>.<body>`; a delivery that isn't answered 2xx is tried again for about a day and a half."""
        who.require(body.project_id, Role.LAB)
        unknown = sorted(set(body.types or []) - set(EVENT_NAMES))
        if unknown:
            raise InvalidInput(f"{unknown[0]!r} is not an event; the events are {', '.join(EVENT_NAMES)}.")
        url = check_url(body.url, allow_private=parts.deps.settings.webhooks_private)
        secret = "whs_" + secrets.token_urlsafe(32)
        row = parts.hooks.create(body.project_id, who.id, url, secret, sorted(set(body.types or [])))
        parts.audit.write(Entry("webhook.create", who.id, body.project_id, row["id"], 201, key_id=who.key_id))
        return NewWebhook(**row, secret=secret)

    @router.delete("/webhooks/{webhook_id}", status_code=204, tags=["webhooks"], operation_id="deleteWebhook")
    def delete_webhook(webhook_id: str, who: Who) -> None:
        """Stop and forget a webhook with its waiting deliveries."""
        project = parts.hooks.project_of(webhook_id)
        who.require(project, Role.LAB)
        parts.hooks.delete(webhook_id)
        parts.audit.write(Entry("webhook.delete", who.id, project, webhook_id, 204, key_id=who.key_id))

    return router


def _before(account_id: str) -> str:
    """A keyset cursor just before an id (ids are lower-case hex and dashes, so the last character can go down by one)."""
    return account_id[:-1] + chr(ord(account_id[-1]) - 1)
