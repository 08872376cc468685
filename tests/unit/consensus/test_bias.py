"""Where a rater over- or under-draws, on masks whose habit is known; and what they are told of it, once it is sure."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.consensus.domain.advice import LEAST, advise
from services.consensus.domain.bias import SECTORS, Seen, biases, by_rater, look, mean_of, seen_in, summarise
from services.consensus.domain.hierarchical import RaterModel, estimate
from services.consensus.domain.votes import image_votes
from services.consensus.offline import run
from shared.imaging import rle

SIDE = 96
_yy, _xx = np.mgrid[:SIDE, :SIDE].astype(float)


def disk(cy: float, cx: float, r: float) -> np.ndarray:
    return np.hypot(_yy - cy, _xx - cx) <= r


def bulge(cy: float, cx: float, r: float, sector: int, by: float) -> np.ndarray:
    """A disk that reaches `by` px further in one of the eight sectors."""
    angle = np.arctan2(cy - _yy, _xx - cx)
    there = np.round(angle / (np.pi / 4)).astype(int) % 8 == sector
    return np.hypot(_yy - cy, _xx - cx) <= np.where(there, r + by, r)


def crowd(habit, images: int = 14, seed: int = 0):
    """Four careful raters and "x", whose masks `habit(cy, cx, r)` draws."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(images):
        cy, cx, r = rng.uniform(40, 56), rng.uniform(40, 56), rng.uniform(14, 20)
        masks = {
            name: disk(cy + rng.normal(0, 0.6), cx + rng.normal(0, 0.6), r + rng.normal(0, 0.5))
            for name in "abcd"
        }
        masks["x"] = habit(cy + rng.normal(0, 0.4), cx + rng.normal(0, 0.4), r)
        out.append(image_votes(f"i{k}", masks))
    return out


@pytest.mark.parametrize("sector", [0, 2, 5])
def test_the_side_on_which_somebody_draws_too_far_is_found(sector: int) -> None:
    votes = crowd(lambda y, x, r: bulge(y, x, r, sector, 4.0))
    found = biases(votes, estimate(votes))
    sides = found["x"].sectors
    assert max(range(8), key=lambda k: sides[k].mean) == sector, SECTORS[sector]
    assert sides[sector].low > 1.5
    opposite = sides[(sector + 4) % 8]
    assert abs(opposite.mean) < 1
    assert sides[sector].n == len(votes)
    for other in "abcd":
        assert all(abs(m.mean) < 1.5 for m in found[other].sectors)


def test_size_and_place_are_told_apart() -> None:
    large = biases(v := crowd(lambda y, x, r: disk(y, x, r + 3)), estimate(v))["x"]
    assert large.whole.low > 1.5
    assert all(m.low > 0 for m in large.sectors)
    assert not large.columns.sure or abs(large.columns.mean) < 0.5
    moved = biases(v := crowd(lambda y, x, r: disk(y, x - 4, r)), estimate(v))["x"]
    assert moved.columns.high < -2
    assert moved.sectors[SECTORS.index("left")].low > 1
    assert moved.sectors[SECTORS.index("right")].high < -1
    assert abs(moved.whole.mean) < 1


def test_gold_is_the_reference_where_it_is_known() -> None:
    votes = crowd(lambda y, x, r: disk(y, x, r), images=1)
    truth = rle.encode(disk(48, 48, 10))
    (kept,) = seen_in(votes, RaterModel(), {"i0": truth})
    assert kept.keys() == look(votes[0], truth).keys()
    assert kept["x"].whole == look(votes[0], truth)["x"].whole
    seen = look(image_votes("i", {"x": disk(48, 48, 13)}), truth)["x"]
    assert seen.whole == pytest.approx(3, abs=0.5)
    assert np.nanmin(seen.sectors) > 2


def test_what_says_nothing_about_a_border_is_left_out() -> None:
    truth = rle.encode(disk(48, 48, 12))
    votes = image_votes(
        "i",
        {
            "empty": np.zeros((SIDE, SIDE), bool),
            "elsewhere": disk(20, 20, 12),
            "full": np.ones((SIDE, SIDE), bool),
            "good": disk(48, 48, 12),
        },
    )
    found = look(votes, truth)
    assert set(found) == {"empty", "good"}
    assert not found["empty"].drawn
    assert look(votes, rle.empty(SIDE, SIDE)) == {}, "no border where there is nothing"
    bias = summarise([found["empty"], found["good"]])
    assert (bias.there, bias.missed, bias.whole) == (2, 1, None)
    assert summarise([]).sectors == (None,) * 8
    # The object touches the frame: what is cut off there is nobody's border.
    corner = rle.encode(disk(2, 2, 12))
    assert look(image_votes("c", {"x": disk(2, 2, 12)}), corner)["x"].whole == pytest.approx(0, abs=0.6)


