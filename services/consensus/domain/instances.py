"""Several objects of one class on an image: found in each rater's mask, matched across raters by overlap, ready to be merged one by one.

An object is a connected part (8 neighbours) of a rater's mask. Parts of different raters are joined best overlap first (greedy
agglomeration on IoU, one part a rater, as detections are matched in Kirillov et al., "Panoptic Segmentation", CVPR 2019, where an IoU
above a half makes a match unique; here others of the crowd may bridge a smaller one). What people do to touching objects is undone
where most others didn't: one outline around two is cut half way between them, and one drawn in pieces is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.consensus.domain.result import Fused
from services.consensus.domain.votes import ImageVotes, image_votes
from shared.imaging import rle
from shared.imaging.rle import RLE

Bools = NDArray[np.bool_]
Labels = NDArray[np.int32]

LEAST_IOU = 0.3  # parts that overlap less are never directly one object; over- and under-drawers of small ones reach 0.3
INSIDE = 0.5  # share of an object's core that makes it part of what covers it
MOST = (
    500  # parts a rater, largest first: a mask of noise has a hundred thousand, and none of them is an object
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One object as the raters saw it. votes: all raters of the image, empty where they didn't draw it; raters by what they did: ``drawn``
    it, ``cut`` (their outline held a neighbour too), ``joined`` (they drew it in pieces)."""

    votes: ImageVotes
    drawn: tuple[str, ...]
    cut: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """An object that the crowd believes in. mask: its pixels, none of which another object has."""

    thing: Thing
    fused: Fused
    mask: RLE


def merge_instances(votes: ImageVotes, fuse: Callable[[ImageVotes], Fused]) -> list[Merged]:
    """The objects of a class on an image, by column and row of their first pixel; each merged by ``fuse``, which also decides whether it is
    there. A pixel that two of them claim goes to the one with more support, at a tie to the first. Nobody drew anything: []."""
    found = [(thing, fuse(thing.votes)) for thing in things(votes)]
    found = [(thing, fused) for thing, fused in found if fused.chosen.any() and rle.area(fused.mask)]
    if not found:
        return []
    best = np.zeros(votes.size)
    owner = np.zeros(votes.size, np.int32)
    for k, (_, fused) in enumerate(found, 1):
        support = np.where(rle.decode(fused.mask), fused.found.spread(fused.support) + 1e-9, 0.0)
        more = support > best
        owner[more], best[more] = k, support[more]
    kept = [
        Merged(thing, fused, rle.encode(owner == k))
        for k, (thing, fused) in enumerate(found, 1)
        if (owner == k).any()
    ]
    return sorted(kept, key=lambda m: int(rle.runs(m.mask)[0]))


def parts(mask: RLE) -> Labels:
    """The connected parts of a mask, (H, W) int32, 0 outside; at most ``MOST``, the largest."""
    from scipy import ndimage  # lazily: serving a page doesn't need it

    labels, count = ndimage.label(rle.decode(mask), np.ones((3, 3), int))
    if count > MOST:
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        sizes[0] = 0
        kept = np.sort(np.argsort(-sizes, kind="stable")[:MOST])
        rank = np.zeros(count + 1, np.int32)
        rank[kept] = np.arange(1, MOST + 1)
        labels = rank[labels]
    return np.asarray(labels, np.int32)


def things(votes: ImageVotes) -> list[Thing]:
    """The objects that raters drew, largest support first. Depends on nothing but the votes; one rater: their parts."""
    labels = [parts(m) for m in votes.masks]
    groups = _groups(labels)
    cores = [_core(labels, g) for g in groups]
    groups, cores, joined = _absorb(groups, cores)
    return _cast(votes, labels, groups, cores, joined)


Group = dict[int, set[int]]  # rater → their parts


def _overlap(a: Labels, b: Labels) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """Which labels of ``a`` and ``b`` (both > 0) share pixels, and how many."""
    both = (a > 0) & (b > 0)
    wide = int(b.max(initial=0)) + 1
    counts = np.bincount(a[both].astype(np.int64) * wide + b[both])
    where = counts.nonzero()[0]
    return where // wide, where % wide, counts[where]


