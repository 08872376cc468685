"""Load the demo project through the public API, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.cli.client import ApiError, Client
from services.cli.demo.data import INSTRUCTIONS, LABELS, NAME, SUMMARY, Slice
from shared.imaging import rle


@dataclass(frozen=True, slots=True)
class Seeded:
    """The demo project with its slices by image id."""

    project: dict[str, Any]
    slices: dict[str, Slice]

    @property
    def label_ids(self) -> list[int]:
        return [int(label["id"]) for label in self.project["labels"]]


def seed(
    api: Client,
    slices: list[Slice],
    *,
    quorum: int = 5,
    name: str = NAME,
    fresh: bool = False,
    on_image: Callable[[], None] | None = None,
) -> Seeded:
    """Create the project, upload the slices slab by slab, add the gold masks. An existing project of that name is completed instead
    (so that a broken first start mends itself), unless `fresh`."""
    existing = None if fresh else next((p for p in api.pages("/projects") if p["name"] == name), None)
    project = existing or api.post(
        "/projects",
        {
            "name": name,
            "summary": SUMMARY,
            "instructions": INSTRUCTIONS,
            "labels": LABELS,
            "quorum": quorum,
            "gold_share": 0.15,
        },
    )
    by_id: dict[str, Slice] = {}
    for group in dict.fromkeys(s.group for s in slices):
        members = [s for s in slices if s.group == group]
        answer = api.upload(project["id"], [(s.name, s.png()) for s in members], group=group)
        for piece, result in zip(members, answer["results"], strict=True):
            if result["status"] == "rejected":
                raise ApiError(0, "demo-rejected", f"{piece.name}: {result['reason']}", result)
            by_id[result["image_ids"][0]] = piece
            if on_image is not None:
                on_image()
    label_ids = [int(label["id"]) for label in project["labels"]]
    for image_id, piece in by_id.items():
        if piece.is_gold:
            _put_gold(api, project["id"], image_id, piece, label_ids)
    return Seeded(api.get(f"/projects/{project['id']}"), by_id)


def _put_gold(api: Client, project_id: str, image_id: str, piece: Slice, label_ids: list[int]) -> None:
    masks = [
        {"label_id": label_id, "rle": rle.to_json(rle.encode(mask))}
        for label_id, mask in zip(label_ids, piece.truth, strict=True)
        if mask.any()
    ]
    # The task of an image exists once ImageStored has arrived, a moment after the upload's answer.
    deadline = time.monotonic() + 60
    while True:
        try:
            api.put(f"/projects/{project_id}/gold/{image_id}", {"masks": masks, "nothing_here": not masks})
            return
        except ApiError as error:
            if error.status != 404 or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
