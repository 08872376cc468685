"""Generator and segmenter on tiny phantoms."""

from __future__ import annotations

import errno
import json
from dataclasses import replace

import numpy as np
import pytest

from services.synthesis.domain import labelmaps
from services.synthesis.domain.params import TrainParams
from services.synthesis.training.checkpoints import FileCheckpoints, MemoryCheckpoints
from services.synthesis.training.progress import Stopped
from shared.errors import InvalidInput, StorageFull
from tests.unit.synthesis.phantoms import arrays

pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

TINY = TrainParams(size=16, widths=(8, 16), patch=1, batch=4, max_steps=30, checkpoint_s=0.0, seed=3)


@pytest.fixture(scope="module")
def diffusion():
    from services.synthesis.training import diffusion

    return diffusion


@pytest.fixture(scope="module")
def denoiser():
    from services.synthesis.training import denoiser

    return denoiser


@pytest.fixture(scope="module")
def sampling():
    from services.synthesis.training import sampling

    return sampling


def weights(generator) -> np.ndarray:
    return np.concatenate([v.numpy().ravel() for v in generator.net.state_dict().values()])


def test_a_resumed_run_equals_an_uninterrupted_one(diffusion, tmp_path):
    images, maps = arrays(8)
    whole = diffusion.train(images, maps, 2, TINY)
    keeper = FileCheckpoints(tmp_path / "job" / "state.ckpt")

    def stop_at_13(_fraction, _stage, detail=""):
        if detail.startswith("step 13 "):
            raise Stopped("killed")

    with pytest.raises(Stopped):
        diffusion.train(images, maps, 2, TINY, checkpoints=keeper, report=stop_at_13)
    steps: list[str] = []
    resumed = diffusion.train(
        images, maps, 2, TINY, checkpoints=keeper, report=lambda _f, _s, detail="": steps.append(detail)
    )
    assert steps[0].startswith("step 14 ")
    assert resumed.steps == whole.steps == 30
    assert np.abs(weights(resumed) - weights(whole)).max() < 1e-5
    assert [s for s, _ in resumed.losses] == [s for s, _ in whole.losses]


def test_training_lowers_the_loss(diffusion):
    images, maps = arrays(8)
    done = diffusion.train(
        images, maps, 2, TrainParams(size=16, widths=(16, 32), patch=1, batch=8, max_steps=120)
    )
    losses = [v for _, v in done.losses]
    assert np.mean(losses[-3:]) < 0.6 * losses[0]


def test_samples_are_reproducible_one_by_one_and_in_range(diffusion, sampling):
    images, maps = arrays(6)
    done = diffusion.train(images, maps, 2, TINY)
    first = np.stack(list(sampling.sample(done, maps, steps=3, seed=1, batch=6)))
    again = np.stack(list(sampling.sample(done, maps, steps=3, seed=1, batch=2)))
    assert first.shape == (6, 1, 16, 16)
    assert np.abs(first).max() <= 1
    assert np.abs(first - again).max() < 1e-3
    other = np.stack(list(sampling.sample(done, maps, steps=3, seed=2)))
    assert np.abs(first - other).max() > 0.1


def test_solvers_agree_and_the_second_order_one_is_nearer_after_few_steps(diffusion, sampling):
    images, maps = arrays(8)
    made = diffusion.train(images, maps, 2, replace(TINY, widths=(16, 32), batch=8, max_steps=120))

    def drawn(sampler, steps):
        return np.stack(
            list(sampling.sample(made, maps[:4], steps=steps, guidance=1.0, seed=1, sampler=sampler))
        )

    fine = drawn("dpm", 200)
    far = {name: [float(np.abs(drawn(name, n) - fine).mean()) for n in (10, 200)] for name in ("ddim", "dpm")}
    assert far["ddim"][1] < 0.02
    assert far["dpm"][0] < far["ddim"][0]
    assert np.abs(fine).max() <= 1


