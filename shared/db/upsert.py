"""INSERT that knows ON CONFLICT, in the dialect at hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table


def upsert(dialect: str, table: Any) -> Any:
    """The INSERT of `dialect` ("sqlite", "postgresql") into `table`, with `on_conflict_do_nothing` and `on_conflict_do_update`.

    Imported at the call: the dialect that a process doesn't use would cost each start a tenth of a second.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


def put(conn: Connection, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite `values` of the one with these `keys`."""
    statement = _put(conn.dialect.name, table, tuple(keys), tuple(values))
    conn.execute(statement, {**keys, **values})


@cache  # building a statement costs as much as running it
def _put(dialect: str, table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Any:
    statement = upsert(dialect, table)
    new = {name: statement.excluded[name] for name in values}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=new)
