"""The objects of every image as one COCO file, one annotation an object, streamed: constant memory, whatever the project's size.

Objects are found in the votes by the same functions as `bramble consensus --instances`, with what is believed of the raters now, so the
masks are the same. Where an expert mended the image, they are the connected parts of the expert's masks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection

from services.consensus import store
from services.consensus.domain.auto import fuse_with
from services.consensus.domain.confidence import confidence
from services.consensus.domain.instances import Merged, merge_instances, parts
from shared.deps import Deps
from shared.errors import InvalidInput
from shared.imaging import rle
from shared.imaging.rle import RLE


def instances_json(deps: Deps, project_id: str, label_id: int | None) -> Iterator[bytes]:
    """COCO with an annotation for every object of `label_id`, or of all labels. Image ids count from 1, `file_name` holds the image's id.
    Nothing merged yet: no images. Raises NotFound for a project without answers, InvalidInput for a label that isn't the project's."""
    with deps.db.read() as conn:
        known = json.loads(store.project(conn, project_id).labels)
        images = store.merged_images(conn, project_id)
    labels = [x for x in known if label_id in (None, x["id"])]
    if not labels:
        raise InvalidInput(f"The label {label_id} isn't one of this project's.")
    return _stream(deps, labels, images)


def _stream(deps: Deps, labels: list[dict[str, Any]], images: list[str]) -> Iterator[bytes]:
    categories = [{"id": x["id"], "name": x["name"]} for x in labels]
    wanted = {x["id"] for x in labels}
    seen: list[dict[str, Any]] = []
    number = 0
    yield b'{"categories":' + orjson.dumps(categories) + b',\n"annotations":['
    for image_id in images:
        with deps.db.read() as conn:
            found = objects_of(conn, image_id, wanted)
        if found is None:
            continue
        size, status, objects = found
        seen.append(
            {
                "id": len(seen) + 1,
                "file_name": f"{image_id}.png",
                "height": size[0],
                "width": size[1],
                "status": status,
            }
        )
        for one in objects:
            number += 1
            row = {"id": number, "image_id": len(seen), **one}
            yield (b"" if number == 1 else b",") + b"\n" + orjson.dumps(row)
    yield b'],\n"images":' + orjson.dumps(seen) + b"}\n"


def objects_of(
    conn: Connection, image_id: str, labels: Iterable[int]
) -> tuple[tuple[int, int], str, list[dict[str, Any]]] | None:
    """(height, width), status and the objects of an image's `labels` as COCO annotations without ids; None where nothing was merged."""
    image, newest = store.find_image(conn, image_id), store.newest(conn, image_id)
    if image is None or newest is None:
        return None
    stored = {row["label_id"]: rle.from_json(row["rle"]) for row in orjson.loads(newest.labels)}
    size = next(iter(stored.values())).size
    if image.decision == "fix":
        mended = [(i, stored[i]) for i in sorted(labels) if i in stored]
        return size, image.status, [_row(i, part) for i, mask in mended for part in _parts(mask)]
    votes, _ = store.votes_of(conn, image_id)
    project = store.project(conn, image.project_id)
    rows = []
    for i in sorted(set(labels) & set(votes)):
        by = partial(
            fuse_with, method=store.method_of(project, i), model=store.model(conn, project, i, votes[i])
        )
        rows += [{**_row(i, one.mask), **_about(one)} for one in merge_instances(votes[i], by)]
    return size, image.status, rows


def _parts(mask: RLE) -> list[RLE]:
    plane = parts(mask)
    return [rle.encode(plane == k) for k in range(1, int(plane.max(initial=0)) + 1)]


def _row(label_id: int, mask: RLE) -> dict[str, Any]:
    ys, xs = np.nonzero(rle.decode(mask))
    box = [int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1]
    return {
        "category_id": label_id,
        "segmentation": rle.to_json(mask),
        "area": int(ys.size),
        "bbox": box,
        "iscrowd": 0,
    }


def _about(one: Merged) -> dict[str, Any]:
    sure = confidence(one.fused)
    figures = {"agreement": sure.agreement, "score": sure.predicted_dice, "low": sure.low, "high": sure.high}
    counts = {"raters": len(one.thing.votes.raters), "drawn": len(one.thing.drawn)}
    return {**{k: round(float(v), 5) for k, v in figures.items()}, **counts}
