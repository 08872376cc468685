"""Two branches that each add a migration merge without a conflict, and then no installation starts."""

from __future__ import annotations

import re

from services.allinone import migrate


def test_the_migrations_are_one_chain() -> None:
    files = sorted((migrate._MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    before = None
    for position, path in enumerate(files, 1):
        text = path.read_text()
        revision = re.search(r'^revision = "(\w+)"', text, re.M)
        down = re.search(r'^down_revision = (?:"(\w+)"|None)', text, re.M)
        assert revision is not None
        assert down is not None
        assert revision[1] == path.name.split("_")[0] == f"{position:04d}", path.name
        assert down[1] == before, f"{path.name} must follow {before}"
        before = revision[1]
