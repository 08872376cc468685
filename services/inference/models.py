"""The models of this process: which there are, and where their weights lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.inference.domain.classical import colour_cut, random_walker
from services.inference.domain.port import Segmenter
from services.inference.serving import Models
from shared.settings import Settings

WEIGHTS = Path(__file__).parent / "weights"


def create_models(settings: Settings) -> Models:
    """The segmenters that the settings name. Nothing is loaded before its first use."""
    models: list[Segmenter] = [random_walker(), colour_cut()]
    models[0].info = replace(models[0].info, default=True)
    return Models(models)
