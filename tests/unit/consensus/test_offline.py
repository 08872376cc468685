"""`bramble consensus` on folders: what it writes, and one sentence with exit code 2 for what it can't use."""

from __future__ import annotations

import csv
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.consensus.domain import auto
from services.consensus.offline import run
from shared.errors import InvalidInput
from shared.imaging import metrics, rle
from shared.imaging.codecs import decode_png, encode_png
from tests.unit.consensus.crowds import crowd, disc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    votes, _, _ = crowd(8)
    for v in votes:
        for rater, mask in zip(v.raters, v.masks, strict=True):
            save(tmp_path / "in" / v.image / f"{rater}.png", rle.decode(mask))
    return tmp_path


def save(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(mask))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_writes_masks_probabilities_and_tables(folder):
    summary = run(folder / "in", folder / "out")
    votes, truth, kinds = crowd(8)
    fused, _, choice = auto.merge(votes)
    assert summary.method == {1: choice.method}
    for v, f in zip(votes, fused, strict=True):
        mask = decode_png((folder / "out" / f"{v.image}.png").read_bytes())
        assert set(np.unique(mask)) <= {0, 255}
        assert np.array_equal(mask > 0, rle.decode(f.mask))  # the same as the domain, and so the service
        assert metrics.dice(mask > 0, truth[v.image]) > 0.8
        prob = decode_png((folder / "out" / f"{v.image}.prob.png").read_bytes())
        assert prob.dtype == np.uint16
        assert prob[mask > 0].mean() > 0.7 * 65535
    images = rows(folder / "out" / "images.csv")
    assert [r["image"] for r in images] == [v.image for v in votes]
    assert all(float(r["low"]) <= float(r["predicted_dice"]) <= float(r["high"]) for r in images)
    raters = rows(folder / "out" / "raters.csv")
    assert {r["rater"] for r in raters} <= set(kinds)
    assert all(float(r["low"]) <= float(r["reliability"]) <= float(r["high"]) for r in raters)


def test_is_deterministic(folder):
    run(folder / "in", folder / "a")
    run(folder / "in", folder / "b")
    for path in (folder / "a").iterdir():
        assert path.read_bytes() == (folder / "b" / path.name).read_bytes()


def test_gold_is_used(folder):
    _, truth, _ = crowd(8)
    for name, mask in truth.items():
        save(folder / "gold" / f"{name}.png", mask)
    run(folder / "in", folder / "out", gold=folder / "gold")
    assert sum(int(r["gold_images"]) for r in rows(folder / "out" / "raters.csv")) == 8 * 7


def test_nifti_planes_and_volumes(tmp_path):
    plane, volume = disc(40, 30, 10)[:, :70], np.stack([disc(40, 30, r)[:60] for r in (0, 5, 9)], axis=-1)
    for rater in ("a", "b", "c"):
        for name, mask in (("flat", plane), ("deep", volume)):
            path = tmp_path / "in" / name / f"{rater}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(mask.astype(np.uint8), np.diag([0.5, 0.5, 2, 1])), path)
    run(tmp_path / "in", tmp_path / "out")
    assert np.array_equal(decode_png((tmp_path / "out" / "flat.png").read_bytes()) > 0, plane)
    back = nib.load(tmp_path / "out" / "deep.nii.gz")
    assert np.array_equal(np.asarray(back.dataobj) > 0, volume)
    assert back.header.get_zooms()[:3] == pytest.approx((0.5, 0.5, 2))
    assert not (tmp_path / "out" / "deep.png").exists()


def test_label_maps(tmp_path):
    for k, rater in enumerate("abc"):
        plane = disc(30, 30, 12 + k).astype(np.uint8)
        plane[disc(60, 60, 8)] = 2
        save(tmp_path / "in" / "i" / f"{rater}.png", plane)
    summary = run(tmp_path / "in", tmp_path / "out")
    found = decode_png((tmp_path / "out" / "i.png").read_bytes())
    assert set(np.unique(found)) == {0, 1, 2}
    assert np.array_equal(found == 2, disc(60, 60, 8))
    assert {row["class"] for row in summary.images} == {1, 2}


def bad_size(root: Path) -> None:
    save(root / "in" / "img00" / "zz.png", np.ones((5, 5), bool))


def bad_empty_folder(root: Path) -> None:
    (root / "in" / "nobody").mkdir()


def bad_text(root: Path) -> None:
    (root / "in" / "img00" / "zz.png").write_text("hello")


