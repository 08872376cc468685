"""The hot queries find their rows by index, whatever the planner has learnt: no scan, no sort."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from services.annotations import store_assign, store_leases, store_submissions, store_turns
from tests.unit.annotations.kit import Kit

WHO = {"p": "a", "r": "b"}
HOT = [
    ("the queue", store_assign._QUEUE, {**WHO, "need": 3, "after": 5, "n": 8}),
    ("fuller queues", store_assign._HIGHER, {"p": "a", "need": 3}),
    ("emptier queues", store_assign._LOWER, {"p": "a", "need": 3}),
    ("cursors", store_assign._CURSORS, WHO),
    ("gold", store_turns._GOLD, {**WHO, "after": 5, "n": 8}),
    ("lapsed drafts", store_assign._LAPSED, WHO),
    ("the live lease", store_assign._LIVE_OF, WHO),
    ("whether a lease expired", store_leases._ANY_EXPIRED, {"now": 4}),
    ("expired leases", store_leases._EXPIRED, {"now": 4}),
    ("seen keys", store_submissions._SEEN, {"keys": ["a", "b", "c"]}),
    ("leases of a batch", store_submissions._FOUND, {"ids": ["a", "b", "c"]}),
    ("raters of a batch", store_submissions._RATERS, {"projects": ["a"], "raters": ["b", "c"]}),
    ("free places", store_submissions._OPEN, {"p": "a"}),
]


@pytest.mark.parametrize(("name", "statement", "parameters"), HOT, ids=[h[0] for h in HOT])
def test_plan(kit: Kit, name: str, statement: Any, parameters: dict[str, Any]) -> None:
    sent: list[tuple[str, Any]] = []

    def keep(_conn: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        sent.append((sql, values))

    engine = kit.deps.db.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        with kit.deps.db.read() as conn:
            conn.execute(statement, parameters)
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    with kit.deps.db.read() as conn:
        plan = [row[3] for row in conn.exec_driver_sql("EXPLAIN QUERY PLAN " + sent[-1][0], sent[-1][1])]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN")], plan
    if name != "leases of a batch":  # which is sorted on purpose, so that locks are taken in one order
        assert not [step for step in plan if "TEMP B-TREE" in step], plan
