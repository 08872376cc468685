"""The fault suite's own eyes: an event that was applied twice, or never, is seen in whichever service that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.bus.topics import event_types
from shared.ids import new_id
from tests.chaos.once import Event, Tables, effects, inboxes

PROJECT, OTHER = new_id(), new_id()
TYPES = event_types()
READERS = dict.fromkeys(TYPES, ("annotations", "consensus", "gateway"))


def event(topic: str, **values: object) -> Event:
    kind = TYPES[topic]
    message = kind()
    where = message.image if hasattr(message, "image") else message
    where.project_id = values.pop("project_id", PROJECT)
    for name, value in values.items():
        target, _, leaf = name.rpartition("__")
        setattr(getattr(message, target) if target else message, leaf, value)
    return Event(topic, new_id(), message)


def sound() -> tuple[list[Event], Tables]:
    """One image, answered by two raters, merged twice and accepted; and an image of another project."""
    wire = [
        event("bramble.images.v1.ImageStored", image__id="i"),
        event("bramble.images.v1.ImageStored", image__id="x", project_id=OTHER),
        event("bramble.annotations.v1.TaskCreated", task_id="t", image__id="i"),
        event("bramble.annotations.v1.AnnotationSubmitted", submission_id="s1", image__id="i"),
        event("bramble.annotations.v1.AnnotationSubmitted", submission_id="s2", image__id="i"),
        event("bramble.annotations.v1.TaskRetired", task_id="t"),
        event("bramble.consensus.v1.ConsensusUpdated", image_id="i", version=1),
        event("bramble.consensus.v1.ConsensusUpdated", image_id="i", version=2),
        event("bramble.consensus.v1.ConsensusAccepted", image__id="i", version=2),
    ]
    wire.append(wire[3])  # the relay died before it deleted the row: the same id again
    ids = [e.event_id for e in wire[:-1]]
    tables = Tables(
        inbox={"annotations": list(ids), "consensus": list(ids)},
        images={"i"},
        tasks=[("t", "i", True)],
        counted={"images": 1, "retired": 1, "submissions": 2},
        submissions=["s1", "s2"],
        votes=["s1", "s2"],
        arrived=2,
        versions=[("i", 1), ("i", 2)],
        segmented=["i"],
        items=["i"],
        facts=[
            ("image", "i", {}),
            ("state", "i", {"version": 1, "status": "pending"}),
            ("state", "i", {"version": 2, "status": "accepted"}),
            ("consensus", "i", {"consensus": {"version": 2}}),
        ],
        told=4,
    )
    return wire, tables


def test_sound_is_sound() -> None:
    wire, tables = sound()
    assert inboxes(wire, READERS, tables.inbox) == []
    assert effects(wire, PROJECT, tables) == []


HARMS: dict[str, Callable[[Tables], Tables]] = {
    "a task twice": lambda t: replace(t, tasks=[*t.tasks, ("t2", "i", False)]),
    "a task never": lambda t: replace(t, tasks=[]),
    "an image counted twice": lambda t: replace(t, counted={**t.counted, "images": 2}),
    "retired counted twice": lambda t: replace(t, counted={**t.counted, "retired": 2}),
    "a submission twice": lambda t: replace(t, submissions=[*t.submissions, "s2"]),
    "a vote twice": lambda t: replace(t, votes=[*t.votes, "s1"]),
    "a vote never": lambda t: replace(t, votes=["s1"]),
    "an arrival counted twice": lambda t: replace(t, arrived=3),
    "a version nobody was told of": lambda t: replace(t, versions=[*t.versions, ("i", 3)]),
    "inference without the image": lambda t: replace(t, segmented=[]),
    "synthesis without the image": lambda t: replace(t, items=[]),
    "a consensus never": lambda t: replace(t, facts=t.facts[:-1], told=3),
    "a fact twice": lambda t: replace(t, facts=[*t.facts, t.facts[0]], told=5),
    "a state twice": lambda t: replace(t, facts=[*t.facts, t.facts[2]], told=5),
    "a consensus twice": lambda t: replace(t, facts=[*t.facts, t.facts[3]], told=5),
    "a fact counted twice": lambda t: replace(t, told=5),
}


@pytest.mark.parametrize("what", HARMS)
def test_each_doubled_or_lost_effect_is_seen(what: str) -> None:
    wire, tables = sound()
    assert len(effects(wire, PROJECT, HARMS[what](tables))) >= 1


def test_news_told_twice_under_another_id_is_seen() -> None:
    wire, tables = sound()
    again = event("bramble.annotations.v1.TaskCreated", task_id="t", image__id="i")
    assert effects([*wire, again], PROJECT, tables) == ["2 events of TaskCreated tell of i"]


def test_inboxes_that_say_twice_never_and_nothing_known() -> None:
    wire, tables = sound()
    lacking = {"annotations": tables.inbox["annotations"][1:], "consensus": [*tables.inbox["consensus"], "?"]}
    doubled = {"annotations": [*tables.inbox["annotations"], wire[0].event_id]}
    assert inboxes(wire, READERS, lacking) == [
        f"annotations applied 1 events never: {[wire[0].event_id]}",
        "consensus applied 1 events from nowhere: ['?']",
    ]
    assert inboxes(wire, READERS, doubled) == [f"annotations applied 1 events twice: {[wire[0].event_id]}"]
