"""What must be true after every run, read from the services' own tables past any proxy."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import yaml

from services.allinone.rebuild_consensus import Rebuild
from services.consensus.domain.auto import merge
from services.consensus.domain.votes import image_votes
from shared.blobs import create_blobs
from shared.bus import create_bus
from shared.bus.topics import event_types
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.errors import Unavailable
from shared.imaging import rle
from shared.imaging.rle import RLE
from shared.settings import Settings
from tests.chaos.crowd import HEIGHT, WIDTH, Acknowledged
from tests.chaos.once import POISON, Event, Tables, effects, inboxes
from tools.run_distributed import ROOT, Distributed

# Services whose consumers write through the inbox; the gateway has none, by its own decision.
CONSUMERS = ("annotations", "inference", "consensus", "synthesis")
# The estimation of raters gets a twentieth of the time: after one that took 15 s on a busy machine the next comes 5 minutes later.
SETTLE_S = 420.0
_VOTES = "SELECT count(*) FROM consensus_votes v WHERE v.project_id = %s"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was compared, and everything that was wrong; [] is a pass."""

    stored: int
    images: int
    applied: int
    redelivered: int  # events that lie on the wire more than once
    settled_s: float  # from the last acknowledgement until raters were estimated from all votes and every image merged
    wrong: list[str]


