"""One database of one service: connections, transactions, and what SQLite and PostgreSQL need to behave alike.

A *transaction* is one `with db.begin() as conn` block: it commits when the block ends and rolls back when it raises. On SQLite it
is BEGIN IMMEDIATE under a lock of this process, so that writers queue instead of failing with SQLITE_BUSY; other processes
(the workers) wait by `busy_timeout`. WAL with synchronous=FULL: what was committed is on disk.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError

from shared.db.partial import know_postgresql
from shared.errors import StorageFull, Unavailable

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A server that vanished without a word (power, a router's table) would be waited for by every connection that was open, by the system's
# defaults for a quarter of an hour where something was sent, and for two hours where an answer is awaited. So: no answer to anything that
# was sent within 20 s, or to three questions in silence, is the end of the connection.
_NOTICE = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A connection that rested longer is asked before it is used again; asking at each use would double the round trips of a look-up.
_RESTED_S = 1.0
_AFTER_COMMIT = "bramble_after_commit"


class Database:
    """A service's database. Thread-safe; one for each process and service."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.Lock()
        self._reading: dict[str, Any] = {"bramble_write": False}
        if self.is_sqlite:
            if self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                self.url,
                # Statements over n rows (`shared.db.rows`) are others for each n.
                connect_args={"check_same_thread": False, "timeout": 15, "cached_statements": 512},
                pool_size=pool_size,
            )
            _tune_sqlite(self.engine)
        else:
            url_ = self.url
            if url_.drivername == "postgresql":
                url_ = url_.set(drivername="postgresql+psycopg")
            self.engine = create_engine(
                url_,
                # What the operator's URL says goes before.
                connect_args={k: v for k, v in _NOTICE.items() if k not in url_.query},
                pool_size=pool_size,
                max_overflow=8,
                pool_recycle=1800,
            )
            _ask_the_rested(self.engine)
            # Without BEGIN and COMMIT around it, a look-up is one round trip and not three.
            self._reading["isolation_level"] = "AUTOCOMMIT"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One write transaction. Raises Unavailable where the database doesn't answer, StorageFull where the disk is full."""
        if self.is_sqlite:
            with self._write_lock:
                callbacks = yield from self._transact({"bramble_write": True})
        else:
            callbacks = yield from self._transact({"bramble_write": True})
        for callback in callbacks:
            callback()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads; takes no write lock. Several statements see one snapshot on SQLite; on PostgreSQL each sees what
        is committed when it begins."""
        yield from self._transact(self._reading)

    def _transact(self, options: dict[str, Any]) -> Generator[Connection, None, list[Callable[[], None]]]:
        try:
            with self.engine.connect().execution_options(**options) as conn:
                conn.info.pop(_AFTER_COMMIT, None)
                with conn.begin():
                    yield conn
                callbacks: list[Callable[[], None]] = conn.info.pop(_AFTER_COMMIT, [])
                return callbacks
        except OperationalError as error:
            raise _translate(error) from error

    def ping(self) -> None:
        """Raise unless the database answers."""
        with self.read() as conn:
            conn.execute(text("SELECT 1"))

    def create_all(self, prefixes: tuple[str, ...] | None = None) -> None:
        """Create missing tables without migrations. For tests; installations migrate."""
        if not self.is_sqlite:
            know_postgresql()
        tables = [t for t in metadata.sorted_tables if prefixes is None or t.name.startswith(prefixes)]
        metadata.create_all(self.engine, tables=tables)

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def after_commit(conn: Connection, callback: Callable[[], None]) -> None:
    """Run `callback` once the transaction of `conn` is committed (not when it rolls back)."""
    conn.info.setdefault(_AFTER_COMMIT, []).append(callback)


def _ask_the_rested(engine: Engine) -> None:
    """Replace connections that broke while nobody used them. One that breaks in use makes the pool drop all that are as old."""

    @event.listens_for(engine, "checkin")
    def _on_checkin(_dbapi: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _on_checkout(dbapi: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(dbapi)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        # The driver's own transaction handling is switched off; BEGIN is emitted below.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=15000")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(conn: Connection) -> None:
        write = conn.get_execution_options().get("bramble_write", True)
        # Straight to the driver: by `exec_driver_sql` this line alone would cost more than a look-up.
        try:
            conn.connection.cursor().execute("BEGIN IMMEDIATE" if write else "BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error


#: What PostgreSQL says where trying again won't help, and what an operator should look at.
_REFUSED = {
    "certificate": "The database's certificate isn't trusted; check sslrootcert and the host's name in BRAMBLE_DATABASE_URL.",
    "password authentication failed": "The database refuses Bramble's user name or password.",
    "no pg_hba.conf entry": "The database refuses connections like this; check sslmode and its pg_hba.conf.",
}


def _last_line(error: DBAPIError) -> str:
    """What the driver said at last: it tells each address that it tried, on a line of its own. Never a password."""
    return str(error.orig).strip().splitlines()[-1].strip()[:300]


def _translate(error: DBAPIError) -> Exception:
    message = str(error.orig).lower()
    if "full" in message or "no space" in message:
        return StorageFull("The database has no room left; free disk space or enlarge the volume.")
    if "no such table" in message or "no such column" in message or "undefinedtable" in message:
        return error
    for sign, sentence in _REFUSED.items():
        if sign in message:
            return Unavailable(f"{sentence} ({_last_line(error)})", retry_after=2)
    return Unavailable("The database doesn't answer; try again in a moment.", retry_after=2)
