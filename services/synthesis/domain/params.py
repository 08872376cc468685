"""What a job may be asked for. Read from JSON, checked, with one sentence for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from services.synthesis.domain.masks import KINDS as MASK_KINDS
from services.synthesis.domain.splits import Fractions
from shared.errors import InvalidInput

MIN_TRAIN_IMAGES = 4
"""Fewer images in the training fold teach a generator nothing but copies."""

KINDS = ("train", "sample", "synthesise", "dataset", "study", "verify", "segmenter")
SOURCES = ("real", "consensus", "synthetic")
BACKENDS = ("diffusion", "controlnet")
SAMPLERS = ("ddim", "dpm")
FORMATS = ("png", "coco", "nifti", "nnunet", "huggingface")
DEFAULT_FORMATS = ("png", "coco")

T = TypeVar("T")


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidInput(f"{name} must lie between {low} and {high}; it is {value}.")


@dataclass(frozen=True, slots=True)
class TrainParams:
    """Training of a generator. Stops at ``max_steps`` or when ``max_seconds`` of training (not counting imports) are up."""

    backend: str = "diffusion"
    size: int = 64
    max_steps: int = 4000
    max_seconds: float = 600.0
    # On two cores, at equal time: many small steps at a high rate reach a lower loss, and images with less grain (docs/synthesis.md).
    batch: int = 4
    learning_rate: float = 0.0
    """0: what suits the backend."""
    widths: tuple[int, ...] = (32, 64, 128)
    patch: int = 2
    drop_mask: float = 0.1
    drop_class: float = 0.15
    flips: bool = False
    patience: int = 6
    checkpoint_s: float = 30.0
    seed: int = 0
    name: str = "diffusion"

    def __post_init__(self) -> None:
        _between("size", self.size, 16, 512)
        _between("max_steps", self.max_steps, 1, 1_000_000)
        _between("max_seconds", self.max_seconds, 1, 14 * 86400)
        _between("batch", self.batch, 1, 512)
        if self.backend not in BACKENDS:
            raise InvalidInput(f"backend must be one of {', '.join(BACKENDS)}; it is {self.backend!r}.")
        _between("learning_rate", self.learning_rate, 0, 1)
        _between("drop_mask", self.drop_mask, 0, 0.9)
        _between("drop_class", self.drop_class, 0, 0.9)
        _between("checkpoint_s", self.checkpoint_s, 0, 86400)
        if not 1 <= len(self.widths) <= 6 or any(w < 8 or w % 8 for w in self.widths):
            raise InvalidInput("widths must be one to six multiples of 8, one for each level of the network.")
        if self.patch not in (1, 2, 4) or self.size % (self.patch * 2 ** (len(self.widths) - 1)):
            raise InvalidInput(
                f"size {self.size} must be divisible by patch x 2^(levels - 1) = {self.patch * 2 ** (len(self.widths) - 1)}."
            )


@dataclass(frozen=True, slots=True)
class SampleParams:
    """Sampling. ``samples`` images are drawn; those that pass the filters stay."""

    samples: int = 32
    steps: int = 16
    guidance: float = 1.25
    sampler: str = "ddim"
    kinds: tuple[str, ...] = MASK_KINDS
    strength: float = 1.0
    batch: int = 32
    filter_steps: int = 250
    seed: int = 0
    generator_id: str = ""

    def __post_init__(self) -> None:
        _between("samples", self.samples, 1, 100_000)
        _between("steps", self.steps, 2, 1000)
        _between("guidance", self.guidance, 0, 20)
        if self.sampler not in SAMPLERS:
            raise InvalidInput(f"sampler must be one of {', '.join(SAMPLERS)}; it is {self.sampler!r}.")
        _between("strength", self.strength, 0, 3)
        _between("batch", self.batch, 1, 512)
        _between("filter_steps", self.filter_steps, 1, 1_000_000)
        if not self.kinds or any(k not in MASK_KINDS for k in self.kinds):
            raise InvalidInput(f"kinds must name some of {', '.join(MASK_KINDS)}.")


@dataclass(frozen=True, slots=True)
class SegmenterParams:
    """Training of a project's own segmenter: ``members`` networks of ``steps`` steps each, each without one fold of the images."""

    size: int = 64
    members: int = 3
    steps: int = 250
    batch: int = 8
    seed: int = 0
    images: int = 0
    """How many consensus images asked for it; it is trained on those that there are when it begins."""

    def __post_init__(self) -> None:
        _between("size", self.size, 32, 512)
        if self.size % 16:
            raise InvalidInput(f"size must be divisible by 16; it is {self.size}.")
        _between("members", self.members, 2, 10)
        _between("steps", self.steps, 1, 1_000_000)
        _between("batch", self.batch, 1, 512)
        _between("images", self.images, 0, 10_000_000)


