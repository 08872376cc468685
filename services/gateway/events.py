"""From the bus to people: live progress for open streams, deliveries for webhooks.

No inbox here: showing progress twice is harmless, and a delivery is keyed by (webhook, event), so that a redelivered event adds
nothing. That keeps the gateway's cost of an event near zero, which counts, because it reads every topic.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from services.gateway.hub import Hub
from services.gateway.store_hooks import HookStore
from shared.bus.abstract import Bus
from shared.bus.abstract import Message as BusMessage
from shared.bus.topics import event_types
from shared.clock import to_rfc3339
from shared.contracts.bramble.common.v1.common_pb2 import Envelope

log = logging.getLogger(__name__)

MESSAGE_TYPES: dict[str, type[Message]] = event_types()
EVENT_NAMES = tuple(sorted(full.rsplit(".", 1)[-1] for full in MESSAGE_TYPES))
_STALE_MS = 60_000


def progress_of(envelope: Envelope) -> dict[str, Any] | None:
    """What people are told of an event: its type, project, time and plain fields, an image as its id. Masks, blobs and lists stay
    out. None for an event that isn't known or belongs to no project. Raises DecodeError."""
    kind = MESSAGE_TYPES.get(envelope.type)
    if kind is None:
        return None
    message = kind.FromString(envelope.payload)
    fields: dict[str, Any] = {}
    for field in message.DESCRIPTOR.fields:
        if field.is_repeated:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if field.name == "image" and message.HasField("image"):
                image = message.image  # type: ignore[attr-defined]
                fields["image_id"] = image.id
                fields.setdefault("project_id", image.project_id)
        elif field.type != FieldDescriptor.TYPE_BYTES:
            value = getattr(message, field.name)
            if value != "":
                fields[field.name] = value
    if not fields.get("project_id"):
        return None
    return {
        "type": envelope.type.rsplit(".", 1)[-1],
        "event_id": envelope.event_id,
        "occurred_at": to_rfc3339(envelope.occurred_at_us),
        **fields,
    }


def frame(event: str, data: bytes, event_id: str = "") -> bytes:
    """One Server-Sent Event."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: ".encode() + data + b"\n\n"


class EventPump(threading.Thread):
    """Reads all topics for `hub`, `hooks` or both.

    In one process a single pump with kept offsets serves both. With replicas, deliveries are shared by one group, while every replica
    reads everything for its own streams: a group of its own, nothing kept, what is older than a minute passed over.
    """

    def __init__(
        self,
        bus: Bus,
        group: str,
        *,
        hub: Hub | None = None,
        hooks: HookStore | None = None,
        keep_offsets: bool = True,
        pause_s: float = 0.2,
    ) -> None:
        super().__init__(name=f"events-{group}", daemon=True)
        self._bus, self.group = bus, group
        self._hub, self._hooks, self._keep = hub, hooks, keep_offsets
        self._pause_s = pause_s
        self._halt = threading.Event()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Stop after the batch at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        pause = 0.5
        while not self._halt.is_set():
            try:
                self._read()
            except Exception:
                if self._halt.is_set():
                    return
                log.warning("live progress lost the bus; next try in %.1f s", pause, exc_info=True)
                self._halt.wait(pause)
                pause = min(pause * 2, 10.0)

    def _read(self) -> None:
        committed, dirty = time.monotonic(), False
        with self._bus.consumer(self.group, sorted(MESSAGE_TYPES), linger_s=self._pause_s) as consumer:
            while not self._halt.is_set():
                messages = consumer.poll(timeout_s=1.0, max_records=500)
                if messages:
                    self.handle(messages)
                    dirty = True
                if dirty and self._keep and time.monotonic() - committed > 2.0:
                    consumer.commit()
                    committed, dirty = time.monotonic(), False
                # Many small batches would cost more than the fifth of a second that people don't notice.
                self._halt.wait(self._pause_s)
            if dirty and self._keep:
                consumer.commit()

    def handle(self, messages: list[BusMessage]) -> None:
        """Show and enqueue one batch. Raises Unavailable when deliveries can't be kept: the batch comes again."""
        hooks = self._hooks.all_hooks() if self._hooks is not None else []
        listening = self._hub is not None and self._hub.listening
        if not hooks and not listening:
            return
        fresh_from = int(time.time() * 1000) - _STALE_MS
        rows: list[tuple[str, str, str, bytes]] = []
        for message in messages:
            show = listening and message.timestamp_ms >= fresh_from
            if not show and not hooks:
                continue
            try:
                progress = progress_of(Envelope.FromString(message.value))
            except DecodeError:
                log.warning(
                    "%s at %s/%d can't be decoded and isn't shown",
                    message.topic,
                    message.partition,
                    message.offset,
                )
                continue
            if progress is None:
                continue
            data, project, kind = orjson.dumps(progress), progress["project_id"], progress["type"]
            if show and self._hub is not None:
                self._hub.publish(project, frame("progress", data, progress["event_id"]))
            rows += [(h.id, progress["event_id"], kind, data) for h in hooks if h.wants(project, kind)]
        if rows and self._hooks is not None:
            self._hooks.enqueue(rows)
