"""The project's own segmenter: trained on discs, resumed, exported, and run as inference runs it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.domain.project_model import doubt, guess
from services.synthesis.domain.params import SegmenterParams
from services.synthesis.domain.squares import square_image, square_mask
from services.synthesis.training.checkpoints import MemoryCheckpoints
from services.synthesis.training.progress import RELEASED, Stopped
from shared.errors import InvalidInput
from shared.imaging import metrics
from tests.unit.synthesis.test_project_model import disc

pytest.importorskip("torch", reason="needs the [train] extra")
pytestmark = [pytest.mark.torch, pytest.mark.slow]

SIZE = 32
PARAMS = SegmenterParams(size=SIZE, members=2, steps=60, batch=6, seed=3)


def sample(seed: int, contrast: float = 90) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A frame uint8 (60, 80) with a bright disc and, in half of them, a dark one; their masks (2, 60, 80)."""
    rng = np.random.default_rng(seed)
    frame = rng.normal(100, 12, (80, 80))
    bright = disc(80, rng.uniform(22, 58), rng.uniform(22, 40), rng.uniform(9, 14))
    dark = disc(80, rng.uniform(15, 65), 62, 8) & (seed % 2 == 0) & ~bright
    frame += contrast * bright - contrast * dark
    return np.clip(frame, 0, 255).astype(np.uint8)[:76], np.stack([bright, dark])[:, :76]


def material(n: int) -> tuple[Any, Any, list[str]]:
    pairs = [sample(seed) for seed in range(n)]
    images = np.stack([square_image(f, SIZE) for f, _ in pairs])
    masks = np.stack([[square_mask(m, SIZE) for m in each] for _, each in pairs])
    return images, masks, [f"patient-{i // 2}" for i in range(n)]


def session(data: bytes) -> Any:
    import onnxruntime

    made = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return lambda inputs: dict(zip(("probability", "expected"), made.run(None, dict(inputs)), strict=True))


def test_it_learns_from_few_images_and_knows_which_of_its_masks_are_good() -> None:
    from services.synthesis.training import project_model

    images, masks, groups = material(12)
    trained = project_model.train(images, masks, [4, 9], groups, PARAMS)
    net = session(project_model.export(trained))
    fresh = [sample(seed) for seed in range(100, 112)]
    found = [guess(net, frame, [4, 9], SIZE) for frame, _ in fresh]
    assert [g.label_id for g in found[0]] == [4, 9]
    assert found[0][0].mask.shape == fresh[0][0].shape
    dice = np.array([metrics.dice(g[0].mask, m[0]) for g, (_, m) in zip(found, fresh, strict=True)])
    assert dice.mean() > 0.7
    assert np.mean([g[0].expected for g in found]) == pytest.approx(dice.mean(), abs=0.15)
    assert {s.images for s in trained.skills} == {12}
    assert {s.groups for s in trained.skills} == {6}
    assert 0 < doubt(found[0]) < 1


def test_a_worker_that_goes_and_another_that_takes_over_train_the_same_network() -> None:
    import torch

    from services.synthesis.training import project_model

    images, masks, groups = material(6)
    params = SegmenterParams(size=SIZE, members=2, steps=8, batch=4, seed=1)
    whole = project_model.train(images, masks, [1, 2], groups, params)
    keeper = MemoryCheckpoints()

    def stop_at(fraction: float) -> Any:
        def report(done: float, stage: str, detail: str = "") -> None:
            if done >= fraction:
                raise Stopped(RELEASED)

        return report

    for fraction in (0.3, 0.7):  # in the first member, and in the second
        with pytest.raises(Stopped):
            project_model.train(
                images, masks, [1, 2], groups, params, checkpoints=keeper, report=stop_at(fraction)
            )
        assert keeper.state is not None
        torch.load(io.BytesIO(keeper.state), weights_only=True)
    resumed = project_model.train(images, masks, [1, 2], groups, params, checkpoints=keeper)
    for a, b in zip(whole.members, resumed.members, strict=True):
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
            assert torch.equal(x, y)
    more = material(8)
    again = project_model.train(*more[:2], [1, 2], more[2], params, checkpoints=keeper)
    assert again.skills[0].images == 8, "images came meanwhile: the folds are others, so it begins anew"


def test_the_file_says_what_the_networks_say() -> None:
    import torch

    from services.synthesis.training import project_model

    images, masks, groups = material(6)
    trained = project_model.train(
        images, masks, [1, 2], groups, SegmenterParams(size=SIZE, members=2, steps=5)
    )
    found = session(project_model.export(trained))({"image": images[0]})
    with torch.no_grad():
        x = project_model.with_position(project_model.standard(torch.from_numpy(images[:1])))
        heat = torch.tensor([s.temperature for s in trained.skills])[:, None, None]
        each = torch.stack([torch.sigmoid(m(x)[0] / heat) for m in trained.members])
    np.testing.assert_allclose(found["probability"], each.mean(0), atol=1e-4)
    from services.synthesis.domain.project_model import soft_dice

    each_expected = [
        [s.expected(soft_dice(p[k].numpy())) for k, s in enumerate(trained.skills)] for p in each
    ]
    first, second = (each > 0.5).numpy()
    agreed = [metrics.dice(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found["expected"], np.minimum(np.mean(each_expected, 0), agreed), atol=1e-4)


def test_what_cannot_teach_is_refused_with_a_sentence() -> None:
    from services.synthesis.training import project_model

    images, masks, groups = material(6)
    with pytest.raises(InvalidInput, match="consensus images"):
        project_model.train(images[:3], masks[:3], [1, 2], groups[:3], PARAMS)
    with pytest.raises(InvalidInput, match="patients"):
        project_model.train(images, masks, [1, 2], ["one"] * 6, PARAMS)
    with pytest.raises(InvalidInput, match="empty"):
        project_model.train(images, np.zeros_like(masks), [1, 2], groups, PARAMS)
