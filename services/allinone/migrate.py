"""Bring every database up to the newest schema. One Alembic chain; the embedded form has a SQLite file a service, and each gets
the whole chain (empty tables of others cost nothing, a second chain would)."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path

from sqlalchemy import inspect, text

from shared.db.session import Database
from shared.settings import SERVICES, Settings

log = logging.getLogger(__name__)

TABLE_MODULES = (
    "shared.db.outbox",
    "shared.db.inbox",
    "shared.bus.runner",
    *(f"services.{name}.tables" for name in SERVICES),
)
_MIGRATIONS = Path(__file__).resolve().parents[2] / "shared" / "db" / "migrations"


def head() -> str:
    """The newest revision, read off the file names (`0001_….py`), so that a warm start needn't import Alembic."""
    return max(p.name.split("_")[0] for p in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current(db: Database) -> str | None:
    """The revision that a database is at; None for an empty one."""
    if not inspect(db.engine).has_table("alembic_version"):
        return None
    with db.read() as conn:
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def load_tables() -> None:
    """Register every service's tables on the shared metadata."""
    for module in TABLE_MODULES:
        import_module(module)


def migrate(settings: Settings) -> list[str]:
    """Upgrade all databases that the settings name; answers the URLs (without passwords) that changed. Safe to run twice, and at
    the same time from several pods (PostgreSQL: an advisory lock)."""
    changed = []
    for url in dict.fromkeys(settings.database_url_for(name) for name in SERVICES):
        db = Database(url)
        try:
            if current(db) != head():
                upgrade(db)
                changed.append(db.url.render_as_string(hide_password=True))
        finally:
            db.close()
    return changed


def upgrade(db: Database, revision: str = "head") -> None:
    """Run the chain on one database, in one transaction."""
    from alembic import command
    from alembic.config import Config

    load_tables()
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with db.begin() as conn:
        if not db.is_sqlite:
            # Two pods that start together: the second waits, then finds nothing to do.
            conn.execute(text("SELECT pg_advisory_xact_lock(4242170)"))
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
