import numpy as np
import pytest

from services.synthesis.domain import labelmaps
from shared.errors import InvalidInput


def test_later_label_wins_and_a_missing_one_is_empty():
    a, b = np.zeros((3, 4), bool), np.zeros((3, 4), bool)
    a[:, :2], b[0] = True, True
    made = labelmaps.from_masks({4: a, 7: b}, [4, 7, 9], (3, 4))
    assert made.tolist() == [[2, 2, 2, 2], [1, 1, 0, 0], [1, 1, 0, 0]]
    back = labelmaps.to_masks(made, [4, 7, 9])
    assert sorted(back) == [4, 7, 9]
    assert not back[9].any()


@pytest.mark.parametrize(("label", "shape"), [(5, (3, 4)), (4, (4, 3))])
def test_unknown_labels_and_other_sizes_are_refused(label, shape):
    with pytest.raises(InvalidInput):
        labelmaps.from_masks({label: np.zeros(shape, bool)}, [4], (3, 4))


def test_resampling_averages_exactly_when_it_shrinks():
    weights = labelmaps.resample_matrix(6, 3)
    assert np.allclose(weights @ np.array([0, 2, 4, 6, 8, 10.0]), [1, 5, 9])
    assert np.allclose(labelmaps.resample_matrix(7, 3).sum(axis=1), 1)
    assert np.allclose(labelmaps.resample_matrix(3, 8) @ np.full(3, 5.0), 5)


def test_image_and_map_share_one_geometry():
    image, label_map = np.full((40, 20), 10, np.uint8), np.zeros((40, 20), np.uint8)
    image[10:30, 6:16] = 250
    label_map[10:30, 6:16] = 1
    small, found = labelmaps.fit_image(image, 20, 1), labelmaps.fit_label_map(label_map, 20)
    assert ((small[0] > 0) == (found == 1)).all()
    # 40 x 20 is padded to a square: the structure stays 2:1.
    assert (found.any(axis=1).sum(), found.any(axis=0).sum()) == (10, 5)
    assert small[0, 0, 0] == pytest.approx(10 / 127.5 - 1, abs=1e-5)


def test_colour_round_trip():
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert (labelmaps.to_uint8(labelmaps.fit_image(image, 16, 3)) == image).all()
    assert labelmaps.fit_image(image, 16, 1).shape == (1, 16, 16)
    assert labelmaps.fit_image(image[..., 0], 16, 3).shape == (3, 16, 16)


def test_mean_dice_of_nothing_is_one():
    nothing = np.zeros((4, 4), np.uint8)
    assert labelmaps.mean_dice(nothing, nothing, 2) == 1
    other = nothing.copy()
    other[0, 0] = 2
    assert labelmaps.mean_dice(nothing, other, 2) == 0
