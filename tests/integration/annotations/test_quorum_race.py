"""A hundred raters at the same moment, over two connections pools as two replicas have them: the quorum is never exceeded.

Label Studio 1.23.2 overshot 20 of 200 tasks with eight annotators (issue 3).
"""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from services.annotations import store, store_assign, store_leases, store_renew
from services.annotations import tables as t
from services.annotations.access import transact
from services.annotations.domain.answers import parse_answer
from services.annotations.domain.leases import Action
from services.annotations.domain.project import Label
from services.annotations.events import on_consensus_updated
from services.annotations.intake import GroupCommitter
from services.annotations.receipts import Receipt, Submission
from services.annotations.records import Project
from shared.contracts.bramble.common.v1 import common_pb2 as common
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusUpdated
from shared.deps import Deps
from shared.errors import Gone
from shared.ids import new_id
from tests.unit.annotations.kit import make_deps

ASKERS = 100
BODY = b'{"client_key": "%s", "masks": [], "nothing_here": true}'


class Replicas:
    """Two replicas of the service on one database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.deps = [make_deps(folder / str(i), database_url=url) for i in range(2)]
        self.intakes = [GroupCommitter(d.db, d.blobs, d.clock) for d in self.deps]

    def project(self, tasks: int, **settings: Any) -> Project:
        deps = self.deps[0]
        now = deps.clock.now_us()
        values: dict[str, Any] = {
            "name": "race", "summary": "", "instructions": "", "labels": (Label(1, "a", "#000000"),), "quorum": 5,
            "gold_share": 0.0, "gold_feedback": True, "open": True, "accept_agreement": 0.7, "lease_seconds": 600,
            "show_proposals": True, "task_order": "finish", "status": "active", "owner_id": "lab",
        }  # fmt: skip
        project = Project(id=new_id(), created_at=now, updated_at=now, **{**values, **settings})
        with deps.db.begin() as conn:
            store.add_project(conn, project, now)
            for _ in range(tasks):
                image = common.ImageRef(id=new_id(), project_id=project.id, height=8, width=8, channels=1)
                store.add_task(conn, new_id(), image, now)
        return project

    def ask(self, number: int, project: Project, who: str, now: int | None = None) -> Any:
        return next(iter(self.ask_ahead(number, project, who, 0, now)), None)

    def ask_ahead(
        self, number: int, project: Project, who: str, ahead: int, now: int | None = None
    ) -> list[Any]:
        deps: Deps = self.deps[number % 2]
        now = now or deps.clock.now_us()
        run = partial(transact, deps.db, tries=20)
        return store_assign.assign_many(run, lambda _: (project, True), who, ahead, now)

    def answer(self, number: int, who: str, lease_id: str, key: str | None = None) -> Any:
        answer = parse_answer(BODY % (key or lease_id).encode())
        return self.intakes[number % 2].store([Submission(new_id(), who, lease_id, answer, ())])[0]

    def close(self) -> None:
        for deps in self.deps:
            deps.db.close()
            deps.bus.close()


def deadlocks(server: Any, database: str) -> int:
    """The transactions that PostgreSQL ended because they waited for each other."""
    with psycopg.connect(server.address()) as conn:
        row = conn.execute(
            "select deadlocks from pg_stat_database where datname = %s", (database,)
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Replicas]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'annotations.db'}"
        name = ""
    else:
        server = request.getfixturevalue("postgres_server")
        name = f"race_{uuid.uuid4().hex[:12]}"
        url = server.create_database(name)
    both = Replicas(tmp_path, url)
    yield both
    both.close()
    if name:
        # Closed, so that each session has reported: a ring of waits is a retry for somebody, and a refusal when it happens often.
        assert deadlocks(server, name) == 0
        request.getfixturevalue("postgres_server").drop_database(name)


def _together(n: int, work: Any) -> list[Any]:
    gate = threading.Barrier(n)

    def run(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))


def test_a_hundred_askers_for_the_last_places(replicas: Replicas) -> None:
    project = replicas.project(tasks=1, quorum=5)
    found = _together(ASKERS, lambda n: replicas.ask(n, project, f"r{n}"))
    assert sum(f is not None for f in found) == 5, (
        "exactly the quorum: none beyond, and no place refused while it was free"
    )
    with replicas.deps[0].db.read() as conn:
        assert store.counts_of(conn, [project.id])[project.id]["leases"] == 5


def test_one_rater_on_many_tablets_holds_one_lease(replicas: Replicas) -> None:
    project = replicas.project(tasks=10)
    found = _together(24, lambda n: replicas.ask(n, project, "ann"))
    assert len({f.lease_id for f in found}) == 1


def test_one_rater_on_many_tablets_takes_along_no_more_than_the_bound(replicas: Replicas) -> None:
    project = replicas.project(tasks=40)
    found = _together(12, lambda n: replicas.ask_ahead(n, project, "ann", 10))
    leases = {one.lease_id: one.task_id for some in found for one in some}
    assert len(leases) == 11
    assert len(set(leases.values())) == 11, "never two live leases for one rater and image"


def test_raters_who_take_work_along_fill_every_quorum_exactly(replicas: Replicas) -> None:
    quorum, tasks = 2, 12
    project = replicas.project(tasks=tasks, quorum=quorum)

    def work(number: int) -> Counter[str]:
        who, done = f"r{number}", Counter[str]()
        while along := replicas.ask_ahead(number, project, who, 3):
            for one in along:
                assert isinstance(replicas.answer(number, who, one.lease_id), Receipt)
                done[one.task_id] += 1
        return done

    each = _together(8, work)
    assert all(n == 1 for done in each for n in done.values()), "one rater, one answer an image"
    answers = sum(each, Counter[str]())
    for late in range(quorum):
        answers.update(work(1000 + late))
    assert list(answers.values()) == [quorum] * tasks
    with replicas.deps[0].db.read() as conn:
        counts = store.counts_of(conn, [project.id])[project.id]
    assert (counts["submissions"], counts["leases"], counts["overshoot"]) == (tasks * quorum, 0, 0)


def test_a_place_that_ran_out_is_taken_up_again_by_one_of_many(replicas: Replicas) -> None:
    project = replicas.project(tasks=1, quorum=1)
    lease = replicas.ask(0, project, "ann").lease_id
    late = replicas.deps[0].clock.now_us() + 700 * 1_000_000
    with replicas.deps[0].db.begin() as conn:
        store_leases.sweep(conn, late)

    def take(number: int) -> bool:
        deps = replicas.deps[number % 2]
        if number % 2:
            return replicas.ask(number, project, f"r{number}", late) is not None
        try:
            transact(deps.db, lambda c: store_renew.renew(c, lease, "ann", late), tries=20)
        except Gone:
            return False
        return True

    got = _together(16, take)
    by_renewal, by_asking = any(got[::2]), sum(got[1::2])
    assert by_renewal + by_asking == 1, "the place is ann's again, or one newcomer's"
    with replicas.deps[0].db.read() as conn:
        assert store.counts_of(conn, [project.id])[project.id]["leases"] == 1


def test_stopping_and_asking_for_more_while_raters_answer_never_overshoots(replicas: Replicas) -> None:
    least, most, tasks = 2, 5, 8
    project = replicas.project(
        tasks=tasks, quorum=3, overlap_least=least, overlap_most=most, overlap_dice=0.9
    )
    with replicas.deps[0].db.read() as conn:
        images = {row.id: row.image_id for row in conn.execute(select(t.tasks.c.id, t.tasks.c.image_id))}
    done = threading.Event()

    def decide(number: int) -> None:
        """What consensus says, with the counts that it may have seen: some images are sure, the others want one more."""
        rng = random.Random(number)
        while not done.is_set():
            task = rng.choice(sorted(images))
            seen = rng.randint(1, most)
            sure = {"enough": True} if int(images[task][-1], 16) % 2 else {"needs_more": True}
            message = ConsensusUpdated(
                project_id=project.id,
                image_id=images[task],
                submission_ids=[str(k) for k in range(seen)],
                **sure,
            )
            envelope = Envelope(occurred_at_us=replicas.deps[0].clock.now_us())
            db = replicas.deps[number % 2].db
            transact(db, lambda c, e=envelope, m=message: on_consensus_updated(c, e, m), tries=20)

    def work(number: int) -> Counter[str]:
        who, answered = f"r{number}", Counter[str]()
        while (found := replicas.ask(number, project, who)) is not None:
            assert isinstance(replicas.answer(number, who, found.lease_id), Receipt)
            answered[found.task_id] += 1
        return answered

    deciders = [threading.Thread(target=decide, args=(n,)) for n in range(2)]
    for thread in deciders:
        thread.start()
    try:
        each = _together(10, work)
    finally:
        done.set()
        for thread in deciders:
            thread.join(30)
    answers = sum(each, Counter[str]())
    assert max(answers.values()) <= most
    assert all(n == 1 for some in each for n in some.values())
    with replicas.deps[0].db.read() as conn:
        counts = store.counts_of(conn, [project.id])[project.id]
        rows = conn.execute(
            select(t.tasks.c.id, t.tasks.c.submissions, t.tasks.c.quorum, t.tasks.c.leases)
        ).all()
    assert (counts["overshoot"], counts["leases"]) == (0, 0)
    assert all(row.submissions == answers[row.id] and row.submissions <= row.quorum <= most for row in rows)


def test_the_same_submission_at_once_on_both_replicas_is_one_row(replicas: Replicas) -> None:
    project = replicas.project(tasks=1)
    lease = replicas.ask(0, project, "ann").lease_id
    outcomes = _together(10, lambda n: replicas.answer(n, "ann", lease, key="once"))
    assert all(isinstance(o, Receipt) for o in outcomes), outcomes
    assert sum(o.created for o in outcomes) == 1
    assert len({o.to_json() for o in outcomes}) == 1
    with replicas.deps[0].db.read() as conn:
        assert conn.execute(select(func.count()).select_from(t.submissions)).scalar() == 1


def test_raters_who_answer_skip_and_give_back_at_once_fill_every_quorum_exactly(replicas: Replicas) -> None:
    quorum, tasks = 3, 8
    project = replicas.project(tasks=tasks, quorum=quorum)

    def work(number: int) -> list[str]:
        who, done, turns = f"r{number}", [], 0
        while (found := replicas.ask(number + turns, project, who)) is not None:
            turns += 1
            match (number + turns) % 7:
                case 0:
                    now = replicas.deps[0].clock.now_us()
                    action = Action.SKIP if turns % 2 else Action.GIVE_BACK
                    db = replicas.deps[turns % 2].db
                    transact(
                        db,
                        lambda c, x=found, a=action, t=now: store_leases.end(c, x.lease_id, who, a, t),
                        tries=20,
                    )
                case _:
                    outcome = replicas.answer(number + turns, who, found.lease_id)
                    assert isinstance(outcome, Receipt), outcome
                    done.append(found.task_id)
        assert len(done) == len(set(done)), "one rater, one answer an image"
        return done

    answers = Counter(task for done in _together(16, work) for task in done)
    # Who finds nothing leaves, although a place may be given back a moment later; late raters fill those.
    for late in range(quorum):
        answers.update(work(1000 + late))
    assert answers == Counter(dict.fromkeys(answers, quorum))
    assert len(answers) == tasks
    with replicas.deps[0].db.read() as conn:
        counts = store.counts_of(conn, [project.id])[project.id]
        rows = conn.execute(select(t.tasks.c.submissions, t.tasks.c.leases, t.tasks.c.status)).all()
    assert all(tuple(row) == (quorum, 0, "retired") for row in rows)
    assert (counts["submissions"], counts["leases"], counts["overshoot"], counts["retired"]) == (
        tasks * quorum,
        0,
        0,
        tasks,
    )