def _groups(labels: list[Labels]) -> list[Group]:
    """Parts joined best overlap first, at most one a rater in each group. A tie goes to the rater and part that come first."""
    sizes = [np.bincount(plane.ravel()) for plane in labels]
    pairs: list[tuple[float, int, int, int, int]] = []
    for r, mine in enumerate(labels):
        for s in range(r + 1, len(labels)):
            for i, j, n in zip(*(x.tolist() for x in _overlap(mine, labels[s])), strict=True):
                iou = n / (int(sizes[r][i]) + int(sizes[s][j]) - n)
                if iou >= LEAST_IOU:
                    pairs.append((-iou, r, i, s, j))
    group = {
        (r, i): {r: {i}} for r, plane in enumerate(labels) for i in range(1, int(plane.max(initial=0)) + 1)
    }
    for _, r, i, s, j in sorted(pairs):
        a, b = group[r, i], group[s, j]
        if a is b or not a.keys().isdisjoint(b):
            continue
        a.update(b)
        for rater, mine_ in b.items():
            for part in mine_:
                group[rater, part] = a
    distinct = list({id(g): g for g in group.values()}.values())
    return sorted(distinct, key=lambda g: (-len(g), sorted((r, min(p)) for r, p in g.items())))


def _core(labels: list[Labels], group: Group) -> Bools:
    """Pixels in more than half of a group's parts; where there is none, all that anybody drew."""
    drawn = np.zeros(labels[0].shape, np.int32)
    for rater, mine in group.items():
        drawn += np.isin(labels[rater], list(mine))
    core = drawn * 2 > len(group)
    return core if core.any() else drawn > 0


def _absorb(groups: list[Group], cores: list[Bools]) -> tuple[list[Group], list[Bools], list[set[int]]]:
    """Put a group into one of more raters that holds half of its core: there a few drew as several what most saw as one."""
    kept: list[int] = []
    joined: list[set[int]] = [set() for _ in groups]
    for k, group in enumerate(groups):  # most raters first
        area = int(cores[k].sum())
        home = next(
            (
                h
                for h in kept
                if len(groups[h]) > len(group) and int((cores[k] & cores[h]).sum()) >= INSIDE * area
            ),
            None,
        )
        if home is None:
            kept.append(k)
            continue
        for rater, mine in group.items():
            if rater in groups[home]:
                groups[home][rater] |= mine
                joined[home].add(rater)
    return [groups[k] for k in kept], [cores[k] for k in kept], [joined[k] for k in kept]


def _cast(
    votes: ImageVotes, labels: list[Labels], groups: list[Group], cores: list[Bools], joined: list[set[int]]
) -> list[Thing]:
    """Each object's votes. A part that covers half of several objects' cores, or of one that its rater hasn't, counts for each of them."""
    areas = [int(c.sum()) for c in cores]
    given: list[dict[int, Bools]] = [{} for _ in groups]
    cut: list[set[int]] = [set() for _ in groups]
    for rater, plane in enumerate(labels):
        owned = {part: k for k, g in enumerate(groups) for part in g.get(rater, ())}
        held = [np.bincount(plane[core], minlength=int(plane.max(initial=0)) + 1) for core in cores]
        for part in range(1, int(plane.max(initial=0)) + 1):
            covers = {
                k
                for k in range(len(groups))
                if held[k][part] >= INSIDE * areas[k] and (rater not in groups[k] or owned.get(part) == k)
            }
            covers |= {owned[part]} if part in owned else set()
            here = plane == part
            for k, piece in _divide(here, {k: cores[k] for k in sorted(covers)}).items():
                before = given[k].get(rater)
                given[k][rater] = piece if before is None else before | piece
                if len(covers) > 1:
                    cut[k].add(rater)
    nothing = rle.empty(*votes.size)
    names = votes.raters

    def said(of: set[int]) -> tuple[str, ...]:
        return tuple(names[r] for r in sorted(of))

    return [
        Thing(
            image_votes(
                votes.image,
                {n: rle.encode(given[k][r]) if r in given[k] else nothing for r, n in enumerate(names)},
            ),
            said(set(given[k])),
            said(cut[k]),
            said(joined[k]),
        )
        for k in range(len(groups))
    ]


def _divide(part: Bools, cores: Mapping[int, Bools]) -> dict[int, Bools]:
    """A part's pixels by the nearest core, at a tie to the first."""
    if len(cores) < 2:
        return dict.fromkeys(cores, part)
    from scipy import ndimage

    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    far = np.stack([ndimage.distance_transform_edt(~core[box]) for core in cores.values()])
    nearest = far.argmin(axis=0)
    out = {}
    for n, k in enumerate(cores):
        piece = np.zeros_like(part)
        piece[box] = part[box] & (nearest == n)
        out[k] = piece
    return out
