"""The job queue, the store and the game on PostgreSQL: the same claims, leases and upserts as on SQLite."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.synthesis.game_store import GameStore
from services.synthesis.queue import JobQueue, LostJob
from services.synthesis.store import Store
from shared.blobs import create_blobs
from shared.clock import ManualClock, SystemClock
from shared.db.session import Database
from shared.errors import Conflict
from tests.samples import add_samples

pytestmark = pytest.mark.real


@pytest.fixture
def db(postgres_url):
    made = Database(postgres_url)
    made.create_all(("synthesis_", "bus_"))
    yield made
    made.close()


def test_racing_workers_share_no_job_and_leases_run_out(db):
    clock = ManualClock()
    queue = JobQueue(db, clock, lease_s=10)
    ids = {queue.create("p", "dataset", {"name": "x"}, "u").id for _ in range(6)}
    got: list[str] = []

    def claim(name: str) -> None:
        for _ in range(12):
            job = queue.claim(name)
            if job is not None:
                got.append(job.id)

    threads = [threading.Thread(target=claim, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(ids)
    assert queue.claim("late") is None
    clock.advance(11)
    taken = queue.claim("late")
    assert taken.attempts == 2
    with pytest.raises(LostJob):
        queue.beat(taken.id, "w0", progress=0.5)
    queue.finish(taken.id, "late", "succeed", result={"a": 1})
    assert queue.get(taken.id).result == {"a": 1}


def test_upserts_and_null_json(db):
    store = Store(db, ManualClock())
    base = {
        "group_name": "g", "name": "n", "source_id": "s", "height": 2, "width": 2, "channels": 1,
        "frame": {"key": "k", "sha256": "d", "size": 1, "offset": 0, "length": 0}, "geometry": {},
    }  # fmt: skip
    with db.begin() as conn:
        store.tell(conn, "p", "gold", "i", {**base, "gold": {"masks": []}})
        store.tell(conn, "p", "consensus", "i", {**base, "consensus": {"masks": [], "version": 4}})
    item = next(store.items("p"))
    assert (item.gold, item.consensus["version"]) == ({"masks": []}, 4)
    with db.begin() as conn:
        store.tell(conn, "p", "gold", "j", {**base, "gold": {"masks": []}})
        store.tell(conn, "p", "gold", "i", {"gold": None})
        store.tell(conn, "p", "gold", "j", {"gold": None})
    assert [i.image_id for i in store.items("p")] == ["i"]
    store.record_splits("p", 1, {"train": 1.0}, {"g": "train"})
    store.record_splits("p", 1, {"train": 1.0}, {"g": "test"})
    assert store.view("p").splits()[1] == {"g": "train"}
    # As of the facts before, i had no consensus yet, and j was there a fact later.
    assert [(i.image_id, i.accepted) for i in store.view("p", 1).images()] == [("i", None)]
    assert [i.image_id for i in store.view("p", 3).images() if i.labelled] == ["i", "j"]


def test_one_round_is_started_and_ended_however_many_ask_at_once(db, tmp_path):
    blobs = create_blobs("", tmp_path)
    store = Store(db, SystemClock())
    for number in range(8):
        frame = {"key": f"f/{number}", "sha256": "", "size": 1, "offset": 0, "length": 0}
        told = {"group_name": f"g{number}", "frame": frame, "gold": {"masks": []}, "geometry": {}}
        with db.begin() as conn:
            store.tell(conn, "p", "gold", f"i{number}", told)
    generator_id, _ = add_samples(db, blobs, "p", ["i0", "i1"], kept=8)
    games = GameStore(store, blobs)
    games.put(store.generator("p", generator_id), 16, is_open=True, by="lab")
    row = games.game("p")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: games.start(row, "ann"), range(12)))
        assert {made.id for made in found} == {found[0].id}
        list(pool.map(lambda place: games.answer(found[0], place % 16, True), range(48)))
    ended = games.round(found[0].id)
    assert ended.answered == 16
    assert ended.finished_at_us is not None
    assert games.right([ended]) == 8
    with pytest.raises(Conflict, match="the first one counts"):
        games.answer(found[0], 3, False)
