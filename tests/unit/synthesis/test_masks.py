import numpy as np
import pytest

from services.synthesis.domain import masks
from services.synthesis.domain.labelmaps import mean_dice
from shared.errors import InvalidInput
from tests.unit.synthesis.phantoms import phantom


@pytest.fixture
def maps():
    rng = np.random.default_rng(3)
    return [phantom(rng, 48)[1] for _ in range(10)]


def test_no_strength_is_the_map_itself(maps):
    assert (masks.perturb(maps[0], np.random.default_rng(0), 0.0) == maps[0]).all()


def test_a_perturbed_map_differs_but_stays_near(maps):
    out = masks.perturb(maps[0], np.random.default_rng(0))
    assert set(np.unique(out)) <= {0, 1, 2}
    assert 0.4 < mean_dice(out, maps[0], 2) < 1


def test_a_blend_lies_between_its_parents(maps):
    half = masks.blend(maps[0], maps[1], 0.5, 2)
    assert mean_dice(masks.blend(maps[0], maps[1], 0.0, 2), maps[0], 2) > 0.97
    areas = sorted(int((m > 0).sum()) for m in maps[:2])
    assert areas[0] * 0.85 <= (half > 0).sum() <= areas[1] * 1.15


def test_blend_of_a_class_that_one_lacks_follows_the_heavier_side(maps):
    without = np.where(maps[0] == 2, 1, maps[0]).astype(np.uint8)
    assert not (masks.blend(without, maps[1], 0.3, 2) == 2).any()
    assert (masks.blend(without, maps[1], 0.7, 2) == 2).any()


def test_implausible_maps_are_refused_with_the_reason(maps):
    model = masks.fit_plausibility(maps, 2)
    assert all(model.reason(m) == "" for m in maps)
    grown = np.where(maps[0] > 0, maps[0], 1).astype(np.uint8)
    assert "area of class 1" in model.reason(grown)
    assert "missing" in model.reason(np.where(maps[0] == 2, 1, maps[0]).astype(np.uint8))
    moved = np.roll(maps[0], (18, 18), (0, 1))
    assert model.reason(moved) != ""


def test_draws_are_deterministic_name_their_parents_and_are_as_many_as_asked(maps):
    first, _ = masks.draw_masks(maps, 13, 2, np.random.default_rng(5))
    again, _ = masks.draw_masks(maps, 13, 2, np.random.default_rng(5))
    assert len(first) == 13
    assert all(
        (a.label_map == b.label_map).all() and a.parents == b.parents
        for a, b in zip(first, again, strict=True)
    )
    assert {d.kind for d in first} == {"given", "perturbed", "blend"}
    assert all(len(d.parents) == (2 if d.kind == "blend" else 1) for d in first)
    model = masks.fit_plausibility(maps, 2)
    assert all(model.reason(d.label_map) == "" for d in first)


def test_few_and_empty_maps():
    empty = np.zeros((8, 8), np.uint8)
    drawn, _ = masks.draw_masks([empty], 2, 1, np.random.default_rng(0))
    assert len(drawn) == 2
    with pytest.raises(InvalidInput, match="at least one labelled image"):
        masks.draw_masks([], 2, 1, np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="kind"):
        masks.draw_masks([empty], 1, 1, np.random.default_rng(0), kinds=("dream",))
