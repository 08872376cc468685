"""The shapes of the public API of this service, for validation of what is not hot and for the OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.annotations.domain.project import MAX_LABELS, MAX_QUORUM

Cursor = Annotated[str | None, Field(description="Pass as `cursor` for the next page; null on the last.")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class LabelIn(_In):
    """A class of the label schema. An `id` names an existing label; a new label gets its own."""

    id: int | None = Field(None, ge=1, description="Only to rename an existing label.")
    name: str = Field(min_length=1, max_length=80, examples=["grey matter"])
    color: str | None = Field(
        None, examples=["#E69F00"], description="`#rrggbb`; left out: from a palette that stays apart."
    )
    description: str | None = Field(None, max_length=1000)


class ProjectIn(_In):
    """A new project."""

    name: str = Field(min_length=1, max_length=200, examples=["MNI152 brain"])
    summary: str = Field("", max_length=1000)
    instructions: str = Field("", max_length=50_000, description="Markdown, shown to raters.")
    labels: list[LabelIn] = Field(min_length=1, max_length=MAX_LABELS)
    quorum: int = Field(5, ge=1, le=MAX_QUORUM, description="Raters who answer each image.")
    gold_share: float = Field(
        0.1, ge=0, le=1, description="Share of a rater's tasks that are gold, as long as there is gold."
    )
    gold_feedback: bool = Field(True, description="Tell raters how they compared, after they answered gold.")
    open: bool = Field(True, description="Every volunteer may work here; else only members.")
    accept_agreement: float = Field(0.7, ge=0, le=1)
    lease_seconds: int = Field(1800, ge=10, le=86_400)
    show_proposals: bool = True
    task_order: Literal["finish", "spread"] = Field(
        "finish",
        description="`finish`: images nearest to their quorum first; `spread`: images with the fewest answers first.",
    )
    practice_required: int = Field(
        0, ge=0, le=50, description="Practice images that a volunteer must master before real work."
    )
    practice_dice: float = Field(0.7, ge=0, le=1, description="From which Dice a practice image is mastered.")
    outcomes: str = Field(
        "", max_length=50_000, description="Markdown for volunteers: what came of their labels."
    )
    overlap_least: int = Field(
        0,
        ge=0,
        le=MAX_QUORUM,
        description="Dynamic overlap: raters an image has before it may be done early.",
    )
    overlap_most: int = Field(
        0,
        ge=0,
        le=MAX_QUORUM,
        description="Dynamic overlap: most raters an image gets; 0: off, `quorum` it is.",
    )
    overlap_dice: float = Field(
        0.9, ge=0.5, le=0.999, description="Dynamic overlap: the Dice that is aimed at."
    )
    gold_adaptive: bool = Field(
        False,
        description="More gold for newcomers and raters in doubt; `gold_share` is what it comes down to.",
    )
    proposal_control: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Control arm: share of the pairs of rater and image that are asked without a proposal.",
    )


class ProjectPatch(_In):
    """What to change; fields left out stay."""

    name: str | None = Field(None, min_length=1, max_length=200)
    summary: str | None = Field(None, max_length=1000)
    instructions: str | None = Field(None, max_length=50_000)
    labels: list[LabelIn] | None = Field(None, min_length=1, max_length=MAX_LABELS)
    quorum: int | None = Field(None, ge=1, le=MAX_QUORUM)
    gold_share: float | None = Field(None, ge=0, le=1)
    gold_feedback: bool | None = None
    open: bool | None = None
    accept_agreement: float | None = Field(None, ge=0, le=1)
    lease_seconds: int | None = Field(None, ge=10, le=86_400)
    show_proposals: bool | None = None
    task_order: Literal["finish", "spread"] | None = None
    practice_required: int | None = Field(None, ge=0, le=50)
    practice_dice: float | None = Field(None, ge=0, le=1)
    outcomes: str | None = Field(None, max_length=50_000)
    overlap_least: int | None = Field(None, ge=0, le=MAX_QUORUM)
    overlap_most: int | None = Field(None, ge=0, le=MAX_QUORUM)
    overlap_dice: float | None = Field(None, ge=0.5, le=0.999)
    gold_adaptive: bool | None = None
    proposal_control: float | None = Field(None, ge=0, le=1)
    status: Literal["active", "paused", "archived"] | None = None


class Label(BaseModel):
    id: int
    name: str
    color: str
    description: str


class Counts(BaseModel):
    """Kept with every change, never counted."""

    images: int
    gold: int = Field(description="All gold, that for practice too.")
    practice: int
    open: int
    retired: int
    submissions: int
    raters: int
    leases: int
    overshoot: int


class Project(BaseModel):
    id: str
    name: str
    summary: str
    instructions: str
    labels: list[Label]
    quorum: int
    gold_share: float
    gold_feedback: bool
    open: bool
    accept_agreement: float
    lease_seconds: int
    show_proposals: bool
    task_order: Literal["finish", "spread"]
    practice_required: int
    practice_dice: float
    outcomes: str
    overlap_least: int
    overlap_most: int
    overlap_dice: float
    gold_adaptive: bool
    proposal_control: float
    status: Literal["active", "paused", "archived"]
    owner_id: str
    created_at: str
    updated_at: str
    counts: Counts


class ProjectPage(BaseModel):
    items: list[Project]
    next: Cursor


class Task(BaseModel):
    id: str
    image_id: str
    status: Literal["open", "retired"]
    is_gold: bool
    submissions: int
    leases: int
    quorum: int
    created_at: str


class TaskPage(BaseModel):
    items: list[Task]
    next: Cursor


class Rle(BaseModel):
    """COCO run-length encoding: column-major, zeros first, compressed."""

    model_config = ConfigDict(json_schema_extra={"example": {"size": [4, 4], "counts": "52203"}})
    size: list[int] = Field(description="[height, width]", min_length=2, max_length=2)
    counts: str


class LabelMask(BaseModel):
    label_id: int = Field(ge=1)
    rle: Rle


class ImageRef(BaseModel):
    id: str
    project_id: str
    height: int
    width: int
    channels: int
    group: str
    frame_index: int
    frames: int
    spacing: list[float] | None = Field(description="[row, column] in mm; null: unknown")
    slice_mm: float | None
    frame_url: str
    thumbnail_url: str


class LeaseInfo(BaseModel):
    id: str
    expires_at: str


class NextTask(BaseModel):
    id: str
    project_id: str
    image: ImageRef
    has_proposal: bool = Field(
        description="A base annotation lies at `/images/{i}/proposals` and may be shown; false in the control arm."
    )


class Draft(BaseModel):
    masks: list[LabelMask]
    updated_at: str


class Assignment(BaseModel):
    lease: LeaseInfo
    task: NextTask
    draft: Draft | None


class Next(Assignment):
    ahead: list[Assignment] = Field(
        description="Your other live leases, in the order in which they were taken."
    )


class DraftIn(BaseModel):
    masks: list[LabelMask]


class SubmissionIn(BaseModel):
    """An answer. `masks: []` is refused unless `nothing_here` is true: an accident isn't an answer."""

    client_key: str = Field(
        min_length=1,
        max_length=128,
        description="Made once per answer by the client; a repeated request is answered alike.",
    )
    masks: list[LabelMask] = Field(description="A label left out is empty.")
    nothing_here: bool = False
    duration_ms: int = 0
    clicks: int = 0
    proposal_shown: bool = False
    comment: str = Field("", max_length=2000)
    unsure: bool = False


