"""The route table: exact, unambiguous, and the same as the OpenAPI."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from services.gateway.domain import route_table
from services.gateway.domain.routing import Match, Route, RouteTable

ROOT = Path(__file__).resolve().parents[3]
TABLE = route_table.build()


def test_every_route_finds_itself() -> None:
    for route in TABLE.routes:
        found = TABLE.match(route.method, re.sub(r"\{(\w+)\}", r"v-\1", route.path))
        assert isinstance(found, Match)
        assert found.route is route
        assert found.params == {name: f"v-{name}" for name in re.findall(r"\{(\w+)\}", route.path)}


def test_fixed_segment_goes_before_a_parameter() -> None:
    table = RouteTable(
        [Route("GET", "/a/{x}/c", "s"), Route("GET", "/a/b/d", "t"), Route("GET", "/a/{x}/d", "u")]
    )
    assert table.match("GET", "/a/b/c").route.service == "s"  # type: ignore[union-attr]
    assert table.match("GET", "/a/b/d").route.service == "t"  # type: ignore[union-attr]
    assert table.match("GET", "/a/x/d").params == {"x": "x"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "segment", ["..", ".", "", "a/b", "a b", "é", "a\x00", "%2e%2e", "a" * 129, "a\n", "a\\b", "a;b"]
)
def test_odd_segments_match_nothing(segment: str) -> None:
    assert TABLE.match("GET", f"/images/{segment}") == ()


def test_known_path_tells_its_methods() -> None:
    assert TABLE.match("PUT", "/projects") == ("GET", "POST")
    assert TABLE.match("GET", "/nothing") == ()


def test_a_route_is_listed_once() -> None:
    with pytest.raises(ValueError, match="listed twice"):
        RouteTable([Route("GET", "/a/{x}", "s"), Route("GET", "/a/{y}", "t")])


def test_table_and_openapi_name_the_same_routes() -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path), operation["x-bramble-service"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    listed = {(r.method, re.sub(r"\{\w+\}", "{}", r.path), r.service) for r in TABLE.routes}
    assert listed - {("GET", "/openapi.json", "gateway")} == described


def test_operators_and_labs_routes_need_their_role() -> None:
    for route in TABLE.routes:
        if route.path.startswith("/admin/"):
            assert route.least == 4
            assert route.scope == "admin"
        if route.audit and route.audit != "consensus.review":
            assert route.least == 3
        if route.least == 0:
            assert route.service == "gateway", "nothing of another service is open to nobody"
