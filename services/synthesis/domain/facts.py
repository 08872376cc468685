"""What is known of an image, folded from the facts that events told, in their order: now, or as of any earlier fact.

Kinds: ``image`` (it exists), ``gold`` (the lab's masks, or None where they were taken back), ``consensus`` (accepted masks), ``state``
(what became of the newest consensus version), ``deleted``, and ``known`` (everything at once: rows from before facts were kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

HEADS = ("group_name", "name", "source_id", "height", "width", "channels", "frame", "geometry")
COLUMNS = (*HEADS, "gold", "consensus", "state", "deleted")
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Known:
    """An image. ``gold`` {masks}; ``consensus`` {masks, version, ...}; ``state`` {version, status, at_us} of the newest version."""

    image_id: str
    group_name: str = ""
    name: str = ""
    source_id: str = ""
    height: int = 0
    width: int = 0
    channels: int = 1
    frame: Mapping[str, Any] = field(default_factory=dict)
    geometry: Mapping[str, Any] = field(default_factory=dict)
    gold: Mapping[str, Any] | None = None
    consensus: Mapping[str, Any] | None = None
    state: Mapping[str, Any] | None = None
    deleted: bool = False

    @property
    def withdrawn(self) -> bool:
        """Whether masks were accepted once, but the newest version of them isn't."""
        return (
            self.consensus is not None
            and self.state is not None
            and self.state["status"] != ACCEPTED
            and self.state["version"] >= self.consensus["version"]
        )

    @property
    def accepted(self) -> Mapping[str, Any] | None:
        """The consensus that may be used."""
        return None if self.withdrawn else self.consensus

    @property
    def labelled(self) -> bool:
        """Whether there are masks to use."""
        return not self.deleted and (self.gold is not None or self.accepted is not None)

    @property
    def masks(self) -> list[dict[str, Any]]:
        """The lab's masks where there are any, else the accepted consensus; [] for an image without."""
        source = self.gold if self.gold is not None else self.accepted
        return list(source["masks"]) if source is not None else []

    def columns(self) -> dict[str, Any]:
        """As its row has it, without the key."""
        return {name: getattr(self, name) for name in COLUMNS}


def apply(known: Known, kind: str, data: Mapping[str, Any]) -> Known:
    """What is known after one more fact. Old news (a version below the known one) and news of deleted images change nothing.

    ``state`` and ``consensus`` come by different topics in either order; versions, and times within a version, tell what is newer.
    """
    if known.deleted:
        return known
    values = {name: getattr(known, name) for name in Known.__slots__}
    if kind == "deleted":
        return Known(**{**values, "gold": None, "consensus": None, "state": None, "deleted": True})
    if kind == "state":
        before = known.state or {"version": -1, "at_us": -1}
        if (data["version"], data["at_us"]) >= (before["version"], before["at_us"]):
            values["state"] = dict(data)
        return Known(**values)
    accepted = known.consensus if kind == "consensus" else None
    if accepted is not None and data["consensus"]["version"] < accepted["version"]:
        return known
    return Known(**{**values, **data})


def label_list(told: Iterable[Mapping[str, Any]], images: Iterable[Known]) -> list[dict[str, Any]]:
    """``[{id, name, color}]`` in order of id, as the project's event ``told``; where none did, numbers stand in for the names of what
    ``images`` hold, which are read only then."""
    if found := sorted((dict(label) for label in told), key=lambda label: int(label["id"])):
        return found
    seen = {int(m["label_id"]) for image in images for m in image.masks}
    return [{"id": n, "name": f"label {n}", "color": ""} for n in sorted(seen)]


def why_not(known: Known) -> tuple[str, str]:
    """(status, reason) of an image that has no masks to use."""
    state = known.state
    if state is None:
        return "unlabelled", "unlabelled: nobody's answers were merged yet"
    before = ""
    if known.consensus is not None:
        before = f"; version {known.consensus['version']} had been accepted"
    if state["status"] == "review":
        return "review", f"review: version {state['version']} of its consensus awaits an expert{before}"
    return "pending", f"pending: version {state['version']} of its consensus isn't accepted yet{before}"
