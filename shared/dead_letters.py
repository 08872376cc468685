"""Internal routes by which an operator lists, reads and replays a service's dead letters. Never reachable through the gateway's
forwarder; the gateway's admin routes call them with the operator's principal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import select, update

from shared.auth import Principal, Role, current_principal
from shared.bus.runner import dead_letter_table as t
from shared.clock import to_rfc3339
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.deps import Deps
from shared.errors import NotFound

Who = Annotated[Principal, Depends(current_principal)]


def dead_letter_router(deps: Deps) -> APIRouter:
    """`/internal/dead-letters`, `/internal/dead-letters/{id}`, `/internal/dead-letters/{id}/replay`."""
    router = APIRouter(prefix="/internal/dead-letters")

    @router.get("")
    def list_letters(who: Who, limit: int = 50, before: int | None = None) -> dict[str, Any]:
        who.require_role(Role.OPERATOR)
        query = select(
            t.c.id,
            t.c.consumer,
            t.c.topic,
            t.c.key,
            t.c.event_id,
            t.c.error,
            t.c.created_at_us,
            t.c.replayed_at_us,
        )
        if before is not None:
            query = query.where(t.c.id < before)
        limit = max(1, min(limit, 200))
        with deps.db.read() as conn:
            rows = conn.execute(query.order_by(t.c.id.desc()).limit(limit + 1)).all()
        items = [_row(r, deps.service) for r in rows[:limit]]
        return {"items": items, "next": items[-1]["id"] if len(rows) > limit else None}

    @router.get("/{letter_id}")
    def read_letter(letter_id: int, who: Who) -> dict[str, Any]:
        who.require_role(Role.OPERATOR)
        with deps.db.read() as conn:
            row = conn.execute(select(t).where(t.c.id == letter_id)).one_or_none()
        if row is None:
            raise NotFound(f"The service {deps.service} has no dead letter {letter_id}.")
        envelope = _envelope(row.value)
        return {
            **_row(row, deps.service),
            "detail": row.detail,
            "type": envelope.type,
            "occurred_at_us": envelope.occurred_at_us,
        }

    @router.post("/{letter_id}/replay")
    def replay_letter(letter_id: int, who: Who) -> dict[str, Any]:
        who.require_role(Role.OPERATOR)
        with deps.db.read() as conn:
            row = conn.execute(select(t).where(t.c.id == letter_id)).one_or_none()
        if row is None:
            raise NotFound(f"The service {deps.service} has no dead letter {letter_id}.")
        # The same bytes again: groups that applied the event drop it by their inbox, the one that failed tries anew.
        producer = deps.bus.producer()
        try:
            producer.publish(row.topic, row.key, row.value)
            producer.flush()
        finally:
            producer.close()
        now = deps.clock.now_us()
        with deps.db.begin() as conn:
            conn.execute(update(t).where(t.c.id == letter_id).values(replayed_at_us=now))
        return {"id": letter_id, "service": deps.service, "replayed_at": to_rfc3339(now)}

    return router


def _envelope(value: bytes) -> Envelope:
    try:
        return Envelope.FromString(value)
    except Exception:
        return Envelope()


def _row(row: Any, service: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "service": service,
        "consumer": row.consumer,
        "topic": row.topic,
        "key": row.key,
        "event_id": row.event_id,
        "error": row.error,
        "created_at": to_rfc3339(row.created_at_us),
        "replayed_at": to_rfc3339(row.replayed_at_us) if row.replayed_at_us else None,
    }
