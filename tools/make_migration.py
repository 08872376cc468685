"""Write a migration from the difference between the tables in the code and the newest schema.

python tools/make_migration.py "add gold share to projects"
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from services.allinone.migrate import load_tables, upgrade
from shared.db.session import Database, metadata

VERSIONS = Path(__file__).resolve().parent.parent / "shared" / "db" / "migrations" / "versions"
PAGE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade() -> None:
{up}


def downgrade() -> None:
{down_code}
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("message", help="what it does, in the imperative")
    message = parser.parse_args().message
    existing = sorted(p.name.split("_")[0] for p in VERSIONS.glob("[0-9]*_*.py"))
    load_tables()
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/probe.db")
        if existing:
            upgrade(db)
        with db.read() as conn:
            context = MigrationContext.configure(
                conn, opts={"render_as_batch": bool(existing), "compare_type": False}
            )
            script = produce_migrations(context, metadata)
            assert script.upgrade_ops is not None
            assert script.downgrade_ops is not None
            if script.upgrade_ops.is_empty():
                sys.stderr.write("the schema is up to date\n")
                return 0
            up = render_python_code(script.upgrade_ops, render_as_batch=bool(existing))
            down = render_python_code(script.downgrade_ops, render_as_batch=bool(existing))
        db.close()
    revision = f"{len(existing) + 1:04d}"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    path = VERSIONS / f"{revision}_{slug}.py"
    text = PAGE.format(
        message=message.strip().rstrip("."),
        revision=revision,
        down=existing[-1] if existing else None,
        up=_indent(up),
        down_code=_indent(down),
    )
    path.write_text(text)
    sys.stdout.write(f"{path.name}\n")
    return 0


def _indent(code: str) -> str:
    lines = [line for line in code.splitlines() if not line.strip().startswith("# ### ")]
    return "\n".join(line if line.startswith("    ") or not line else f"    {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