def rows(platform: Distributed, service: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask a service's database."""
    with psycopg.connect(platform.database(service), connect_timeout=5) as connection:
        return connection.execute(query.encode(), values).fetchall()


def votes(platform: Distributed, project: str) -> int:
    """How many submissions consensus has applied (one label a submission here)."""
    return int(rows(platform, "consensus", _VOTES, project)[0][0])


def settled(platform: Distributed, project: str, expected: int) -> bool:
    """Whether all events are out, all votes are in, and nothing waits to be merged or estimated."""
    for service in (*CONSUMERS, "images"):
        if rows(platform, service, "SELECT 1 FROM bus_outbox LIMIT 1"):
            return False
    dirty = rows(
        platform,
        "consensus",
        "SELECT arrived - counted FROM consensus_projects WHERE project_id = %s",
        project,
    )
    return (
        votes(platform, project) >= expected
        and not rows(platform, "consensus", "SELECT 1 FROM consensus_dirty LIMIT 1")
        and dirty == [(0,)]
    )


def check(
    platform: Distributed,
    project: str,
    kept: Mapping[str, Acknowledged],
    letters: int,
    patience_s: float = SETTLE_S,
) -> Verdict:
    """Wait until everything has settled, then compare. `letters`: poison messages that were sent."""
    begun, quiet = time.monotonic(), 0
    deadline = begun + patience_s
    while quiet < 3 and time.monotonic() < deadline:
        quiet = quiet + 1 if settled(platform, project, len(kept)) else 0
        time.sleep(0.5)
    settled_s = time.monotonic() - begun
    wrong = [] if quiet >= 3 else [f"not settled after {patience_s:.0f} s"]
    stored = rows(
        platform,
        "annotations",
        "SELECT client_key, id, image_id, rater_id, pack, masks, task_id FROM annotations_submissions"
        " WHERE project_id = %s ORDER BY id",
        project,
    )
    wrong += _acknowledged(stored, kept)
    truth = _masks(platform, stored, kept, wrong)
    wrong += _counters(platform, project, stored)
    images = _consensus(platform, project, truth, wrong)
    wrong += _dead(platform, letters)
    doubled, again = _once(platform, project, max(deadline, time.monotonic() + 30.0))
    wrong += doubled + _rebuilt(platform, project)
    applied = sum(int(rows(platform, s, "SELECT count(*) FROM bus_inbox")[0][0]) for s in CONSUMERS)
    return Verdict(len(stored), images, applied, again, settled_s, wrong)


def _acknowledged(stored: list[tuple[Any, ...]], kept: Mapping[str, Acknowledged]) -> list[str]:
    wrong = []
    times = Counter(row[0] for row in stored)
    lost = [key for key in kept if key not in times]
    doubled = [key for key, n in times.items() if n > 1]
    unasked = [key for key in times if key not in kept]
    found = {row[0]: row for row in stored}
    other = [
        key
        for key, promise in kept.items()
        if key in found and found[key][1:4] != (promise.submission_id, promise.image_id, promise.rater_id)
    ]
    for name, keys in (("lost", lost), ("doubled", doubled), ("nobody's", unasked), ("another's", other)):
        if keys:
            wrong.append(f"{len(keys)} submissions {name}: {keys[:3]}")
    return wrong


def _masks(
    platform: Distributed, stored: list[tuple[Any, ...]], kept: Mapping[str, Acknowledged], wrong: list[str]
) -> dict[str, dict[str, tuple[str, RLE]]]:
    """image → rater → (submission, mask), as the object store has them; each must be what was drawn."""
    address = platform.minio.address().split("://", 1)[1]
    bucket = platform.environment["BRAMBLE_BLOB_URL"].rsplit("/", 1)[1]
    blobs = create_blobs(f"s3://{address}/{bucket}", platform.logs)
    found: dict[str, dict[str, tuple[str, RLE]]] = {}
    packs: dict[str, bytes] = {}
    for key, submission, image, rater, pack, masks, _ in stored:
        ((_, height, width, _, offset, length, _),) = json.loads(masks)
        data = packs.setdefault(pack, blobs.get(pack))[offset : offset + length]
        if key in kept and data.decode() != kept[key].counts:
            wrong.append(f"the mask of {submission} is another than was drawn")
        found.setdefault(image, {})[rater] = (submission, RLE(height, width, data))
    blobs.close()
    return found


def _counters(platform: Distributed, project: str, stored: list[tuple[Any, ...]]) -> list[str]:
    ((submissions, overshoot),) = rows(
        platform, "annotations", "SELECT submissions, overshoot FROM annotations_counters WHERE project_id = %s", project
    )  # fmt: skip
    wrong = (
        []
        if (submissions, overshoot) == (len(stored), 0)
        else [f"counters say {submissions}, overshoot {overshoot}"]
    )
    each = Counter(row[6] for row in stored)
    tasks = rows(
        platform,
        "annotations",
        "SELECT id, submissions, quorum FROM annotations_tasks WHERE project_id = %s",
        project,
    )
    bad = [task for task, n, quorum in tasks if n != each[task] or n > quorum]
    return wrong + ([f"{len(bad)} tasks count wrongly: {bad[:3]}"] if bad else [])


def _consensus(
    platform: Distributed, project: str, truth: Mapping[str, Mapping[str, tuple[str, RLE]]], wrong: list[str]
) -> int:
    """Compare the newest version of each image with what the offline functions make of the submissions."""
    newest = {
        image: (json.loads(bytes(labels)), json.loads(submissions))
        for image, labels, submissions in rows(
            platform,
            "consensus",
            "SELECT DISTINCT ON (image_id) image_id, labels, submissions FROM consensus_versions"
            " WHERE project_id = %s ORDER BY image_id, version DESC",
            project,
        )
    }
    given = [image_votes(image, {r: m for r, (_, m) in by.items()}) for image, by in sorted(truth.items())]
    fused, _, choice = merge(given)
    for votes_, one in zip(given, fused, strict=True):
        if votes_.image not in newest:
            wrong.append(f"image {votes_.image} has no consensus")
            continue
        labels, submissions = newest[votes_.image]
        if submissions != sorted(s for s, _ in truth[votes_.image].values()):
            wrong.append(f"the consensus of {votes_.image} counts other submissions")
        if rle.from_json(labels[0]["rle"], HEIGHT, WIDTH) != one.mask or labels[0]["method"] != choice.method:
            wrong.append(f"the consensus of {votes_.image} differs from the offline one ({choice.method})")
    return len(given)


def _dead(platform: Distributed, letters: int) -> list[str]:
    """Only what was poisoned is a dead letter."""
    wrong = []
    for service in CONSUMERS:
        found = rows(platform, service, "SELECT topic, error, value FROM bus_dead_letters")
        real = [f"{topic}: {error}" for topic, error, value in found if not bytes(value).startswith(POISON)]
        if real:
            wrong.append(f"{len(real)} dead letters of {service}: {real[:3]}")
    poisoned = rows(platform, "consensus", "SELECT count(DISTINCT value) FROM bus_dead_letters")[0][0]
    if poisoned != letters:
        wrong.append(f"{poisoned} of {letters} poison messages are dead letters")
    return wrong


def _once(platform: Distributed, project: str, deadline: float) -> tuple[list[str], int]:
    """Every event had its effect in every service that reads it, once; and how many lie on the wire more than once. Waits for readers
    that are still behind."""
    while True:
        wire = read_wire(platform)
        tables = _tables(platform, project)
        wrong = inboxes(wire, _readers(), tables.inbox) + effects(wire, project, tables)
        if not wrong or time.monotonic() > deadline:
            return wrong, len(wire) - len({event.event_id for event in wire})
        time.sleep(1.0)


def read_wire(platform: Distributed) -> list[Event]:
    """All events of all topics as they lie in the broker, those that lie there twice too; poison left out."""
    types = event_types()
    bus = create_bus(f"kafka://{platform.kafka.address()}")
    found: dict[
        tuple[str, int, int], Event
    ] = {}  # by place: a rebalance hands out again what wasn't committed
    try:
        with bus.consumer(f"chaos-check-{uuid.uuid4().hex[:8]}", sorted(types)) as consumer:
            deadline, idle = time.monotonic() + 60.0, 0
            while idle < 3 and time.monotonic() < deadline:
                messages = consumer.poll(timeout_s=1.0, max_records=1000)
                try:
                    consumer.commit()
                    behind = consumer.lag()
                except Unavailable:  # the group forms anew: what wasn't committed comes again
                    behind = 1
                # Before it has joined its group it gets nothing and lags behind nothing.
                idle = idle + 1 if found and not messages and not behind else 0
                for message in messages:
                    if message.value.startswith(POISON):
                        continue
                    envelope = Envelope.FromString(message.value)
                    payload = types[message.topic].FromString(envelope.payload)  # type: ignore[attr-defined]
                    place = (message.topic, message.partition, message.offset)
                    found[place] = Event(message.topic, envelope.event_id, payload)
    finally:
        bus.close()
    return list(found.values())


def _readers() -> dict[str, list[str]]:
    """Topic → services that read it, as the contracts say."""
    folder = ROOT / "proto" / "topics"
    return {t: yaml.safe_load((folder / f"{t}.yaml").read_text())["consumers"] for t in event_types()}


def _tables(platform: Distributed, project: str) -> Tables:
    def ask(service: str, query: str) -> list[tuple[Any, ...]]:
        return rows(platform, service, query, *([project] if "%s" in query else []))

    ((images, retired, submissions),) = ask(
        "annotations", "SELECT images, retired, submissions FROM annotations_counters WHERE project_id = %s"
    )
    facts = ask("synthesis", "SELECT kind, image_id, data FROM synthesis_facts WHERE project_id = %s")
    told = ask("synthesis", "SELECT facts FROM synthesis_projects WHERE project_id = %s")
    arrived = ask("consensus", "SELECT arrived FROM consensus_projects WHERE project_id = %s")
    return Tables(
        inbox={s: [r[0] for r in ask(s, "SELECT event_id FROM bus_inbox")] for s in CONSUMERS},
        images={r[0] for r in ask("images", "SELECT id FROM images_image WHERE project_id = %s")},
        tasks=[
            (task, image, status == "retired")
            for task, image, status in ask(
                "annotations", "SELECT id, image_id, status FROM annotations_tasks WHERE project_id = %s"
            )
        ],
        counted={"images": images, "retired": retired, "submissions": submissions},
        submissions=[
            r[0] for r in ask("annotations", "SELECT id FROM annotations_submissions WHERE project_id = %s")
        ],
        votes=[
            r[0] for r in ask("consensus", "SELECT submission_id FROM consensus_votes WHERE project_id = %s")
        ],
        arrived=arrived[0][0] if arrived else 0,
        versions=[
            (image, version)
            for image, version in ask(
                "consensus", "SELECT image_id, version FROM consensus_versions WHERE project_id = %s"
            )
        ],
        segmented=[r[0] for r in ask("inference", "SELECT id FROM inference_images WHERE project_id = %s")],
        items=[r[0] for r in ask("synthesis", "SELECT image_id FROM synthesis_items WHERE project_id = %s")],
        facts=[(kind, image, data) for kind, image, data in facts],
        told=told[0][0] if told else 0,
    )


def _rebuilt(platform: Distributed, project: str) -> list[str]:
    """What `bramble admin rebuild-consensus --check` finds: votes, beliefs, versions, lists and blobs to the bit."""
    address = platform.minio.address().split("://", 1)[1]
    bucket = platform.environment["BRAMBLE_BLOB_URL"].rsplit("/", 1)[1]
    template = platform.database("gateway").removesuffix("gateway") + "{service}"
    settings = Settings(database_url=template, blob_url=f"s3://{address}/{bucket}", data_dir=platform.logs)
    with Rebuild(settings, check=True) as work:
        found = [f"{o.image_id or 'project'}: {'; '.join(o.wrong)}" for o in work.project(project) if o.wrong]
    return [f"rebuild-consensus finds {len(found)} wrong: {found[:3]}"] if found else []
