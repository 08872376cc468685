"""Whether every event on the wire had its effect in every service that reads it, and had it once. Pure: compares what `check` has read.

Three things must agree, for each service: the events on the wire, the inbox that says which of them were applied, and the tables that the
effects are written to. An event that was applied twice shows as a second row, as a counter that is too high, or as a second event that its
effect has caused: the same news under another id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

POISON = b"\xffpoison"
# What is told of only once: the news of a second event with the same key is the effect of an event that was applied twice.
NEWS: dict[str, Callable[[Any], object]] = {
    "bramble.images.v1.ImageStored": lambda m: m.image.id,
    "bramble.annotations.v1.TaskCreated": lambda m: m.image.id,
    "bramble.annotations.v1.TaskRetired": lambda m: m.task_id,
    "bramble.annotations.v1.AnnotationSubmitted": lambda m: m.submission_id,
    "bramble.inference.v1.EmbeddingComputed": lambda m: (m.image_id, m.model, m.model_version),
    "bramble.consensus.v1.ConsensusUpdated": lambda m: (m.image_id, m.version),
    "bramble.consensus.v1.ConsensusAccepted": lambda m: (m.image.id, m.version),
}


@dataclass(frozen=True, slots=True)
class Event:
    """A message of the wire, once for each time that it lies there."""

    topic: str
    event_id: str
    message: Any

    @property
    def project_id(self) -> str:
        image = getattr(self.message, "image", None)
        return str(image.project_id if image is not None else self.message.project_id)


@dataclass(slots=True)
class Tables:
    """What the services' own tables say of one project; `inbox`: service → ids of the events applied, of all projects."""

    inbox: Mapping[str, Sequence[str]]
    images: set[str] = field(default_factory=set)
    tasks: list[tuple[str, str, bool]] = field(default_factory=list)  # id, image, retired
    counted: Mapping[str, int] = field(default_factory=dict)  # images, retired and submissions by counter
    submissions: list[str] = field(default_factory=list)
    votes: list[str] = field(default_factory=list)  # submission
    arrived: int = 0
    versions: list[tuple[str, int]] = field(default_factory=list)
    segmented: list[str] = field(default_factory=list)  # images that inference knows
    items: list[str] = field(default_factory=list)  # images that synthesis knows
    facts: list[tuple[str, str, Mapping[str, Any]]] = field(
        default_factory=list
    )  # synthesis: kind, image, data
    told: int = 0  # facts by counter


def inboxes(
    wire: Iterable[Event], readers: Mapping[str, Iterable[str]], inbox: Mapping[str, Sequence[str]]
) -> list[str]:
    """Each event is in the inbox of each service that reads its topic (`readers`: topic → services) once, and nothing else is."""
    must: dict[str, set[str]] = {service: set() for service in inbox}
    for event in wire:
        for service in readers[event.topic]:
            if service in must:
                must[service].add(event.event_id)
    wrong = []
    for service, applied in inbox.items():
        times = Counter(applied)
        for name, ids in (
            ("twice", [i for i, n in times.items() if n > 1]),
            ("never", sorted(must[service] - set(times))),
            ("from nowhere", sorted(set(times) - must[service])),
        ):
            if ids:
                wrong.append(f"{service} applied {len(ids)} events {name}: {ids[:3]}")
    return wrong


def effects(wire: Sequence[Event], project_id: str, t: Tables) -> list[str]:
    """The tables and the events that effects have caused, for one project."""
    first = {event.event_id: event for event in wire if event.project_id == project_id}
    news: dict[str, Counter[object]] = {topic: Counter() for topic in NEWS}
    for event in first.values():
        if event.topic in NEWS:
            news[event.topic][NEWS[event.topic](event.message)] += 1
    wrong = [
        f"{n} events of {topic.rsplit('.', 1)[1]} tell of {key}"
        for topic, keys in news.items()
        for key, n in keys.items()
        if n > 1
    ]

    def same(what: str, found: Iterable[object], topic_or_keys: str | Iterable[object]) -> None:
        keys = news[topic_or_keys] if isinstance(topic_or_keys, str) else topic_or_keys
        have, must = Counter(found), Counter(set(keys))
        if have != must:
            more, less = have - must, must - have
            wrong.append(
                f"{what}: {sum(have.values())} and not {sum(must.values())} (too many {list(more)[:3]}, missing {list(less)[:3]})"
            )

    retired = [task for task, _, is_retired in t.tasks if is_retired]
    same("images", t.images, "bramble.images.v1.ImageStored")
    same("tasks of annotations", (image for _, image, _ in t.tasks), "bramble.images.v1.ImageStored")
    same("news of tasks", (image for _, image, _ in t.tasks), "bramble.annotations.v1.TaskCreated")
    same("retired tasks", retired, "bramble.annotations.v1.TaskRetired")
    same("submissions", t.submissions, "bramble.annotations.v1.AnnotationSubmitted")
    same("votes of consensus", t.votes, "bramble.annotations.v1.AnnotationSubmitted")
    same("versions of consensus", t.versions, "bramble.consensus.v1.ConsensusUpdated")
    same("images of inference", t.segmented, "bramble.images.v1.ImageStored")
    same("images of synthesis", t.items, "bramble.images.v1.ImageStored")
    accepted = ((image, data["consensus"]["version"]) for kind, image, data in t.facts if kind == "consensus")
    same("consensus of synthesis", accepted, "bramble.consensus.v1.ConsensusAccepted")
    # A fact that changes nothing isn't kept, such as an image of which an accepted consensus has told already.
    told = Counter(
        (kind, image, data.get("version"), data.get("status"))
        for kind, image, data in t.facts
        if kind in ("image", "state")
    )
    wrong += [f"synthesis was told {n} times of {key}" for key, n in told.items() if n > 1]
    for what, counter, must in (
        ("images", t.counted.get("images"), len(t.tasks)),
        ("retired tasks", t.counted.get("retired"), len(retired)),
        ("submissions", t.counted.get("submissions"), len(t.submissions)),
        ("votes that arrived", t.arrived, len(set(t.submissions))),
        ("facts", t.told, len(t.facts)),
    ):
        if counter != must:
            wrong.append(f"{what} by counter: {counter} and not {must}")
    return wrong
