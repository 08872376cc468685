"""A project's submissions as they were acknowledged, held against the votes that consensus keeps. Pure: reads and writes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.consensus.domain.reliability import Given
from services.consensus.domain.votes import ImageVotes, image_votes
from services.consensus.store_votes import Key, Vote
from shared.imaging import rle
from shared.imaging.rle import RLE

Stored = Mapping[Key, tuple[str, Vote | None]]
MISSING, OTHER = "{n} of its votes missing", "{n} of its votes other than was submitted"
NOBODYS = "{n} of its votes from no submission that annotations know of"
DAMAGED = "{n} of its submitted masks damaged in the object store"


@dataclass(frozen=True, slots=True)
class Submitted:
    """An acknowledged submission. `masks` by label, without the empty ones; `damaged`: labels whose mask can't be read any more; `size`:
    (height, width) of the image in pixels; `label_ids`: those that were asked for, None where annotations didn't keep that yet."""

    submission_id: str
    project_id: str
    image_id: str
    rater_id: str
    masks: Mapping[int, RLE]
    damaged: frozenset[int]
    size: tuple[int, int]
    label_ids: tuple[int, ...] | None
    gold_dice: Mapping[int, float]
    duration_ms: int
    created_at: int


@dataclass(slots=True)
class Evidence:
    """`votes`: all that are there when the rest is done, superseded ones too, in order of their submissions. By image: what is wrong with
    the stored ones, in words, the votes to put back and the keys to take away. `left`: images of which something stays wrong."""

    votes: list[Vote]
    wrong: dict[str, list[str]]
    back: dict[str, list[Vote]]
    gone: dict[str, list[Key]]
    left: set[str]
    _images: dict[str, tuple[dict[int, ImageVotes], list[str]]] = field(default_factory=dict)

    def of_image(self, image_id: str) -> tuple[dict[int, ImageVotes], list[str]]:
        """As `store.votes_of`; ({}, []) where nobody answered."""
        if not self._images:
            self._images = _by_image(self.votes)
        return self._images.get(image_id, ({}, []))

    def of_labels(self) -> dict[int, list[ImageVotes]]:
        """The votes of `store_votes.answers`, for every label that somebody answered for."""
        found: dict[int, dict[str, dict[str, RLE]]] = defaultdict(dict)
        for vote in self.votes:
            found[vote.label_id].setdefault(vote.image_id, {})[vote.rater_id] = vote.mask
        return {
            label: [image_votes(image, masks) for image, masks in sorted(found[label].items())]
            for label in sorted(found)
        }

    def given(self, label_id: int) -> dict[tuple[str, str], Given]:
        """As `store_votes.answers` says when each answer was given."""
        mine = (v for v in self.votes if v.label_id == label_id)
        return {(v.image_id, v.rater_id): Given(v.created_at, v.duration_ms) for v in mine}


def compare(
    stored: Stored, submitted: Sequence[Submitted], labels: Sequence[int], *, drop: bool = False
) -> Evidence:
    """Hold `stored` against `submitted` (in order of ids), for the project's `labels`.

    Votes that no submission stands behind stay and count, and leave their image wrong, unless `drop` says that they go.
    """
    asked = _Asked(stored, submitted, labels)
    votes: dict[Key, Vote] = {}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    found = Evidence([], {}, defaultdict(list), defaultdict(list), set())
    seen: set[Key] = set()
    for one in submitted:
        for label in asked.of(one):
            key = (one.submission_id, label)
            seen.add(key)
            _, there = stored.get(key, ("", None))
            if label in one.damaged:
                counts[one.image_id][DAMAGED] += 1
                found.left.add(one.image_id)
                if there is not None:
                    votes[key] = there  # nothing better is left
                continue
            votes[key] = must = _vote(one, label)
            if there != must:
                counts[one.image_id][OTHER if key in stored else MISSING] += 1
                found.back[one.image_id].append(must)
    for key, (image_id, there) in stored.items():
        if key in seen:
            continue
        counts[image_id][NOBODYS] += 1
        if drop:
            found.gone[image_id].append(key)
            continue
        found.left.add(image_id)
        if there is not None:
            votes[key] = there
    found.votes = [votes[key] for key in sorted(votes)]
    found.wrong = {i: [what.format(n=n) for what, n in c.items()] for i, c in counts.items()}
    return found


class _Asked:
    """Which labels a submission answered for. Of older ones annotations keep only the masks that were drawn; that a label was left empty
    shows in the vote, or, where that is lost, in the labels that the project had at the time."""

    def __init__(self, stored: Stored, submitted: Sequence[Submitted], labels: Sequence[int]) -> None:
        self._labels = sorted(labels)
        self._kept: dict[str, set[int]] = defaultdict(set)
        self._first: dict[int, str] = {}
        for submission_id, label in stored:
            self._kept[submission_id].add(label)
        for submission_id, label in (*stored, *((s.submission_id, i) for s in submitted for i in s.masks)):
            self._first[label] = min(submission_id, self._first.get(label, submission_id))
        self._start = min(self._kept, default="")

    def of(self, one: Submitted) -> list[int]:
        """Labels, sorted."""
        if one.label_ids is not None:
            return sorted({*one.label_ids, *one.masks, *one.damaged})
        return [label for label in self._labels if self._has(one, label)]

    def _has(self, one: Submitted, label: int) -> bool:
        kept = self._kept.get(one.submission_id, set())
        if label in one.masks or label in one.damaged or label in kept:
            return True
        first = self._first.get(label)
        if first is not None and first <= one.submission_id:
            return True
        # Nobody is known to have been asked by then: the label is younger, unless no vote from before it is left to say so.
        return not kept and (not self._start or (first is not None and first < self._start))


def _vote(one: Submitted, label: int) -> Vote:
    return Vote(
        submission_id=one.submission_id,
        label_id=label,
        project_id=one.project_id,
        image_id=one.image_id,
        rater_id=one.rater_id,
        mask=one.masks[label] if label in one.masks else rle.empty(*one.size),
        gold_dice=one.gold_dice.get(label),
        duration_ms=one.duration_ms,
        created_at=one.created_at,
    )


def _by_image(votes: Sequence[Vote]) -> dict[str, tuple[dict[int, ImageVotes], list[str]]]:
    newest: dict[str, dict[str, str]] = defaultdict(dict)
    for vote in votes:
        newest[vote.image_id][vote.rater_id] = vote.submission_id
    masks: dict[str, dict[int, dict[str, RLE]]] = defaultdict(dict)
    for vote in votes:
        if newest[vote.image_id][vote.rater_id] == vote.submission_id:
            masks[vote.image_id].setdefault(vote.label_id, {})[vote.rater_id] = vote.mask
    return {
        image: ({i: image_votes(image, m) for i, m in sorted(by.items())}, sorted(newest[image].values()))
        for image, by in masks.items()
    }
