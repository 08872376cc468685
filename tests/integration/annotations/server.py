"""The annotations service as a process of its own, with its relay, consumers and background threads. Run by the kill test."""

from __future__ import annotations

from services.allinone import up
from services.annotations import tables  # noqa: F401 - registers the tables
from shared.db.session import Database
from shared.settings import Settings


def main() -> int:
    settings = Settings()
    database = Database(settings.database_url_for("annotations"))
    database.create_all(("annotations_", "bus_"))
    database.close()
    return up.run(settings, ["annotations"], auto_migrate=False)


if __name__ == "__main__":
    raise SystemExit(main())
