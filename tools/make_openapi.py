"""Merge the OpenAPI of all services into the public one: `python tools/make_openapi.py [--check]` (also `make openapi`).

Each service describes its own routes; the gateway's route table says who may call them. This adds what is the same everywhere
(problem documents, security, limits), gives operations short ids, and writes `docs/openapi.json` and the copy that the gateway
serves. `--check` writes nothing and exits 1 when either has drifted.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from services.gateway.domain import route_table  # noqa: E402
from services.gateway.domain.routing import Route  # noqa: E402
from shared.auth import Role  # noqa: E402
from shared.deps import Deps  # noqa: E402
from shared.settings import SERVICES, Settings  # noqa: E402
from shared.web import API  # noqa: E402

TARGETS = (ROOT / "docs" / "openapi.json", ROOT / "services" / "gateway" / "openapi.json")
Json = dict[str, Any]

# Request bodies that their service gives no example for, by operation id.
EXAMPLES: Json = {
    "createProject": {
        "name": "White matter",
        "summary": "Axial slices of a T1 MRI",
        "instructions": "Mark **all** white matter.",
        "labels": [{"name": "white matter", "color": "#e4572e"}],
        "quorum": 5,
        "gold_share": 0.1,
    },
    "patchProject": {"status": "paused"},
    "skip": {"reason": "too blurred to judge"},
    "putDraft": {"masks": [{"label_id": 1, "rle": {"size": [4, 4], "counts": "01400000"}}]},
    "submit": {"client_key": "019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e", "masks": [], "nothing_here": True},
    "putGold": {"masks": [], "nothing_here": True},
    "segment": {"points": [{"x": 120.5, "y": 88, "is_positive": True}], "label_id": 1},
    "review": {"decision": "accept"},
    "recompute": {"method": "staple"},
    "createJob": {"kind": "synthesise", "params": {"images": 100}},
    "createDataset": {
        "name": "enhanced-1",
        "include": ["real", "consensus", "synthetic"],
        "split": {"train": 0.7, "val": 0.1, "test": 0.2},
        "seed": 1,
    },
}
_PROBLEMS = {
    400: "The request can't be read.",
    401: "Nobody is logged in, or the key is unknown or revoked.",
    403: "Not allowed: role, scope, CSRF token or consent.",
    404: "No such thing, or none that you may know of.",
    405: "The address doesn't take this method.",
    409: "The state has moved on.",
    410: "It was here, and isn't any more.",
    413: "Over a size limit; the sentence names it.",
    415: "A media type that isn't read here.",
    422: "The input breaks a rule; the sentence says which.",
    429: "Over a rate limit; `Retry-After` says for how many seconds.",
    502: "A service broke off.",
    503: "A part doesn't answer just now; `Retry-After` says when to try again.",
    507: "No room is left in the database or the blob store.",
}


def build() -> Json:
    """The merged document."""
    paths: Json = {}
    schemas: Json = {"Problem": _problem_schema()}
    table = {(r.method, _shape(r.path)): r for r in route_table.build().routes}
    used: dict[str, str] = {}
    for service in SERVICES:
        document = _document_of(service)
        renames = _merge_schemas(schemas, document.get("components", {}).get("schemas", {}), service)
        for path, operations in document["paths"].items():
            if not path.startswith(API + "/"):
                continue
            for method, operation in operations.items():
                route = table.get((method.upper(), _shape(path[len(API) :])))
                if route is None or route.service != service:
                    raise SystemExit(
                        f"{service} answers {method.upper()} {path}, which isn't in services/gateway/domain/route_table.py as its own"
                    )
                operation = _renamed(operation, renames)
                _finish(operation, route, service, path, method, used, schemas)
                paths.setdefault(path[len(API) :], {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bramble",
            "version": "1",
            "description": "Turns unlabelled medical images into an enhanced training dataset. Errors are RFC 9457 problem documents. "
            "Lists are keyset pages: pass `next` as `cursor`. Masks are COCO RLE.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": API}],
        "tags": [
            {"name": name}
            for name in sorted({t for p in paths.values() for o in p.values() for t in o["tags"]})
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {f"Problem{status}": _problem_response(status) for status in _PROBLEMS},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "bramble_session"},
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "`csrf_token` of `GET /auth/me`; with a session, on unsafe methods.",
                },
                "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "brk_<prefix>_<secret>"},
            },
        },
    }


def _document_of(service: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        deps = Deps.create(service, Settings(data_dir=Path(folder), internal_secret="openapi"))  # noqa: S106
        document: Json = import_module(f"services.{service}.main").create_app(deps).openapi()
        deps.db.close()
        deps.bus.close()
    return document


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def _merge_schemas(into: Json, schemas: Json, service: str) -> dict[str, str]:
    """Add a service's schemas; those that share a name but not a shape with another service's get the service's name in front."""
    skip = {"HTTPValidationError", "ValidationError"}
    renames: dict[str, str] = {}
    for name, schema in schemas.items():
        plain = name.rsplit("__", 1)[-1]
        if name not in skip and plain in into and into[plain] != schema:
            renames[name] = service.capitalize() + plain
        elif plain != name:
            renames[name] = plain
    for name, schema in schemas.items():
        if name not in skip:
            into[renames.get(name, name)] = _renamed(schema, renames)
    return renames


