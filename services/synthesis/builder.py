"""Builds a dataset's archive: streamed into one ZIP, the same bytes for the same inputs, memory flat in the number of items."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from services.synthesis.domain import labelmaps, rows
from services.synthesis.domain.params import DatasetParams
from services.synthesis.events import decode_masks, read_ref
from services.synthesis.folds import Folds
from services.synthesis.store import Store
from services.synthesis.training.progress import Report
from shared.blobs import BlobStore
from shared.errors import InvalidInput
from shared.imaging import codecs

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the archive: with the clock's, no build would equal another."""


@dataclass(frozen=True, slots=True)
class Built:
    """An archive that lies in a temporary file. ``sha256`` addresses the content; ``archive_sha256`` is of the ZIP."""

    path: Path
    sha256: str
    archive_sha256: str
    size: int
    counts: dict[str, Any]


class _Archive:
    """A ZIP written front to back, with the checksum of each file noted as it goes in."""

    def __init__(self, path: Path, root: str) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._root, self.sums = root, path.with_suffix(".sums")
        self._sums: IO[str] = self.sums.open("w", encoding="utf-8")

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(f"{self._root}/{name}", _EPOCH)
        info.external_attr = 0o644 << 16
        # PNGs are packed already; text packs well.
        info.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
        return info

    def add(self, name: str, data: bytes) -> None:
        self._zip.writestr(self._info(name), data)
        self._sums.write(f"{hashlib.sha256(data).hexdigest()}  {name}\n")

    def add_file(self, name: str, path: Path) -> None:
        digest = hashlib.sha256()
        with path.open("rb") as source, self._zip.open(self._info(name), "w", force_zip64=True) as target:
            while piece := source.read(1 << 20):
                digest.update(piece)
                target.write(piece)
        self._sums.write(f"{digest.hexdigest()}  {name}\n")

    def close(self) -> str:
        """Write the list of checksums; its SHA-256 is the content's address."""
        self._sums.close()
        lines: list[bytes] = self.sums.read_bytes().splitlines(keepends=True)
        data = b"".join(sorted(lines, key=lambda line: bytes(line)[66:]))
        self._zip.writestr(self._info("checksums.sha256"), data)
        self._zip.close()
        return hashlib.sha256(data).hexdigest()


class _Coco:
    """The COCO file of one split, its two lists streamed to disk."""

    def __init__(self, folder: Path, split: str) -> None:
        self.split, self._folder = split, folder
        self._parts = {
            k: (folder / f"{split}.{k}").open("w", encoding="utf-8") for k in ("images", "annotations")
        }
        self.images = self.annotations = 0

    def add(self, row: dict[str, Any], masks: dict[int, Any]) -> None:
        self.images += 1
        self._write("images", self.images, rows.coco_image(self.images, row))
        for label_id in sorted(masks):
            if masks[label_id].any():
                self.annotations += 1
                record = rows.coco_annotation(self.annotations, self.images, label_id, masks[label_id])
                self._write("annotations", self.annotations, record)

    def _write(self, part: str, number: int, record: dict[str, Any]) -> None:
        self._parts[part].write((",\n" if number > 1 else "") + rows.to_json(record))

    def close(self, labels: list[dict[str, Any]]) -> Path:
        for file in self._parts.values():
            file.close()
        out = self._folder / f"{self.split}.json"
        with out.open("wb") as target:
            target.write(f'{{"categories":{rows.to_json(rows.coco_categories(labels))}'.encode())
            for part in self._parts:
                target.write(f',\n"{part}":[\n'.encode())
                with (self._folder / f"{self.split}.{part}").open("rb") as source:
                    while piece := source.read(1 << 20):
                        target.write(piece)
                target.write(b"\n]")
            target.write(b"}\n")
        return out


@contextmanager
def build(
    store: Store, blobs: BlobStore, project_id: str, params: DatasetParams, folds: Folds, report: Report
) -> Iterator[Built]:
    """Build the archive in a temporary folder that goes when the block ends. Raises InvalidInput when there is nothing to publish."""
    with tempfile.TemporaryDirectory(prefix="bramble-dataset-") as name:
        yield _Build(store, blobs, project_id, params, folds, report, Path(name)).run()


