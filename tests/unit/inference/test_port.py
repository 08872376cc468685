"""The suite that every adapter of the segmenter port passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from services.inference.domain.classical import colour_cut, random_walker
from services.inference.domain.clicker import Click
from services.inference.domain.port import Embedding, Segmenter
from services.inference.domain.prompt import Box, Prompt, Scribble
from services.inference.models import DRUPELET, DrupeletSegmenter
from services.inference.predictor import predict
from services.inference.runners import OnnxRunner, TritonRunner
from shared.errors import BrambleError, Conflict, InvalidInput, Unavailable
from shared.imaging import metrics
from tests.unit.inference.kit import disc, phantom


def _drupelet(_: Path) -> Segmenter:
    return DrupeletSegmenter(OnnxRunner(DRUPELET), weights=DRUPELET)


def _tiny_sam(folder: Path) -> Segmenter:
    torch = pytest.importorskip("torch")
    pytest.importorskip("segment_anything")
    from services.inference.sam import SamSegmenter
    from services.inference.sam_import import import_sam, tiny_sam

    torch.manual_seed(0)
    import_sam(tiny_sam().eval(), "sam-tiny", "1", folder)
    return SamSegmenter.from_folder(folder)


ADAPTERS: dict[str, Callable[[Path], Segmenter]] = {
    "random-walker": lambda _: random_walker(),
    "colour-cut": lambda _: colour_cut(),
    "drupelet": _drupelet,
}


@pytest.fixture(
    scope="module", params=[*ADAPTERS, pytest.param("sam", marks=[pytest.mark.torch, pytest.mark.slow])]
)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    make = ADAPTERS.get(request.param, _tiny_sam)
    return make(tmp_path_factory.mktemp("model"))


PROMPTS = {
    "point": Prompt((Click(60, 48, True),)),
    "points": Prompt((Click(60, 48, True), Click(10, 10, False))),
    "box": Prompt(box=Box(38, 26, 82, 70)),
    "box and point": Prompt((Click(60, 48, True),), Box(38, 26, 82, 70)),
    "scribble": Prompt(scribbles=(Scribble(((50, 48), (70, 48)), True), Scribble(((5, 5), (120, 5)), False))),
    "mask": Prompt(mask=disc((96, 128), 58, 48, 15)),
    "mask and point": Prompt((Click(76, 48, True),), mask=disc((96, 128), 58, 48, 15)),
    "contradiction": Prompt((Click(60, 48, True), Click(60, 48, False), Click(60, 48, True))),
    "only negative": Prompt((Click(10, 10, False),)),
    "edge": Prompt((Click(128, 96, True), Click(0, 0, False))),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_each_kind_of_prompt_answers_a_mask_of_the_frame_s_size(model: Segmenter, name: str) -> None:
    embedding = model.encode(phantom())
    candidates = model.decode(embedding, PROMPTS[name])
    assert candidates
    for candidate in candidates:
        assert candidate.mask.shape == (96, 128)
        assert candidate.mask.dtype == np.bool_
        assert 0 <= candidate.score <= 1
    again = model.decode(embedding, PROMPTS[name])[0]
    assert np.array_equal(again.mask, candidates[0].mask), "the same prompt has the same answer"


@pytest.mark.parametrize("name", ["points", "box", "box and point", "scribble"])
def test_the_disc_is_found(model: Segmenter, name: str) -> None:
    if model.info.kind == "split":
        pytest.skip("the tiny SAM has random weights: it has the shape of an answer, not its sense")
    candidate = model.decode(model.encode(phantom()), PROMPTS[name])[0]
    assert metrics.dice(candidate.mask, disc((96, 128), 60, 48, 20)) > 0.85


def test_clicks_hold(model: Segmenter) -> None:
    """A positive click is inside of the mask and a negative one outside, wherever the model itself stands."""
    if model.info.kind == "split":
        pytest.skip("SAM itself promises no such thing")
    rng = np.random.default_rng(4)
    embedding = model.encode(phantom(seed=2))
    for _ in range(4):
        places = rng.permutation(96 * 128)[:12]
        clicks = tuple(
            Click(p % 128 + 0.5, p // 128 + 0.5, bool(k % 2)) for k, p in enumerate(places.tolist())
        )
        mask = model.decode(embedding, Prompt(clicks))[0].mask
        for click in clicks:
            if not any(0 < abs(o.x - click.x) + abs(o.y - click.y) < 8 for o in clicks):
                assert mask[int(click.y), int(click.x)] == click.is_positive


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2), (2000, 20), (130, 700), (100, 20_000)])
def test_frames_of_odd_shapes(model: Segmenter, shape: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    prompt = Prompt((Click(shape[1] / 2, shape[0] / 2, True),), Box(0, 0, shape[1], shape[0]))
    assert model.decode(model.encode(frame), prompt)[0].mask.shape == shape


@pytest.mark.parametrize("value", [0, 255])
def test_a_frame_of_one_colour_answers_without_a_warning(model: Segmenter, value: int) -> None:
    frame = np.full((64, 64, 3), value, np.uint8)
    with np.errstate(all="raise", under="ignore"):
        candidate = model.decode(model.encode(frame), Prompt((Click(32, 32, True),)))[0]
    assert candidate.mask.shape == (64, 64)
    assert np.isfinite(candidate.score)


@pytest.mark.parametrize("kind", ["16 bit", "broken floats"])
def test_frames_of_other_numbers_are_segmented(model: Segmenter, kind: str) -> None:
    """A 16-bit scan, and floats with NaN and infinity in them, answer as their 8-bit picture does."""
    frame = phantom().astype(np.float32)
    other = (frame * 200).astype(np.uint16) if kind == "16 bit" else frame.copy()
    if kind != "16 bit":
        other[:3, :3], other[5, 5] = np.nan, np.inf
    found = model.decode(model.encode(other), PROMPTS["points"])[0]
    assert found.mask.shape == frame.shape[:2]
    assert np.isfinite(found.score)
    if model.info.kind != "split":
        assert metrics.dice(found.mask, disc((96, 128), 60, 48, 20)) > 0.85


def test_bad_prompts_and_foreign_embeddings_are_refused(model: Segmenter) -> None:
    embedding = model.encode(phantom())
    with pytest.raises(InvalidInput):
        model.decode(embedding, Prompt((Click(500, 1, True),)))
    other = Embedding(model.info.name, "0-other", 96, 128, embedding.arrays)
    with pytest.raises(Conflict):
        model.decode(other, PROMPTS["point"])


def test_an_embedding_that_travelled_still_answers(model: Segmenter) -> None:
    embedding = model.encode(phantom())
    back = Embedding.from_bytes(embedding.to_bytes())
    here = model.decode(embedding, PROMPTS["points"])[0].mask
    there = model.decode(back, PROMPTS["points"])[0].mask
    assert there.shape == here.shape
    if model.info.kind == "split":
        assert metrics.dice(here, there) > 0.97
    else:
        assert metrics.dice(here, there) > 0.8


def test_predict_is_the_same_in_one_function() -> None:
    mask, score = predict(phantom(), [(60, 48, True), (10, 10, False)])
    assert metrics.dice(mask, disc((96, 128), 60, 48, 20)) > 0.85
    assert 0 <= score <= 1
    again, _ = predict(phantom(), [(60, 48, True), (10, 10, False)], mask=mask)
    assert metrics.dice(again, mask) > 0.9
    with pytest.raises(BrambleError):
        predict(phantom(), [])


def test_a_server_that_is_down_costs_a_quick_503() -> None:
    pytest.importorskip("tritonclient.grpc")
    model = DrupeletSegmenter(TritonRunner("grpc://127.0.0.1:9", "drupelet", deadline_s=0.3))
    embedding = model.encode(phantom())
    for _ in range(4):
        with pytest.raises(Unavailable) as caught:
            model.decode(embedding, PROMPTS["point"])
        assert caught.value.retry_after
