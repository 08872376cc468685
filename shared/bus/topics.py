"""The topics of this version: one for each event message of `proto/`, and the dead letters. Read off the generated contracts, so
that a topic can't be forgotten; `proto/topics/*.yaml` says who owns, writes and reads it, and a test holds the two together."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from google.protobuf.descriptor import FileDescriptor

from shared.bus.abstract import TopicSpec

DOMAINS = ("images", "annotations", "inference", "consensus", "synthesis")
DEAD_LETTERS = "bramble.dead-letters.v1"
# Messages inside of events, not events.
_PARTS = {
    "bramble.consensus.v1.LabelConsensus",
    "bramble.consensus.v1.RaterAdvice",
    "bramble.annotations.v1.Overlap",
    "bramble.synthesis.v1.LabelSkill",
}


def event_types() -> dict[str, type]:
    """Full proto name → message class of every event."""
    found: dict[str, type] = {}
    for domain in DOMAINS:
        module: ModuleType = import_module(f"shared.contracts.bramble.{domain}.v1.events_pb2")
        file: FileDescriptor = module.DESCRIPTOR
        for name in file.message_types_by_name:
            full = f"{file.package}.{name}"
            if full not in _PARTS:
                found[full] = getattr(module, name)
    return found


def all_topics(partitions: int = 3) -> list[TopicSpec]:
    """What `Bus.ensure_topics` creates before anything starts."""
    return [TopicSpec(name, partitions) for name in sorted(event_types())] + [TopicSpec(DEAD_LETTERS, 1, 720)]