@dataclass(frozen=True, slots=True)
class DatasetParams:
    """A dataset to publish."""

    name: str = "dataset"
    include: tuple[str, ...] = SOURCES
    split: Fractions = field(default_factory=Fractions)
    seed: int = 0
    formats: tuple[str, ...] = DEFAULT_FORMATS
    licence: str = ""
    consent: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 200:
            raise InvalidInput("A dataset needs a name of 1 to 200 characters.")
        for value in self.include:
            if value not in SOURCES:
                raise InvalidInput(f"include may name {', '.join(SOURCES)}; {value!r} is none of them.")
        if not set(self.include) - {"synthetic"}:
            raise InvalidInput(
                "A dataset needs real or consensus images besides synthetic ones: a test set can't be synthetic."
            )
        for value in self.formats:
            if value not in FORMATS:
                raise InvalidInput(f"formats may name {', '.join(FORMATS)}; {value!r} is none of them.")
        for name in ("licence", "consent"):
            if len(getattr(self, name)) > 2000:
                raise InvalidInput(f"{name} may have at most 2,000 characters.")


@dataclass(frozen=True, slots=True)
class VerifyParams:
    """A published dataset to build again and compare."""

    dataset_id: str = ""


ARMS = {
    "base": "the labelled images as the lab had them (repeated to the same number of steps)",
    "fewer_steps": "the same images at equal epochs, so fewer steps: the weak baseline that makes any larger set look good",
    "augmented": "base with classical augmentation",
    "crowd": "base and images that volunteers labelled",
    "crowd_augmented": "crowd with classical augmentation",
    "crowd_synthetic": "crowd and synthetic images, each drawn equally often",
    "crowd_shuffled": "crowd and synthetic images whose masks were swapped: extra pictures without the information",
    "enhanced": "crowd, synthetic images and classical augmentation",
    "pretrained": "first synthetic images alone for a third of the steps, then crowd",
    "synthetic_only": "synthetic images alone, tested on real ones",
    "expert": "all training images with the expert's masks: the ceiling",
}
SYNTHETIC_ARMS = ("crowd_synthetic", "crowd_shuffled", "enhanced", "pretrained", "synthetic_only")


@dataclass(frozen=True, slots=True)
class StudyParams:
    """A study of what each part of the dataset is worth. ``base_images`` are the sizes of the lab's own labelled set; ``curve`` the parts
    of the volunteers' and of the synthetic images that are tried besides all of them, for what the next ones are worth."""

    arms: tuple[str, ...] = (
        "base",
        "fewer_steps",
        "augmented",
        "crowd",
        "crowd_augmented",
        "crowd_synthetic",
        "crowd_shuffled",
        "enhanced",
        "expert",
    )
    size: int = 64
    seeds: int = 5
    folds: int = 3
    base_images: tuple[int, ...] = (16,)
    curve: tuple[float, ...] = (0.25, 0.5)
    steps: int = 300
    batch: int = 8
    generator_steps: int = 2400
    synthetic_images: int = 96
    guidance: float = 1.25
    filter_steps: int = 250
    seed: int = 0
    labels_per_image: float = 0.0
    """Answers that a consensus is made of, for the price of an image; 0: as many as the data has."""
    minutes_per_label: float = 0.0
    """What an answer takes a volunteer; 0: not known, and no time is named."""

    def __post_init__(self) -> None:
        _between("size", self.size, 16, 512)
        _between("labels_per_image", self.labels_per_image, 0, 1000)
        _between("minutes_per_label", self.minutes_per_label, 0, 1000)
        _between("filter_steps", self.filter_steps, 1, 1_000_000)
        _between("seeds", self.seeds, 1, 100)
        _between("folds", self.folds, 2, 20)
        _between("steps", self.steps, 1, 1_000_000)
        _between("batch", self.batch, 1, 512)
        for share in self.curve:
            _between("curve", share, 0.01, 0.99)
        _between("generator_steps", self.generator_steps, 1, 1_000_000)
        _between("synthetic_images", self.synthetic_images, 2, 100_000)
        if not self.base_images or any(n < 2 for n in self.base_images):
            raise InvalidInput("base_images must list sizes of the labelled set, each at least 2.")
        if self.size % 8:
            raise InvalidInput("size must be divisible by 8.")
        for arm in self.arms:
            if arm not in ARMS:
                raise InvalidInput(f"{arm!r} is no arm; choose from {', '.join(ARMS)}.")
        if "base" not in self.arms or len(self.arms) < 2:
            raise InvalidInput("arms must name base and something to compare with it.")


