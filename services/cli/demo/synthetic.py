"""The generator's pictures for the report: those that the dataset holds, and some that the filters refused."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.cli.client import Client


@dataclass(frozen=True, slots=True)
class Sample:
    """A synthetic image uint8 ``(H, W)``, the label ids ``(H, W)`` that it was drawn for, and why it was refused ("": it wasn't)."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    reason: str = ""


def published(dataset: Path, limit: int = 12) -> list[Sample]:
    """Up to `limit` synthetic images of the published dataset: what the lab gets is what is shown."""
    found: list[Sample] = []
    with zipfile.ZipFile(dataset) as archive:
        manifest = next(n for n in archive.namelist() if n.endswith("manifest.jsonl"))
        root = manifest[: -len("manifest.jsonl")]
        for line in archive.read(manifest).decode().splitlines():
            row = json.loads(line)
            if row.get("origin", row.get("kind")) == "synthetic" and len(found) < limit:
                found.append(
                    Sample(
                        _grey(archive.read(root + row["image"])), _label_ids(archive.read(root + row["mask"]))
                    )
                )
    return found


def refused(api: Client, project_id: str, job_id: str, limit: int = 4) -> list[Sample]:
    """Up to `limit` samples of the job that the filters refused, of each reason in turn."""
    by_reason: dict[str, list[dict[str, str]]] = {}
    for row in api.pages(f"/projects/{project_id}/synthetic", accepted="false", job_id=job_id):
        by_reason.setdefault(row["reason"].partition(":")[0], []).append(row)
    turns = [rows[k] for k in range(limit) for _, rows in sorted(by_reason.items()) if k < len(rows)]
    return [
        Sample(
            _grey(api.call("GET", f"/synthetic/{row['id']}/image")),
            _label_ids(api.call("GET", f"/synthetic/{row['id']}/mask")),
            row["reason"],
        )
        for row in turns[:limit]
    ]


def _grey(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def _label_ids(png: bytes) -> NDArray[np.uint8]:
    """Each pixel's label id: a palette's index, or the value of a grey picture."""
    picture = Image.open(io.BytesIO(png))
    return np.asarray(picture if picture.mode == "P" else picture.convert("L"))
