"""What a published dataset says of itself: manifest rows, COCO records, the card, the list of checksums. Pure text and dicts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.synthesis.domain.facts import Known
from shared.imaging import rle

CSV_COLUMNS = (
    "id",
    "origin",
    "split",
    "group",
    "image",
    "mask",
    "height",
    "width",
    "source_images",
    "raters",
    "consensus_version",
    "generator_id",
    "seed",
    "image_sha256",
    "mask_sha256",
)


_STATUS = {
    "unlabelled": "without answers",
    "pending": "whose consensus isn't accepted yet",
    "review": "whose consensus awaits an expert",
    "not-included": "of a kind that wasn't asked for",
    "dropped": "whose group holds a picture of another split",
}


def pseudonym(project_id: str, rater_id: str) -> str:
    """A rater's name within one project's datasets: stable there, and another one in every other project."""
    return "r" + hashlib.sha256(f"{project_id}/{rater_id}".encode()).hexdigest()[:10]


def real_row(
    project_id: str,
    item: Known,
    split: str,
    origin: str,
    label_map: NDArray[np.uint8],
    digests: tuple[str, str],
) -> dict[str, Any]:
    """The manifest row of a labelled image; ``origin`` is "real" (the lab's gold) or "consensus" (of volunteers)."""
    shown = (item.accepted or {}) if origin == "consensus" else {}
    return {
        "id": item.image_id,
        "origin": origin,
        "split": split,
        "group": item.group_name,
        "image": f"images/{item.image_id}.png",
        "mask": f"masks/{item.image_id}.png",
        "height": int(label_map.shape[0]),
        "width": int(label_map.shape[1]),
        "name": item.name,
        "source_id": item.source_id,
        "source_images": [item.image_id],
        "raters": [pseudonym(project_id, r) for r in shown.get("raters", [])],
        "consensus_version": shown.get("version"),
        "consensus_method": shown.get("method"),
        "agreement": shown.get("agreement"),
        "by_expert": shown.get("by_expert"),
        "generator_id": None,
        "seed": None,
        "geometry": item.geometry,
        "image_sha256": digests[0],
        "mask_sha256": digests[1],
    }


def synthetic_row(item: Mapping[str, Any], generator_seed: int, label_map_sha256: str) -> dict[str, Any]:
    """The manifest row of a synthetic image. It is always in training: its generator saw nothing but training images."""
    return {
        "id": item["id"],
        "origin": "synthetic",
        "split": "train",
        "group": f"synthetic-{item['id']}",
        "image": f"images/{item['id']}.png",
        "mask": f"masks/{item['id']}.png",
        "height": item["size"],
        "width": item["size"],
        "name": f"synthetic {item['position']}",
        "source_id": None,
        "source_images": list(item["parents"]),
        "source_groups": list(item["groups"]),
        "raters": [],
        "consensus_version": None,
        "consensus_method": None,
        "agreement": None,
        "by_expert": None,
        "generator_id": item["generator_id"],
        "generator_seed": generator_seed,
        "seed": item["seed"],
        "mask_kind": item["kind"],
        "refound_dice": round(item["dice"], 4),
        "geometry": None,
        "image_sha256": item["image_sha256"],
        "mask_sha256": label_map_sha256,
    }


def csv_line(row: Mapping[str, Any] | None) -> str:
    """One line of manifest.csv; the heading for None. Lists are joined by spaces."""
    if row is None:
        return ",".join(CSV_COLUMNS) + "\n"
    return ",".join(_cell(row.get(name)) for name in CSV_COLUMNS) + "\n"


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(map(str, value)) if isinstance(value, list) else str(value)
    if text[:1] in ("=", "+", "-", "@"):
        text = "'" + text  # a group's name is the lab's text; no spreadsheet shall run it
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def coco_categories(labels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The categories of a COCO file; ids are the project's label ids."""
    return [{"id": int(label["id"]), "name": label["name"], "supercategory": "structure"} for label in labels]


def coco_image(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """One COCO image record."""
    return {
        "id": number,
        "file_name": row["image"],
        "height": row["height"],
        "width": row["width"],
        "bramble_id": row["id"],
        "origin": row["origin"],
    }


def coco_annotation(number: int, image_number: int, label_id: int, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """One COCO annotation: the exact mask ``(H, W)`` of a label as RLE. ``bbox`` is [x, y, width, height] in pixels."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (
        [int(cols[0]), int(rows[0]), int(cols[-1] - cols[0] + 1), int(rows[-1] - rows[0] + 1)]
        if len(rows)
        else [0] * 4
    )
    return {
        "id": number,
        "image_id": image_number,
        "category_id": label_id,
        "segmentation": rle.to_json(rle.encode(mask)),
        "area": int(mask.sum()),
        "bbox": box,
        "iscrowd": 0,
    }


def to_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def card(facts: Mapping[str, Any]) -> str:
    """README.md of a dataset: what is in it, where it came from, what it must not be used for. ``facts`` as the builder gathers them."""
    counts, splits = facts["counts"], facts["splits"]
    labels = "\n".join(f"| {label['id']} | {label['name']} |" for label in facts["labels"])
    table = "\n".join(
        f"| {split} | "
        + " | ".join(str(splits.get(split, {}).get(o, 0)) for o in ("real", "consensus", "synthetic"))
        + " |"
        for split in ("train", "val", "test")
    )
    fractions = facts["fractions"]
    notes = [
        "Images that share a group (patient, volume, source) are in one split, and groups that hold the same picture are tied together.",
        "Synthetic images are in the training split only; their generators saw training images only.",
    ]
    if not splits.get("test"):
        notes.append(
            "**There is no test split**: the images come from too few groups. Nothing measured on this dataset alone is held out."
        )
    if facts["rejected"]:
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(facts["rejected"].items()))
        notes.append(
            f"Synthetic images refused by the filters: {reasons}; each with its reason in rejected.jsonl."
        )
    if facts["left_out"]:
        words = ", ".join(f"{n} {_STATUS[status]}" for status, n in sorted(facts["left_out"].items()))
        notes.append(
            f"Images of the project that aren't in it: {words}; each with its reason in rejected.jsonl."
        )
    generators = "\n".join(
        f"- `{g['id']}`: segmentation-guided diffusion, {g['steps']} steps on {g['images']} training images of "
        f"{g['size']} x {g['size']} pixels, seed {g['seed']}"
        for g in facts["generators"]
    )
    return f"""# {facts["name"]}

Made with Bramble from the project "{facts["project"]}". Licence: {facts["licence"] or "not stated; ask the lab before you share it"}.

## What is in it

| split | real | consensus | synthetic |
|---|---|---|---|
{table}

{counts["real"]} images with the lab's own masks (real), {counts["consensus"]} with masks merged from volunteers (consensus),
{counts["synthetic"]} drawn by a generator (synthetic). Volunteers: {facts["raters"]}, named by pseudonyms that hold in this project only.

| mask value | label |
|---|---|
| 0 | background |
{labels}

- `images/<id>.png`: 8-bit grey or RGB. `masks/<id>.png`: the label's id a pixel; where labels overlap, the later label.
- `annotations/<split>.json`: COCO, one RLE an image and label, exact also where labels overlap.
- `manifest.jsonl`, `manifest.csv`: where each item came from. `rejected.jsonl`: what was left out, and why.
- `checksums.sha256`: of every other file. `bramble dataset verify` checks all of this.

## How it was split

Seed {facts["seed"]}, shares {fractions["train"]:g} / {fractions["val"]:g} / {fractions["test"]:g} of the images, by group.
{chr(10).join("- " + n for n in notes)}

## Generators

{generators or "None: this dataset holds no synthetic image."}

## What it isn't for

Synthetic images look like the training images' structures; they are no patients, and no evidence that a finding exists. Consensus masks
are volunteers' work with a measured agreement, not a diagnosis. Test on the real images of the test split.
"""
