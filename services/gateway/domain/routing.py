"""The route table's machinery: an exact table of public routes, and a trie that finds a path's route in a few dictionary look-ups.

A parameter matches one segment of letters, digits, `.`, `_`, `:` and `-`, never `.` or `..`; so no path, however encoded, reaches
an address that isn't in the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SEGMENT = re.compile(r"^(?!\.{1,2}\Z)[0-9A-Za-z._:-]{1,128}\Z")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Route:
    """One public route. Roles are checked here as a first wall; the owning service decides again."""

    method: str
    path: str  # below /api/v1, with {names}
    service: str
    least: int = 1  # shared.auth.Role; 0: nobody needs to be logged in
    account_wide: bool = False  # `least` is asked of the account itself, not of a membership anywhere
    scope: str = ""  # of an API key; empty: read or write by method
    upload: bool = False  # bodies up to BRAMBLE_MAX_UPLOAD_MB
    heavy: bool = False  # costs the service much CPU, so that an account gets few of them a minute
    csrf: bool = True  # checked on unsafe methods of a browser session
    consent: bool = False  # a browser's rater must have agreed to the current consent
    audit: str = ""  # the action's name in the audit log

    @property
    def unsafe(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def needed_scope(self) -> str:
        return self.scope or ("write" if self.unsafe else "read")


@dataclass(frozen=True, slots=True)
class Match:
    """What a path leads to: the route and its parameters."""

    route: Route
    params: dict[str, str]


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    wild: _Node | None = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class RouteTable:
    """Built once from all routes; `match` is read-only and thread-safe."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in self.routes:
            node, names = self._root, []
            for segment in route.path.strip("/").split("/"):
                if segment.startswith("{"):
                    names.append(segment[1:-1])
                    if node.wild is None:
                        node.wild = _Node()
                    node = node.wild
                else:
                    node = node.children.setdefault(segment, _Node())
            if route.method in node.routes:
                raise ValueError(f"{route.method} {route.path} is listed twice")
            node.routes[route.method] = (route, tuple(names))

    def match(self, method: str, path: str) -> Match | tuple[str, ...]:
        """The route of `method` and `path` (below /api/v1, starting with a slash); else the methods that the path takes, () for a
        path that isn't in the table."""
        values: list[str] = []
        node = self._find(self._root, path.split("/")[1:], 0, values)
        if node is None:
            return ()
        found = node.routes.get(method)
        if found is None:
            return tuple(sorted(node.routes))
        route, names = found
        return Match(route, dict(zip(names, values, strict=True)))

    def _find(self, node: _Node, segments: list[str], at: int, values: list[str]) -> _Node | None:
        if at == len(segments):
            return node if node.routes else None
        segment = segments[at]
        child = node.children.get(segment)
        if child is not None:
            found = self._find(child, segments, at + 1, values)
            if found is not None:
                return found
        if node.wild is not None and _SEGMENT.match(segment):
            values.append(segment)
            found = self._find(node.wild, segments, at + 1, values)
            if found is not None:
                return found
            values.pop()
        return None
