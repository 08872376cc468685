"""How long work tells where it stands and learns that it should stop. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

RELEASED = "released"
"""The reason of a `Stopped` when the worker must go and another will go on."""


class Stopped(Exception):
    """Raised by a report: somebody cancelled the job, or the worker is told to go. `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Report(Protocol):
    """Where work stands: ``fraction`` 0..1 of this piece of work, a ``stage`` of one or two words, a ``detail`` for people.

    Called often; the callee thins it out. May raise `Stopped`.
    """

    def __call__(self, fraction: float, stage: str, detail: str = "") -> None: ...


def silent(fraction: float, stage: str, detail: str = "") -> None:
    """A report to nobody."""
    del fraction, stage, detail


def part(report: Report, start: float, end: float) -> Report:
    """A report for one piece of a longer work, which spans ``start`` to ``end`` of it."""

    def inner(fraction: float, stage: str, detail: str = "") -> None:
        report(start + (end - start) * min(1.0, max(0.0, fraction)), stage, detail)

    return inner


Clock = Callable[[], float]
