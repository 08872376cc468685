import numpy as np
import pytest

from services.synthesis.domain import features, filters, measures, stats
from shared.errors import InvalidInput


def cloud(n: int, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (n, 6))


def test_kernel_distance_is_near_zero_for_alike_and_grows_with_the_shift():
    rng = np.random.default_rng(0)
    alike = measures.kernel_distance(cloud(200), cloud(200, seed=1))
    apart = measures.kernel_distance(cloud(200), cloud(200, 1.0, seed=1))
    assert abs(alike) < 0.2 < apart
    found = measures.kernel_interval(cloud(200), cloud(200, 1.0, seed=1), rng, rounds=60)
    assert found.low < apart < found.high
    assert found.low > 0
    assert measures.real_floor(cloud(100), rng, 20).high < apart
    with pytest.raises(InvalidInput):
        measures.kernel_distance(cloud(1), cloud(5))


def test_density_and_coverage_are_one_for_alike_and_zero_far_away():
    density, coverage = measures.density_coverage(cloud(200), cloud(200, seed=1))
    assert density == pytest.approx(1, abs=0.15)
    assert coverage > 0.9
    assert measures.density_coverage(cloud(200), cloud(200, 50)) == (0, 0)
    # A generator that draws one picture again and again: dense, but it covers nothing.
    assert measures.density_coverage(cloud(200), np.repeat(cloud(1, seed=9), 200, axis=0))[1] < 0.1


def test_copies_show_in_copy_rate_and_attack():
    train, held = cloud(60), cloud(60, seed=1)
    copies, honest = train + 1e-3, cloud(60, seed=2)
    rng = np.random.default_rng(0)
    bad = measures.measure({"x": train}, {"x": copies}, {"x": held}, rng)[0]
    good = measures.measure({"x": train}, {"x": honest}, {"x": held}, rng)[0]
    assert bad.copy_rate == 1
    assert good.copy_rate < 0.2
    assert bad.attack_auc > 0.95
    assert 0.3 < good.attack_auc < 0.7
    assert measures.measure({"x": train[:3]}, {"x": honest}, {}, rng) == []
    assert measures.measure({"x": train}, {"x": honest}, {}, rng)[0].as_dict()["attack_auc"] is None


def test_filters_name_the_first_reason():
    real = cloud(40)
    good = cloud(4, seed=3)[1:]
    samples = np.stack([good[0], real[0] + 1e-6, np.full(6, 40.0), good[1]])
    matched, shuffled = np.linspace(0.8, 0.95, 20), np.linspace(0.1, 0.3, 20)
    grains = np.exp(np.random.default_rng(2).normal(0, 0.1, 40))
    limits = filters.learn(real, real, grains, matched, shuffled)
    assert limits.dice == pytest.approx(np.quantile(matched, 0.1))
    seen = np.array([1.0, 1.0, 1.0, 1.0, 3.0, 0.3])
    dice = np.array([0.9, 0.9, 0.9, 0.2, 0.9, 0.9])
    samples = np.concatenate([samples, good[1:3]])
    reasons = filters.judge(dice, samples, samples, seen, real, real, limits)
    wanted = ["", "near-copy", "off-distribution", "mask-not-found", "noisy", "blurred"]
    assert [r.partition(":")[0] for r in reasons] == wanted


def test_a_judge_that_knows_nothing_refuses_nobody():
    same = np.linspace(0.2, 0.8, 20)
    cut, why = filters.dice_threshold(same, same)
    assert cut == 0
    assert "doesn't tell" in why
    assert filters.dice_threshold(np.array([0.9]), np.array([0.1]))[0] == 0


def test_half_a_mask_doesn_t_pass_where_real_and_shuffled_lie_far_apart():
    cut, _ = filters.dice_threshold(np.array([0.8, 0.85, 0.9, 0.95]), np.array([0.2, 0.3, 0.4]))
    assert cut == pytest.approx(0.815)


def test_features_tell_textures_apart_and_have_one_length():
    rng = np.random.default_rng(0)
    smooth = np.repeat(np.linspace(-1, 1, 32)[None, None, :, None], 32, axis=3).astype(np.float32)
    rough = rng.uniform(-1, 1, (5, 1, 32, 32)).astype(np.float32)
    for space in features.SPACES:
        a, b = features.extract(smooth, space), features.extract(rough, space)
        assert a.shape[1] == b.shape[1]
        real, fake = features.standardise(b, a)
        assert measures.distances(fake, real).min() > measures.nearest_other(real).max() * 0.5
    with pytest.raises(InvalidInput):
        features.extract(rough, "inception")


def test_bootstrap_finds_a_real_gain_and_no_false_one():
    rng = np.random.default_rng(0)
    a = rng.normal(0.6, 0.1, (3, 40))
    gain = stats.paired_bootstrap(a, a + rng.normal(0.05, 0.02, a.shape), rng)
    assert gain.low > 0
    assert gain.p < 0.01
    assert gain.relative == pytest.approx(0.05 / 0.6, abs=0.02)
    none = stats.paired_bootstrap(a, a + rng.normal(0, 0.05, a.shape), rng)
    assert none.low < 0 < none.high
    with pytest.raises(InvalidInput):
        stats.paired_bootstrap(a, a[:, :3], rng)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(120):
        image, seed = rng.normal(0, 0.05, (1, 30)), rng.normal(0, 0.02, (5, 1))
        noise = rng.normal(0, 0.02, (5, 30))
        a = np.full((5, 30), 0.5)
        found = stats.paired_bootstrap(a, a + 0.03 + image + seed + noise, rng, rounds=400)
        hits += found.low <= 0.03 <= found.high
    assert 0.80 <= hits / 120 <= 1.0


def test_groups_widen_the_interval():
    rng = np.random.default_rng(2)
    effect = np.repeat(rng.normal(0, 0.1, 6), 10)[None, :]
    a = np.zeros((2, 60))
    free = stats.paired_bootstrap(a, np.repeat(effect, 2, 0), rng)
    tied = stats.paired_bootstrap(a, np.repeat(effect, 2, 0), rng, groups=np.repeat(np.arange(6), 10))
    assert tied.high - tied.low > 1.5 * (free.high - free.low)


def test_holm_by_hand():
    assert stats.holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert stats.holm({}) == {}
