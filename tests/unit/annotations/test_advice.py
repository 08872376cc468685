"""A kind word about a habit: told once, to the rater alone."""

from __future__ import annotations

from typing import Any

from services.annotations.events import on_rater_scored
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import RaterAdvice, RaterScored
from tests.unit.annotations.kit import Kit

OVER = RaterAdvice(kind="over", px=2.5, answers=12)
LEFT = RaterAdvice(kind="shifted", direction="left", px=1.5, answers=12)


def _scored(kit: Kit, project: str, *advice: RaterAdvice, who: str = "ann", label: int = 1) -> None:
    message = RaterScored(project_id=project, rater_id=who, label_id=label, advice=advice)
    with kit.deps.db.begin() as conn:
        on_rater_scored(conn, Envelope(occurred_at_us=kit.clock.now_us()), message)


def _told(kit: Kit, project: str, who: str = "ann") -> list[dict[str, Any]]:
    answer = kit.call("GET", f"/projects/{project}/advice", who)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _read(kit: Kit, project: str, advice: str, who: str = "ann") -> int:
    return int(kit.call("POST", f"/projects/{project}/advice/{advice}/seen", who).status_code)


def test_a_habit_is_told_once_however_often_it_is_found(kit: Kit) -> None:
    project = kit.project()["id"]
    assert _told(kit, project) == []
    _scored(kit, project, OVER, LEFT)
    _scored(kit, project, OVER)
    first, second = _told(kit, project)
    assert (first["kind"], first["px"], first["answers"], first["label_id"]) == ("over", 2.5, 12, 1)
    assert (second["kind"], second["direction"]) == ("shifted", "left")
    assert _read(kit, project, first["id"]) == 204
    assert _read(kit, project, first["id"]) == 204, "saying it twice is no error"
    _scored(kit, project, OVER, LEFT)
    assert [a["kind"] for a in _told(kit, project)] == ["shifted"]
    _scored(kit, project, OVER, label=2)
    assert [(a["kind"], a["label_id"]) for a in _told(kit, project)] == [("shifted", 1), ("over", 2)]


def test_it_is_nobody_elses_business(kit: Kit) -> None:
    project = kit.project()["id"]
    _scored(kit, project, OVER)
    (mine,) = _told(kit, project)
    assert _told(kit, project, "ben") == []
    assert _read(kit, project, mine["id"], "ben") == 404
    other = kit.project()["id"]
    assert _read(kit, other, mine["id"]) == 404
    assert [a["id"] for a in _told(kit, project)] == [mine["id"]]
