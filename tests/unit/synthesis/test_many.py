"""Training by two processes (accelerate, gloo on the CPU): one result, and what ends a job ends all of them."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from services.synthesis.domain.params import TrainParams
from services.synthesis.training.checkpoints import MemoryCheckpoints
from services.synthesis.training.progress import RELEASED, Stopped, silent
from shared.errors import InvalidInput, StorageFull
from tests.unit.synthesis import tiny_sd
from tests.unit.synthesis.phantoms import arrays

pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

TINY = TrainParams(size=16, widths=(8, 16), patch=1, batch=2, max_steps=12, checkpoint_s=9999, seed=3)


def train(params=TINY, processes=2, keeper=None, report=silent, count=8, sd=None):
    from services.synthesis.training import backends

    images, maps = arrays(count, params.size)
    return backends.train(
        images, maps, 2, params, sd, validation=(images[:0], maps[:0]), checkpoints=keeper or MemoryCheckpoints(),
        report=report, processes=processes,
    )  # fmt: skip


def weights(generator):
    return np.concatenate([v.numpy().ravel() for v in generator.net.state_dict().values()])


@pytest.fixture(scope="module")
def pair():
    told = []
    return train(report=lambda f, s, d="": told.append((f, d))), told


def test_two_processes_make_one_generator(pair):
    made, told = pair
    assert (made.steps, made.stopped, made.losses[-1][0]) == (12, "", 12)
    assert [d.split(",")[0] for _, d in told] == [f"step {n} of 12" for n in range(1, 13)]
    # The second process saw other images: what they learnt together isn't what one learns alone.
    assert np.abs(weights(made) - weights(train(processes=1))).max() > 1e-4
    assert not multiprocessing.active_children()


def test_a_worker_that_must_go_hands_over_and_the_next_goes_on(pair):
    keeper = MemoryCheckpoints()

    def halt(fraction, stage, detail=""):
        if detail.startswith("step 9 "):
            raise Stopped(RELEASED)

    with pytest.raises(Stopped) as told:
        train(keeper=keeper, report=halt)
    assert (told.value.reason, keeper.step) == (RELEASED, 9)
    assert not multiprocessing.active_children()
    steps = []
    rest = train(keeper=keeper, report=lambda f, s, d="": steps.append(d))
    assert steps[0].startswith("step 10 ")
    assert np.abs(weights(rest) - weights(pair[0])).max() < 1e-5
    assert train(keeper=keeper, processes=1).steps == 12


def test_a_full_disk_and_images_that_teach_nothing_are_told_as_by_one_process():
    class Full(MemoryCheckpoints):
        def save(self, step, state):
            raise StorageFull("no room")

    with pytest.raises(StorageFull, match="no room"):
        train(replace(TINY, checkpoint_s=0.0), keeper=Full())
    with pytest.raises(InvalidInput, match="at least 4 labelled"):
        train(count=3)
    assert not multiprocessing.active_children()


def test_a_process_that_dies_ends_the_others():
    def kill(fraction, stage, detail=""):
        if detail.startswith("step 3 "):
            max(multiprocessing.active_children(), key=lambda c: c.pid).kill()

    with pytest.raises(RuntimeError, match="(died with -9|Training failed)"):
        train(report=kill)
    assert not multiprocessing.active_children()


def test_a_controlnet_is_trained_by_two_as_well(tmp_path):
    pytest.importorskip("transformers", reason="bramble[sd] isn't installed")
    params = TrainParams(backend="controlnet", size=32, max_steps=3, batch=2, learning_rate=1e-2)
    made = train(params, sd=tiny_sd.write(tmp_path / "base"))
    assert (made.steps, made.stopped) == (3, "")
