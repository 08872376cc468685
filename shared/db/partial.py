"""Partial indices without loading the dialect that isn't used.

SQLAlchemy imports a dialect as soon as an index names an option of it, and PostgreSQL's takes a fifteenth of the start of an
installation that has none. So its condition is noted, and given to the index once a database is PostgreSQL (`Database`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, text

_WAITING: list[tuple[Index, str]] = []


def partial_index(
    name: str, *columns: Column[Any], where: str, sqlite: str = "", unique: bool = False
) -> Index:
    """An index of the rows that `where` (SQL) is true of; `sqlite`: the condition in SQLite's words, if they are others."""
    index = Index(name, *columns, unique=unique, sqlite_where=text(sqlite or where))
    _WAITING.append((index, where))
    return index


def know_postgresql() -> None:
    """Give the indices that were made so far their condition on PostgreSQL. Cheap to call again."""
    while _WAITING:
        index, where = _WAITING.pop()
        index.dialect_kwargs["postgresql_where"] = text(where)
