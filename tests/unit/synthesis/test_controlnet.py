"""The second backend on a tiny Stable Diffusion that the test makes: loading, refusals, training, resuming, drawing."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from services.synthesis.domain.params import SampleParams, TrainParams
from shared.errors import InvalidInput
from tests.unit.synthesis import tiny_sd
from tests.unit.synthesis.phantoms import arrays

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
pytest.importorskip("transformers", reason="bramble[sd] isn't installed")

PARAMS = TrainParams(
    backend="controlnet", size=32, max_steps=12, batch=2, checkpoint_s=9999, learning_rate=1e-2
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_sd.write(tmp_path_factory.mktemp("sd") / "base")


@pytest.fixture(scope="module")
def pairs():
    return arrays(8, 32)


def test_it_learns_to_follow_the_map_and_comes_back_from_its_bytes(folder, pairs):
    from services.synthesis.training import backends, controlnet, latent, sampling

    base = latent.load(folder)
    before = {k: v.clone() for k, v in base.unet.state_dict().items()}
    control = controlnet.train(*pairs, 2, PARAMS, base)
    assert all((before[k] == v).all() for k, v in base.unet.state_dict().items())
    assert (control.steps, control.losses[-1][0]) == (12, 12)
    maps = pairs[1][:3]
    drawn = np.stack(list(sampling.sample(control, maps, steps=4, guidance=1.5, seed=3, batch=2)))
    assert drawn.shape == (3, 1, 32, 32)
    assert drawn.min() >= -1
    assert drawn.max() <= 1
    other = np.stack(list(sampling.sample(control, np.flip(maps, 1), steps=4, guidance=1.5, seed=3, batch=2)))
    assert np.abs(drawn - other).max() > 1e-4
    # An untrained one has zeroed connections: whatever the map, the base draws what it would have drawn alone.
    still = controlnet.Control(control.shape, controlnet._build(base).eval(), base)
    same = [np.stack(list(sampling.sample(still, m, steps=4, seed=3))) for m in (maps, np.flip(maps, 1))]
    assert np.abs(same[0] - same[1]).max() < 1e-6
    again = backends.load(backends.save(control), folder)
    assert (
        np.stack(list(sampling.sample(again, maps, steps=4, guidance=1.5, seed=3, batch=2))) == drawn
    ).all()
    card = backends.card(again)
    assert (card["backend"], card["base_sha256"]) == ("controlnet", base.digest)


def test_a_run_that_was_cut_takes_the_same_steps(folder, pairs):
    from services.synthesis.training import controlnet, latent
    from services.synthesis.training.checkpoints import MemoryCheckpoints
    from services.synthesis.training.progress import RELEASED, Stopped

    base = latent.load(folder)
    whole = controlnet.train(*pairs, 2, PARAMS, base)
    keeper = MemoryCheckpoints()

    def halt(fraction, stage, detail=""):
        if fraction >= 0.5:
            raise Stopped(RELEASED)

    with pytest.raises(Stopped):
        controlnet.train(*pairs, 2, PARAMS, base, checkpoints=keeper, report=halt)
    assert keeper.step == 6
    rest = controlnet.train(*pairs, 2, PARAMS, base, checkpoints=keeper)
    for name, value in whole.net.state_dict().items():
        assert (rest.net.state_dict()[name] == value).all(), name
    with pytest.raises(InvalidInput, match="another set of images"):
        controlnet.train(pairs[0][:6], pairs[1][:6], 2, PARAMS, base, checkpoints=keeper)


def test_the_folders_own_controlnet_is_where_training_starts(tmp_path):
    from services.synthesis.training import controlnet, latent

    base = latent.load(tiny_sd.write(tmp_path / "with", controlnet=True, prediction="v_prediction"))
    assert base.schedule.config.prediction_type == "v_prediction"
    assert float(controlnet._build(base).controlnet_mid_block.bias[0]) == 0.25


def test_colour_images_and_time_that_is_up(folder):
    from services.synthesis.training import controlnet, latent

    images, maps = arrays(6, 32)
    ticks = iter(np.arange(0, 1000, 4.0))
    short = replace(PARAMS, max_seconds=20, max_steps=500)
    control = controlnet.train(
        np.repeat(images, 3, axis=1), maps, 2, short, latent.load(folder), clock=lambda: float(next(ticks))
    )
    assert control.shape.channels == 3
    assert control.stopped == "20 s were up"
    assert control.steps < 10


def test_what_cannot_be_used_is_refused_with_what_to_do(folder, pairs, tmp_path):
    from services.synthesis.training import backends, controlnet, latent
    from services.synthesis.training.checkpoints import MemoryCheckpoints

    with pytest.raises(InvalidInput, match="set BRAMBLE_SD_PATH"):
        backends.train(
            *pairs, 2, PARAMS, None, validation=pairs, checkpoints=MemoryCheckpoints(), report=lambda *_: None
        )
    with pytest.raises(InvalidInput, match="vae, unet, text_encoder, tokenizer, scheduler not found"):
        latent.load(tmp_path)
    # Weights as a pickle could run code: only safetensors are read.
    pickled = shutil.copytree(folder, tmp_path / "pickled")
    weights = pickled / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(InvalidInput, match="can't be used"):
        latent.load(pickled)
    cut = shutil.copytree(folder, tmp_path / "cut")
    weights = cut / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(InvalidInput, match="can't be used"):
        latent.load(cut)
    with pytest.raises(InvalidInput, match="gives 24 numbers a word, its UNet takes 16"):
        latent.load(tiny_sd.write(tmp_path / "mixed", width=24))
    base = latent.load(folder)
    with pytest.raises(InvalidInput, match="divisible by 16"):
        controlnet.train(*arrays(6, 24), 2, replace(PARAMS, size=24), base)
    with pytest.raises(InvalidInput, match="at least 4 labelled"):
        controlnet.train(pairs[0][:3], pairs[1][:3], 2, PARAMS, base)
    data = controlnet.save_weights(controlnet.train(*pairs, 2, replace(PARAMS, max_steps=1), base))
    with pytest.raises(InvalidInput, match="another Stable Diffusion base"):
        backends.load(data, tiny_sd.write(tmp_path / "other", seed=1))


def test_samples_of_it_pass_through_the_same_filters_and_measures(folder, pairs):
    from services.synthesis import judge
    from services.synthesis.training import controlnet, latent

    control = controlnet.train(*pairs, 2, PARAMS, latent.load(folder))
    params = SampleParams(samples=6, steps=2, filter_steps=10)
    found = judge.draw(control, *pairs, (pairs[0][:0], pairs[1][:0]), params, lambda *_: None)
    assert found.images.shape == (6, 1, 32, 32)
    # Random weights draw nothing that looks like the images, and the filters say so.
    assert all(found.reasons)
