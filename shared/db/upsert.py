"""INSERT that knows ON CONFLICT, in the dialect at hand."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def upsert(dialect: str, table: Any) -> Any:
    """The INSERT of `dialect` ("sqlite", "postgresql") into `table`, with `on_conflict_do_nothing` and `on_conflict_do_update`.

    Imported at the call: the dialect that a process doesn't use would cost each start a tenth of a second.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
