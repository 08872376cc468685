"""What a project asks of its raters: label schema, quorum, gold, and in which order tasks are handed out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.errors import Conflict, InvalidInput

MAX_LABELS = 255  # a label map of 8 bits holds every label of a project, zero being background
MAX_QUORUM = 100
#: `finish` hands out the task that is nearest to its quorum, so that consensus comes early and steadily; `spread` hands out
#: the task that has the fewest answers, so that every image is seen once before any is seen twice.
ORDERS = ("finish", "spread")
STATUSES = ("active", "paused", "archived")

# Eight hues that stay apart for colour-blind people on grey images: Okabe & Ito, "Color Universal Design", 2008.
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#FFFFFF")
_COLOR = re.compile(r"^#[0-9a-fA-F]{6}$")


@dataclass(frozen=True, slots=True)
class Label:
    """One class of the schema. `id` is an integer ≥ 1, unique within the project and never given again."""

    id: int
    name: str
    color: str
    description: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def make_labels(
    wanted: Sequence[Mapping[str, Any]], current: Sequence[Label] = (), *, answered: bool = False
) -> list[Label]:
    """The label schema that results from `wanted` (`name`, optional `id`, `color`, `description`).

    A label without an id that has the name of a current one keeps that one's id; a new name gets the next free id. With
    `answered` (there are submissions already) no current label may go: masks would lose their meaning (Conflict).
    Raises InvalidInput for no label, too many, a name twice, an empty name, an unknown id or a colour that isn't `#rrggbb`.
    """
    if not wanted:
        raise InvalidInput("A project needs at least one label; name what the raters should outline.")
    if len(wanted) > MAX_LABELS:
        raise InvalidInput(f"A project has at most {MAX_LABELS} labels; {len(wanted)} were given.")
    by_name = {label.name.casefold(): label for label in current}
    by_id = {label.id: label for label in current}
    free = max(by_id, default=0) + 1
    labels: list[Label] = []
    names: set[str] = set()
    ids: set[int] = set()
    for entry in wanted:
        name = str(entry["name"]).strip()
        if not name:
            raise InvalidInput("A label's name can't be empty.")
        if name.casefold() in names:
            raise InvalidInput(f"The label {name!r} is there twice; names must differ.")
        names.add(name.casefold())
        given = entry.get("id")
        if given is not None and given not in by_id:
            raise InvalidInput(f"The project has no label with id {given}; leave the id out for a new label.")
        old = by_id[given] if given is not None else by_name.get(name.casefold())
        label_id = old.id if old else free
        if old is None:
            free += 1
        if label_id in ids:
            raise InvalidInput(f"Two labels claim the id {label_id}.")
        ids.add(label_id)
        color = entry.get("color") or (old.color if old else PALETTE[(label_id - 1) % len(PALETTE)])
        if not _COLOR.match(color):
            raise InvalidInput(f"The colour {color!r} of label {name!r} isn't of the form #rrggbb.")
        description = entry.get("description")
        labels.append(
            Label(
                label_id,
                name,
                color,
                (old.description if old else "") if description is None else description,
            )
        )
    gone = [label.name for label in current if label.id not in ids]
    if gone and answered:
        raise Conflict(
            f"The label {gone[0]!r} can't be removed: raters have answered with it. Archive the project and start another."
        )
    return labels


def check_overlap(quorum: int, least: int, most: int) -> None:
    """Raise InvalidInput unless dynamic overlap is off (both 0) or 1 ≤ least ≤ quorum ≤ most."""
    if (least or most) and not 1 <= least <= quorum <= most:
        raise InvalidInput(
            f"With dynamic overlap an image gets at least 1 rater, and the quorum of {quorum} lies between overlap_least and "
            f"overlap_most; they are {least} and {most}. Send 0 for both to turn it off."
        )


def labels_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[Label, ...]:
    """The schema as it is stored."""
    return tuple(
        Label(int(r["id"]), str(r["name"]), str(r["color"]), str(r.get("description", ""))) for r in rows
    )
