"""What the routes of the real-or-synthetic game take and answer."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.synthesis.domain import game
from services.synthesis.store import Record


class GameIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"open": True, "images": 20}]})

    open: bool = Field(
        description="Whether volunteers may start rounds. Opening one closes the project's other games."
    )
    images: int = Field(20, ge=2 * game.LEAST_HALF, le=60, description="Of a round, half of them synthetic.")
    generator_id: str = Field("", max_length=36, description="Empty: the project's newest generator.")


class Game(BaseModel):
    """The project's game as a player sees it. It says nothing about the generator."""

    open: bool
    images: int = Field(description="Of a round at most.")
    round_id: str | None = Field(description="A round that you have begun.")
    more: bool = Field(description="Whether there are images for another round; each is shown to you once.")
    rounds: int = Field(description="That you have finished.")
    right: int
    answers: int


class RoundTruth(BaseModel):
    synthetic: bool
    right: bool


class Round(BaseModel):
    """A round as its player sees it. What the images are is told once all are answered."""

    id: str
    project_id: str
    images: int
    size: int = Field(description="Side of an image in pixels.")
    sheet_url: str = Field(description="All images below one another in one PNG.")
    answers: list[bool | None] = Field(description="In the order of the images; true: synthetic.")
    finished: bool
    truth: list[RoundTruth] | None
    right: int | None


class AnswerIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"synthetic": True}]})

    synthetic: bool


class Share(BaseModel):
    """A share with its 95 % interval; null where there is no answer."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class PlayerResult(BaseModel):
    player: int
    accuracy: Share


class Fooled(BaseModel):
    synthetic_id: str
    shown: int
    fooled: int = Field(description="How often it was called real.")
    image_url: str


class GameResult(BaseModel):
    """What the finished rounds of a game say. `docs/synthesis.md` has the meaning of each number."""

    generator_id: str
    open: bool
    images: int
    kept: int = Field(description="Synthetic images that the filters kept, of which the game draws.")
    chance: float
    players: int
    rounds: int
    unfinished: int = Field(description="Rounds that were begun and left; their answers aren't counted.")
    answers: int
    accuracy: Share
    sensitivity: Share = Field(description="Share of synthetic images that were called synthetic.")
    specificity: Share = Field(description="Share of real images that were called real.")
    real_seen: Share = Field(description="Specificity on images that the generator was trained on.")
    real_unseen: Share = Field(description="Specificity on images that it wasn't trained on.")
    real_familiar: Share = Field(description="Specificity on images that the player had labelled.")
    detectable: float = Field(
        description="The accuracy that so many answers would show to differ from chance four times in five."
    )
    verdict: Literal["too_few", "told_apart", "not_told_apart", "reversed"]
    sentence: str
    by_player: list[PlayerResult]
    fooled: list[Fooled] = Field(description="Synthetic images, those first that deceived most; 200 at most.")


def share(found: game.Share) -> Share:
    """A share without NaN, which JSON doesn't have."""
    if math.isnan(found.value):
        return Share(value=None, low=None, high=None, n=0)
    return Share(value=found.value, low=found.low, high=found.high, n=found.n)


def round_(row: Record, size: int, said: dict[int, bool]) -> Round:
    """A round's row for its player; the truth only when it is finished."""
    finished = row.finished_at_us is not None
    truth = None
    if finished:
        items = game.items_from_json(row.items)
        truth = [
            RoundTruth(synthetic=item.synthetic, right=said.get(place) == item.synthetic)
            for place, item in enumerate(items)
        ]
    return Round(
        id=row.id,
        project_id=row.project_id,
        images=row.images,
        size=size,
        sheet_url=f"/api/v1/rounds/{row.id}/sheet",
        answers=[said.get(place) for place in range(row.images)],
        finished=finished,
        truth=truth,
        right=None if truth is None else sum(told.right for told in truth),
    )


def result(
    generator_id: str, row: Record | None, kept: int, rounds: int, unfinished: int, found: game.Result
) -> GameResult:
    """The lab's view of a game; ``row`` None: it was never opened."""
    return GameResult(
        generator_id=generator_id,
        open=row is not None and row.open,
        images=row.images if row is not None else 20,
        kept=kept,
        chance=game.CHANCE,
        players=found.players,
        rounds=rounds,
        unfinished=unfinished,
        answers=found.answers,
        accuracy=share(found.accuracy),
        sensitivity=share(found.sensitivity),
        specificity=share(found.specificity),
        real_seen=share(found.real_seen),
        real_unseen=share(found.real_unseen),
        real_familiar=share(found.real_familiar),
        detectable=found.detectable,
        verdict=found.verdict,
        sentence=found.sentence,
        by_player=[PlayerResult(player=p.player, accuracy=share(p.accuracy)) for p in found.by_player],
        fooled=[
            Fooled(
                synthetic_id=f.image_id,
                shown=f.shown,
                fooled=f.fooled,
                image_url=f"/api/v1/synthetic/{f.image_id}/image",
            )
            for f in found.images[:200]
        ],
    )
