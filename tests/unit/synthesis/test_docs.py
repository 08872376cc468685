"""Every parameter of a job stands in the user's page."""

from dataclasses import fields
from pathlib import Path

from services.synthesis.domain import params

PAGE = Path(__file__).resolve().parents[3] / "docs" / "synthesis.md"


def test_every_parameter_is_documented():
    text = PAGE.read_text()
    for cls in (params.TrainParams, params.SampleParams, params.DatasetParams, params.StudyParams):
        missing = [f.name for f in fields(cls) if f"`{f.name}`" not in text]
        assert missing == [], cls.__name__


def test_every_arm_and_reason_is_documented():
    text = PAGE.read_text()
    for name in (*params.ARMS, "mask-not-found", "near-copy", "noisy", "blurred", "off-distribution"):
        assert f"`{name}`" in text, name
