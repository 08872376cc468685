"""The consensus of a project as a streamed ZIP: constant memory, whatever its size."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator

import numpy as np
import orjson

from services.consensus import refresh, store
from shared.deps import Deps
from shared.imaging import rle
from shared.imaging.codecs import encode_png

# A fixed date, so that the same consensus gives the same bytes.
_DATE = (2020, 1, 1, 0, 0, 0)


class _Sink(io.RawIOBase):
    """Where zipfile writes; emptied after each entry."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        return

    def take(self) -> bytes:
        """What was written since the last call."""
        out, self._parts = b"".join(self._parts), []
        return out


def masks_zip(deps: Deps, project_id: str) -> Iterator[bytes]:
    """`<image_id>/<label>.png` (0/255), `<image_id>/<label>.prob.png` (16 bit) and `consensus.csv`. No image: only the header row."""
    with deps.db.read() as conn:
        names = {
            label["id"]: _safe(label["name"]) for label in json.loads(store.project(conn, project_id).labels)
        }
        images = store.merged_images(conn, project_id)
    return _entries(deps, names, images)


def _entries(deps: Deps, names: dict[int, str], images: list[str]) -> Iterator[bytes]:
    sink, table = _Sink(), io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(
        [
            "image_id",
            "label_id",
            "label",
            "status",
            "version",
            "method",
            "raters",
            "agreement",
            "predicted_dice",
            "area",
        ]
    )
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for image_id in images:
            with deps.db.read() as conn:
                image, newest = store.find_image(conn, image_id), store.newest(conn, image_id)
                if image is None or newest is None:
                    continue
                labels = orjson.loads(newest.labels)
                maps = {
                    row["label_id"]: refresh.probability_png(conn, image_id, row["label_id"])
                    for row in labels
                }
            for row in labels:
                label_id = row["label_id"]
                name = names.get(label_id, f"label-{label_id}")
                mask = rle.decode(rle.from_json(row["rle"]))
                archive.writestr(
                    zipfile.ZipInfo(f"{image_id}/{name}.png", _DATE), encode_png(mask.astype(np.uint8) * 255)
                )
                if maps[label_id] is not None:
                    archive.writestr(
                        zipfile.ZipInfo(f"{image_id}/{name}.prob.png", _DATE), maps[label_id] or b""
                    )
                figures = [row["raters"], row["agreement"], row["predicted_dice"], row["area"]]
                rows.writerow(
                    [image_id, label_id, name, image.status, newest.version, row["method"], *figures]
                )
            yield sink.take()
        archive.writestr(zipfile.ZipInfo("consensus.csv", _DATE), table.getvalue())
    yield sink.take()


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "label"