class LabelFeedback(BaseModel):
    label_id: int
    dice: float
    missed_px: int
    extra_px: int
    message: str


class Feedback(BaseModel):
    labels: list[LabelFeedback]
    reference: list[LabelMask]


class SubmissionOut(BaseModel):
    submission_id: str
    task_id: str
    feedback: Feedback | None = Field(description="On gold, where the project gives feedback.")
    next_available: bool = Field(
        description="The project had free places when this was stored; `next` says whether for this rater."
    )


class StoredSubmission(BaseModel):
    id: str
    task_id: str
    image_id: str
    rater_id: str
    masks: list[LabelMask]
    nothing_here: bool
    created_at: str
    superseded_by: str | None
    duration_ms: int
    clicks: int
    proposal_shown: bool
    unsure: bool
    comment: str
    is_gold: bool
    gold_dice: dict[str, float] | None


class SubmissionPage(BaseModel):
    items: list[StoredSubmission]
    next: Cursor


class SkipIn(_In):
    reason: str | None = Field(None, max_length=500)


class GoldIn(BaseModel):
    masks: list[LabelMask]
    nothing_here: bool = False
    practice: bool | None = Field(
        None, description="For practice: shown to learners, never handed out as work. Left out: as it was."
    )


class Gold(BaseModel):
    image_id: str
    masks: list[LabelMask]
    nothing_here: bool
    practice: bool
    created_at: str


class GoldPage(BaseModel):
    items: list[Gold]
    next: Cursor


class GoldDice(BaseModel):
    mean: float
    low: float
    high: float


class Badge(BaseModel):
    code: Literal["first", "practised", "ten", "watchful", "steady", "sharp", "hundred", "seen_through"]
    earned_at: str


class Stats(BaseModel):
    submissions: int
    gold_seen: int
    gold_dice: GoldDice | None
    today: int
    streak_days: int
    badges: list[Badge]


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI request body of a route that reads its body by hand."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _inline(schema, definitions)}},
        }
    }


def _inline(value: Any, definitions: dict[str, Any]) -> Any:
    """`value` with its references replaced: a body that FastAPI doesn't know of can't refer to components."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _inline(definitions[value["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inline(item, definitions) for key, item in value.items()}
    return [_inline(item, definitions) for item in value] if isinstance(value, list) else value
