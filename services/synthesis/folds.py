"""Which image is in which split, with groups tied that hold the same picture; decided once for a project and recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from services.synthesis.domain import features, splits
from services.synthesis.events import read_ref
from services.synthesis.store import Record, Store
from shared.blobs import BlobStore
from shared.errors import Conflict
from shared.imaging import codecs


@dataclass(frozen=True, slots=True)
class Folds:
    """Image id → split; ids left out of training with the reason; what the split was made with."""

    of: dict[str, str]
    dropped: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    fractions: splits.Fractions = field(default_factory=splits.Fractions)
    recorded: bool = False


def decide(
    store: Store, blobs: BlobStore, project_id: str, seed: int, fractions: splits.Fractions, *, record: bool
) -> Folds:
    """The folds of a project's labelled images.

    ``record``: use the recorded split, and record the groups that are new to it (generators, and datasets that hold their samples).
    Otherwise the split is made afresh from ``seed`` and ``fractions``. Raises Conflict where a recorded split has other shares.
    """
    heads = _with_prints(store, blobs, project_id)
    sizes = Counter(head.group_name for head in heads)
    tied = splits.tie_groups(_same_pictures(heads))
    known: dict[str, str] = {}
    if record:
        project = store.project(project_id)
        if project is not None and project.split_seed is not None:
            fixed = splits.Fractions(**project.split)
            if fractions != splits.Fractions() and fractions != fixed:
                raise Conflict(
                    f"This project's split was fixed as {fixed.train:g} / {fixed.val:g} / {fixed.test:g} when its first generator was "
                    "trained; synthetic images can't be published with another one. Leave `split` out, or leave out synthetic."
                )
            seed, fractions = int(project.split_seed), fixed
        known = store.recorded_splits(project_id)
    merged: Counter[str] = Counter()
    for group, size in sizes.items():
        merged[tied.get(group, group)] += size
    # A tied set counts as recorded where one of its groups is; with two splits recorded, test wins: see `dropped`.
    fixed_roots: dict[str, str] = {}
    for group, split in known.items():
        root = tied.get(group, group)
        fixed_roots[root] = min(fixed_roots.get(root, split), split, key=("test", "val", "train").index)
    by_root = splits.assign(merged, seed, fractions, fixed_roots)
    of: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for head in heads:
        wanted = by_root[tied.get(head.group_name, head.group_name)]
        if known.get(head.group_name, wanted) != wanted:
            dropped[head.image_id] = f"its group {head.group_name} holds a picture of the {wanted} set"
        else:
            of[head.image_id] = wanted
    if record:
        fresh = {g: by_root[tied.get(g, g)] for g in sizes if g not in known}
        shares = {"train": fractions.train, "val": fractions.val, "test": fractions.test}
        store.record_splits(project_id, seed, shares, fresh)
    return Folds(of, dropped, seed, fractions, record)


def _with_prints(store: Store, blobs: BlobStore, project_id: str) -> list[Record]:
    """Item heads, each with its picture hash; those that lack one are read now and noted for the next time."""
    heads = store.item_heads(project_id)
    missing = [head for head in heads if head.picture_hash is None]
    for start in range(0, len(missing), 200):
        prints = []
        for head in missing[start : start + 200]:
            pixels = codecs.decode_png(read_ref(blobs, head.frame))
            thumb = np.clip(np.rint(features.thumbprint(pixels) * 1024), -32768, 32767).astype("<i2")
            prints.append((head.image_id, features.picture_hash(pixels), thumb.tobytes()))
        store.put_picture(project_id, prints)
    return store.item_heads(project_id) if missing else heads


def _same_pictures(heads: list[Record]) -> list[tuple[str, str]]:
    """Pairs of groups that hold the same picture: equal bytes, or equal picture hash and nearly equal thumbprint."""
    pairs: list[tuple[str, str]] = []
    by_digest: dict[str, str] = {}
    by_hash: dict[str, list[Record]] = defaultdict(list)
    for head in heads:
        other = by_digest.setdefault(head.frame["sha256"] or head.image_id, head.group_name)
        if other != head.group_name:
            pairs.append((other, head.group_name))
        by_hash[head.picture_hash].append(head)
    for alike in by_hash.values():
        prints = [_unit(head.thumbprint) for head in alike]
        for i in range(1, len(alike)):
            # Against a few before it: enough to tie a chain of copies, and no square cost where blank frames share a hash.
            for j in range(max(0, i - 50), i):
                if alike[i].group_name != alike[j].group_name and features.same_picture(prints[i], prints[j]):
                    pairs.append((alike[i].group_name, alike[j].group_name))
    return pairs


def _unit(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    values = np.frombuffer(data, "<i2").astype(np.float32)
    length = float(np.linalg.norm(values))
    return values / length if length > 0 else values
