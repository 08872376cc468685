"""The image as one more rater: it moves what people left open where it proves itself, and nothing else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from services.consensus.domain.confidence import confidence, probability
from services.consensus.domain.hierarchical import estimate, fuse
from services.consensus.domain.image_rater import BAND, OPEN, ImageTrust, refine, trust
from services.consensus.domain.patterns import pairwise_dice
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.offline import run
from services.consensus.offline_images import look, read_images
from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.codecs import encode_png
from shared.imaging.metrics import dice
from tests.unit.consensus.crowds import SIZE, disc

Crowd = tuple[list[ImageVotes], dict[str, np.ndarray], dict[str, np.ndarray]]


def seen(images: int = 16, seed: int = 0, contrast: float = 60.0) -> Crowd:
    """Discs as people see them, all raters of an image wrong together by a smooth field, and pictures in which the disc is brighter."""
    rng = np.random.default_rng(seed)
    votes, truths, pictures = [], {}, {}

    def field(px: float) -> np.ndarray:
        found = ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), 6, mode="wrap")
        return px * found / found.std()

    yy, xx = np.mgrid[:SIZE, :SIZE]
    for k in range(images):
        cy, cx, r = rng.uniform(40, 56), rng.uniform(40, 56), rng.uniform(16, 26)
        level = r - np.hypot(yy - cy, xx - cx)
        name = f"i{k:02d}"
        together = level + field(1.5)
        votes.append(image_votes(name, {f"r{i}": together + field(2.0) > 0 for i in range(8)}))
        truths[name] = level > 0
        pictures[name] = (80 + contrast * truths[name] + rng.normal(0, 12, level.shape))[:, :, None].astype(
            np.float32
        )
    return votes, truths, pictures


def scores(fused, truths, votes) -> np.ndarray:
    return np.array([dice(rle.decode(f.mask), truths[v.image]) for f, v in zip(fused, votes, strict=True)])


@pytest.mark.parametrize("with_gold", [False, True])
def test_an_image_that_shows_the_border_takes_away_what_all_raters_got_wrong(with_gold):
    votes, truths, pictures = seen()
    gold = {v.image: rle.encode(truths[v.image]) for v in votes[:6]} if with_gold else {}
    model = estimate(votes, gold)
    fused = [fuse(v, model) for v in votes]
    found = look(votes, fused, model, pictures, gold)
    assert found.trust.earned
    assert "moved" in found.why
    gain = (scores(found.fused, truths, votes) - scores(fused, truths, votes))[6:]
    assert gain.mean() > 0.005
    assert (gain > -0.01).all()


def test_an_image_that_shows_nothing_is_not_used():
    votes, _, pictures = seen(contrast=0.0)
    model = estimate(votes)
    fused = [fuse(v, model) for v in votes]
    found = look(votes, fused, model, pictures, {})
    assert not found.trust.earned
    assert all(a is b for a, b in zip(found.fused, fused, strict=True))
    assert "weren't used" in found.why


def test_only_open_pixels_move_and_the_figures_stay_whole():
    votes, _, pictures = seen(4)
    model = estimate(votes)
    for v in votes:
        fused = fuse(v, model)
        misleading = -pictures[v.image][:, ::-1]
        after = refine(fused, misleading, ImageTrust(np.array([0.0, 50.0, 3.0]), 1.0, 0.0, 9))
        moved = rle.decode(after.mask) != rle.decode(fused.mask)
        p = fused.found.spread(probability(fused))
        assert moved.any()
        assert ((p[moved] > OPEN) & (p[moved] < 1 - OPEN)).all()
        level = ndimage.distance_transform_cdt(rle.decode(fused.mask)) + ndimage.distance_transform_cdt(
            ~rle.decode(fused.mask)
        )
        assert level[moved].max() <= BAND + 1
        after_p = after.found.spread(probability(after))
        assert np.array_equal(after_p[~moved], p[~moved])
        assert ((after_p[moved] >= 0.5) == rle.decode(after.mask)[moved]).all()
        assert after.found.counts.sum() == SIZE * SIZE
        assert np.allclose(pairwise_dice(after.found), pairwise_dice(fused.found))
        figures = confidence(after)
        assert 0 <= figures.low <= figures.predicted_dice <= figures.high <= 1


def test_nothing_to_learn_from():
    none = np.zeros((SIZE, SIZE))
    for masks in ({"a": none, "b": none}, {"a": np.ones_like(none)}, {"a": disc(40, 40, 9)}):
        v = image_votes("i", masks)
        model = estimate([v])
        fused = fuse(v, model)
        picture = {"i": np.zeros((SIZE, SIZE, 1), np.float32)}
        assert look([v], [fused], model, picture, {}, always=True).fused[0].mask == fused.mask
    assert not trust([]).earned


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    votes, _, pictures = seen(10, seed=2)
    (tmp_path / "img").mkdir()
    for v in votes:
        (tmp_path / "in" / v.image).mkdir(parents=True)
        for rater, mask in zip(v.raters, v.masks, strict=True):
            (tmp_path / "in" / v.image / f"{rater}.png").write_bytes(encode_png(rle.decode(mask)))
        grey = np.clip(pictures[v.image][:, :, 0], 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(tmp_path / "img" / f"{v.image}.jpg", quality=95)
    return tmp_path


def test_images_of_a_folder_move_borders_and_say_so(folder):
    plain = run(folder / "in", folder / "plain")
    seeing = run(folder / "in", folder / "out", images=folder / "img")
    asked = run(folder / "in", folder / "asked", method="image", images=folder / "img")
    assert "images moved" in seeing.why[1]
    assert {row["method"] for row in seeing.images} == {"hierarchical+image"}
    assert [row["area_px"] for row in asked.images] == [row["area_px"] for row in seeing.images]
    assert [row["area_px"] for row in plain.images] != [row["area_px"] for row in seeing.images]
    with (folder / "out" / "raters.csv").open() as one, (folder / "plain" / "raters.csv").open() as other:
        assert list(csv.reader(one)) == list(csv.reader(other))  # who is reliable is for people to show


def test_images_that_can_not_be_used(folder):
    with pytest.raises(InvalidInput, match="give their folder"):
        run(folder / "in", folder / "out", method="image")
    Image.new("L", (5, 4)).save(folder / "img" / "i00.tif")
    with pytest.raises(InvalidInput, match="two images"):
        run(folder / "in", folder / "out", images=folder / "img")
    (folder / "img" / "i00.jpg").unlink()
    with pytest.raises(InvalidInput, match="another size"):
        run(folder / "in", folder / "out", images=folder / "img")
    (folder / "img" / "i00.tif").write_bytes(b"no image")
    with pytest.raises(InvalidInput, match="can't be read"):
        run(folder / "in", folder / "out", images=folder / "img")
    (folder / "none").mkdir()
    with pytest.raises(InvalidInput, match="none of the labelled"):
        read_images(folder / "none", {})
    assert not (folder / "out").exists()