def test_colour_and_flips(diffusion, sampling):
    images, maps = arrays(4)
    params = TrainParams(size=16, widths=(8, 16), patch=2, batch=2, max_steps=2, flips=True)
    done = diffusion.train(np.repeat(images, 3, axis=1), maps, 2, params)
    assert next(sampling.sample(done, maps[:1], steps=2)).shape == (3, 16, 16)


def test_weights_survive_and_other_bytes_are_refused(diffusion, sampling, denoiser):
    images, maps = arrays(4)
    done = diffusion.train(images, maps, 2, TINY)
    data = denoiser.save_weights(done)
    back = denoiser.load_weights(data)
    assert back.shape == done.shape
    assert (weights(back) == weights(done)).all()
    other = denoiser.Generator(
        denoiser.Shape(16, 1, 2, (16, 16), 1), denoiser.build(denoiser.Shape(16, 1, 2, (16, 16), 1))
    )
    swapped = denoiser.save_weights(denoiser.Generator(done.shape, other.net))
    for bad in (b"", b"nothing", data[: len(data) // 2], swapped):
        with pytest.raises(InvalidInput):
            denoiser.load_weights(bad)
    with pytest.raises(InvalidInput, match="draws 16 x 16"):
        list(sampling.sample(done, np.zeros((1, 32, 32), np.uint8)))


def test_older_weights_still_draw(sampling, denoiser):
    shape = denoiser.Shape(16, 1, 2, (8, 16), 1, planes=False, clean=False)
    data = denoiser.save_weights(denoiser.Generator(shape, denoiser.build(shape)))
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header["__metadata__"]["bramble"])
    del about["planes"], about["clean"]  # as they were written
    header["__metadata__"]["bramble"] = json.dumps(about)
    text = json.dumps(header).encode()
    back = denoiser.load_weights(len(text).to_bytes(8, "little") + text + data[8 + length :])
    assert back.shape == shape
    (image,) = sampling.sample(back, np.ones((1, 16, 16), np.uint8), steps=2)
    assert image.shape == (1, 16, 16)


def test_v_leads_to_the_image_that_the_network_gives(denoiser):
    import torch

    torch.manual_seed(0)
    shape = denoiser.Shape(16, 1, 1, (8, 16), 2)
    net, plan = denoiser.build(shape).eval(), denoiser.scheduler()
    noisy, no_map = torch.randn(3, 1, 16, 16), torch.zeros(3, 1, 16, 16)
    times = torch.tensor([20, 500, 980])
    fold = torch.nn.functional.pixel_unshuffle
    with torch.no_grad():
        given = net(fold(torch.cat([noisy, no_map], 1), 2), times).sample
        v = denoiser.predict(net, shape, noisy, no_map, times, plan)
    for i, moment in enumerate(times):
        plan.set_timesteps(25)
        (led,) = plan.step(v[i : i + 1], moment, noisy[i : i + 1]).pred_original_sample
        assert torch.allclose(fold(led, 2), given[i].clamp(-1, 1), atol=1e-3)


def test_each_class_has_a_channel_of_its_own(denoiser):
    import torch

    maps = torch.tensor([[[0, 1], [2, 1]]], dtype=torch.uint8)
    shape = denoiser.Shape(2, 1, 2, (8,), 1)
    assert denoiser.map_channels(maps, shape).tolist() == [[[[0, 1], [0, 1]], [[0, 0], [1, 0]]]]
    older = denoiser.Shape(2, 1, 2, (8,), 1, planes=False)
    assert denoiser.map_channels(maps, older).tolist() == [[[[0, 0.5], [1, 0.5]]]]


@pytest.mark.parametrize(
    ("count", "change", "says"),
    [
        (1, None, "at least 4 labelled"),
        (3, None, "at least 4 labelled"),
        (5, "empty", "All masks are empty"),
        (5, "sizes", "16"),
        (5, "class", "holds class 9"),
        (5, "fewer", "each image needs one"),
    ],
)
def test_material_that_teaches_nothing_is_refused(diffusion, count, change, says):
    images, maps = arrays(count)
    if change == "empty":
        maps[:] = 0
    elif change == "sizes":
        maps = np.zeros((count, 8, 8), np.uint8)
    elif change == "class":
        maps[0, 0, 0] = 9
    elif change == "fewer":
        maps = maps[1:]
    with pytest.raises(InvalidInput, match=says):
        diffusion.train(images, maps, 2, TINY)


def test_a_class_missing_in_most_masks_is_no_obstacle(diffusion):
    images, maps = arrays(6)
    maps[1:][maps[1:] == 2] = 1
    assert diffusion.train(images, maps, 2, TINY).steps == 30


def test_it_stops_early_once_validation_is_flat(diffusion, monkeypatch):
    images, maps = arrays(6)
    monkeypatch.setattr(diffusion, "_validate", lambda *_: 1.0)
    params = TrainParams(size=16, widths=(8, 16), patch=1, batch=2, max_steps=500, patience=2)
    done = diffusion.train(images[:5], maps[:5], 2, params, validation=(images[5:], maps[5:]))
    assert done.steps <= 100
    assert "hasn't fallen" in done.stopped


def test_the_time_budget_fixes_the_number_of_steps(diffusion):
    images, maps = arrays(4)
    ticks = iter(range(10**6))
    params = TrainParams(size=16, widths=(8, 16), patch=1, batch=2, max_steps=5000, max_seconds=50)
    done = diffusion.train(images, maps, 2, params, clock=lambda: float(next(ticks)))
    assert 9 <= done.steps < 60


@pytest.mark.parametrize(("first", "later", "least", "most"), [(5.0, 0.5, 250, 400), (0.5, 5.0, 38, 60)])
def test_the_number_of_steps_follows_a_machine_whose_pace_changes(diffusion, first, later, least, most):
    images, maps = arrays(4)
    calls = 0
    now = 0.0

    def clock() -> float:
        nonlocal calls, now
        calls += 1
        now += first if calls < 24 else later  # two looks a step
        return now

    params = TrainParams(size=16, widths=(8, 16), patch=1, batch=2, max_steps=5000, max_seconds=400)
    done = diffusion.train(images, maps, 2, params, clock=clock)
    assert least <= done.steps <= most, "by the pace of the first eight steps: 40 and 400"
    assert done.seconds <= 1.3 * 400


def test_a_full_disk_at_a_checkpoint_keeps_the_one_before(diffusion, tmp_path, monkeypatch):
    images, maps = arrays(4)
    path = tmp_path / "state.ckpt"
    keeper = FileCheckpoints(path)
    written: list[bytes] = []
    real = keeper.save

    def save(step, state):
        if step > 5:
            monkeypatch.setattr(
                "os.fsync",
                lambda _fd: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")),
            )
        real(step, state)
        written.append(state)

    monkeypatch.setattr(keeper, "save", save)
    with pytest.raises(StorageFull, match="step 6 could not be written"):
        diffusion.train(images, maps, 2, TINY, checkpoints=keeper)
    assert path.read_bytes() == written[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["state.ckpt"]


def test_a_checkpoint_of_something_else_is_refused(diffusion):
    images, maps = arrays(4)
    keeper = MemoryCheckpoints()
    diffusion.train(images, maps, 2, TINY, checkpoints=keeper)
    with pytest.raises(InvalidInput, match="another network"):
        diffusion.train(*arrays(5), 2, TINY, checkpoints=keeper)


def test_the_segmenter_learns_phantoms():
    from services.synthesis.training import segmenter

    images, maps = arrays(24, size=32)
    net = segmenter.train(images[:16], maps[:16], 2, steps=80, batch=8, augment=True)
    found = segmenter.predict(net, images[16:])
    scores = [labelmaps.mean_dice(a, b, 2) for a, b in zip(found, maps[16:], strict=True)]
    assert np.mean(scores) > 0.7
    with pytest.raises(InvalidInput):
        segmenter.train(images[:0], maps[:0], 2, steps=1)
    assert len(segmenter.predict(net, images[:0])) == 0
