"""The shapes of practice, notes, own work and ranking."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.annotations.schemas import Cursor, Feedback, GoldDice, ImageRef, LabelMask, Rle


class Standing(BaseModel):
    required: int = Field(description="Images to master; at most as many as there are.")
    threshold: float = Field(description="Dice from which an image is mastered.")
    passed: int
    qualified: bool


class Example(BaseModel):
    image: ImageRef
    reference: list[LabelMask]


class PracticeImage(BaseModel):
    image: ImageRef
    attempts: int
    best: float | None = Field(description="Best Dice so far; null: not tried.")
    passed: bool


class Practice(BaseModel):
    standing: Standing
    example: Example | None = Field(
        description="An image with its reference, to learn from; counts for nothing."
    )
    images: list[PracticeImage] = Field(description="Not tried first, then from the worst answer up.")


class PracticeIn(BaseModel):
    """An attempt. `masks: []` needs `nothing_here: true`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"masks": [], "nothing_here": True}]})
    masks: list[LabelMask]
    nothing_here: bool = False


class AppealTry(BaseModel):
    """What an attempt meant for the appeal that it belongs to."""

    state: Literal["open", "passed", "failed"]
    needed: int
    passed: int = Field(description="Images that reached the threshold.")
    left: int = Field(description="Images still to be tried.")
    dice: float = Field(description="Of the labels in question only.")


class PracticeResult(BaseModel):
    dice: float = Field(description="Mean over the labels that are there or were drawn.")
    passed: bool
    feedback: Feedback
    standing: Standing
    appeal: AppealTry | None = Field(description="Null where the attempt counted for no appeal.")


class Appeal(BaseModel):
    """Practising again, under way."""

    needed: int
    threshold: float
    passed: int
    images: list[ImageRef] = Field(description="Those still to be tried; of each the first try counts.")


class Quarantine(BaseModel):
    """Where you stand. `label_ids` empty: your answers count fully."""

    label_ids: list[int] = Field(description="Labels for which your answers hardly count for now.")
    appeal: Appeal | None
    can_appeal: bool = Field(description="Enough practice images are new to you, or you have begun.")


class Advice(BaseModel):
    """A habit that is sure, or a label that is often missed."""

    id: str
    label_id: int
    kind: Literal["over", "under", "shifted", "misses"]
    direction: Literal[
        "", "right", "upper-right", "up", "upper-left", "left", "lower-left", "down", "lower-right"
    ] = Field(description="Where to outlines are shifted, as seen on the image.")
    px: float = Field(description="How far, in pixels; 0 for `misses`.")
    share: float = Field(description="`misses`: of the images that show the label.")
    answers: int = Field(description="Of yours that this rests on.")


class AdviceList(BaseModel):
    items: list[Advice]


class NoteIn(BaseModel):
    """What a rater tells the lab about an image."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"image_id": "", "kind": "wrong"}]},
    )
    image_id: str = Field(max_length=36)
    kind: Literal["comment", "unsure", "wrong"]
    text: str = Field("", max_length=2000)


class NotePatch(BaseModel):
    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [{"resolved": True}]}
    )
    resolved: bool | None = None
    reply: str | None = Field(None, max_length=2000, description="Shown to who wrote the note.")


class Note(BaseModel):
    id: str
    project_id: str
    image_id: str
    rater_id: str
    submission_id: str | None
    kind: Literal["comment", "unsure", "wrong", "skip"]
    text: str
    reply: str
    created_at: str
    resolved_at: str | None


class NotePage(BaseModel):
    items: list[Note]
    next: Cursor


class Work(BaseModel):
    submission_id: str
    project_id: str
    image: ImageRef
    created_at: str
    nothing_here: bool
    finished: bool = Field(description="The image has all its answers, so its consensus may be looked at.")


class WorkPage(BaseModel):
    items: list[Work]
    next: Cursor


class WorkLabel(BaseModel):
    label_id: int
    rle: Rle = Field(description="The consensus.")
    agreement: float | None
    dice: float = Field(description="Of your answer with the consensus.")


class WorkDetail(Work):
    masks: list[LabelMask] = Field(description="What you drew.")
    consensus: list[WorkLabel] | None = Field(
        description="What came of it; null while answers are missing. Once it was shown, your answer stands."
    )


class Ranked(BaseModel):
    rater_id: str
    submissions: int
    gold_seen: int
    gold_dice: GoldDice


class Ranking(BaseModel):
    items: list[Ranked] = Field(description="From the best lower end of the 95 % interval down.")


class Picture(BaseModel):
    name: str
    url: str = Field(description="For the guide's Markdown: `![what it shows](url)`.")
    width: int
    height: int
