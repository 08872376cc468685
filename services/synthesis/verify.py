"""`bramble dataset verify`: is this folder or ZIP the dataset that it says it is? Needs nothing but the files."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from services.synthesis.domain import splits
from shared.errors import InvalidInput
from shared.imaging import codecs, rle


class _Files(Protocol):
    def names(self) -> set[str]: ...

    def open(self, name: str) -> IO[bytes]: ...


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> set[str]:
        return {p.relative_to(self._path).as_posix() for p in self._path.rglob("*") if p.is_file()}

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class _Zip:
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        roots = {name.split("/", 1)[0] for name in self._zip.namelist()}
        self._root = roots.pop() if len(roots) == 1 else ""

    def names(self) -> set[str]:
        return {n[len(self._root) + 1 :] for n in self._zip.namelist() if not n.endswith("/")}

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(f"{self._root}/{name}")


def verify(path: Path) -> dict[str, Any]:
    """Check checksums, stray and missing files, masks against COCO and image sizes, and leaks between splits.

    Answers ``{ok, sha256, counts, problems}``; ``problems`` are sentences. Raises InvalidInput for what is no dataset at all.
    """
    try:
        files: _Files = _Folder(path) if path.is_dir() else _Zip(path)
    except zipfile.BadZipFile:
        raise InvalidInput(f"{path} is neither a folder nor a whole ZIP file; download it again.") from None
    names = files.names()
    for needed in ("checksums.sha256", "manifest.jsonl"):
        if needed not in names:
            raise InvalidInput(
                f"{path} has no {needed}, so it isn't a dataset of Bramble (or not all of one)."
            )
    problems: list[str] = []
    sums = files.open("checksums.sha256").read()
    problems += _checksums(files, names, sums)
    rows = list(_manifest(files, problems))
    problems += _splits(rows)
    problems += _pictures(files, names, rows)
    problems += _coco(files, names, rows)
    counts = Counter(row["origin"] for row in rows)
    return {
        "ok": not problems,
        "sha256": hashlib.sha256(sums).hexdigest(),
        "counts": {o: counts[o] for o in ("real", "consensus", "synthetic")},
        "problems": problems,
    }


def _checksums(files: _Files, names: set[str], sums: bytes) -> list[str]:
    found = []
    listed = set()
    for line in sums.decode().splitlines():
        wanted, _, name = line.partition("  ")
        listed.add(name)
        if name not in names:
            found.append(f"{name} is missing")
            continue
        digest = hashlib.sha256()
        try:
            with files.open(name) as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except (zipfile.BadZipFile, OSError) as error:
            found.append(f"{name} can't be read: {error}")
            continue
        if digest.hexdigest() != wanted:
            found.append(f"{name} was changed: its SHA-256 isn't the listed one")
    return found + [
        f"{name} isn't in the list of checksums" for name in sorted(names - listed - {"checksums.sha256"})
    ]


def _manifest(files: _Files, problems: list[str]) -> Iterator[dict[str, Any]]:
    needed = {
        "id",
        "origin",
        "split",
        "group",
        "image",
        "mask",
        "image_sha256",
        "mask_sha256",
        "source_images",
    }
    for number, line in enumerate(files.open("manifest.jsonl").read().decode().splitlines(), start=1):
        try:
            row = json.loads(line)
            missing = needed - set(row)
        except (ValueError, TypeError):
            row, missing = {}, needed
        if missing:
            problems.append(f"line {number} of manifest.jsonl lacks {', '.join(sorted(missing))}")
            continue
        yield row


def _splits(rows: list[dict[str, Any]]) -> list[str]:
    found = splits.leaks((row["split"], row["group"], row["image_sha256"]) for row in rows)
    where = {row["id"]: row for row in rows}
    groups = {row["group"]: row["split"] for row in rows if row["origin"] != "synthetic"}
    for row in rows:
        if row["origin"] != "synthetic":
            continue
        if row["split"] != "train":
            found.append(
                f"the synthetic image {row['id']} is in {row['split']}; they belong to training only"
            )
        for parent in row["source_images"]:
            if parent in where and where[parent]["split"] != "train":
                found.append(
                    f"the synthetic image {row['id']} was made from {parent}, which is in {where[parent]['split']}"
                )
        for group in row.get("source_groups", []):
            if groups.get(group, "train") != "train":
                found.append(
                    f"the synthetic image {row['id']} comes from group {group}, which is in {groups[group]}"
                )
    return found


def _pictures(files: _Files, names: set[str], rows: list[dict[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        if row["image"] not in names or row["mask"] not in names:
            found.append(f"{row['image']} or {row['mask']} of the manifest is missing")
            continue
        try:
            image = codecs.png_size(files.open(row["image"]).read(32))
            mask = codecs.png_size(files.open(row["mask"]).read(32))
        except InvalidInput as error:
            found.append(f"{row['id']}: {error.detail}")
            continue
        if not image == mask == (row["height"], row["width"]):
            found.append(f"{row['id']}: image {image}, mask {mask} and manifest differ in size")
    return found


def _coco(files: _Files, names: set[str], rows: list[dict[str, Any]]) -> list[str]:
    """Each COCO mask against its PNG: the PNG's pixels of a label lie within the RLE, and no RLE pixel is background."""
    found = []
    by_image = {row["image"]: row for row in rows}
    for split in ("train", "val", "test"):
        name = f"annotations/{split}.json"
        if name not in names:
            continue
        try:
            coco = json.loads(files.open(name).read())
        except ValueError:
            found.append(f"{name} isn't JSON")
            continue
        masks: dict[int, dict[int, Any]] = {}
        for note in coco["annotations"]:
            masks.setdefault(note["image_id"], {})[note["category_id"]] = note
        for image in coco["images"]:
            row = by_image.get(image["file_name"])
            if row is None or row["split"] != split:
                found.append(f"{name} names {image['file_name']}, which isn't in {split}")
                continue
            if row["mask"] in names:
                found += _compare(files, name, row, masks.get(image["id"], {}))
    return found


def _compare(files: _Files, name: str, row: dict[str, Any], notes: dict[int, Any]) -> list[str]:
    try:
        png = codecs.decode_png(files.open(row["mask"]).read())
        exact = {
            label: rle.decode(rle.from_json(note["segmentation"], *png.shape))
            for label, note in notes.items()
        }
    except InvalidInput as error:
        return [f"{row['id']} in {name}: {error.detail}"]
    covered = np.zeros(png.shape, bool)
    for label, mask in exact.items():
        if not mask[png == label].all():
            return [f"{row['id']}: {row['mask']} shows label {label} where {name} has none"]
        covered |= mask
    return (
        []
        if (covered == (png > 0)).all()
        else [f"{row['id']}: {row['mask']} and {name} mark different pixels"]
    )
