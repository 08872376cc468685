"""Prompts are checked before any model sees them."""

from __future__ import annotations

import numpy as np
import pytest

from services.inference.domain.clicker import Click
from services.inference.domain.port import Embedding, checked_frame
from services.inference.domain.prompt import MAX_POINTS, Box, Prompt, Scribble, checked
from shared.errors import InvalidInput

NAN = float("nan")


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        (Prompt(), "at least one"),
        (Prompt(mask=np.zeros((20, 30), bool)), "at least one"),
        (Prompt((Click(NAN, 1, True),)), "not a number"),
        (Prompt((Click(1, float("inf"), True),)), "not a number"),
        (Prompt((Click(30.1, 1, True),)), "outside"),
        (Prompt((Click(-0.1, 1, True),)), "outside"),
        (Prompt((Click(1, 1, True),) * (MAX_POINTS + 1)), "501 points"),
        (Prompt(scribbles=(Scribble((), True),)), "at least one point"),
        (Prompt(scribbles=(Scribble(((1, 40),), True),)), "outside"),
        (Prompt(scribbles=(Scribble(((1, 1),) * 501, True),)), "501 points"),
        (Prompt(box=Box(5, 5, 5, 9)), "no area"),
        (Prompt(box=Box(9, 5, 5, 9)), "no area"),
        (Prompt(box=Box(40, 5, 50, 9)), "no area"),
        (Prompt(box=Box(NAN, 5, 50, 9)), "not a number"),
        (Prompt(mask=np.ones((30, 20), bool)), "mask"),
    ],
)  # fmt: skip
def test_what_no_model_can_use_is_refused(prompt: Prompt, word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        checked(prompt, 20, 30)


def test_the_frame_s_very_edge_is_inside_and_a_box_is_clipped() -> None:
    prompt = checked(Prompt((Click(30, 20, True), Click(0, 0, False)), Box(-5, -5, 35, 25)), 20, 30)
    assert prompt.box == Box(0, 0, 30, 20)
    assert len(prompt.points) == 2


def test_a_scribble_becomes_points_along_its_length() -> None:
    clicks = Prompt(scribbles=(Scribble(((0, 0), (10, 0), (10, 10)), False),)).clicks()
    assert (clicks[0].x, clicks[-1].y) == (0, 10)
    assert 8 <= len(clicks) <= 400
    assert not any(c.is_positive for c in clicks)
    assert len(Prompt(scribbles=(Scribble(((3, 3), (3, 3)), True),)).clicks()) == 1


@pytest.mark.parametrize(
    "frame",
    [np.zeros((0, 5), np.uint8), np.zeros((5, 5, 2), np.uint8), np.zeros(5, np.uint8), np.array([["a"]])],
)
def test_a_frame_without_pixels_or_meaning_is_refused(frame: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        checked_frame(frame)


def test_frames_of_other_kinds_become_rgb8() -> None:
    sixteen = (np.arange(12, dtype=np.uint16) * 5000).reshape(3, 4)
    assert checked_frame(sixteen)[-1, -1, 0] == 255
    broken = np.full((3, 4), np.nan)
    assert checked_frame(broken).max() == 0
    broken[0, 0], broken[1, 1] = 5.0, np.inf
    broken[2, 2] = 9.0
    assert checked_frame(broken)[2, 2, 0] == 255
    assert checked_frame(np.zeros((3, 4, 4), np.uint8)).shape == (3, 4, 3)


def test_embeddings_travel_without_pickle() -> None:
    embedding = Embedding("m", "2", 9, 8, {"a": np.linspace(0, 1, 5), "b": np.arange(3, dtype=np.uint8)})
    back = Embedding.from_bytes(embedding.to_bytes())
    assert (back.model, back.version, back.height, back.width) == ("m", "2", 9, 8)
    assert back.arrays["a"].dtype == np.float16
    assert back.sha256 == embedding.sha256
    for hostile in (b"", b"PK\x03\x04junk", embedding.to_bytes()[:50]):
        with pytest.raises(InvalidInput):
            Embedding.from_bytes(hostile)
