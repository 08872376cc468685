"""What the routes take and answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "accepted", "review"]
BYTES: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}


class Mask(BaseModel):
    """COCO RLE."""

    size: list[int] = Field(description="[height, width]", examples=[[256, 256]])
    counts: str = Field(description="Compressed counts, as pycocotools writes them.")


class ConsensusItem(BaseModel):
    """The newest consensus of one label of one image."""

    image_id: str
    label_id: int
    agreement: float = Field(description="Mean pairwise Dice of the raters' masks, weighted by their say.")
    predicted_dice: float = Field(description="Expected Dice with the truth.")
    raters: int
    area: int = Field(description="Set pixels; 0 is an answer.")
    method: str
    version: int
    status: Status
    updated_at: str


class ConsensusPage(BaseModel):
    """A page."""

    items: list[ConsensusItem]
    next: str | None


class LabelOut(BaseModel):
    """One label of an image's consensus."""

    label_id: int
    rle: Mask
    agreement: float
    predicted_dice: float
    low: float = Field(description="Lower end of the 90 % interval of predicted_dice.")
    high: float
    raters: int
    area: int
    method: str
    flags: list[str]
    version: int
    submissions: list[str]
    status: Status


class ImageConsensus(BaseModel):
    """An image's consensus; no labels: nobody has answered yet."""

    image_id: str
    version: int
    status: Status
    labels: list[LabelOut]


class RaterPoint(BaseModel):
    """Agreement of some answers in a row."""

    at: str = Field(description="When the last of them was given.")
    dice: float = Field(description="Mean Dice with the consensus, or gold.")
    n: int


class RaterDrift(BaseModel):
    """Agreement fell and stayed down."""

    since: str
    before: float = Field(description="Mean Dice before, freed of how hard the images were.")
    after: float
    n: int = Field(description="Answers since.")


class Side(BaseModel):
    """How far a rater draws outside (positive) or inside of the object's border, px, with a 95 % interval over `n` answers."""

    mean: float
    low: float
    high: float
    n: int


class Sides(BaseModel):
    """Where a rater over- or under-draws."""

    whole: Side | None = Field(description="All around; null below five answers.")
    sides: list[Side | None] = Field(
        description="Eight sides of the object as seen on the image, from the right on against the clock."
    )
    there: int = Field(description="Answers on images that show the label.")
    missed: int = Field(description="Of these, left empty.")


class RaterLabel(BaseModel):
    """What is believed of a rater and label."""

    label_id: int
    reliability: float = Field(description="Expected Dice with the consensus of the others, or gold.")
    low: float
    high: float
    sensitivity: float
    specificity: float
    offset_px: float = Field(description="Habitual over- (positive) or under-drawing.")
    n: int
    over_time: list[RaterPoint] = Field(description="At most 24 points, oldest first.")
    drift: RaterDrift | None
    bias: Sides | None = Field(description="Null where it wasn't looked at yet.")


class RaterGold(BaseModel):
    """A rater on gold images."""

    n: int
    dice: float | None


class RaterDecision(BaseModel):
    """What was decided about a rater."""

    label_id: int
    decision: Literal["quarantine", "lifted", "appeal"] = Field(
        description="`appeal`: practice passed again; what is answered from then on is judged anew."
    )
    why: str
    at: str


class RaterOut(BaseModel):
    """One rater of a project."""

    rater_id: str
    labels: list[RaterLabel]
    gold: RaterGold
    flags: list[str]
    decisions: list[RaterDecision] = Field(description="Oldest first.")


class RaterList(BaseModel):
    """All raters of a project."""

    items: list[RaterOut]
    next: str | None = None


class LabelMaskIn(BaseModel):
    """A mask for a label."""

    label_id: int
    rle: dict[str, Any]


class ReviewIn(BaseModel):
    """An expert's word on an image."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["accept", "fix", "send_back"]
    masks: list[LabelMaskIn] = Field(
        default_factory=list, description="With `fix`: all labels; one left out is empty."
    )
    comment: str = Field("", max_length=2000)


class RecomputeIn(BaseModel):
    """Which method to use from now on; none: the one in use."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = Field(None, examples=["auto"])


class Recomputed(BaseModel):
    """What a recomputation did."""

    method: str
    images: int
    changed: int


class VersionLine(BaseModel):
    """A version in an image's history."""

    version: int
    method: str
    submissions: int
    by_expert: str | None
    rebuildable: bool = Field(description="What the raters were believed to be then is kept.")
    created_at: str


class DecisionLine(BaseModel):
    """A decision of the platform on an image's labels."""

    version: int
    labels: int
    decision: Literal["more", "enough", "escalate"]
    why: str
    expected_dice: float | None
    gain: float | None
    created_at: str


class ReviewLine(BaseModel):
    """An expert's word."""

    version: int
    expert_id: str
    decision: str
    comment: str
    created_at: str


class History(BaseModel):
    """How an image's consensus came to be, newest first."""

    image_id: str
    versions: list[VersionLine]
    decisions: list[DecisionLine]
    reviews: list[ReviewLine]


class OldLabel(BaseModel):
    """One label of an old version."""

    label_id: int
    rle: Mask
    method: str
    agreement: float
    area: int


class OldVersion(BaseModel):
    """A version as it was published."""

    image_id: str
    version: int
    created_at: str
    by_expert: str | None
    submissions: list[str]
    labels: list[OldLabel]
    identical: bool | None = Field(
        description="Computing it again from the votes gives the same bytes; null: an expert's, or its basis wasn't kept."
    )


class Budget(BaseModel):
    """What it takes to bring a share of the images to an expected Dice."""

    dice: float
    share: float
    labels: int | None = Field(
        description="Further labels; null: labels alone don't get there, or nothing is known yet."
    )
    low: int | None = Field(description="Lower end of the 90 % interval.")
    high: int | None = Field(description="Upper end; null: perhaps no number of labels gets there.")
    images: int
    there: int = Field(description="Images that are expected to be there now.")
    reachable: int = Field(description="Images that labels can bring there, those included.")
    experts: int = Field(description="Images of the share that only an expert can bring there.")
    assessed: int = Field(description="Images with labels enough to judge by.")
    decided: dict[str, int] = Field(description="With dynamic overlap: images by its latest decision.")
