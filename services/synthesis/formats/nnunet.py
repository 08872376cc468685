"""The raw layout of nnU-Net v2 (Isensee et al. 2021): cases in imagesTr / labelsTr, the test split in imagesTs / labelsTs.

nnU-Net wants labels numbered without gaps, so masks hold positions in the list of labels here. `splits_final.json` carries training and
validation for nnUNet_preprocessed; without it nnU-Net would make folds of its own that part a patient's images.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from services.synthesis.domain import rows
from services.synthesis.formats.item import Item, Lines, Setting
from shared.imaging import codecs


class NnUNet:
    """`nnunet/Dataset500_<Name>/`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        words = re.findall(r"[A-Za-z0-9]+", setting.name)
        self._root = f"nnunet/Dataset500_{''.join(w[:1].upper() + w[1:] for w in words) or 'Bramble'}"
        self._lookup = np.zeros(256, np.uint8)
        for position, label in enumerate(setting.labels, start=1):
            self._lookup[int(label["id"])] = position
        self._folds = {split: Lines(setting.work / f"nnunet.{split}") for split in ("train", "val")}

    def add(self, item: Item) -> None:
        split, case = item.row["split"], item.row["id"]
        image, label_map = item.image, self._lookup[item.label_map]
        if self._setting.channels == 3 and item.pixels.ndim == 2:
            # One set has one number of channels.
            image = codecs.encode_png(np.repeat(item.pixels[..., None], 3, axis=2))
        part = "Ts" if split == "test" else "Tr"
        self._setting.archive.add(f"{self._root}/images{part}/{case}_0000.png", image)
        self._setting.archive.add(f"{self._root}/labels{part}/{case}.png", codecs.encode_png(label_map))
        if split in self._folds:
            self._folds[split].add(rows.to_json(case))

    def close(self, facts: Mapping[str, Any]) -> None:
        names: dict[str, int] = {"background": 0}
        for position, label in enumerate(self._setting.labels, start=1):
            name = str(label["name"]).strip() or f"label {position}"
            names[name if name not in names else f"{name} ({label['id']})"] = position
        about = {
            "name": self._setting.name,
            "channel_names": {"0": "R", "1": "G", "2": "B"} if self._setting.channels == 3 else {"0": "grey"},
            "labels": names,
            "numTraining": sum(lines.count for lines in self._folds.values()),
            "file_ending": ".png",
            "overwrite_image_reader_writer": "NaturalImage2DIO",
            "licence": facts["licence"],
        }
        self._setting.archive.add(f"{self._root}/dataset.json", (rows.to_json(about) + "\n").encode())
        held_out = self._folds["val"].count
        path = self._setting.work / "splits_final.json"
        with path.open("wb") as target:
            target.write(b'[{"train":')
            self._folds["train"].copy_to(target)
            target.write(b',"val":')
            self._folds["val"].copy_to(target)
            target.write(b"}]\n")
        if held_out:
            self._setting.archive.add_file(f"{self._root}/splits_final.json", path)
        path.unlink()
