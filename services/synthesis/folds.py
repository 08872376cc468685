"""Which image is in which split, with groups tied that hold the same picture; decided once for a project and recorded."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from services.synthesis.domain import features, splits
from services.synthesis.events import read_ref
from services.synthesis.store import Store
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
    basis: tuple[int, int] = (0, 0)
    """The numbers of the facts that images and recorded splits were read as of."""


def decide(
    store: Store, blobs: BlobStore, project_id: str, seed: int, fractions: splits.Fractions, *, record: bool
) -> Folds:
    """The folds of a project's labelled images.

    ``record``: use the recorded split, and record the groups that are new to it (generators, and datasets that hold their samples).
    Otherwise the split is made afresh from ``seed`` and ``fractions``. Raises Conflict where a recorded split has other shares.
    """
    _read_pictures(store, blobs, project_id)
    view = store.view(project_id)
    heads = view.heads()
    pairs = _same_pictures(store, project_id, heads)
    if not record:
        return _folds(heads, pairs, {}, Folds({}, {}, seed, fractions, False, (view.upto, view.upto)))
    settings, known = view.splits()
    if settings is not None:
        fixed = splits.Fractions(**settings[1])
        if fractions != splits.Fractions() and fractions != fixed:
            raise Conflict(
                f"This project's split was fixed as {fixed.train:g} / {fixed.val:g} / {fixed.test:g} when its first generator was "
                "trained; synthetic images can't be published with another one. Leave `split` out, or leave out synthetic."
            )
        seed, fractions = settings[0], fixed
    found = _folds(heads, pairs, known, Folds({}, {}, seed, fractions, True, (view.upto, view.upto)))
    fresh = {group: found.of[image_id] for image_id, group, _, _ in heads if group not in known}
    shares = {"train": fractions.train, "val": fractions.val, "test": fractions.test}
    store.record_splits(project_id, seed, shares, fresh)
    # Read back: where another job recorded a group in between, its word holds.
    recorded = view.later()
    like = Folds({}, {}, seed, fractions, True, (view.upto, recorded.upto))
    return _folds(heads, pairs, recorded.splits()[1], like)


def again(store: Store, project_id: str, like: Folds) -> Folds:
    """The folds as of ``like.basis``, with its seed and shares: what a dataset that was built then had."""
    view = store.view(project_id, like.basis[0])
    known = store.view(project_id, like.basis[1]).splits()[1] if like.recorded else {}
    heads = view.heads()
    return _folds(heads, _same_pictures(store, project_id, heads), known, like)


def _folds(
    heads: list[tuple[str, str, str, str]], pairs: list[tuple[str, str]], known: dict[str, str], like: Folds
) -> Folds:
    """Images to splits by group, with ``pairs`` of groups tied; ``known`` groups stay where they are."""
    sizes = Counter(group for _, group, _, _ in heads)
    tied = splits.tie_groups(pairs)
    merged: Counter[str] = Counter()
    for group, size in sizes.items():
        merged[tied.get(group, group)] += size
    # A tied set counts as recorded where one of its groups is; with two splits recorded, test wins: see `dropped`.
    fixed_roots: dict[str, str] = {}
    for group, split in known.items():
        root = tied.get(group, group)
        fixed_roots[root] = min(fixed_roots.get(root, split), split, key=("test", "val", "train").index)
    by_root = splits.assign(merged, like.seed, like.fractions, fixed_roots)
    of: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for image_id, group, _, _ in heads:
        wanted = by_root[tied.get(group, group)]
        if known.get(group, wanted) != wanted:
            dropped[image_id] = f"its group {group} holds a picture of the {wanted} set"
        else:
            of[image_id] = wanted
    return replace(like, of=of, dropped=dropped)


def _read_pictures(store: Store, blobs: BlobStore, project_id: str) -> None:
    """Note the picture hash and thumbprint of frames that no job has read before."""
    while missing := store.unread(project_id):
        prints = []
        for image_id, frame in missing:
            pixels = codecs.decode_png(read_ref(blobs, frame))
            thumb = np.clip(np.rint(features.thumbprint(pixels) * 1024), -32768, 32767).astype("<i2")
            prints.append((image_id, features.picture_hash(pixels), thumb.tobytes()))
        store.put_picture(project_id, prints)


def _same_pictures(
    store: Store, project_id: str, heads: list[tuple[str, str, str, str]]
) -> list[tuple[str, str]]:
    """Pairs of groups that hold the same picture: equal bytes, or equal picture hash and nearly equal thumbprint."""
    pairs: list[tuple[str, str]] = []
    by_digest: dict[str, str] = {}
    by_hash: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for image_id, group, digest, sha256 in heads:
        other = by_digest.setdefault(sha256, group)
        if other != group:
            pairs.append((other, group))
        by_hash[digest].append((image_id, group))
    for alike in by_hash.values():
        if len({group for _, group in alike}) < 2:
            continue
        # Thumbprints only of pictures that might be the same: all of them would be 2 kB an image.
        found = store.thumbprints(project_id, [image_id for image_id, _ in alike])
        prints = [_unit(found[image_id]) for image_id, _ in alike]
        for i in range(1, len(alike)):
            # Against a few before it: enough to tie a chain of copies, and no square cost where blank frames share a hash.
            for j in range(max(0, i - 50), i):
                if alike[i][1] != alike[j][1] and features.same_picture(prints[i], prints[j]):
                    pairs.append((alike[i][1], alike[j][1]))
    return pairs


def _unit(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    values = np.frombuffer(data, "<i2").astype(np.float32)
    length = float(np.linalg.norm(values))
    return values / length if length > 0 else values