def bad_cut(root: Path) -> None:
    data = encode_png(np.random.default_rng(0).random((96, 96)) < 0.5)
    (root / "in" / "img00" / "zz.png").write_bytes(data[: len(data) // 2])


def bad_twice(root: Path) -> None:
    rater = next((root / "in" / "img00").iterdir()).stem
    nib.save(
        nib.Nifti1Image(np.zeros((96, 96), np.uint8), np.eye(4)), root / "in" / "img00" / f"{rater}.nii.gz"
    )


def bad_nan(root: Path) -> None:
    image = nib.Nifti1Image(np.full((96, 96), np.nan, np.float32), np.eye(4))
    nib.save(image, root / "in" / "img00" / "zz.nii.gz")


def bad_kind(root: Path) -> None:
    (root / "in" / "img00" / "notes.docx").write_text("x")


def bad_cut_nifti(root: Path) -> None:
    (root / "in" / "img00" / "zz.nii.gz").write_bytes(b"\x1f\x8b nothing")


BAD = [bad_size, bad_empty_folder, bad_text, bad_cut, bad_twice, bad_nan, bad_kind, bad_cut_nifti]


@pytest.mark.parametrize("spoil", BAD, ids=lambda f: f.__name__)
def test_bad_input_is_one_sentence_and_exit_code_2(folder, spoil):
    spoil(folder)
    answer = CliRunner().invoke(app, ["consensus", str(folder / "in"), "--out", str(folder / "out")])
    assert answer.exit_code == 2
    text = answer.output.strip()
    assert text.startswith("bramble consensus: ")
    assert "Traceback" not in text
    assert len(text.splitlines()) == 1
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["in", "--method", "magic"],
        ["in", "--gold", "nowhere"],
        ["in", "--images", "nowhere"],
        ["out"],
    ],
)
def test_bad_arguments(folder, arguments, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "out").mkdir()
    answer = CliRunner().invoke(app, ["consensus", *arguments, "--out", "result"])
    assert answer.exit_code == 2
    assert answer.output.startswith("bramble consensus: ")


def test_the_command(folder):
    answer = CliRunner().invoke(
        app, ["consensus", str(folder / "in"), "--method", "majority", "--out", str(folder / "out")]
    )
    assert answer.exit_code == 0
    assert "8 images by majority" in answer.output


def test_instances_are_numbered_and_told(tmp_path):
    two = np.zeros((96, 96), np.uint8)
    two[disc(30, 30, 9)], two[disc(30, 60, 9)], two[disc(70, 40, 12)] = (
        1,
        1,
        2,
    )  # a label map: two objects of class 1, one of 2
    nothing = np.zeros((96, 96), np.uint8)
    for rater in ("a", "b", "c"):
        save(tmp_path / "in" / "x" / f"{rater}.png", two)
        save(tmp_path / "in" / "y" / f"{rater}.png", nothing)
    found = CliRunner().invoke(
        app, ["consensus", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--instances"]
    )
    assert found.exit_code == 0, found.output
    plane = decode_png((tmp_path / "out" / "x.instances.png").read_bytes())
    assert plane.dtype == np.uint16
    assert [int(plane[at]) for at in ((30, 30), (30, 60), (70, 40), (0, 0))] == [1, 2, 3, 0]
    assert not decode_png((tmp_path / "out" / "y.instances.png").read_bytes()).any()
    told = rows(tmp_path / "out" / "instances.csv")
    assert [(r["image"], r["class"], r["instance"], r["drawn"]) for r in told] == [
        ("x", "1", "1", "3"),
        ("x", "1", "2", "3"),
        ("x", "2", "3", "3"),
    ]
    assert (float(told[1]["row"]), float(told[1]["column"])) == (30, 60)


def test_no_instances_at_all_is_a_table_without_rows(tmp_path):
    save(tmp_path / "in" / "y" / "a.png", np.zeros((20, 20), np.uint8))
    assert run(tmp_path / "in", tmp_path / "out", instances=True).instances == []
    assert (tmp_path / "out" / "instances.csv").read_text().startswith("image,class,instance,")


def test_instances_of_a_volume_are_refused(tmp_path):
    path = tmp_path / "in" / "deep" / "a.nii.gz"
    path.parent.mkdir(parents=True)
    nib.save(nib.Nifti1Image(np.ones((8, 8, 3), np.uint8), np.eye(4)), path)
    with pytest.raises(InvalidInput, match="'deep' is a volume"):
        run(tmp_path / "in", tmp_path / "out", instances=True)
    assert not (tmp_path / "out").exists()
