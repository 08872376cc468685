"""The committed OpenAPI: as generated, complete, and true to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_committed_document_is_what_the_code_gives() -> None:
    done = subprocess.run(
        [sys.executable, "tools/make_openapi.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_served_copy_is_the_committed_one() -> None:
    assert (ROOT / "services/gateway/openapi.json").read_bytes() == (ROOT / "docs/openapi.json").read_bytes()


def test_operation_ids_are_short_and_unique() -> None:
    ids = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    assert all(name.isalnum() and len(name) <= 32 for name in ids)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_operation_is_complete(name: str, operation: dict[str, Any]) -> None:
    assert operation.get("summary") or operation.get("description")
    assert operation["tags"]
    assert "security" in operation
    assert any(status.startswith("2") for status in operation["responses"])
    assert "429" in operation["responses"]
    public = operation["security"] == [{}]
    assert public or {"401", "403"} <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if status >= "400" and "$ref" not in response:
            assert "application/problem+json" in response.get("content", {}), status
    body = operation.get("requestBody")
    if body is None:
        return
    media = body["content"].get("application/json")
    if media is None:
        return
    schema = media["schema"]
    examples = (
        [media["example"]] if "example" in media else [e["value"] for e in media.get("examples", {}).values()]
    )
    resolved = schema
    if "$ref" in schema:
        resolved = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    examples += resolved.get("examples", [])
    examples += [resolved["example"]] if "example" in resolved else []
    assert examples, "no example"
    whole = {**schema, "components": DOCUMENT["components"]}
    for example in examples:
        jsonschema_rs.Draft202012Validator(whole).validate(example)


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("/images/{image_id}/original", "*/*"),
        ("/images/{image_id}/frame", "image/png"),
        ("/projects/{project_id}/consensus/masks", "application/zip"),
    ],
)
def test_downloads_say_their_own_type(path: str, media: str) -> None:
    assert list(DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]) == [media]


def test_an_upload_has_an_example_of_its_parts() -> None:
    content = DOCUMENT["paths"]["/projects/{project_id}/images"]["post"]["requestBody"]["content"]
    media = content["multipart/form-data"]
    assert set(media["example"]) == set(media["schema"]["properties"])
    assert set(media["schema"]["required"]) <= set(media["example"])
