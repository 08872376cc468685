"""Images become tasks over the bus: many in one transaction, each once, and a bad one doesn't hold up the others."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import func, select

from services.annotations import main, store
from services.annotations import tables as t
from services.annotations.domain.project import Label
from services.annotations.records import Project
from shared.bus.runner import dead_letter_table
from shared.bus.topics import all_topics
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.contracts.bramble.images.v1.events_pb2 import ImageStored
from shared.db.outbox import outbox_row
from shared.ids import new_id
from tests.unit.annotations.kit import make_deps


def test_images_become_tasks_once_and_an_unknown_project_is_a_dead_letter(tmp_path: Path) -> None:
    deps = make_deps(tmp_path)
    deps.bus.ensure_topics(all_topics())
    now = deps.clock.now_us()
    labels = (Label(1, "a", "#000000"),)
    project = Project(
        new_id(), "p", "", "", labels, 5, 0.0, True, True, 0.7, 60, True, "finish", "active", "lab", now, now
    )
    with deps.db.begin() as conn:
        store.add_project(conn, project, now)
    images = [common.ImageRef(id=new_id(), project_id=project.id, height=4, width=4) for _ in range(60)]
    lost = common.ImageRef(id=new_id(), project_id=new_id(), height=4, width=4)
    rows = [
        outbox_row("images", image.id, ImageStored(image=image), now)
        for image in [*images[:30], lost, *images[30:]]
    ]
    producer = deps.bus.producer()
    for row in [*rows, *rows[:10]]:  # the wire may bring a message twice
        producer.publish(str(row["topic"]), str(row["key"]), row["value"])  # type: ignore[arg-type]
    producer.flush()

    consumer = main.create_consumers(deps)[0]
    consumer.start()
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with deps.db.read() as conn:
                tasks = conn.execute(select(func.count()).select_from(t.tasks)).scalar()
                dead = conn.execute(select(dead_letter_table.c.error)).scalars().all()
                counts = store.counts_of(conn, [project.id])[project.id]
            if tasks == 60 and dead:
                break
            time.sleep(0.05)
    finally:
        consumer.stop()
        deps.db.close()
        deps.bus.close()
    assert (tasks, counts["images"], counts["open"]) == (60, 60, 60)
    assert len(dead) == 1
    assert "NotFound" in dead[0]
