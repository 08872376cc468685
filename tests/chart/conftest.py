"""Renders the chart once for each set of values."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.tools import helm, output

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "bramble"
VALUES = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))
KUBERNETES = "1.35.0"  # helm by itself would pretend to be 1.20


@functools.cache
def render_text(values: str, *sets: str) -> str:
    """The manifests of `ci/<values>.yaml`, as Helm prints them."""
    flags = [part for item in sets for part in ("--set", item)]
    done = output(
        helm(),
        "template",
        "demo",
        CHART,
        "-n",
        "lab",
        "--kube-version",
        KUBERNETES,
        "-f",
        CHART / "ci" / f"{values}.yaml",
        *flags,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def render(values: str, *sets: str) -> tuple[dict[str, Any], ...]:
    """The same as documents."""
    return tuple(document for document in yaml.safe_load_all(render_text(values, *sets)) if document)


def pods(documents: tuple[dict[str, Any], ...]) -> dict[str, dict[str, Any]]:
    """kind/name → pod template (with metadata and spec) of everything that makes pods."""
    found = {}
    for document in documents:
        name = f"{document['kind']}/{document['metadata']['name']}"
        if document["kind"] in ("Deployment", "StatefulSet", "Job"):
            found[name] = document["spec"]["template"]
        elif document["kind"] == "Pod":
            found[name] = document
        elif document["kind"] == "ScaledJob":
            found[name] = document["spec"]["jobTargetRef"]["template"]
    return found


@pytest.fixture(params=VALUES)
def values(request: pytest.FixtureRequest) -> str:
    return str(request.param)