class _Build:
    def __init__(
        self,
        store: Store,
        blobs: BlobStore,
        project_id: str,
        params: DatasetParams,
        folds: Folds,
        report: Report,
        folder: Path,
    ) -> None:
        self.store, self.blobs, self.project_id = store, blobs, project_id
        self.params, self.folds, self.report, self.folder = params, folds, report, folder
        self.labels = store.labels(project_id)
        self.label_ids = [int(label["id"]) for label in self.labels]
        root = re.sub(r"[^a-z0-9]+", "-", params.name.lower()).strip("-") or "dataset"
        self.archive = _Archive(folder / "archive.zip", root)
        self.coco = {split: _Coco(folder, split) for split in ("train", "val", "test")}
        self.manifest = (folder / "manifest.jsonl").open("w", encoding="utf-8")
        self.table = (folder / "manifest.csv").open("w", encoding="utf-8", newline="")
        self.rejected = (folder / "rejected.jsonl").open("w", encoding="utf-8")
        self.counts: Counter[str] = Counter()
        self.splits: dict[str, Counter[str]] = {}
        self.reasons: Counter[str] = Counter()
        self.raters: set[str] = set()

    def run(self) -> Built:
        self.table.write(rows.csv_line(None))
        self._labelled()
        if not self.counts:
            wanted = " or ".join(s for s in self.params.include if s != "synthetic")
            raise InvalidInput(
                f"There is nothing to publish: the project has no image with {wanted} masks yet."
            )
        generators = self._synthetic() if "synthetic" in self.params.include else []
        for text in (self.manifest, self.table, self.rejected):
            text.close()
        for split, coco in self.coco.items():
            path = coco.close(self.labels)
            if "coco" in self.params.formats and coco.images:
                self.archive.add_file(f"annotations/{split}.json", path)
        for name in ("manifest.jsonl", "manifest.csv", "rejected.jsonl"):
            self.archive.add_file(name, self.folder / name)
        self.archive.add("README.md", rows.card(self._facts(generators)).encode())
        content = self.archive.close()
        path = self.folder / "archive.zip"
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        counts = {
            **{origin: self.counts[origin] for origin in ("real", "consensus", "synthetic")},
            "rejected": sum(self.reasons.values()),
            "dropped": len(self.folds.dropped),
            "splits": {split: dict(found) for split, found in sorted(self.splits.items())},
        }
        return Built(path, content, digest.hexdigest(), path.stat().st_size, counts)

    def _labelled(self) -> None:
        total = max(1, len(self.folds.of))
        for number, item in enumerate(self.store.items(self.project_id)):
            self.report(0.8 * number / total, "images", f"{number} of {total}")
            if item.gold is not None and "real" in self.params.include:
                origin, source = "real", item.gold
            elif item.consensus is not None and "consensus" in self.params.include:
                origin, source = "consensus", item.consensus
            else:
                continue
            if item.image_id in self.folds.dropped or item.image_id not in self.folds.of:
                reason = self.folds.dropped.get(item.image_id, "it came after the split was made")
                self._reject({"id": item.image_id, "origin": origin, "reason": reason})
                continue
            frame = read_ref(self.blobs, item.frame)
            shape = codecs.png_size(frame)
            masks = decode_masks(source["masks"], *shape)
            label_map = self._id_map(masks, shape)
            mask = codecs.encode_png(label_map)
            digests = (hashlib.sha256(frame).hexdigest(), hashlib.sha256(mask).hexdigest())
            split = self.folds.of[item.image_id]
            row = rows.real_row(self.project_id, dict(item._mapping), split, origin, label_map, digests)
            self.raters.update(row["raters"])
            self._add(row, frame, mask, masks)

    def _id_map(self, masks: dict[int, Any], shape: tuple[int, int]) -> labelmaps.LabelMap:
        """Label *ids* a pixel (not positions), so that a mask can be read without the project's list of labels."""
        if self.label_ids and max(self.label_ids) > 255:
            raise InvalidInput("Mask PNGs hold label ids up to 255; this project has larger ones.")
        lookup = np.array([0, *self.label_ids], np.uint8)
        return lookup[labelmaps.from_masks(masks, self.label_ids, shape)]

    def _synthetic(self) -> list[dict[str, Any]]:
        known = {g.id: g for g in self.store.generators_of(self.project_id)}
        leaking = {
            g.id: "its generator saw an image that isn't in training now"
            for g in known.values()
            if any(i in self.folds.dropped or self.folds.of.get(i, "train") != "train" for i in g.image_ids)
        }
        used: dict[str, Any] = {}
        for number, item in enumerate(self.store.synthetic_of(self.project_id)):
            self.report(0.8 + 0.15 * number / (number + 100), "synthetic images", f"{number} seen")
            reason = item.reason if not item.accepted else leaking.get(item.generator_id, "")
            generator = known[item.generator_id]
            if not reason and list(generator.label_ids) != self.label_ids:
                reason = "labels: its generator was trained for another list of labels"
            if reason:
                self._reject({"id": item.id, "origin": "synthetic", "reason": reason})
                self.reasons[reason.partition(":")[0]] += 1
                continue
            used[generator.id] = generator
            image, mask = self.blobs.get(item.image_key), self.blobs.get(item.mask_key)
            row = rows.synthetic_row(dict(item._mapping), generator.seed, hashlib.sha256(mask).hexdigest())
            label_map = codecs.decode_png(mask)
            self._add(row, image, mask, {n: label_map == n for n in self.label_ids})
        return [
            {"id": g.id, "steps": g.steps, "images": len(g.image_ids), "size": g.card["size"], "seed": g.seed}
            for g in used.values()
        ]

    def _add(self, row: dict[str, Any], image: bytes, mask: bytes, masks: dict[int, Any]) -> None:
        self.archive.add(row["image"], image)
        self.archive.add(row["mask"], mask)
        self.manifest.write(rows.to_json(row) + "\n")
        self.table.write(rows.csv_line(row))
        self.coco[row["split"]].add(row, masks)
        self.counts[row["origin"]] += 1
        self.splits.setdefault(row["split"], Counter())[row["origin"]] += 1

    def _reject(self, row: dict[str, Any]) -> None:
        self.rejected.write(rows.to_json(row) + "\n")

    def _facts(self, generators: list[dict[str, Any]]) -> dict[str, Any]:
        project = self.store.project(self.project_id)
        fractions = self.folds.fractions
        return {
            "name": self.params.name,
            "project": project.name if project is not None else self.project_id,
            "licence": self.params.licence,
            "labels": self.labels,
            "counts": self.counts,
            "splits": self.splits,
            "raters": len(self.raters),
            "seed": self.folds.seed,
            "fractions": {"train": fractions.train, "val": fractions.val, "test": fractions.test},
            "dropped": len(self.folds.dropped),
            "rejected": dict(self.reasons),
            "generators": generators,
        }
