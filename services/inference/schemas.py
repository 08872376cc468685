"""Bodies and answers of the segmenter's HTTP API, as they stand in the OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.inference.domain.clicker import Click
from services.inference.domain.prompt import Box, Prompt, Scribble
from shared.imaging import rle


class Rle(BaseModel):
    """COCO RLE, compressed counts."""

    size: Annotated[
        list[int], Field(min_length=2, max_length=2, description="[height, width]", examples=[[512, 512]])
    ]
    counts: Annotated[str, Field(max_length=20_000_000)]


class Point(BaseModel):
    """x right, y down, pixels of the frame; the origin is the top left corner of the top left pixel."""

    model_config = ConfigDict(extra="forbid")
    x: Annotated[float, Field(examples=[120.5])]
    y: Annotated[float, Field(examples=[88.0])]
    is_positive: bool = True


class Stroke(BaseModel):
    model_config = ConfigDict(extra="forbid")
    is_positive: bool = True
    points: Annotated[list[tuple[float, float]], Field(min_length=1, max_length=5000)]


class SegmentIn(BaseModel):
    """A prompt. Give at least one of points, box, scribbles and mask."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"points": [{"x": 120.5, "y": 88, "is_positive": True}]}]},
    )
    points: Annotated[list[Point], Field(max_length=5000)] = []
    box: Annotated[tuple[float, float, float, float] | None, Field(description="[x0, y0, x1, y1]")] = None
    scribbles: Annotated[list[Stroke], Field(max_length=500)] = []
    mask: Rle | None = None
    label_id: Annotated[int | None, Field(ge=1)] = None
    model: Annotated[str | None, Field(max_length=64)] = None

    def to_prompt(self, height: int, width: int) -> Prompt:
        """The domain's prompt; raises InvalidInput for a mask that is no RLE of the frame's size."""
        mask: Any = None
        if self.mask is not None:
            mask = rle.decode(rle.from_json(self.mask.model_dump(), height, width))
        return Prompt(
            tuple(Click(p.x, p.y, p.is_positive) for p in self.points),
            Box(*self.box) if self.box is not None else None,
            tuple(Scribble(tuple(s.points), s.is_positive) for s in self.scribbles),
            mask,
        )


class SegmentOut(BaseModel):
    rle: Rle
    score: Annotated[float, Field(ge=0, le=1, description="The model's own estimate of the IoU.")]
    model: str
    version: str
    ms: Annotated[float, Field(description="Milliseconds of work on the server.")]


class ProposalOut(BaseModel):
    label_id: int
    rle: Rle
    score: float
    model: str


class ProposalsOut(BaseModel):
    items: list[ProposalOut]


class SkillOut(BaseModel):
    """What consensus images that were held back say of the masks of one label."""

    label_id: int
    images: int
    groups: Annotated[
        int,
        Field(description="Patients (or volumes) among them; none was in training and held back at once."),
    ]
    dice: Annotated[float, Field(description="Mean Dice.")]
    error: Annotated[
        float,
        Field(description="By how much the expected Dice is off on average, each patient counting once."),
    ]
    present: Annotated[float, Field(description="Share of the images that have the label.")]


class SegmenterVersionOut(BaseModel):
    version: int
    images: Annotated[int, Field(description="Consensus images that it was trained on.")]
    made_at: str
    proposes: Annotated[bool, Field(description="Whether it proposes now.")]
    labels: list[SkillOut]


class SegmentersOut(BaseModel):
    """The project's own segmenter, newest version first."""

    chosen: Annotated[
        int | None,
        Field(description="The version that the lab chose; 0: none proposes; null: the newest does."),
    ]
    items: list[SegmenterVersionOut]


class SegmenterChoice(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": 0}]})
    version: Annotated[
        int | None,
        Field(ge=0, le=1_000_000, description="0: none is to propose; null: the newest, also those to come."),
    ]


class EngineOut(BaseModel):
    """`domain.tuning.Tuning`, field by field; its docstring and docs/segmenter.md say what each number does."""

    model_config = ConfigDict(from_attributes=True)
    size: int
    radius: float
    margin: float
    least: int
    zoom_below: float
    settle_size: int
    gamma: float
    beta: float
    fade_px: float
    seed_radius: float
    scales: list[float]
    keep_prob: float
    agreement: float
    trust: float
    look: int
    first_look: int
    first_size: int
    sharp: float
    mend: float
    merge_after: int
    wane: float
    walk: float


class ModelOut(BaseModel):
    name: str
    version: str
    kind: Annotated[str, Field(description="classical, early-fusion or split")]
    browser: Annotated[bool, Field(description="Whether the weights may be fetched and run by the client.")]
    default: bool
    input_side: int
    bytes: int
    url: Annotated[str | None, Field(description="Where `model.onnx` lies, immutable.")]
    engine: Annotated[
        EngineOut | None,
        Field(description="Numbers of the engine around the network, for a client that runs it."),
    ]
    note: str


class ModelsOut(BaseModel):
    items: list[ModelOut]
