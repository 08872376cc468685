"""`bramble admin`: what an operator does. `migrate` and `create-operator` work on the database, the rest speaks the API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import FAILED, client, fail, guarded, show, table

app = typer.Typer(
    help="Migrate, back up and restore, verify blobs, create operators, read and replay dead letters.",
    no_args_is_help=True,
)
letters = typer.Typer(help="Events that no retry could help.", no_args_is_help=True)
app.add_typer(letters, name="dead-letters")


@app.command()
@guarded
def migrate() -> None:
    """Bring the databases up to the newest schema and create missing topics. Safe to run twice."""
    from services.allinone.migrate import migrate as run
    from shared.bus import create_bus
    from shared.bus.topics import all_topics
    from shared.settings import Settings

    settings = Settings()
    changed = run(settings)
    bus = create_bus(settings.bus_url, settings.data_dir)
    bus.ensure_topics(all_topics())
    bus.close()
    show({"changed": changed}, f"{len(changed)} database(s) upgraded" if changed else "nothing to do")


@app.command("create-operator")
@guarded
def create_operator(
    email: str,
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when left out."),
    ],
) -> None:
    """Create an operator's account, or make the account of that address an operator."""
    from services.gateway.bootstrap import create_operator as create
    from shared.deps import Deps
    from shared.settings import Settings

    deps = Deps.create("gateway", Settings())
    try:
        account = create(deps, email, password)
    finally:
        deps.db.close()
        deps.bus.close()
    show({"id": str(account)}, f"{email} is an operator")


@app.command()
@guarded
def backup(target: Annotated[Path, typer.Argument(help="The archive to write (.tar.gz).")]) -> None:
    """Write all tables and blobs to one checked archive. Stop the services first: events on the bus aren't in it."""
    from services.allinone.backup import backup as run
    from shared.settings import Settings

    done = run(Settings(), target)
    show(
        done, f"{done['rows']} rows and {done['blobs']} blobs ({done['blob_bytes'] / 1e6:.1f} MB) in {target}"
    )


@app.command()
@guarded
def restore(source: Annotated[Path, typer.Argument(help="An archive of `bramble admin backup`.")]) -> None:
    """Fill an empty installation from an archive; nothing is written unless the whole archive is sound."""
    from services.allinone.backup import restore as run
    from shared.settings import Settings

    done = run(Settings(), source)
    show(done, f"{done['rows']} rows and {done['blobs']} blobs restored")


@app.command("verify-blobs")
@guarded
def verify_blobs() -> None:
    """Read every blob that a row names and compare it with its SHA-256. Exit code 1 where one is missing or changed."""
    from services.allinone.verify import verify_blobs as run
    from shared.settings import Settings

    counts, damaged = run(Settings())
    table(
        [{"what": d.what, "table": d.table, "row": d.row, "key": d.key} for d in damaged],
        {"what": "what", "table": "table", "row": "row", "key": "blob"},
    )
    read = f"{counts['checked']} blobs of {counts['rows']} rows checked, {counts['bytes'] / 1e6:.1f} MB read"
    if damaged:
        raise fail(
            f"{len(damaged)} damaged; {read}. Restore these blobs from a backup under the same keys.", FAILED
        )
    show({**counts, "damaged": 0}, f"{read}; all are as they were written")


@letters.command("list")
@guarded
def list_letters() -> None:
    """List dead letters of all services."""
    with client() as api:
        rows = api.get("/admin/dead-letters")["items"]
    table(
        rows,
        {
            "service": "service",
            "id": "id",
            "topic": "topic",
            "key": "key",
            "error": "error",
            "created_at": "since",
        },
    )


@letters.command("show")
@guarded
def show_letter(letter_id: str) -> None:
    """Show a dead letter with the error that buried it."""
    with client() as api:
        show(api.get(f"/admin/dead-letters/{letter_id}"))


@letters.command("replay")
@guarded
def replay(letter_id: str) -> None:
    """Publish a dead letter again, once its cause is mended."""
    with client() as api:
        show(api.post(f"/admin/dead-letters/{letter_id}/replay"))
