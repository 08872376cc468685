"""Renders the chart once for each set of values."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes_build import missing
from tests.servers.plugin import SKIP, skip_real
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


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running Kubernetes API server with nodes that KWOK plays; skips by name where it isn't built."""
    if skip_real():
        pytest.skip(f"{SKIP} is set")
    if missing():
        pytest.skip(
            "Kubernetes' own programs aren't built here; `make chart-test` builds them (15 minutes, once)"
        )
    with Cluster() as running:
        running.install_crds()
        yield running
