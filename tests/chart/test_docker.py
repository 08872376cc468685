"""Dockerfiles and the compose file: linted, pinned, without root, and naming what exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.cli.main import app
from shared.settings import SERVICES, Settings
from tests.servers.tools import hadolint, output

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_hadolint(path: Path) -> None:
    done = output(hadolint(), "--config", ROOT / "docker" / ".hadolint.yaml", path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_bases_are_pinned_and_nobody_is_root(path: Path) -> None:
    text = path.read_text()
    for image in re.findall(r"^ARG \w+_IMAGE=(\S+)$", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+", image), image
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    assert users
    assert all(int(user.split(":")[0]) > 0 for user in users)
    for stage in stages:
        name = stage.splitlines()[0]
        if re.search(r"^CMD|^ENTRYPOINT", stage, re.MULTILINE) and "AS runtime" not in name:
            assert name.startswith("runtime ") or "USER" in stage


def test_only_the_worker_has_torch() -> None:
    text = (ROOT / "docker" / "service.Dockerfile").read_text()
    stages = {
        stage.split(" AS ")[1].split()[0]: stage
        for stage in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    }
    assert [name for name, stage in stages.items() if re.search(r"[\[,]train[,\]]", stage)] == [
        "build-worker"
    ]
    assert [name for name, stage in stages.items() if "--from=build-worker" in stage] == ["worker"]
    extras = re.search(r"^ARG EXTRAS=(\S+)$", text, re.MULTILINE)
    assert extras is not None
    assert set(extras[1].split(",")) == {"kafka", "postgres", "s3", "triton", "otel"}
    base = re.search(
        r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL
    )
    assert base is not None
    assert "torch" not in base[1]


def test_what_is_copied_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    text = (ROOT / "docker" / "service.Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists(), source
            assert any(source.strip("/") == k or source.startswith(k + "/") for k in kept), source


def test_compose_has_every_service_with_a_health_check() -> None:
    services = COMPOSE["services"]
    assert set(services) == {*SERVICES, "postgres", "kafka", "s3", "migrate", "worker", "triton"}
    for name, service in services.items():
        image = service["image"]
        assert re.search(r":(v?\d|\$\{BRAMBLE_VERSION)", image), f"{name}: {image} isn't pinned"
        assert service["healthcheck"].get("test") or name in ("migrate", "worker"), (
            f"{name} has no health check"
        )
        if "build" in service:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert (ROOT / "docker" / service["build"]["context"] / service["build"]["dockerfile"]).exists()
            target = service["build"]["target"]
            assert f"AS {target}\n" in (ROOT / service["build"]["dockerfile"]).read_text()
    for name in SERVICES:
        assert services[name]["command"] == ["serve", name]
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_compose_commands_exist() -> None:
    commands = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    groups = {group.name for group in app.registered_groups}
    assert {"serve", "worker"} <= commands
    assert "admin" in groups


def test_compose_settings_are_known() -> None:
    known = {f"BRAMBLE_{name.upper()}" for name in Settings.model_fields}
    assert set(COMPOSE["x-environment"]) <= known


def test_compose_has_no_secret_of_its_own() -> None:
    text = (ROOT / "docker" / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "S3_SECRET", "BRAMBLE_INTERNAL_SECRET"):
        assert re.search(rf"\$\{{{name}:\?", text), f"{name} must be asked for"
    assert "change-me" not in text


def test_databases_of_the_init_script_are_those_of_the_services() -> None:
    made = re.findall(r"CREATE DATABASE bramble_(\w+);", (ROOT / "docker" / "postgres-init.sql").read_text())
    assert set(made) == set(SERVICES)