def _renamed(node: Any, renames: dict[str, str]) -> Any:
    if isinstance(node, dict):
        copy = {key: _renamed(value, renames) for key, value in node.items()}
        reference = copy.get("$ref")
        if isinstance(reference, str):
            name = reference.rsplit("/", 1)[-1]
            copy["$ref"] = f"#/components/schemas/{renames.get(name, name)}"
        return copy
    return [_renamed(value, renames) for value in node] if isinstance(node, list) else node


def _finish(
    operation: Json, route: Route, service: str, path: str, method: str, used: dict[str, str], schemas: Json
) -> None:
    operation["operationId"] = _short_id(operation["operationId"], path, method, service, used)
    operation.setdefault("tags", [service])
    body = operation.get("requestBody")
    if body is not None:
        for media in body["content"].values():
            if not _has_example(media, schemas) and operation["operationId"] in EXAMPLES:
                media["example"] = EXAMPLES[operation["operationId"]]
    responses = operation.setdefault("responses", {})
    # FastAPI's own 422 names a schema that Bramble doesn't answer with.
    if "HTTPValidationError" in orjson.dumps(responses.get("422", {})).decode():
        del responses["422"]
    for status in _statuses(operation, route):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})
    operation["responses"] = dict(sorted(responses.items()))
    if route.least == 0:
        operation["security"] = [{}]
    elif route.unsafe and route.csrf:
        operation["security"] = [{"session": [], "csrf": []}, {"apiKey": []}]
    else:
        operation["security"] = [{"session": []}, {"apiKey": []}]
    operation["x-bramble-service"] = service
    if route.least:
        operation["x-bramble-least-role"] = str(Role(route.least))
        operation["x-bramble-scope"] = route.needed_scope


def _has_example(media: Json, schemas: Json) -> bool:
    schema = media.get("schema", {})
    schema = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
    return any(key in part for key in ("example", "examples") for part in (media, schema))


def _statuses(operation: Json, route: Route) -> list[int]:
    found = [429, 503]
    if route.least or route.unsafe:
        found += [401, 403]
    if operation.get("parameters") or operation.get("requestBody"):
        found += [400, 422]
    if "{" in route.path:
        found += [404, 410]
    if route.unsafe:
        found += [400, 404, 409, 413, 415, 422, 507]
    if route.service != "gateway":
        found += [502]
    return sorted(set(found))


def _short_id(operation_id: str, path: str, method: str, service: str, used: dict[str, str]) -> str:
    """FastAPI's `list_rejections_api_v1_…_get` → `listRejections`; one that is given is kept."""
    suffix = re.sub(r"\W", "_", path) + f"_{method}"
    name = operation_id.removesuffix(suffix)
    head, *rest = name.split("_")
    short = head + "".join(part.capitalize() for part in rest) if "_" in name else name
    if used.setdefault(short, f"{service} {path} {method}") != f"{service} {path} {method}":
        short = f"{service}{short[0].upper()}{short[1:]}"
        if short in used:
            raise SystemExit(f"two operations would be called {short}: {used[short]} and {service} {path}")
        used[short] = f"{service} {path} {method}"
    return short


def _problem_schema() -> Json:
    text: Json = {"type": "string"}
    return {
        "type": "object",
        "title": "Problem",
        "description": "RFC 9457. `detail` is one sentence for the person who can act; `code` is for programs.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {**text, "examples": ["urn:bramble:problem:not-found"]},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {**text, "examples": ["not-found"]},
            "request_id": {**text, "description": "Also in X-Request-Id; finds the request in the logs."},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"where": text, "what": text},
                    "required": ["where", "what"],
                },
            },
        },
    }


def _problem_response(status: int) -> Json:
    response: Json = {
        "description": _PROBLEMS[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 502, 503, 507):
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return response


def render() -> bytes:
    """The document as it is committed."""
    return orjson.dumps(build(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file has drifted")
    arguments = parser.parse_args()
    text = render()
    drifted = [path for path in TARGETS if not path.exists() or path.read_bytes() != text]
    if arguments.check:
        for path in drifted:
            sys.stderr.write(f"{path.relative_to(ROOT)} has drifted; run `make openapi`\n")
        return 1 if drifted else 0
    for path in drifted:
        path.write_bytes(text)
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
