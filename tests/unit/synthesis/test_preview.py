"""What a lab sees of a generator while it is trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.synthesis.domain.params import TrainParams
from services.synthesis.training.checkpoints import MemoryCheckpoints
from services.synthesis.training.progress import silent
from shared.imaging import codecs
from tests.unit.synthesis import tiny_sd
from tests.unit.synthesis.phantoms import arrays

pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

TINY = TrainParams(size=16, widths=(8, 16), patch=1, batch=2, max_steps=6, checkpoint_s=0.0, seed=3)


def train(params=TINY, processes=1, sd=None, show=None, channels=1):
    from services.synthesis.training import backends

    images, maps = arrays(8, params.size)
    return backends.train(
        np.repeat(images[:, :1], channels, axis=1), maps, 2, params, sd, validation=(images[:0], maps[:0]),
        checkpoints=MemoryCheckpoints(), report=silent, show=show, processes=processes,
    )  # fmt: skip


def weights(generator):
    return np.concatenate([v.numpy().ravel() for v in generator.net.state_dict().values()])


@pytest.mark.parametrize("processes", [1, 2])
def test_each_checkpoint_has_a_picture_and_training_takes_no_notice(processes):
    shown = {}
    made = train(processes=processes, show=shown.__setitem__)
    assert list(shown) == [1, 2, 3, 4, 5, 6]
    first, last = (codecs.decode_png(shown[step]) for step in (1, 6))
    assert first.shape == last.shape == (32, 96, 3)
    assert (first[:16] == last[:16]).all(), "other masks"
    assert (first[16:] != last[16:]).any(), "nothing was learnt"
    # Masks in hues, samples of a grey set in greys.
    assert (first[:16].max(axis=2) != first[:16].min(axis=2)).any()
    assert (first[16:].max(axis=2) == first[16:].min(axis=2)).all()
    np.testing.assert_array_equal(weights(made), weights(train(processes=processes)))


def test_only_time_brings_one():
    shown = {}
    train(replace(TINY, checkpoint_s=9999), show=shown.__setitem__)
    assert shown == {}


def test_of_colour_images_and_of_a_controlnet(tmp_path):
    shown = {}
    train(channels=3, show=shown.__setitem__)
    assert codecs.decode_png(shown[6]).shape == (32, 96, 3)
    shown.clear()
    train(
        replace(TINY, backend="controlnet", max_steps=2),
        sd=tiny_sd.write(tmp_path / "sd"),
        show=shown.__setitem__,
    )
    assert codecs.decode_png(shown[2]).shape == (32, 96, 3)


def test_the_masks_are_evenly_spread_and_none_is_empty():
    from services.synthesis.training import preview

    maps = np.zeros((40, 4, 4), np.uint8)
    maps[10:30, 1, 1] = 1
    np.testing.assert_array_equal(preview.choose(maps), [10, 14, 18, 21, 25, 29])
    np.testing.assert_array_equal(preview.choose(maps[10:12]), [0, 1])
