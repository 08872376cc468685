import numpy as np
import pytest

from services.synthesis.domain import masks, shapes
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
    assert {d.kind for d in first} == set(masks.KINDS)
    named = {"given": 1, "perturbed": 1, "blend": 2, "shape": len(maps)}
    assert all(len(d.parents) == named[d.kind] for d in first)
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


def test_shapes_are_new_plausible_and_vary():
    rng = np.random.default_rng(3)
    maps = [phantom(rng, 48)[1] for _ in range(40)]
    model = shapes.fit(maps, 2, np.random.default_rng(1))
    drawn = [model.draw(rng) for _ in range(60)]
    plausible = masks.fit_plausibility(maps, 2)
    assert sum(plausible.reason(m) == "" for m in drawn) >= 40
    nearest = [max(mean_dice(d, m, 2) for m in maps) for d in drawn]
    assert np.mean(np.array(nearest) < 0.999) == 1
    areas, real = (np.array([(m > 0).sum() for m in some]) for some in (drawn, maps))
    assert 0.4 < areas.std() / real.std() < 2
    # No strength is the mean shape, at one of the places.
    same = [
        shapes.ShapeModel(model.mean, model.modes, model.centres[:1], (0,)).draw(rng, 0.0) for _ in range(2)
    ]
    assert (same[0] == same[1]).all()


def test_a_shape_model_needs_shapes_and_reads_no_more_than_it_names():
    rng = np.random.default_rng(0)
    some = [phantom(rng, 24)[1] for _ in range(5)]
    with pytest.raises(InvalidInput, match="at least 6 masks; there are 5"):
        shapes.fit([*some, np.zeros((24, 24), np.uint8)], 2, rng)
    drawn, _ = masks.draw_masks(some, 4, 2, np.random.default_rng(0), kinds=("shape",))
    assert {d.kind for d in drawn} <= {"perturbed", "given"}
    many = [phantom(rng, 24)[1] for _ in range(80)]
    model = shapes.fit(many, 2, rng)
    assert len(model.members) == len(set(model.members)) == shapes.MAX_MAPS
