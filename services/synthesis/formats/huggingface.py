"""A folder for Hugging Face `datasets`: Parquet files with images and masks inside, a split each, and a card that names them.

`load_dataset("<folder>/huggingface")` reads it; "val" is called "validation" there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.synthesis.domain import rows
from services.synthesis.formats.item import Item, Setting
from services.synthesis.formats.parquet import Column, ParquetWriter

SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}
_IMAGES = ("image", "mask")
_TEXTS = ("id", "origin", "group", "source_images", "raters", "mask_kind", "generator_id")
COLUMNS = (
    *(Column(f"{name}.{leaf}", kind) for name in _IMAGES for leaf, kind in (("bytes", "bytes"), ("path", "string"))),
    *(Column(name, "string") for name in _TEXTS),
    Column("consensus_version", "int64"),
    Column("refound_dice", "double"),
)  # fmt: skip


class HuggingFace:
    """`huggingface/data/<split>-00000-of-00001.parquet` and `huggingface/README.md`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._writers: dict[str, ParquetWriter] = {}
        self.files: dict[str, str] = {}

    def add(self, item: Item) -> None:
        split = SPLIT_NAMES[item.row["split"]]
        if split not in self._writers:
            path = self._setting.work / f"{split}.parquet"
            self._writers[split] = ParquetWriter(path, COLUMNS, {"huggingface": rows.to_json(_features())})
        values = {name: _text(item.row.get(name)) for name in _TEXTS}
        for name, data in (("image", item.image), ("mask", item.mask)):
            values |= {f"{name}.bytes": data, f"{name}.path": item.row[name]}
        for name in ("consensus_version", "refound_dice"):
            values[name] = item.row.get(name)
        self._writers[split].add(values)

    def close(self, facts: Mapping[str, Any]) -> None:
        files = {}
        for split in SPLIT_NAMES.values():
            if split in self._writers:
                self._writers[split].close()
                path = self._setting.work / f"{split}.parquet"
                files[split] = f"data/{split}-00000-of-00001.parquet"
                name = f"huggingface/{files[split]}"
                self.files[name] = self._setting.archive.add_file(name, path)
                path.unlink()
        self._setting.archive.add("huggingface/README.md", _card(facts, files).encode())


def _text(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _features() -> dict[str, Any]:
    kinds = {"string": "string", "int64": "int64", "double": "float64"}
    plain = {c.path: {"dtype": kinds[c.kind], "_type": "Value"} for c in COLUMNS if "." not in c.path}
    return {"info": {"features": {**{name: {"_type": "Image"} for name in _IMAGES}, **plain}}}


def _card(facts: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """YAML that `datasets` reads (JSON strings are YAML), and the card below it."""
    lines = ["---", f"pretty_name: {rows.to_json(facts['name'])}"]
    if facts["licence"]:
        lines += ["license: other", f"license_name: {rows.to_json(facts['licence'])}"]
    lines += ["task_categories:", "- image-segmentation", "tags:", "- medical", "configs:"]
    lines += ["- config_name: default", "  data_files:"]
    for split, path in files.items():
        lines += [f"  - split: {split}", f"    path: {path}"]
    return "\n".join([*lines, "---", "", rows.card(facts)])
