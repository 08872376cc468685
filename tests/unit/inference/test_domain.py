"""The pure parts: clicks, the random walker, windows, the prior, the breaker."""

from __future__ import annotations

import numpy as np
import pytest

from services.inference.domain.clicker import Click, human_click, next_click
from services.inference.domain.prior import Example, Prior, learn
from services.inference.domain.walker import solve
from services.inference.domain.windows import Window, cut, paste, resample, view
from services.inference.runners import Breaker
from shared.imaging import metrics
from tests.unit.inference.kit import disc, phantom


def test_the_next_click_is_the_middle_of_the_largest_error() -> None:
    truth = np.zeros((50, 60), bool)
    truth[10:31, 20:41] = True
    assert next_click(np.zeros_like(truth), truth) == Click(30.5, 20.5, True)
    extra = truth.copy()
    extra[35:50, 0:9] = True
    click = next_click(extra, truth)
    assert click is not None
    assert not click.is_positive
    assert click.y > 35
    assert next_click(truth, truth) is None
    assert next_click(np.zeros_like(truth), np.zeros_like(truth)) is None


def test_human_clicks_miss_and_err_at_the_rates_that_are_named() -> None:
    truth = disc((100, 100), 50, 50, 30)
    rng = np.random.default_rng(0)
    clicks = [human_click(np.zeros_like(truth), truth, rng) for _ in range(400)]
    wrong = [c.is_positive != truth[int(c.y), int(c.x)] for c in clicks if c]
    assert 0.02 < np.mean(wrong) < 0.09
    assert len({(c.x, c.y) for c in clicks if c}) > 300


def _reference(
    image: np.ndarray, prior: np.ndarray, gamma: float, pos: np.ndarray, neg: np.ndarray, beta: float
) -> np.ndarray:
    """The same system, built as a sparse matrix and solved directly."""
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    from services.inference.domain.walker import edge_weights

    down, right = edge_weights(image, beta)
    n = prior.size
    index = np.arange(n).reshape(prior.shape)
    i = np.concatenate([index[:-1].ravel(), index[:, :-1].ravel()])
    j = np.concatenate([index[1:].ravel(), index[:, 1:].ravel()])
    w = np.concatenate([down.ravel(), right.ravel()])
    adjacency = sparse.coo_matrix((np.r_[w, w], (np.r_[i, j], np.r_[j, i])), (n, n)).tocsr()
    laplace = sparse.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency + gamma * sparse.eye(n)
    x = np.where(pos & ~neg, 1.0, 0.0).ravel()
    fixed = (pos | neg).ravel()
    free = ~fixed
    right_side = gamma * prior.ravel()[free] - laplace[free][:, fixed] @ x[fixed]
    x[free] = spsolve(laplace[free][:, free].tocsc(), right_side)
    return x.reshape(prior.shape)


@pytest.mark.parametrize("gamma", [0.05, 1.0])
def test_the_walker_solves_its_system(gamma: float) -> None:
    rng = np.random.default_rng(1)
    image = rng.random((20, 24, 3)).astype(np.float32)
    prior = rng.random((20, 24)).astype(np.float32)
    pos, neg = np.zeros((20, 24), bool), np.zeros((20, 24), bool)
    pos[5, 5] = neg[15, 20] = True
    found = solve(image, prior, gamma, pos, neg, beta=2.0, iterations=400, tolerance=1e-6)
    np.testing.assert_allclose(found, _reference(image, prior, gamma, pos, neg, 2.0), atol=2e-3)
    assert found[5, 5] == 1
    assert found[15, 20] == 0


def test_the_walker_on_a_flat_image_without_seeds_keeps_the_prior() -> None:
    flat = np.zeros((9, 9, 3), np.float32)
    prior = np.full((9, 9), 0.3, np.float32)
    nothing = np.zeros((9, 9), bool)
    np.testing.assert_allclose(solve(flat, prior, 1.0, nothing, nothing), prior, atol=1e-3)
    one = np.ones((1, 1), bool)
    assert solve(flat[:1, :1], prior[:1, :1], 0.0, one, ~one)[0, 0] == 1


@pytest.mark.parametrize("shape", [(90, 140), (140, 90), (1, 1), (1, 300), (64, 64)])
def test_a_mask_survives_the_way_into_a_window_and_back(shape: tuple[int, int]) -> None:
    mask = disc(shape, shape[1] / 2, shape[0] / 2, max(0.8, min(shape) / 3))
    window = Window.whole(*shape)
    plane = cut(mask, window, 128)
    out = np.zeros(shape, np.float32)
    paste(out, plane, window)
    assert metrics.dice(out > 0.5, mask) > 0.95 or max(shape) > 128
    assert view(np.zeros((*shape, 3), np.uint8), window, 32).shape == (32, 32, 3)


def test_windows_stay_inside_where_they_fit_and_resampling_keeps_places() -> None:
    assert Window.around(-5, -5, 10, 10, 100, 200, 24) == Window(0, 0, 24)
    assert Window.around(190, 90, 199, 99, 100, 200, 24) == Window(176, 76, 24)
    plane = np.zeros((64, 64), np.float32)
    plane[16:32, 16:32] = 1
    closer = resample(plane, Window(0, 0, 128), Window(32, 32, 32), 32)
    np.testing.assert_allclose(closer[2:-2, 2:-2], 1)
    wider = resample(plane, Window(0, 0, 128), Window(-128, -128, 384), 96)
    assert wider[0, 0] == 0
    assert wider.sum() == pytest.approx(8 * 8, rel=0.2)


def test_the_prior_knows_its_objects_from_others() -> None:
    frames = [(phantom(x=60 + d, seed=d), disc((96, 128), 60 + d, 48, 20)) for d in range(5)]
    prior = Prior([learn(f, m) for f, m in frames])
    frame, mask = phantom(x=63, seed=9), disc((96, 128), 63, 48, 20)
    good = prior.fit(frame, mask)
    assert good > 0.8
    assert prior.fit(frame, disc((96, 128), 20, 20, 8)) < 0.6 * good
    assert prior.fit(frame, np.zeros_like(mask)) < 0.01
    example = learn(frame, mask)
    assert Example.from_json(example.to_json()).share == example.share
    assert Prior([learn(frame, np.zeros_like(mask))] * 3).present < 0.4


def test_the_breaker_opens_probes_and_closes() -> None:
    breaker = Breaker(failures=2, rest_s=10)
    assert breaker.allows(0)
    breaker.report(False, 0)
    assert breaker.allows(1)
    breaker.report(False, 1)
    assert breaker.is_open
    assert not breaker.allows(5)
    assert breaker.allows(11.5), "one probe after the rest"
    assert not breaker.allows(12), "and only one"
    breaker.report(True, 12)
    assert breaker.allows(12)
