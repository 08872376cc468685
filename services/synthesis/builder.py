"""Builds a dataset's archive: streamed into one ZIP, the same bytes for the same inputs, memory flat in the number of items."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.synthesis.domain import datasheet, facts, labelmaps, rows
from services.synthesis.domain.params import FORMATS, DatasetParams
from services.synthesis.events import decode_masks, read_ref
from services.synthesis.folds import Folds
from services.synthesis.formats import croissant
from services.synthesis.formats.coco import Coco
from services.synthesis.formats.huggingface import HuggingFace
from services.synthesis.formats.item import Format, Item, Setting
from services.synthesis.formats.nifti import Nifti
from services.synthesis.formats.nnunet import NnUNet
from services.synthesis.formats.zips import ZipFile
from services.synthesis.store import Store
from services.synthesis.training.progress import Report
from shared.blobs import BlobStore
from shared.errors import InvalidInput
from shared.imaging import codecs


@dataclass(frozen=True, slots=True)
class Built:
    """An archive that lies in a temporary file. ``sha256`` addresses the content; ``archive_sha256`` is of the ZIP."""

    path: Path
    sha256: str
    archive_sha256: str
    size: int
    counts: dict[str, Any]


_EXTRA: dict[str, Callable[[Setting], Format]] = {
    "coco": Coco,
    "nifti": Nifti,
    "nnunet": NnUNet,
    "huggingface": HuggingFace,
}


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
        # As of the facts that the folds were made of, however many events arrive meanwhile.
        self.view = store.view(project_id, folds.basis[0])
        self.synthetic_jobs = store.view(project_id, folds.basis[1]).synthetic_jobs()
        self.labels = self.view.labels()
        self.label_ids = [int(label["id"]) for label in self.labels]
        root = re.sub(r"[^a-z0-9]+", "-", params.name.lower()).strip("-") or "dataset"
        self.archive = ZipFile(folder / "archive.zip", root)
        # Synthetic images have the channels of those that their generator saw.
        self.channels = 3 if self.view.has_colour() else 1
        setting = Setting(self.archive, folder, params.name, self.labels, self.channels)
        self.formats = {name: _EXTRA[name](setting) for name in _EXTRA if name in params.formats}
        self.manifest = (folder / "manifest.jsonl").open("w", encoding="utf-8")
        self.table = (folder / "manifest.csv").open("w", encoding="utf-8", newline="")
        self.rejected = (folder / "rejected.jsonl").open("w", encoding="utf-8")
        self.counts: Counter[str] = Counter()
        self.splits: dict[str, Counter[str]] = {}
        self.reasons: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.raters: set[str] = set()

    def run(self) -> Built:
        self.table.write(rows.csv_line(None))
        self._labelled()
        if not self.counts:
            waiting = ", ".join(f"{n} {status}" for status, n in sorted(self.left_out.items()))
            wanted = " or ".join(s for s in self.params.include if s != "synthetic")
            raise InvalidInput(
                f"There is nothing to publish: the project has no image with {wanted} masks yet"
                + (f" ({waiting})." if waiting else ".")
            )
        generators = self._synthetic() if "synthetic" in self.params.include else []
        for text in (self.manifest, self.table, self.rejected):
            text.close()
        about = self._facts(generators)
        for format_ in self.formats.values():
            format_.close(about)
        digests = {
            name: self.archive.add_file(name, self.folder / name)
            for name in ("manifest.jsonl", "manifest.csv", "rejected.jsonl")
        }
        parquet = self.formats.get("huggingface")
        files = parquet.files if isinstance(parquet, HuggingFace) else {}
        self.archive.add("README.md", rows.card(about).encode())
        self.archive.add("DATASHEET.md", datasheet.render(about).encode())
        self.archive.add("croissant.json", croissant.metadata(about, digests["manifest.csv"], files).encode())
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
            "left_out": dict(sorted(self.left_out.items())),
            "splits": {split: dict(found) for split, found in sorted(self.splits.items())},
        }
        return Built(path, content, digest.hexdigest(), path.stat().st_size, counts)

    def _labelled(self) -> None:
        total = max(1, len(self.folds.of))
        for number, item in enumerate(self.view.images()):
            self.report(min(0.8, 0.8 * number / total), "images", f"{number} of {total}")
            origin = "real" if item.gold is not None else "consensus" if item.labelled else "none"
            if not item.labelled:
                self._leave_out(item, origin, *facts.why_not(item))
                continue
            if origin not in self.params.include:
                reason = f"not-included: only {' and '.join(self.params.include)} images were asked for"
                self._leave_out(item, origin, "not-included", reason)
                continue
            if item.image_id in self.folds.dropped or item.image_id not in self.folds.of:
                reason = self.folds.dropped.get(item.image_id, "it came after the split was made")
                self._leave_out(item, origin, "dropped", reason)
                continue
            frame = read_ref(self.blobs, item.frame)
            shape = codecs.png_size(frame)
            masks = decode_masks(item.masks, *shape)
            label_map = self._id_map(masks, shape)
            mask = codecs.encode_png(label_map)
            digests = (hashlib.sha256(frame).hexdigest(), hashlib.sha256(mask).hexdigest())
            split = self.folds.of[item.image_id]
            row = rows.real_row(self.project_id, item, split, origin, label_map, digests)
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
            if item.job_id not in self.synthetic_jobs:
                continue
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
        item = Item(row, image, mask, masks)
        for format_ in self.formats.values():
            format_.add(item)
        self.counts[row["origin"]] += 1
        self.splits.setdefault(row["split"], Counter())[row["origin"]] += 1

    def _leave_out(self, item: facts.Known, origin: str, status: str, reason: str) -> None:
        """Account for an image that isn't in the dataset."""
        version = item.state["version"] if item.state else (item.consensus or {}).get("version")
        row = {"id": item.image_id, "origin": origin, "name": item.name, "group": item.group_name}
        self._reject({**row, "status": status, "consensus_version": version, "reason": reason})
        self.left_out[status] += 1

    def _reject(self, row: dict[str, Any]) -> None:
        self.rejected.write(rows.to_json(row) + "\n")

    def _facts(self, generators: list[dict[str, Any]]) -> dict[str, Any]:
        fractions = self.folds.fractions
        return {
            "name": self.params.name,
            "project": self.view.name(),
            "licence": self.params.licence.strip(),
            "consent": self.params.consent.strip(),
            "formats": [name for name in FORMATS if name in self.params.formats],
            "labels": self.labels,
            "counts": self.counts,
            "splits": self.splits,
            "raters": len(self.raters),
            "seed": self.folds.seed,
            "fractions": {"train": fractions.train, "val": fractions.val, "test": fractions.test},
            "dropped": len(self.folds.dropped),
            "rejected": dict(self.reasons),
            "left_out": dict(self.left_out),
            "generators": generators,
        }
