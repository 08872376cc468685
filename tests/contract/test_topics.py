"""Topics, examples and generated contracts hold together: nothing is orphaned, nothing drifts, v1 only
grows."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from google.protobuf.message import Message

from shared.bus.topics import DEAD_LETTERS, all_topics, event_types
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.settings import SERVICES
from tools.snapshot_contracts import SNAPSHOT, breaks, describe

ROOT = Path(__file__).resolve().parents[2]
TOPICS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "proto" / "topics").glob("*.yaml"))
}
EXAMPLES = sorted((ROOT / "proto" / "examples").glob("*/v1/*.json"))
KEYS = {
    "topic", "description", "owner", "message", "producers", "consumers", "key", "partitions", "retention_hours",
    "compatibility",
}  # fmt: skip


def example(path: Path) -> Message:
    """The event of an example file."""
    topic = path.parts[-3]
    message: Message = event_types()[topic]()
    return json_format.Parse(path.read_text(), message)


def test_every_topic_has_a_page_and_every_page_a_topic() -> None:
    assert set(TOPICS) == {spec.name for spec in all_topics()}


@pytest.mark.parametrize("name", TOPICS)
def test_page_is_complete(name: str) -> None:
    page = TOPICS[name]
    assert set(page) == KEYS
    assert page["topic"] == name
    assert page["description"].strip()
    assert set(page["producers"]) <= set(SERVICES)
    assert set(page["consumers"]) <= set(SERVICES)
    if name != DEAD_LETTERS:
        assert page["message"] == name
        assert page["producers"] == [page["owner"]] == [name.split(".")[1]], (
            "a domain's events come from its service"
        )
    spec = next(spec for spec in all_topics() if spec.name == name)
    assert (page["partitions"], page["retention_hours"]) == (spec.partitions, spec.retention_hours)


def test_every_event_has_an_example_and_every_example_an_event() -> None:
    assert {path.parts[-3] for path in EXAMPLES} == set(event_types())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parts[-3].rsplit('.', 1)[-1]}-{p.stem}")
def test_example_is_valid_and_round_trips(path: Path) -> None:
    message = example(path)
    again = type(message).FromString(message.SerializeToString(deterministic=True))
    assert again == message
    written = json.loads(json_format.MessageToJson(message, preserving_proto_field_name=True))
    assert written == json.loads(path.read_text()), "write proto field names, and 64-bit integers as text"


def subscriptions() -> dict[str, set[str]]:
    """Service → full names of the events that its running code subscribes to, read off the code itself."""
    found: dict[str, set[str]] = {}
    for service in SERVICES:
        if (
            service == "gateway"
        ):  # reads everything, without handlers of its own: see services/gateway/events.py
            found[service] = set(import_module("services.gateway.events").MESSAGE_TYPES)
            continue
        module = import_module(f"services.{service}.main")
        found[service] = set()
        for runner in module.create_consumers(_deps(service)):
            found[service] |= set(runner.topics)
    return found


def _deps(service: str) -> Any:
    import tempfile

    from shared.deps import Deps
    from shared.settings import Settings

    return Deps.create(service, Settings(data_dir=Path(tempfile.mkdtemp(prefix="bramble-topics-"))))


def test_pages_name_exactly_the_consumers_of_the_code() -> None:
    pages = {
        service: {name for name, page in TOPICS.items() if service in page["consumers"]}
        for service in SERVICES
    }
    assert subscriptions() == pages


def test_generated_contracts_are_those_of_the_protos(tmp_path: Path) -> None:
    from tools.generate_contracts import generate

    generate(tmp_path / "contracts")
    fresh = {
        p.relative_to(tmp_path / "contracts"): p.read_text() for p in (tmp_path / "contracts").rglob("*.py*")
    }
    kept = {
        p.relative_to(ROOT / "shared" / "contracts"): p.read_text()
        for p in (ROOT / "shared" / "contracts").rglob("*.py*")
        if "__pycache__" not in p.parts
    }
    assert {k for k in fresh if "__pycache__" not in k.parts} == set(kept), "run `make proto`"
    assert [str(k) for k in kept if fresh[k] != kept[k]] == [], "run `make proto`"


def test_v1_only_grows() -> None:
    assert breaks(json.loads(SNAPSHOT.read_text()), describe()) == []


def test_snapshot_is_fresh() -> None:
    assert json.loads(SNAPSHOT.read_text()) == describe(), (
        "run `python tools/snapshot_contracts.py` in this commit"
    )


@pytest.mark.parametrize("change", ["gone", "renumbered", "retyped", "message gone"])
def test_a_breaking_change_is_seen(change: str) -> None:
    before = {"m": {"1": {"name": "a", "type": "string", "repeated": False}}}
    now: dict[str, dict[str, Any]] = {
        "gone": {"m": {}},
        "renumbered": {"m": {"2": before["m"]["1"]}},
        "retyped": {"m": {"1": {"name": "a", "type": "bytes", "repeated": False}}},
        "message gone": {},
    }[change]
    assert len(breaks(before, now)) == 1
    assert breaks(before, {**before, "n": {}}) == []


def test_a_reader_keeps_its_head_when_a_newer_writer_adds_a_field() -> None:
    envelope = Envelope(event_id="e", type="t")
    newer = envelope.SerializeToString() + b"\x9a\x06\x03new"  # field 99, bytes
    assert Envelope.FromString(newer).event_id == "e"
