"""The filters on real images: what they keep of unseen real ones, and what they refuse of damaged ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.filters import damaged, kept, real_sets, split
from services.synthesis.domain import filters

DATA = Path(
    os.environ.get("BRAMBLE_SHARED_DATA") or Path(__file__).resolve().parents[3].parent / "shared" / "data"
)


def test_grain_is_the_noise_s_standard_deviation_and_ignores_planes():
    rng = np.random.default_rng(0)
    plane = np.fromfunction(lambda c, y, x: 0.01 * y - 0.02 * x, (1, 96, 96))[None]
    assert filters.grain(plane.astype(np.float32))[0] < 1e-6
    noisy = plane + rng.normal(0, 0.05, plane.shape)
    assert filters.grain(noisy.astype(np.float32))[0] == pytest.approx(0.05, rel=0.05)


def test_few_images_widen_the_limits_and_very_few_apply_none():
    rng = np.random.default_rng(1)
    # Values with exactly the spread 0.2 on the log scale: the width tells of their number only.
    widths = []
    for count in (6, 20, 200):
        logs = rng.normal(size=count)
        logs = 0.2 * (logs - logs.mean()) / logs.std(ddof=1)
        widths.append(np.ptp(np.log(filters._limits(np.exp(logs)))))
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] == pytest.approx(2 * 2.6 * 0.2, rel=0.02)
    cloud = rng.normal(size=(4, 6))
    limits = filters.learn(cloud, cloud, np.ones(4), np.zeros(0), np.zeros(0))
    assert (limits.grain, limits.off, limits.copy) == ((0.0, float("inf")), float("inf"), 0.0)


@pytest.fixture(scope="module")
def found():
    return {name: (images, groups) for name, images, groups in real_sets(DATA)}


@pytest.mark.parametrize("name", ["mni152_mri", "usgra_ultrasound", "wbc_bloodsmear"])
def test_unseen_real_images_stay_and_noisy_or_blurred_ones_go(found, name):
    if name not in found:
        pytest.skip(f"{name} isn't at hand")
    images, groups = found[name]
    rng = np.random.default_rng(7)
    left, right = split(groups, 32, rng)
    shares, reasons = {}, {}
    for what, judged in damaged(images[right], rng).items():
        told = kept(images[left], judged)
        shares[what] = np.mean([not r for r in told])
        reasons[what] = {r.partition(":")[0] for r in told if r}
    assert shares["clean"] >= 0.7, (shares, reasons)
    assert shares["noise 0.1"] <= 0.1
    assert shares["blur 1.2"] <= 0.1
    assert "noisy" in reasons["noise 0.2"]
    assert "blurred" in reasons["blur 1.2"]
