"""What the commands print: tables for people, JSON for machines; and how errors end a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

if TYPE_CHECKING:  # httpx brings a terminal of its own along, and `bramble up` starts without it
    from services.cli.client import Client

USAGE, FAILED = 2, 1
P = ParamSpec("P")
R = TypeVar("R")


class State:
    """Options that hold for a whole call of `bramble`."""

    as_json = False
    url = ""
    key = ""


def client() -> Client:
    """The API client of this call: `--url`/`BRAMBLE_URL`, `--key`/`BRAMBLE_API_KEY`, or `BRAMBLE_EMAIL` and `BRAMBLE_PASSWORD`."""
    import os

    from services.cli.client import Client

    made = Client(State.url, State.key)
    email, password = os.environ.get("BRAMBLE_EMAIL"), os.environ.get("BRAMBLE_PASSWORD")
    if "Authorization" not in made.http.headers and email and password:
        made.login(email, password)
    return made


def show(value: Any, text: str | None = None) -> None:
    """Print `value` as JSON with `--json`, else `text` (or the value indented)."""
    if State.as_json or text is None:
        sys.stdout.write(json.dumps(value, indent=None if State.as_json else 2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(text + "\n")


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows as a table (`columns`: key → heading), or one JSON line a row with `--json`."""
    if State.as_json:
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        drawn.add_column(heading)
    for row in rows:
        drawn.add_row(*(_cell(row.get(key)) for key in columns))
    Console().print(drawn)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)


def fail(sentence: str, code: int = USAGE) -> typer.Exit:
    """Write one sentence to standard error; raise the answer."""
    sys.stderr.write(f"bramble: {sentence}\n")
    return typer.Exit(code)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a command raises on purpose into a sentence and an exit code: 2 for bad input, 1 for everything else."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from shared.errors import BrambleError

        try:
            return command(*args, **kwargs)
        except BrambleError as error:
            raise fail(error.detail, USAGE if 400 <= error.status < 500 else FAILED) from error
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise fail(f"{error.filename}: {error.strerror}.") from error

    return run
