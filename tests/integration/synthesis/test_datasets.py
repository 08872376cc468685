"""From events to a published dataset, without a generator (no torch needed)."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from services.synthesis.domain import splits
from services.synthesis.verify import verify
from shared.auth import Role
from shared.errors import StorageFull
from tests.unit.synthesis.phantoms import phantom


def rows_of(data: bytes) -> list[dict]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [json.loads(line) for line in archive.read("demo/manifest.jsonl").splitlines()]


def download(house, job: dict) -> bytes:
    return house.get(f"/datasets/{job['result']['dataset_id']}/download").content


def test_real_and_consensus_become_a_dataset_that_verifies(house, tmp_path):
    house.fill()
    job = house.publish(seed=1)
    assert job["status"] == "succeeded", job
    counts = job["result"]["counts"]
    assert (counts["real"], counts["consensus"], counts["synthetic"]) == (4, 20, 0)
    data = download(house, job)
    path = tmp_path / "d.zip"
    path.write_bytes(data)
    found = verify(path)
    assert found["problems"] == []
    assert found["sha256"] == job["result"]["sha256"]
    rows = rows_of(data)
    assert len(rows) == 24
    by_group: dict[str, set] = {}
    for row in rows:
        by_group.setdefault(row["group"], set()).add(row["split"])
        if row["origin"] == "consensus":
            assert row["consensus_version"] == 1
            assert len(row["raters"]) == 3
            assert not set(row["raters"]) & {"rater-a", "rater-b", "rater-c"}
        else:
            assert row["raters"] == []
    assert all(len(s) == 1 for s in by_group.values())
    assert {s for found in by_group.values() for s in found} == {"train", "val", "test"}
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert "demo/README.md" in names
        from shared.imaging import codecs

        row = rows[0]
        mask = codecs.decode_png(archive.read("demo/" + row["mask"]))
        wanted = house.masks[row["id"]]
        assert (mask == np.array([0, 3, 7], np.uint8)[wanted]).all()
        coco = json.loads(archive.read(f"demo/annotations/{row['split']}.json"))
        assert {c["name"] for c in coco["categories"]} == {"disc", "core"}


def test_gold_beats_consensus_and_empty_is_kept(house):
    rng = np.random.default_rng(0)
    pixels, label_map = phantom(rng, 32)
    image_id = house.gold(pixels, np.zeros_like(label_map), "a")
    house.consensus(*phantom(rng, 32), "b")
    house.consensus(*phantom(rng, 32), "c")
    rows = rows_of(download(house, house.publish()))
    row = next(r for r in rows if r["id"] == image_id)
    assert row["origin"] == "real"
    assert len(rows) == 3


def test_an_older_consensus_never_overwrites_a_newer(house):
    rng = np.random.default_rng(0)
    pixels, first = phantom(rng, 32)
    image = house.image(pixels, "a")
    house.consensus(pixels, first, "a", version=2, image=image)
    house.consensus(pixels, np.zeros_like(first), "a", version=1, image=image)
    item = next(house.store.items(house.project))
    assert item.consensus["version"] == 2


def test_the_same_content_is_published_once_and_rebuilds_bit_for_bit(house):
    house.fill(2, 8, 5)
    first, again = house.publish(seed=3), house.publish(seed=3)
    assert again["result"]["unchanged"] is True
    assert again["result"]["dataset_id"] == first["result"]["dataset_id"]
    house.fill(0, 2, 2, seed=9)
    other = house.publish(seed=3)
    assert other["result"]["version"] == 2
    listed = house.get(f"/projects/{house.project}/datasets").json()["items"]
    assert [d["version"] for d in listed] == [2, 1]
    assert listed[1]["archive_sha256"] != listed[0]["archive_sha256"]


def test_planted_duplicates_never_stand_in_two_splits(house):
    """The same picture under two patients, once byte for byte and once with other grey values."""
    house.fill(0, 16, 8)
    rng = np.random.default_rng(77)
    for number in range(6):
        pixels, label_map = phantom(rng, 48)
        house.consensus(pixels, label_map, f"patient-{number}")
        house.consensus(
            pixels if number % 2 else np.minimum(pixels, 245) + 5, label_map, f"stranger-{number}"
        )
    for seed in range(3):
        rows = rows_of(download(house, house.publish(seed=seed, include=["consensus"])))
        where = {r["group"]: r["split"] for r in rows}
        assert len(set(where.values())) > 1
        for number in range(6):
            assert where[f"patient-{number}"] == where[f"stranger-{number}"], seed
        assert splits.leaks((r["split"], r["group"], r["image_sha256"]) for r in rows) == []


def test_a_duplicate_that_comes_after_the_split_was_fixed_is_left_out_of_training(house):
    house.fill(0, 16, 8)
    rows = rows_of(download(house, house.publish()))
    test_row = next(r for r in rows if r["split"] == "test")
    train_group = next(r["group"] for r in rows if r["split"] == "train")
    item = next(i for i in house.store.items(house.project) if i.image_id == test_row["id"])
    from shared.imaging import codecs

    pixels = codecs.decode_png(house.deps.blobs.get(item.frame["key"]))
    planted = house.consensus(pixels, house.masks[test_row["id"]], train_group)
    job = house.publish()
    rows = rows_of(download(house, job))
    assert splits.leaks((r["split"], r["group"], r["image_sha256"]) for r in rows) == []
    assert planted not in {r["id"] for r in rows if r["split"] == "train"}
    assert job["result"]["counts"]["dropped"] > 0


def test_verify_notices_every_kind_of_damage(house, tmp_path):
    house.fill(2, 8, 5)
    folder = tmp_path / "out"
    zipfile.ZipFile(io.BytesIO(download(house, house.publish()))).extractall(folder)
    root = folder / "demo"
    assert verify(root)["ok"]
    masks = sorted((root / "masks").iterdir())
    saved = masks[0].read_bytes()
    masks[0].write_bytes(masks[1].read_bytes())
    assert any("was changed" in p for p in verify(root)["problems"])
    masks[0].write_bytes(saved)
    (root / "extra.txt").write_text("x")
    assert any("isn't in the list" in p for p in verify(root)["problems"])
    (root / "extra.txt").unlink()
    manifest = (root / "manifest.jsonl").read_text()
    lines = [json.loads(line) for line in manifest.splitlines()]
    lines[0]["split"] = "test" if lines[0]["split"] == "train" else "train"
    (root / "manifest.jsonl").write_text("\n".join(json.dumps(r) for r in lines))
    assert any("is in test and train" in p for p in verify(root)["problems"])
    (root / "manifest.jsonl").unlink()
    from shared.errors import InvalidInput

    with pytest.raises(InvalidInput):
        verify(root)
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(InvalidInput):
        verify(tmp_path / "x.zip")


def test_downloads_resume(house):
    house.fill(2, 6, 4)
    job = house.publish()
    path = f"/api/v1/datasets/{job['result']['dataset_id']}/download"
    whole = house.client.get(path, headers=house.headers())
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(whole.content)
    part = house.client.get(path, headers={**house.headers(), "Range": f"bytes={size - 100}-"})
    assert part.status_code == 206
    assert part.content == whole.content[-100:]
    assert part.headers["content-range"] == f"bytes {size - 100}-{size - 1}/{size}"
    last = house.client.get(path, headers={**house.headers(), "Range": "bytes=-7"})
    assert last.content == whole.content[-7:]
    beyond = house.client.get(path, headers={**house.headers(), "Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    stale = house.client.get(path, headers={**house.headers(), "Range": "bytes=0-9", "If-Range": '"old"'})
    assert (stale.status_code, len(stale.content)) == (200, size)
    same = house.client.get(path, headers={**house.headers(), "If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304


def test_nothing_to_publish_is_said_clearly(house):
    job = house.publish()
    assert job["status"] == "failed"
    assert "nothing to publish" in job["error"]
    assert house.get(f"/projects/{house.project}/datasets").json() == {"items": [], "next": None}


def test_a_mask_of_another_size_fails_with_a_sentence(house):
    rng = np.random.default_rng(0)
    pixels, _ = phantom(rng, 32)
    house.gold(pixels, phantom(rng, 40)[1], "a")
    job = house.publish()
    assert job["status"] == "failed"
    assert "40" in job["error"]


def test_a_cancelled_job_leaves_nothing(house, monkeypatch):
    house.fill(2, 6, 4)
    job = house.post(f"/projects/{house.project}/datasets", {"name": "demo"}).json()
    from services.synthesis import work

    real = work.builder.build

    def cancel_first(*args, **kwargs):
        house.post(f"/jobs/{job['id']}/cancel", {})
        return real(*args, **kwargs)

    monkeypatch.setattr(work.builder, "build", cancel_first)
    house.work()
    assert house.get(f"/jobs/{job['id']}").json()["status"] == "cancelled"
    assert house.get(f"/projects/{house.project}/datasets").json()["items"] == []
    again = house.post(f"/jobs/{job['id']}/cancel", {})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_full_disk_fails_the_job_with_the_reason(house, monkeypatch):
    house.fill(2, 6, 4)

    def full(*_args, **_kwargs):
        raise StorageFull("The blob store has no room left; free disk space or enlarge the volume.")

    monkeypatch.setattr(house.deps.blobs, "put", full)
    job = house.publish()
    assert (job["status"], "no room left" in job["error"]) == ("failed", True)


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.EXPERT])
def test_only_the_projects_lab_gets_in(house, role):
    house.fill(2, 4, 3)
    job = house.publish()
    dataset = job["result"]["dataset_id"]
    for method, path in [
        ("GET", f"/projects/{house.project}/jobs"),
        ("POST", f"/projects/{house.project}/jobs"),
        ("GET", f"/projects/{house.project}/datasets"),
        ("GET", f"/projects/{house.project}/synthetic"),
        ("GET", f"/projects/{house.project}/generators"),
        ("POST", f"/projects/{house.project}/datasets"),
    ]:
        body = {"kind": "train"} if path.endswith("/jobs") else {"name": "x"}
        kwargs = {"json": body} if method == "POST" else {}
        answer = house.client.request(method, f"/api/v1{path}", headers=house.headers(role), **kwargs)
        assert answer.status_code == 403, path
    for path in (f"/datasets/{dataset}", f"/datasets/{dataset}/download", f"/jobs/{job['id']}"):
        assert house.get(path, role=role).status_code == 404
        assert house.get(path, project="0190f000-0000-7000-8000-000000000000").status_code == 404
    assert house.client.get(f"/api/v1/datasets/{dataset}").status_code == 401


@pytest.mark.parametrize(
    "body",
    [{"kind": "bake"}, {"kind": "train", "params": {"size": "big"}}, {"kind": "train", "parms": {}}, {}],
)
def test_bad_jobs_are_refused_before_they_are_queued(house, body):
    answer = house.post(f"/projects/{house.project}/jobs", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.get(f"/projects/{house.project}/jobs").json()["items"] == []
