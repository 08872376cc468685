"""Training's own parts: painted views, and going on from an exported file."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from services.inference.models import DRUPELET_FLOAT  # noqa: E402
from services.inference.runners import OnnxRunner  # noqa: E402
from services.inference.training.data import Item, add_regions  # noqa: E402
from services.inference.training.painted import painted  # noqa: E402
from services.inference.training.warm import load_onnx, unfold  # noqa: E402


def test_painted_views_repeat_by_seed_and_their_target_is_one_part():
    from scipy import ndimage

    views = [painted(np.random.default_rng(k), 64) for k in range(12)]
    first, again = views[3], painted(np.random.default_rng(3), 64)
    assert first is not None
    assert again is not None
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    for image, target in (v for v in views if v is not None):
        assert (image.shape, image.dtype) == ((3, 64, 64), np.float32)
        assert 0 <= image.min() <= image.max() <= 1
        assert target.sum() >= 25
        assert ndimage.label(target)[1] == 1


@pytest.mark.skipif(not DRUPELET_FLOAT.exists(), reason="the weights are absent")
def test_an_exported_file_goes_on_as_what_it_was():
    model = load_onnx(DRUPELET_FLOAT)
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(2, 3, 64, 64, generator=generator)
    prompts = torch.rand(2, 4, 64, 64, generator=generator).round()
    expected = OnnxRunner(DRUPELET_FLOAT).run({"image": image.numpy(), "prompts": prompts.numpy()})["logits"]
    unfold(model, [(image, prompts), (1 - image, prompts)])
    with torch.no_grad():
        found = model(image, prompts)[0].numpy()
    assert np.abs(found - expected).max() < 1e-3
    # The statistics are real ones now: in training mode the answer stays close instead of falling apart.
    model.train()
    with torch.no_grad():
        agree = ((model(image, prompts)[0].numpy() > 0) == (expected > 0)).mean()
    assert agree > 0.9


def test_regions_are_kept_for_the_next_run_on_the_same_items(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    first, second, other = (
        Item("a", "x", "g", rgb),
        Item("a", "x", "g", np.zeros_like(rgb)),
        Item("a", "y", "g", rgb),
    )
    cache = tmp_path / "regions.npz"
    add_regions([first], cache)
    add_regions([second], cache)  # its pixels aren't looked at: the name says that they are the first's
    assert len(first.regions) == 2
    for made, kept in zip(first.regions, second.regions, strict=True):
        assert np.array_equal(made, kept)
    add_regions([other], cache)
    assert len(other.regions) == 2


@pytest.mark.skipif(not DRUPELET_FLOAT.exists(), reason="the weights are absent")
def test_the_form_in_eight_bits_answers_as_the_float_one(tmp_path):
    from scipy import ndimage

    from services.inference.training.quantise import quantise

    rng = np.random.default_rng(5)
    batches = []
    for size in (64, 96):
        image = ndimage.gaussian_filter(rng.random((4, 3, size, size)), (0, 0, 4, 4))
        image = ((image - image.min()) / np.ptp(image)).astype(np.float32)
        prompts = np.zeros((4, 4, size, size), np.float32)
        prompts[:, 0, size // 2 - 3 : size // 2 + 3, size // 2 - 3 : size // 2 + 3] = 1
        batches.append({"image": image, "prompts": prompts})
    quantise(DRUPELET_FLOAT, tmp_path / "small.onnx", batches)
    assert (tmp_path / "small.onnx").stat().st_size < 0.35 * DRUPELET_FLOAT.stat().st_size
    before, after = OnnxRunner(DRUPELET_FLOAT), OnnxRunner(tmp_path / "small.onnx")
    for batch in batches:
        expected, found = before.run(batch), after.run(batch)
        assert ((expected["logits"] > 0) == (found["logits"] > 0)).mean() > 0.95
        assert np.abs(expected["iou"] - found["iou"]).max() < 0.1
