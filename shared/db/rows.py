"""Many rows by one statement, in one step of the driver.

`executemany` runs its statement once a row. SQLite's driver lets go of the interpreter lock at each, so that with a busy event loop
beside it a batch of sixteen submissions lost the lock, and had to wait for it, a hundred times; and PostgreSQL plans each anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table

#: Values in one statement: SQLite takes 32,766, PostgreSQL 65,535.
MOST = 30_000


def insert_rows(
    conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, update: Sequence[str] = ()
) -> None:
    """INSERT `rows`, in their order, in the transaction of `conn`. Empty: does nothing.

    All rows have the keys of the first, names of columns; a column that they leave out gets the database's default, not Python's, and
    values go to the driver as they are (text, bytes, numbers, bool, None). With `update`, a row whose primary key is there already
    takes over those columns instead. Raises what `conn.execute` does.
    """
    if not rows:
        return
    columns, keys = tuple(rows[0]), tuple(column.name for column in table.primary_key) if update else ()
    values = _values(columns)
    at_once = max(1, MOST // len(columns))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        sql = _insert(conn.dialect, table.name, columns, len(some), keys, tuple(update))
        conn.exec_driver_sql(sql, tuple(chain.from_iterable(map(values, some))))


def run_for_pairs(
    conn: Connection, head: str, columns: tuple[str, str], pairs: Sequence[Sequence[Any]]
) -> None:
    """Run `head` (an UPDATE or DELETE up to its WHERE) for the rows whose two `columns` are one of `pairs`. Empty: does nothing."""
    for start in range(0, len(pairs), MOST // 2):
        some = pairs[start : start + MOST // 2]
        conn.exec_driver_sql(
            _for_pairs(conn.dialect, head, columns, len(some)), tuple(chain.from_iterable(some))
        )


def _values(columns: tuple[str, ...]) -> Any:
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda row: (row[columns[0]],)


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.name == "sqlite" else "%s"


@lru_cache(maxsize=1024)
def _insert(
    dialect: Dialect,
    table: str,
    columns: tuple[str, ...],
    n: int,
    keys: tuple[str, ...],
    update: tuple[str, ...],
) -> str:
    quote = dialect.identifier_preparer.quote
    row = f"({', '.join([_mark(dialect)] * len(columns))})"
    sql = f"INSERT INTO {quote(table)} ({', '.join(map(quote, columns))}) VALUES {', '.join([row] * n)}"
    if update:
        taken = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
        sql += f" ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET {taken}"
    return sql


@lru_cache(maxsize=1024)
def _for_pairs(dialect: Dialect, head: str, columns: tuple[str, str], n: int) -> str:
    # A sub-query over VALUES: for a bare list of pairs SQLite scans the table.
    rows = ", ".join([f"({_mark(dialect)}, {_mark(dialect)})"] * n)
    return f"{head} WHERE ({', '.join(columns)}) IN (SELECT column1, column2 FROM (VALUES {rows}) AS v)"
