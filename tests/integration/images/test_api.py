"""Uploads, pictures and permissions over HTTP."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from shared.auth import Role
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageRejected, ImageStored
from shared.db.outbox import outbox_table
from shared.deps import Deps
from shared.ids import new_id
from tests.integration.images.conftest import LAB, OTHER_LAB, VOLUNTEER
from tests.unit.images import makers

As = Callable[..., dict[str, str]]


async def send(
    http: httpx.AsyncClient, project: str, files: dict[str, bytes], headers: dict[str, str], query: str = ""
) -> httpx.Response:
    parts = [("files", (name, data)) for name, data in files.items()]
    return await http.post(f"/projects/{project}/images{query}", files=parts, headers=headers)


def events(deps: Deps) -> list[tuple[Envelope, Any]]:
    kinds = {"ImageStored": ImageStored, "ImageRejected": ImageRejected, "ImageDeleted": ImageDeleted}
    with deps.db.read() as conn:
        rows = conn.execute(select(outbox_table.c.value).order_by(outbox_table.c.id)).scalars().all()
    envelopes = [Envelope.FromString(row) for row in rows]
    return [(e, kinds[e.type.rsplit(".", 1)[1]].FromString(e.payload)) for e in envelopes]


async def test_one_bad_file_of_many_is_refused_and_the_others_stay(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, deps: dict[str, Deps]
) -> None:
    files = {f"{i:03}.png": makers.png(makers.grey(seed=i)) for i in range(499)}
    files = {"notes.png": b"just text, really\n" * 9, **files}
    started = time.process_time()
    answer = await send(http, project["open"], files, as_(LAB, Role.LAB, {project["open"]: Role.LAB}))
    assert time.process_time() - started < 15
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["accepted"], body["duplicate"], body["rejected"]) == (499, 0, 1)
    assert [r["name"] for r in body["results"]] == list(files)
    assert body["results"][0]["code"] == "unsupported-type"
    assert body["results"][0]["reason"].endswith(".")
    found = events(deps["images"])
    assert sum(isinstance(m, ImageStored) for _, m in found) == 499
    [rejected] = [m for _, m in found if isinstance(m, ImageRejected)]
    assert (rejected.project_id, rejected.code) == (project["open"], "unsupported-type")
    assert {e.partition_key for e, _ in found} == {project["open"]}


async def test_a_frame_is_the_picture_and_its_event_says_where_it_lies(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, deps: dict[str, Deps]
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    pixels = makers.grey(40, 50, seed=1)
    data = makers.png(pixels)
    [result] = (await send(http, project["open"], {"a/b/c.png": data}, lab)).json()["results"]
    [image_id] = result["image_ids"]
    frame = await http.get(f"/images/{image_id}/frame", headers=lab)
    assert frame.headers["content-type"] == "image/png"
    assert "immutable" in frame.headers["cache-control"]
    assert frame.headers["etag"].strip('"') == hashlib.sha256(frame.content).hexdigest()
    assert (np.asarray(Image.open(io.BytesIO(frame.content))) == pixels).all()
    again = await http.get(
        f"/images/{image_id}/frame", headers=lab | {"If-None-Match": frame.headers["etag"]}
    )
    assert again.status_code == 304
    assert again.content == b""
    [(_, stored)] = events(deps["images"])
    reference = stored.image
    assert (reference.id, reference.height, reference.width, reference.channels) == (image_id, 40, 50, 1)
    assert deps["images"].blobs.get(reference.frame.key) == frame.content
    assert reference.frame.sha256 == hashlib.sha256(frame.content).hexdigest()
    assert reference.frame.size == len(frame.content)
    assert deps["images"].blobs.get(stored.original.key) == data
    assert reference.name == "c.png"
    body = (await http.get(f"/images/{image_id}", headers=lab)).json()
    assert body["name"] == "c.png"
    assert body["frame_url"] == f"/api/v1/images/{image_id}/frame"
    assert body["spacing"] is None


async def test_the_original_is_kept_byte_for_byte_and_takes_a_range(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    data = makers.saved(Image.fromarray(makers.grey(64, 64)), "JPEG", comment=b"kept")
    [result] = (await send(http, project["open"], {"x.jpg": data}, lab)).json()["results"]
    url = f"/images/{result['image_ids'][0]}/original"
    whole = await http.get(url, headers=lab)
    assert whole.content == data
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-disposition"].startswith("attachment")
    part = await http.get(url, headers=lab | {"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    last = await http.get(url, headers=lab | {"Range": "bytes=-5"})
    assert last.content == data[-5:]
    outside = await http.get(url, headers=lab | {"Range": f"bytes={len(data)}-"})
    assert outside.status_code == 416


async def test_thumbnails_are_small_and_kept(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, deps: dict[str, Deps]
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    answer = await send(http, project["open"], {"big.png": makers.png(makers.grey(300, 1200))}, lab)
    image_id = answer.json()["results"][0]["image_ids"][0]
    first = await http.get(f"/images/{image_id}/thumbnail", headers=lab)
    assert first.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(first.content)).size == (256, 64)
    assert (await http.get(f"/images/{image_id}/thumbnail", headers=lab)).content == first.content
    assert sum(b.key.endswith(".webp") for b in deps["images"].blobs.list("images/")) == 1


async def test_a_slice_knows_what_lies_beside_it(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})

    async def beside(image_id: str) -> tuple[str | None, str | None]:
        found = (await http.get(f"/images/{image_id}/neighbours", headers=lab)).json()
        return found["before"] and found["before"]["id"], found["after"] and found["after"]["id"]

    volume = makers.nifti(np.arange(60, dtype=np.int16).reshape(5, 4, 3))
    frames = (await send(http, project["open"], {"v.nii": volume}, lab)).json()["results"][0]["image_ids"]
    assert [await beside(i) for i in frames] == [
        (None, frames[1]),
        (frames[0], frames[2]),
        (frames[1], None),
    ]
    pictures = {
        "z2.png": makers.png(makers.grey(8, 9)),
        "z1.png": makers.png(makers.grey(8, 10)),
        "z3.png": makers.png(makers.grey(8, 10) // 2),
        "z4.png": makers.png(makers.grey(8, 10) // 3),
    }
    sent = await http.post(
        f"/projects/{project['open']}/images",
        params={"group": "knee"},
        headers=lab,
        files=[("files", (name, data)) for name, data in pictures.items()],
    )
    ids = [r["image_ids"][0] for r in sent.json()["results"]]
    # Another size is another grid: masks could not be taken over, so it is no neighbour.
    assert await beside(ids[0]) == (None, None)
    assert await beside(ids[2]) == (ids[1], ids[3])
    assert (await http.get("/images/none/neighbours", headers=lab)).status_code == 404


async def test_the_same_bytes_are_kept_once_a_project(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, deps: dict[str, Deps]
) -> None:
    both = as_(LAB, Role.LAB, {project["open"]: Role.LAB, project["closed"]: Role.LAB})
    data = makers.png()
    first = (await send(http, project["open"], {"a.png": data, "b.png": data}, both)).json()
    assert (first["accepted"], first["duplicate"]) == (1, 1)
    assert first["results"][0]["image_ids"] == first["results"][1]["image_ids"]
    second = (await send(http, project["open"], {"c.png": data}, both)).json()
    assert second["results"][0]["status"] == "duplicate"
    assert second["results"][0]["image_ids"] == first["results"][0]["image_ids"]
    assert len(list(deps["images"].blobs.list("images/"))) == 1
    assert (await send(http, project["closed"], {"c.png": data}, both)).json()["accepted"] == 1


async def test_a_zip_of_everything_with_a_bad_one(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    pages = [Image.fromarray(makers.grey(20, 30, seed=s)) for s in (5, 6, 7)]
    archive = makers.zipped(
        {
            "d/ct.dcm": makers.dicom(np.arange(64, dtype=np.int16).reshape(8, 8), PixelSpacing=[0.5, 0.25]),
            "d/vol.nii": makers.nifti(np.arange(120, dtype=np.int16).reshape(4, 5, 6)),
            "pages.tif": makers.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]),
            "photo.jpg": makers.saved(Image.fromarray(makers.grey(9, 9)), "JPEG"),
            "huge.png": makers.lying_png(60_000, 60_000),
            "inner.zip": makers.zipped({"x.png": makers.png()}),
        }
    )
    body = (await send(http, project["open"], {"all.zip": archive}, lab)).json()
    results = {r["name"]: r for r in body["results"]}
    assert {n: len(r["image_ids"]) for n, r in results.items()} == {
        "all.zip/d/ct.dcm": 1,
        "all.zip/d/vol.nii": 6,
        "all.zip/pages.tif": 3,
        "all.zip/photo.jpg": 1,
        "all.zip/huge.png": 0,
        "all.zip/inner.zip": 0,
    }
    assert results["all.zip/huge.png"]["code"] == "too-many-pixels"
    assert results["all.zip/inner.zip"]["code"] == "zip-nested"
    ct = (await http.get(f"/images/{results['all.zip/d/ct.dcm']['image_ids'][0]}", headers=lab)).json()
    assert ct["spacing"] == [0.5, 0.25]
    assert ct["group"].startswith("p")
    volume = [
        (await http.get(f"/images/{i}", headers=lab)).json()
        for i in results["all.zip/d/vol.nii"]["image_ids"]
    ]
    assert len({v["group"] for v in volume}) == 1
    assert [v["frame_index"] for v in volume] == list(range(6))
    assert volume[0]["spacing"] == [3.0, 2.0]
    assert volume[0]["slice_mm"] == 4.0


async def test_lists_page_by_page_and_by_group(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    files = {f"{i}.png": makers.png(makers.grey(seed=i)) for i in range(7)}
    ids = [
        r["image_ids"][0]
        for r in (await send(http, project["open"], files, lab, "?group=Volume 3")).json()["results"]
    ]
    await send(http, project["open"], {"other.png": makers.png(makers.grey(seed=99))}, lab)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await http.get(
                f"/projects/{project['open']}/images?limit=3&cursor={cursor}&group=Volume 3", headers=lab
            )
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ids
    assert len((await http.get(f"/projects/{project['open']}/images", headers=lab)).json()["items"]) == 8


async def test_deleting_the_last_image_of_a_file_frees_it(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, deps: dict[str, Deps]
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    data = makers.nifti(np.arange(60, dtype=np.int16).reshape(5, 4, 3))
    ids = (await send(http, project["open"], {"v.nii": data}, lab)).json()["results"][0]["image_ids"]
    await http.get(f"/images/{ids[0]}/thumbnail", headers=lab)
    assert (await http.delete(f"/images/{ids[0]}", headers=lab)).status_code == 204
    assert (await http.get(f"/images/{ids[0]}", headers=lab)).status_code == 404
    assert (await http.get(f"/images/{ids[1]}/original", headers=lab)).content == data
    for image_id in ids[1:]:
        assert (await http.delete(f"/images/{image_id}", headers=lab)).status_code == 204
    assert list(deps["images"].blobs.list("images/")) == []
    messages = [m for _, m in events(deps["images"]) if isinstance(m, ImageDeleted)]
    assert [(m.image_id, m.project_id) for m in messages] == [(i, project["open"]) for i in ids]
    assert (await send(http, project["open"], {"v.nii": data}, lab)).json()["accepted"] == 1


async def test_nothing_of_a_patient_is_in_the_data_folder(
    http: httpx.AsyncClient, project: dict[str, str], as_: As, tmp_path: Path
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    files = {
        "Ypsilanti_Wilhelmina.dcm": makers.dicom(np.zeros((8, 8), np.int16), StudyDescription="Ypsilanti"),
        "Ypsilanti_Wilhelmina_SR.dcm": makers.dicom(None),
        "Ypsilanti_notes.bin": b"\1\2\3\4 Ypsilanti",
    }
    answer = await send(http, project["open"], files, lab)
    assert (answer.json()["accepted"], answer.json()["rejected"]) == (1, 2)
    image_id = answer.json()["results"][0]["image_ids"][0]
    await http.get(f"/images/{image_id}/thumbnail", headers=lab)
    listed = (await http.get(f"/projects/{project['open']}/images", headers=lab)).text
    refused = (await http.get(f"/projects/{project['open']}/images/rejections", headers=lab)).json()["items"]
    assert [r["name"] for r in refused] == ["file.dcm", "file.bin"]
    assert "psilanti" not in listed
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            for word in (b"ypsilanti", b"wilhelmina", b"mrn-0451-77", b"19510203", b"1.2.3.4.5.6"):
                assert word not in content, (path.name, word)


# ------------------------------------------------------------------------------------------------------- who may do what


async def test_a_volunteer_sees_pictures_of_open_projects_and_nothing_else(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, dict.fromkeys(project.values(), Role.LAB))
    ids = {}
    for name, project_id in project.items():
        answer = await send(http, project_id, {"secret name.png": makers.png()}, lab)
        ids[name] = answer.json()["results"][0]["image_ids"][0]
    volunteer = as_(VOLUNTEER, Role.VOLUNTEER)
    for what in ("", "/frame", "/thumbnail"):
        assert (await http.get(f"/images/{ids['open']}{what}", headers=volunteer)).status_code == 200
        assert (await http.get(f"/images/{ids['closed']}{what}", headers=volunteer)).status_code == 404
        assert (await http.get(f"/images/{ids['open']}{what}")).status_code == 401
    body = (await http.get(f"/images/{ids['open']}", headers=volunteer)).json()
    assert body["name"] == ""
    assert not body["urls"].get("original")
    member = as_(VOLUNTEER, Role.VOLUNTEER, {project["closed"]: Role.VOLUNTEER})
    assert (await http.get(f"/images/{ids['closed']}/frame", headers=member)).status_code == 200
    for headers in (volunteer, as_(VOLUNTEER, Role.EXPERT), as_(OTHER_LAB, Role.LAB)):
        assert (await http.get(f"/images/{ids['open']}/original", headers=headers)).status_code == 403
        assert (await http.get(f"/projects/{project['open']}/images", headers=headers)).status_code == 403
        assert (
            await http.get(f"/projects/{project['open']}/images/rejections", headers=headers)
        ).status_code == 403
        assert (await http.delete(f"/images/{ids['open']}", headers=headers)).status_code == 403
        assert (await send(http, project["open"], {"a.png": makers.png()}, headers)).status_code == 403


async def test_the_maker_of_a_project_who_is_no_member_any_more_may_do_nothing(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    for name in ("open", "closed"):
        here = project[name]
        member = as_(LAB, Role.LAB, {here: Role.LAB})
        answer = await send(http, here, {"a.png": makers.png()}, member)
        (image_id,) = answer.json()["results"][0]["image_ids"]
        removed = as_(LAB, Role.LAB)
        assert (await send(http, here, {"b.png": makers.png()}, removed)).status_code in (403, 404)
        assert (await http.get(f"/projects/{here}/images", headers=removed)).status_code in (403, 404)
        assert (await http.get(f"/images/{image_id}/original", headers=removed)).status_code in (403, 404)
        assert (await http.delete(f"/images/{image_id}", headers=removed)).status_code in (403, 404)
        assert (await http.delete(f"/images/{image_id}", headers=member)).status_code == 204


async def test_a_key_without_the_scope_write_may_not_upload_or_delete(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    reader = as_(LAB, Role.LAB, {project["open"]: Role.LAB}, scopes=frozenset({"read"}))
    image_id = (await send(http, project["open"], {"a.png": makers.png()}, lab)).json()["results"][0][
        "image_ids"
    ][0]
    assert (await send(http, project["open"], {"b.png": makers.png()}, reader)).status_code == 403
    assert (await http.delete(f"/images/{image_id}", headers=reader)).status_code == 403
    assert (await http.get(f"/images/{image_id}/original", headers=reader)).status_code == 200


async def test_an_operators_upload_to_no_project_is_not_found(
    http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    operator = as_(new_id(), Role.OPERATOR)
    for nowhere in (new_id(), "nonsense"):
        assert (await send(http, nowhere, {"a.png": makers.png()}, operator)).status_code == 404
    assert (await http.get(f"/images/{new_id()}/frame", headers=operator)).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"--x\r\nnot a part", "multipart/form-data; boundary=x", 400),
        (b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc', "multipart/form-data; boundary=x", 400),
        (b"{}", "application/json", 415),
        (b"", "multipart/form-data", 415),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422),
        (b'--x\r\nContent-Disposition: form-data; name="group"\r\n\r\nabc\r\n--x--\r\n', "multipart/form-data; boundary=x", 422),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_upload_is_a_problem_with_a_sentence(
    content: bytes, kind: str, status: int, http: httpx.AsyncClient, project: dict[str, str], as_: As
) -> None:
    lab = as_(LAB, Role.LAB, {project["open"]: Role.LAB})
    answer = await http.post(
        f"/projects/{project['open']}/images", content=content, headers=lab | {"Content-Type": kind}
    )
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith(".")
