"""The real-or-synthetic game over HTTP: blinded until the end, answers that stay, a result that the lab can read."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from services.synthesis.domain import labelmaps
from services.synthesis.tables import rounds
from shared.auth import HEADER, Principal, Role, encode_principal
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted
from shared.imaging import codecs
from tests.samples import add_samples

SIZE = 32


class Table:
    """A house with labelled images, a generator with samples, and people at the table."""

    def __init__(self, house, trained=None, **samples) -> None:
        self.house = house
        self.real = [item.image_id for item in house.store.items(house.project)]
        self.trained = self.real[: len(self.real) // 2] if trained is None else trained
        self.generator, self.kept = add_samples(
            house.deps.db, house.deps.blobs, house.project, self.trained, size=SIZE, **samples
        )
        self.path = f"/api/v1/projects/{house.project}"

    def ask(self, method, path, who="ann", role=Role.VOLUNTEER, project=None, **kwargs):
        memberships = {project or self.house.project: role}
        asker = Principal(id=who, role=Role.VOLUNTEER, memberships=memberships)
        headers = {HEADER: encode_principal(asker, self.house.settings.secret)}
        return self.house.client.request(method, path, headers=headers, **kwargs)

    def open(self, **body):
        return self.ask("PUT", f"{self.path}/game", "lab", Role.LAB, json={"open": True, **body})

    def start(self, who="ann", **kwargs):
        return self.ask("POST", f"{self.path}/rounds", who, **kwargs)

    def say(self, round_, position, synthetic, who="ann"):
        path = f"/api/v1/rounds/{round_['id']}/answers/{position}"
        return self.ask("PUT", path, who, json={"synthetic": synthetic})

    def results(self, **params):
        return self.ask("GET", f"{self.path}/game/results", "lab", Role.LAB, params=params)

    def truth(self, round_):
        """What the server alone knows."""
        with self.house.deps.db.read() as conn:
            row = conn.execute(select(rounds).where(rounds.c.id == round_["id"])).one()
        return row.items

    def play(self, who, wrong=0):
        """A whole round; all right but ``wrong`` of the answers."""
        round_ = self.start(who).json()
        for position, item in enumerate(self.truth(round_)):
            answer = self.say(round_, position, item["synthetic"] ^ (position < wrong), who)
        return answer.json()


@pytest.fixture
def table(house):
    house.fill(gold=4, consensus=20)
    made = Table(house)
    assert made.open(images=12).status_code == 200
    return made


def test_a_round_tells_nothing_until_it_is_answered_and_all_of_it_then(table):
    made = table.start()
    assert made.status_code == 201
    round_ = made.json()
    assert (round_["images"], round_["size"], round_["finished"]) == (12, SIZE, False)
    truth = table.truth(round_)
    for position, item in enumerate(truth):
        body = table.ask("GET", f"/api/v1/rounds/{round_['id']}")
        assert body.json()["truth"] is None
        assert body.json()["right"] is None
        for name in (*[i["id"] for i in truth], table.generator):
            assert name not in body.text, "an id would tell"
        answer = table.say(round_, position, item["synthetic"] or position < 2)
    told = answer.json()
    assert told["finished"]
    assert [t["synthetic"] for t in told["truth"]] == [i["synthetic"] for i in truth]
    assert told["right"] == sum(t["right"] for t in told["truth"])
    assert sum(i["synthetic"] for i in truth) == 6


def test_the_sheet_shows_both_kinds_alike_and_carries_nothing_else(table):
    round_ = table.start().json()
    answer = table.ask("GET", round_["sheet_url"])
    assert answer.headers["cache-control"] == "no-store"
    assert not {"etag", "last-modified", "content-disposition"} & {name.lower() for name in answer.headers}
    with Image.open(io.BytesIO(answer.content)) as sheet:
        assert (sheet.mode, sheet.size, sheet.info) == ("L", (SIZE, 12 * SIZE), {})
        shown = np.asarray(sheet).reshape(12, SIZE, SIZE)
    frames = {item.image_id: item.frame for item in table.house.store.items(table.house.project)}
    for tile, item in zip(shown, table.truth(round_), strict=True):
        key = (
            table.house.store.synthetic_image(item["id"]).image_key
            if item["synthetic"]
            else frames[item["id"]]["key"]
        )
        pixels = codecs.decode_png(table.house.deps.blobs.get(key))
        # The real ones are 48 pixels a side and come out as the generator saw them; the synthetic ones as they were drawn.
        expected = labelmaps.to_uint8(labelmaps.fit_image(pixels, SIZE, 1))
        assert np.array_equal(tile, expected)
        if item["synthetic"]:
            assert np.array_equal(tile, pixels)


def test_grey_images_are_shown_in_colour_where_the_generator_draws_in_colour(house):
    house.fill(gold=0, consensus=12)
    table = Table(house, channels=3)
    table.open(images=8)
    sheet = table.ask("GET", table.start().json()["sheet_url"])
    with Image.open(io.BytesIO(sheet.content)) as picture:
        assert (picture.mode, picture.size) == ("RGB", (SIZE, 8 * SIZE))


def test_only_kept_samples_and_labelled_images_of_both_sorts_are_shown(table):
    for who in ("ann", "bob", "cleo"):
        items = table.truth(table.start(who).json())
        assert {i["id"] for i in items if i["synthetic"]} <= set(table.kept)
        real = [i for i in items if not i["synthetic"]]
        assert {i["id"] for i in real} <= set(table.real)
        assert [i["seen"] for i in real] == [i["id"] in table.trained for i in real]
        assert sum(i["seen"] for i in real) == 3


def test_a_copy_of_a_training_image_counts_as_seen(house):
    house.fill(gold=0, consensus=12)
    twin = next(house.store.items(house.project))
    pixels = codecs.decode_png(house.deps.blobs.get(twin.frame["key"]))
    copy = house.consensus(pixels, house.masks[twin.image_id], "another-patient")
    house.store.put_picture(house.project, [(twin.image_id, "f" * 16, b""), (copy, "f" * 16, b"")])
    table = Table(house, trained=[twin.image_id], kept=20)
    table.open(images=26)
    items = {i["id"]: i for i in table.truth(table.start().json())}
    assert items[copy]["seen"]


def test_an_image_that_the_player_labelled_is_passed_over_or_marked(table):
    # The raters of all consensus images: only the four gold ones are left, and the rest are known to be familiar.
    items = table.truth(table.start("rater-b").json())
    real = [i for i in items if not i["synthetic"]]
    gold = {i.image_id for i in table.house.store.items(table.house.project) if i.gold is not None}
    assert {i["id"] for i in real if not i["familiar"]} == gold & {i["id"] for i in real}
    assert sum(i["familiar"] for i in real) >= 2
    assert not any(i["familiar"] for i in table.truth(table.start("ann").json()))


def test_answers_stay_and_the_same_again_is_harmless(table):
    round_ = table.start().json()
    assert table.say(round_, 0, True).status_code == 200
    assert table.say(round_, 0, True).json()["answers"][:2] == [True, None]
    refused = table.say(round_, 0, False)
    assert (refused.status_code, refused.json()["code"]) == (409, "game-answered")
    assert table.say(round_, 12, True).status_code == 422
    assert table.say(round_, -1, True).status_code == 422
    assert table.ask("GET", f"/api/v1/rounds/{round_['id']}").json()["answers"][0] is True


def test_a_round_ends_once_though_its_last_answers_come_together(table):
    round_ = table.start().json()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda position: table.say(round_, position, True), [p % 12 for p in range(24)]))
    done = table.ask("GET", f"/api/v1/rounds/{round_['id']}").json()
    assert (done["finished"], done["right"]) == (True, 6)


def test_two_tabs_get_one_round(table):
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: table.start(), range(6)))
    assert len({answer.json()["id"] for answer in found}) == 1


def test_each_image_is_shown_to_a_player_once_and_then_there_are_no_more(table):
    first = {i["id"] for i in table.truth(table.play("ann"))}
    second = {i["id"] for i in table.truth(table.play("ann"))}
    assert not first & second
    # 12 kept samples are shown after two rounds of 6.
    assert table.ask("GET", f"{table.path}/game").json() == {
        "open": True, "images": 12, "round_id": None, "more": False, "rounds": 2, "right": 24, "answers": 24,
    }  # fmt: skip
    refused = table.start()
    assert (refused.status_code, refused.json()["code"]) == (409, "game-done")
    assert table.start("bob").status_code == 201


def test_an_image_taken_back_voids_the_round_and_another_is_drawn(table):
    round_ = table.start().json()
    gone = next(i["id"] for i in table.truth(round_) if not i["synthetic"])
    table.house.tell(ImageDeleted(project_id=table.house.project, image_id=gone))
    for answer in (table.ask("GET", round_["sheet_url"]), table.say(round_, 0, True)):
        assert (answer.status_code, answer.json()["code"]) == (410, "round-void")
    other = table.start().json()
    assert other["id"] != round_["id"]
    assert gone not in {i["id"] for i in table.truth(other)}
    assert table.results().json()["unfinished"] == 2


def test_the_lab_reads_accuracy_with_its_interval_and_who_was_fooled(table):
    for who, wrong in (("ann", 0), ("bob", 3), ("cleo", 6), ("dan", 0), ("fay", 0)):
        table.play(who, wrong)
    table.start("eve")
    found = table.results().json()
    assert (found["players"], found["rounds"], found["unfinished"], found["answers"]) == (5, 5, 1, 60)
    accuracy = found["accuracy"]
    assert accuracy["value"] == pytest.approx(51 / 60)
    assert accuracy["low"] < 51 / 60 < accuracy["high"]
    assert (found["chance"], found["verdict"]) == (0.5, "told_apart")
    assert [round(p["accuracy"]["value"] * 12) for p in found["by_player"]] == [12, 9, 6, 12, 12]
    assert sum(f["shown"] for f in found["fooled"]) == 30
    assert found["fooled"][0]["fooled"] > 0
    assert found["real_seen"]["n"] + found["real_unseen"]["n"] == found["specificity"]["n"] == 30
    assert found["real_familiar"] == {"value": None, "low": None, "high": None, "n": 0}
    assert not any(who in json.dumps(found) for who in ("ann", "bob", "cleo", "dan", "fay"))
    assert found == table.results().json(), "the same answers, the same interval"


def test_nothing_is_told_where_nobody_has_played(table):
    found = table.results().json()
    assert (found["verdict"], found["answers"], found["accuracy"]["value"]) == ("too_few", 0, None)


def test_who_can_look_up_the_truth_does_not_play_and_who_plays_does_not_read(table):
    assert table.start("lab", role=Role.LAB).json()["code"] == "game-blinded"
    assert table.ask("GET", f"{table.path}/game/results").status_code == 403
    assert table.ask("PUT", f"{table.path}/game", json={"open": False}).status_code == 403
    round_ = table.start().json()
    for path in ("", "/sheet"):
        assert table.ask("GET", f"/api/v1/rounds/{round_['id']}{path}", "bob").status_code == 404
        assert table.ask("GET", f"/api/v1/rounds/{round_['id']}{path}", "lab", Role.LAB).status_code == 404
    assert table.say(round_, 0, True, "bob").status_code == 404
    # No annotations service stands here to say that the project is open to all, so it isn't.
    assert table.start(project="elsewhere").status_code == 404
    assert table.ask("GET", round_["sheet_url"], project="elsewhere").status_code == 404, "no member any more"


def test_a_closed_game_starts_no_round_and_lets_one_be_finished(table):
    round_ = table.start().json()
    assert (
        table.ask("PUT", f"{table.path}/game", "lab", Role.LAB, json={"open": False}).json()["open"] is False
    )
    assert table.ask("GET", f"{table.path}/game").json()["open"] is False
    assert table.start("bob").json()["code"] == "game-closed"
    for position in range(12):
        assert table.say(round_, position, False).status_code == 200
    assert table.results().json()["rounds"] == 1


def test_a_new_generators_game_closes_the_one_before_and_counts_for_itself(table):
    table.play("ann")
    later, _ = add_samples(
        table.house.deps.db, table.house.deps.blobs, table.house.project, table.trained, size=SIZE, seed=5
    )
    assert table.open(images=8).json()["generator_id"] == later
    assert table.start().json()["images"] == 8
    assert table.results().json()["rounds"] == 0
    assert table.results(generator_id=table.generator).json()["rounds"] == 1
    assert table.results(generator_id=table.generator).json()["open"] is False


def test_a_game_without_samples_is_refused_with_what_is_missing(house):
    house.fill(gold=0, consensus=12)
    assert house.client.request("GET", "/healthz").status_code == 200
    assert Table(house, kept=3).open().json()["detail"].startswith("A game needs at least 4 synthetic images")
    table = Table(house)
    assert table.open(images=7).status_code == 422
    assert table.open(generator_id="nowhere").status_code == 404