def parse(cls: type[T], values: Mapping[str, Any]) -> T:
    """``cls`` from JSON. Raises InvalidInput for unknown names and values of the wrong type."""
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InvalidInput(f"Unknown parameter {unknown[0]!r}; this kind of job knows {', '.join(known)}.")
    default = cls()
    ready: dict[str, Any] = {}
    for name, value in values.items():
        ready[name] = _coerce(name, value, getattr(default, name))
    return cls(**ready)


def _coerce(name: str, value: Any, like: Any) -> Any:
    try:
        if isinstance(like, Fractions):
            return Fractions(**value)
        if isinstance(like, bool):
            if not isinstance(value, bool):
                raise TypeError
            return value
        if isinstance(like, tuple):
            if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
                raise TypeError
            return tuple(_coerce(name, v, like[0]) for v in value)
        if isinstance(like, str):
            if not isinstance(value, str):
                raise TypeError
            return value
        if isinstance(value, (bool, str)) or value is None:
            raise TypeError
        if isinstance(like, int) and float(value) != int(value):
            raise TypeError
        return type(like)(value)
    except InvalidInput:
        raise
    except (TypeError, ValueError, OverflowError):
        kind = "true or false" if isinstance(like, bool) else type(like).__name__
        kind = {"int": "a whole number", "float": "a number", "str": "text", "tuple": "a list"}.get(
            kind, kind
        )
        raise InvalidInput(f"{name} must be {kind}, like {like!r}.") from None


def as_dict(params: Any) -> dict[str, Any]:
    """JSON-ready form of a parameter object."""
    return asdict(params)


def job_params(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check and complete the ``params`` of a job of ``kind``; what comes back holds every default, so that a rerun is the same.

    ``synthesise`` takes those of ``train`` and ``sample`` together.
    """
    if kind not in KINDS:
        raise InvalidInput(f"{kind!r} is no kind of job; choose from {', '.join(KINDS)}.")
    classes: dict[str, tuple[type[Any], ...]] = {
        "train": (TrainParams,),
        "sample": (SampleParams,),
        "synthesise": (TrainParams, SampleParams),
        "dataset": (DatasetParams,),
        "study": (StudyParams,),
        "verify": (VerifyParams,),
        "segmenter": (SegmenterParams,),
    }
    if kind != "synthesise":
        return as_dict(parse(classes[kind][0], values))
    nested = {"train": dict(values.get("train", {})), "sample": dict(values.get("sample", {}))}
    for name, value in values.items():
        if name in nested:
            continue
        # Flat names are accepted too: `{"max_seconds": 120, "samples": 64}` says all that most people want to say.
        homes = [
            k
            for k, c in (("train", TrainParams), ("sample", SampleParams))
            if name in {f.name for f in fields(c)}
        ]
        if not homes:
            raise InvalidInput(
                f"Unknown parameter {name!r} for synthesise; give those of train and of sample."
            )
        for home in homes if name == "seed" else homes[:1]:
            nested[home][name] = value
    return {
        "train": as_dict(parse(TrainParams, nested["train"])),
        "sample": as_dict(parse(SampleParams, nested["sample"])),
    }
