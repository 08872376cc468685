"""A rater's answer: read from the wire, checked, and brought to canonical form.

Written by hand over orjson because it runs once a submission: a model of validators takes longer than everything here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from shared.errors import BadRequest, InvalidInput
from shared.imaging import rle as rle_codec
from shared.imaging.rle import RLE

MAX_BODY = 8 << 20  # bytes; RLE of a frame of 4096² with a hundred thousand runs is below 1 MB
MAX_KEY = 128
MAX_TEXT = 2000
MAX_MASKS = 255
_UINT32 = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class MaskOf:
    """One label's mask in canonical COCO RLE, with the number of its set pixels."""

    label_id: int
    rle: RLE
    area: int

    def to_json(self) -> dict[str, Any]:
        return {"label_id": self.label_id, "rle": rle_codec.to_json(self.rle)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rater sends. A label without a mask is empty, as is one whose mask has no pixel set (`drawn` leaves it out)."""

    client_key: str
    masks: tuple[MaskOf, ...]
    nothing_here: bool
    duration_ms: int = 0
    clicks: int = 0
    proposal_shown: bool = False
    comment: str = ""
    unsure: bool = False


def parse_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a request body; raises BadRequest (not JSON) or InvalidInput (not an object)."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body isn't JSON: {error}.") from None
    if not isinstance(data, dict):
        raise InvalidInput("The body must be a JSON object.")
    return data


def parse_answer(body: bytes) -> Answer:
    """Read a submission's body. Masks are valid RLE of their own size after this; `check_fits` compares with the task.

    Raises BadRequest or InvalidInput with one sentence that names the field.
    """
    data = parse_body(body)
    key = data.get("client_key")
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidInput(
            f"client_key must be a text of 1 to {MAX_KEY} characters that the client makes once per answer."
        )
    nothing_here = _flag(data, "nothing_here")
    if "masks" not in data and not nothing_here:
        raise InvalidInput(
            'masks is missing; send the drawn masks, or "masks": [] with "nothing_here": true.'
        )
    masks = parse_masks(data.get("masks", ()))
    check_meaning(masks, nothing_here)
    return Answer(
        client_key=key,
        masks=masks,
        nothing_here=nothing_here,
        duration_ms=_count(data, "duration_ms"),
        clicks=_count(data, "clicks"),
        proposal_shown=_flag(data, "proposal_shown"),
        comment=_text(data, "comment"),
        unsure=_flag(data, "unsure"),
    )


def parse_masks(value: Any) -> tuple[MaskOf, ...]:
    """A list of `{"label_id", "rle"}` → canonical masks, sorted by label; empty ones too, so that their size can be checked.

    Raises InvalidInput for anything else, an RLE that is none, or one label twice.
    """
    if not isinstance(value, list | tuple):
        raise InvalidInput('masks must be a list of {"label_id": 1, "rle": {...}}.')
    if len(value) > MAX_MASKS:
        raise InvalidInput(f"masks holds {len(value)} entries; at most {MAX_MASKS} are possible.")
    masks: list[MaskOf] = []
    seen: set[int] = set()
    for entry in value:
        label_id = entry.get("label_id") if isinstance(entry, dict) else None
        if type(label_id) is not int or label_id < 1:
            raise InvalidInput(
                'Each mask is an object {"label_id": 1, "rle": {...}} with an integer label_id from 1 on.'
            )
        if label_id in seen:
            raise InvalidInput(f"The label {label_id} has two masks; send one mask a label.")
        seen.add(label_id)
        rle, area = rle_codec.measured_from_json(entry.get("rle"))
        masks.append(MaskOf(label_id, rle, area))
    masks.sort(key=lambda mask: mask.label_id)
    return tuple(masks)


def drawn(masks: Sequence[MaskOf]) -> tuple[MaskOf, ...]:
    """The masks that have a pixel set."""
    return tuple(mask for mask in masks if mask.area)


def check_meaning(masks: Sequence[MaskOf], nothing_here: bool) -> None:
    """Empty is an answer only when it is said: raises InvalidInput for an empty answer without it, and for both at once."""
    something = any(mask.area for mask in masks)
    if nothing_here and something:
        raise InvalidInput("The answer says nothing_here but has a mask; send one or the other.")
    if not nothing_here and not something:
        raise InvalidInput(
            'Nothing is drawn; if there is nothing to outline, answer with "nothing_here": true.'
        )


def check_fits(masks: Sequence[MaskOf], *, height: int, width: int, label_ids: Collection[int]) -> None:
    """Raise InvalidInput unless every mask has the image's size (pixels) and a label of the project."""
    for mask in masks:
        if mask.label_id not in label_ids:
            known = ", ".join(map(str, sorted(label_ids)))
            raise InvalidInput(
                f"The project has no label {mask.label_id}; its labels are {known}.", code="unknown-label"
            )
        rle = mask.rle
        if rle.height != height or rle.width != width:
            raise InvalidInput(
                f"The mask of label {mask.label_id} is {rle.height} × {rle.width} pixels, but the image is {height} × {width} "
                "(height × width).",
                code="mask-size",
            )


def _flag(data: dict[str, Any], name: str) -> bool:
    value = data.get(name, False)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} must be true or false.")
    return value


def _count(data: dict[str, Any], name: str) -> int:
    value = data.get(name, 0)
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JavaScript's clocks give 1200.0
    if type(value) is not int or not 0 <= value <= _UINT32:
        raise InvalidInput(f"{name} must be a whole number from 0 to {_UINT32}.")
    return value


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidInput(f"{name} must be a text of at most {MAX_TEXT} characters.")
    return value
