"""COCO: one file a split, masks as compressed RLE, exact also where labels overlap (Lin et al. 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.synthesis.domain import rows
from services.synthesis.domain.splits import SPLITS
from services.synthesis.formats.item import Item, Lines, Setting


class Coco:
    """`annotations/<split>.json`; a split without images has no file."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._lists = {
            split: (Lines(setting.work / f"{split}.images"), Lines(setting.work / f"{split}.annotations"))
            for split in SPLITS
        }

    def add(self, item: Item) -> None:
        pictures, notes = self._lists[item.row["split"]]
        number = pictures.count + 1
        pictures.add(rows.to_json(rows.coco_image(number, dict(item.row))))
        for label_id in sorted(item.masks):
            if item.masks[label_id].any():
                record = rows.coco_annotation(notes.count + 1, number, label_id, item.masks[label_id])
                notes.add(rows.to_json(record))

    def close(self, facts: Mapping[str, Any]) -> None:
        for split, (pictures, notes) in self._lists.items():
            path = self._setting.work / f"{split}.json"
            with path.open("wb") as target:
                categories = rows.to_json(rows.coco_categories(self._setting.labels))
                target.write(f'{{"categories":{categories},\n"images":'.encode())
                pictures.copy_to(target)
                target.write(b',\n"annotations":')
                notes.copy_to(target)
                target.write(b"}\n")
            if pictures.count:
                self._setting.archive.add_file(f"annotations/{split}.json", path)
            path.unlink()
