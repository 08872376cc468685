"""Each format of a published dataset, read by the readers that labs use (where they are installed)."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from services.synthesis.verify import verify
from shared.contracts.bramble.annotations.v1.events_pb2 import GoldAdded
from shared.contracts.bramble.common.v1.common_pb2 import Geometry
from shared.imaging import codecs
from tests.unit.synthesis.phantoms import phantom

ALL = ["png", "coco", "nifti", "nnunet", "huggingface"]
AFFINE = [0.5, 0, 0, -10, 0, -0.7, 0, 20, 0, 0, 3, 7.5, 0, 0, 0, 1]


def publish(house, folder: Path, **body) -> Path:
    job = house.publish(**body)
    assert job["status"] == "succeeded", job
    data = house.get(f"/datasets/{job['result']['dataset_id']}/download").content
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    return folder / "demo"


def rows_of(root: Path) -> list[dict]:
    return [json.loads(line) for line in (root / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture
def root(house, tmp_path):
    house.fill(4, 16, 8)
    rng = np.random.default_rng(5)
    pixels, label_map = phantom(rng, 40)
    image = house.image(pixels, "scanner")
    image.geometry.CopyFrom(Geometry(spacing_mm=[0.7, 0.5], slice_mm=3, affine=AFFINE, modality="MR"))
    house.masks[image.id] = label_map
    house.placed = image.id
    house.tell(GoldAdded(project_id=house.project, image=image, masks=house.label_masks(label_map)))
    return publish(house, tmp_path / "out", formats=ALL, licence="CC-BY-4.0", consent="Board 12/34", seed=1)


def test_all_formats_verify_and_are_the_same_bytes_again(house, root):
    assert verify(root)["problems"] == []
    again = house.publish(formats=ALL, licence="CC-BY-4.0", consent="Board 12/34", seed=1)
    assert again["result"]["unchanged"] is True
    assert "Board 12/34" in (root / "DATASHEET.md").read_text()
    assert "CC-BY-4.0" in (root / "README.md").read_text()


def test_nifti_keeps_pixels_masks_and_the_place_in_the_patient(house, root):
    nibabel = pytest.importorskip("nibabel")
    for row in rows_of(root):
        image = nibabel.load(root / f"nifti/images/{row['id']}.nii.gz")
        labels = nibabel.load(root / f"nifti/labels/{row['id']}.nii.gz")
        png = codecs.decode_png((root / row["image"]).read_bytes())
        assert (png == np.asarray(image.dataobj)[..., 0].T).all()
        assert (
            codecs.decode_png((root / row["mask"]).read_bytes()) == np.asarray(labels.dataobj)[..., 0].T
        ).all()
        assert (image.affine == labels.affine).all()
        placed = row["id"] == house.placed
        assert int(image.header["sform_code"]) == int(placed)
        if placed:
            assert np.allclose(image.affine, np.array(AFFINE).reshape(4, 4))
            assert np.allclose(image.header.get_zooms(), (0.5, 0.7, 3))
            assert int(labels.header["intent_code"]) == 1002


def test_simpleitk_reads_the_same_place(house, root):
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.ReadImage(str(root / f"nifti/images/{house.placed}.nii.gz"))
    # ITK speaks LPS: x and y change sign.
    assert np.allclose(image.GetOrigin(), (10, -20, 7.5), atol=1e-5)
    assert np.allclose(image.GetSpacing(), (0.5, 0.7, 3), atol=1e-5)


def test_nnunet_has_every_case_once_with_labels_without_gaps(root):
    folder = next((root / "nnunet").iterdir())
    assert folder.name == "Dataset500_Demo"
    about = json.loads((folder / "dataset.json").read_text())
    assert about["labels"] == {"background": 0, "disc": 1, "core": 2}
    assert about["file_ending"] == ".png"
    rows = rows_of(root)
    by_split = {s: {r["id"] for r in rows if r["split"] == s} for s in ("train", "val", "test")}
    assert all(by_split.values())
    assert about["numTraining"] == len(by_split["train"] | by_split["val"])
    folds = json.loads((folder / "splits_final.json").read_text())
    assert len(folds) == 1
    assert {k: set(v) for k, v in folds[0].items()} == {k: by_split[k] for k in ("train", "val")}
    for part, ids in (("Tr", by_split["train"] | by_split["val"]), ("Ts", by_split["test"])):
        assert {p.name for p in (folder / f"images{part}").iterdir()} == {f"{i}_0000.png" for i in ids}
        assert {p.name for p in (folder / f"labels{part}").iterdir()} == {f"{i}.png" for i in ids}
    row = rows[0]
    part = "Ts" if row["split"] == "test" else "Tr"
    mask = codecs.decode_png((folder / f"labels{part}" / f"{row['id']}.png").read_bytes())
    ids = codecs.decode_png((root / row["mask"]).read_bytes())
    assert (np.array([0, 3, 7])[mask] == ids).all()


def test_parquet_holds_what_the_folders_hold(root):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = {r["id"]: r for r in rows_of(root)}
    seen = 0
    for split, name in (("train", "train"), ("val", "validation"), ("test", "test")):
        table = parquet.read_table(root / f"huggingface/data/{name}-00000-of-00001.parquet")
        for found in table.to_pylist():
            row = rows[found["id"]]
            assert row["split"] == split
            assert found["image"] == {"bytes": (root / row["image"]).read_bytes(), "path": row["image"]}
            assert found["mask"]["bytes"] == (root / row["mask"]).read_bytes()
            assert found["consensus_version"] == row["consensus_version"]
            assert found["raters"] == " ".join(row["raters"])
            assert found["generator_id"] is None
            seen += 1
    assert seen == len(rows)


def test_hugging_face_datasets_loads_the_folder(root, tmp_path):
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset(str(root / "huggingface"), cache_dir=str(tmp_path / "cache"))
    assert set(found) == {"train", "validation", "test"}
    rows = {r["id"]: r for r in rows_of(root)}
    assert sum(len(part) for part in found.values()) == len(rows)
    item = found["train"][0]
    row = rows[item["id"]]
    assert (np.asarray(item["image"]) == codecs.decode_png((root / row["image"]).read_bytes())).all()
    assert (np.asarray(item["mask"]) == codecs.decode_png((root / row["mask"]).read_bytes())).all()


def test_croissant_is_valid_and_its_records_are_the_manifest(root):
    mlcroissant = pytest.importorskip("mlcroissant")
    found = mlcroissant.Dataset(jsonld=root / "croissant.json")
    assert found.metadata.ctx.issues.errors == set()
    ids = [record["items/id"].decode() for record in found.records("items")]
    assert ids == [r["id"] for r in rows_of(root)]
    first = next(iter(found.records("train")))
    row = next(r for r in rows_of(root) if r["id"] == first["train/id"].decode())
    assert (np.asarray(first["train/mask"]) == codecs.decode_png((root / row["mask"]).read_bytes())).all()


def test_colour_and_grey_in_one_project(house, tmp_path):
    house.fill(0, 4, 4, channels=3)
    house.fill(0, 4, 4, seed=3)
    root = publish(house, tmp_path / "colour", formats=ALL)
    folder = next((root / "nnunet").iterdir())
    shapes = {
        codecs.decode_png(p.read_bytes()).shape
        for part in ("Tr", "Ts")
        for p in (folder / f"images{part}").iterdir()
    }
    # PNGs of equal channels are decoded as grey by this house; the files themselves are RGB.
    assert json.loads((folder / "dataset.json").read_text())["channel_names"] == {
        "0": "R",
        "1": "G",
        "2": "B",
    }
    from PIL import Image

    modes = {Image.open(p).mode for part in ("Tr", "Ts") for p in (folder / f"images{part}").iterdir()}
    assert modes == {"RGB"}, shapes
    nibabel = pytest.importorskip("nibabel")
    row = next(r for r in rows_of(root) if codecs.decode_png((root / r["image"]).read_bytes()).ndim == 3)
    data = np.asarray(nibabel.load(root / f"nifti/images/{row['id']}.nii.gz").dataobj)
    wanted = codecs.decode_png((root / row["image"]).read_bytes())
    assert (np.stack([data[..., 0][c].T for c in "RGB"], axis=-1) == wanted).all()


def test_an_unknown_format_is_refused_with_those_that_there_are(house):
    answer = house.post(f"/projects/{house.project}/datasets", {"name": "x", "formats": ["dicom"]})
    assert answer.status_code == 422
    assert "nnunet" in answer.json()["detail"]


def test_pycocotools_reads_the_masks(house, root):
    coco = pytest.importorskip("pycocotools.coco")
    found = coco.COCO(str(root / "annotations/train.json"))
    rows = {r["image"]: r for r in rows_of(root)}
    for image in found.loadImgs(found.getImgIds()):
        wanted = codecs.decode_png((root / rows[image["file_name"]]["mask"]).read_bytes())
        for note in found.loadAnns(found.getAnnIds(imgIds=image["id"])):
            assert (found.annToMask(note).astype(bool) == (wanted == note["category_id"])).all()
