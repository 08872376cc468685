"""How `make load` tells the consensus delay from an image's public history."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def load() -> object:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.spec_from_file_location("load", BENCHMARKS / "load.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize(
    ("history", "answers", "since", "expected"),
    [
        # One version an answer.
        ([(11.0, 1), (22.5, 2)], [10.0, 20.0], 0.0, [1.0, 2.5]),
        # Two answers in one version: both waited for it; the order in which they are given doesn't matter.
        ([(25.0, 2)], [20.0, 10.0], 0.0, [15.0, 5.0]),
        # A later version that counts no more (raters were estimated anew) doesn't count for the delay.
        ([(11.0, 1), (15.0, 1), (31.0, 2)], [10.0, 30.0], 0.0, [1.0, 1.0]),
        # What was sent before the window takes its place in the order, and isn't reported.
        ([(11.0, 1), (22.0, 2)], [10.0, 20.0], 15.0, [2.0]),
        # Not counted yet, and no answer at all.
        ([(11.0, 1)], [10.0, 20.0], 0.0, [1.0]),
        ([], [], 0.0, []),
    ],
)
def test_delay_runs_to_the_first_version_that_counts_the_answer(
    load: object,
    history: list[tuple[float, int]],
    answers: list[float],
    since: float,
    expected: list[float],
) -> None:
    assert load.delays(history, answers, since) == pytest.approx(expected)  # type: ignore[attr-defined]