def test_the_order_of_images_changes_nothing() -> None:
    votes = crowd(lambda y, x, r: disk(y, x, r + 2), images=6)
    model = estimate(votes)
    assert biases(votes[::-1], model) == biases(votes, model)


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    held = [m.low <= 0.7 <= m.high for m in (mean_of(rng.normal(0.7, 2, 9)) for _ in range(2000))]
    assert 0.93 < np.mean(held) < 0.97
    assert mean_of([1.0] * 4) is None


def seen(whole: float = 0.0, rows: float = 0.0, columns: float = 0.0, drawn: bool = True) -> Seen:
    return Seen(drawn, np.full(8, whole) if drawn else None, whole, (rows, columns))


def told(answers: list[Seen]) -> list[tuple[str, str]]:
    rng = np.random.default_rng(1)
    others = [seen(rng.normal(0, 1)) for _ in answers]
    found = advise([{"x": a, "a": b} for a, b in zip(answers, others, strict=True)])
    assert "a" not in found
    return [(one.kind, one.direction) for one in found.get("x", [])]


def test_a_sure_habit_is_told_in_its_direction_and_a_doubtful_one_is_not() -> None:
    rng = np.random.default_rng(2)
    assert told([seen(rng.normal(3, 1)) for _ in range(12)]) == [("over", "")]
    assert told([seen(rng.normal(-3, 1)) for _ in range(12)]) == [("under", "")]
    assert told([seen(0, rng.normal(0, 0.5), rng.normal(-3, 0.5)) for _ in range(12)]) == [
        ("shifted", "left")
    ]
    up_right = [seen(0, rng.normal(-3, 0.5), rng.normal(3, 0.5)) for _ in range(12)]
    assert told(up_right) == [("shifted", "upper-right")]
    assert told([seen(rng.normal(3, 1)) for _ in range(LEAST - 1)]) == [], "too few answers"
    assert told([seen(rng.normal(0.4, 0.1)) for _ in range(30)]) == [], "sure, and not worth a word"
    assert told([seen(rng.normal(2, 6)) for _ in range(12)]) == [], "as large as chance"


def test_a_label_that_others_see_and_somebody_leaves_out_is_told() -> None:
    assert told([seen(drawn=k % 2 == 0) for k in range(20)]) == [("misses", "")]
    assert told([seen(drawn=k != 3) for k in range(20)]) == []
    # An image on which most leave the label out is a hard one, not one person's habit.
    hard = advise([{name: seen(drawn=k % 2 == 0) for name in "xyzab"} for k in range(20)])
    assert hard == {}
    assert advise([]) == {}
    assert by_rater([]) == {}


def test_hardly_anybody_is_told_something_by_chance_however_often_they_are_looked_at() -> None:
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(150):
        answers = [seen(rng.normal(0, 3), rng.normal(0, 3), rng.normal(0, 3)) for _ in range(40)]
        # After every second answer, as the estimate is renewed.
        wrong += any(advise([{"x": a} for a in answers[:n]]) for n in range(LEAST, 41, 2))
    assert wrong / 150 < 0.04


def test_raters_csv_says_it_too(tmp_path: Path) -> None:
    for votes in crowd(lambda y, x, r: bulge(y, x, r, 2, 4.0), images=8):
        folder = tmp_path / "masks" / votes.image
        folder.mkdir(parents=True)
        for rater, mask in zip(votes.raters, votes.masks, strict=True):
            Image.fromarray(rle.decode(mask).astype(np.uint8) * 255).save(folder / f"{rater}.png")
    run(tmp_path / "masks", tmp_path / "out")
    with (tmp_path / "out" / "raters.csv").open() as file:
        (row,) = [r for r in csv.DictReader(file) if r["rater"] == "x"]
    sides = dict(part.split(":") for part in row["sides_px"].split())
    assert set(sides) == set(SECTORS)
    assert float(sides["up"].split("[")[0]) > 1.5
    assert (row["there"], row["missed"]) == ("8", "0")
    assert float(row["border_low_px"]) <= float(row["border_px"]) <= float(row["border_high_px"])
