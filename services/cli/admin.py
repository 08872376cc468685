"""`bramble admin`: what an operator does. `migrate` and `create-operator` work on the database, the rest speaks the API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import FAILED, State, client, fail, guarded, show, table
from shared.keys import at, fingerprint

app = typer.Typer(
    help="Migrate, back up and restore, verify blobs, rebuild consensus, create operators, rotate keys, read and replay dead letters.",
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


@app.command("rotate-keys")
@guarded
def rotate_keys(
    signs_in: Annotated[
        float,
        typer.Option(
            "--signs-in", help="Seconds until the new key signs: by then every process must have read it."
        ),
    ] = 300.0,
    overlap: Annotated[
        float, typer.Option("--overlap", help="Seconds for which the old key is accepted after that.")
    ] = 3600.0,
    to_print: Annotated[
        bool, typer.Option("--print", help="Write the new ring to standard output and not to the file.")
    ] = False,
) -> None:
    """Give the internal secret a successor while services run. Nobody is logged out; pseudonyms in DICOM files stay.

    `--signs-in 0 --overlap 0` ends the old key at once, for a secret that leaked: requests fail until every process has read the new one.
    """
    from services.gateway.bootstrap import rotate_keys as rotate
    from shared.deps import Deps
    from shared.settings import Settings

    deps = Deps.create("gateway", Settings())
    try:
        ring = rotate(deps, signs_in_s=signs_in, overlap_s=overlap, write=not to_print)
    finally:
        deps.db.close()
        deps.bus.close()
    if to_print:
        typer.echo(ring.dump(), nl=False)
        return
    new, old = ring.keys[-1], ring.keys[-2]
    told = {
        "key": fingerprint(new.secret),
        "signs_from": at(new.signs_from),
        "replaces": fingerprint(old.secret),
        "ends": at(old.ends),
    }
    show(
        told,
        f"key {told['key']} signs from {told['signs_from']} on; {told['replaces']} is accepted until {told['ends']}",
    )


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


@app.command("rebuild-consensus")
@guarded
def rebuild_consensus(
    project: Annotated[str, typer.Argument(help="The project's id; or --all.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All projects.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where something differs.")
    ] = False,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop-unknown-votes",
            help="Take votes away that no submission stands behind (else they stay and are named).",
        ),
    ] = False,
) -> None:
    """Compute the consensus again from the acknowledged submissions, compare it with what is stored, and put right what differs.

    A version that was wrong stays in the history and is superseded by a further one. With --json an object for each image, the same or not.
    """
    from services.allinone.rebuild_consensus import Rebuild
    from shared.settings import Settings

    if bool(project) == every:
        raise fail("name one project, or say --all")
    counts = {"projects": 0, "images": 0, "differ": 0, "versions": 0, "left": 0}
    rows = []
    with Rebuild(Settings(), check=check, drop=drop) as work:
        for one in work.project_ids() if every else [project]:
            counts["projects"] += 1
            for outcome in work.project(one):
                counts["images"] += bool(outcome.image_id)
                counts["differ"] += bool(outcome.wrong)
                counts["versions"] += outcome.version is not None
                counts["left"] += outcome.left
                if outcome.wrong or (State.as_json and outcome.image_id):
                    rows.append(
                        {
                            "project": outcome.project_id,
                            "image": outcome.image_id or None,
                            "differs": bool(outcome.wrong),
                            "what": outcome.wrong if State.as_json else "; ".join(outcome.wrong),
                            "version": outcome.version,
                            "left": outcome.left,
                        }
                    )
        waiting = work.waiting()
    if rows:
        table(
            rows,
            {"project": "project", "image": "image", "what": "what differs", "version": "new version"},
        )
    said = (
        f"{counts['images']} images of {counts['projects']} project(s) compared, {counts['differ']} findings"
    )
    if waiting:
        said += "; consensus hasn't caught up yet, so some may only be late"
    if counts["left"]:
        why = (
            "Run it without --check to put them right."
            if check
            else "What is left can't be computed again: restore it from a backup, or say --drop-unknown-votes."
        )
        raise fail(f"{said}, {counts['left']} of them not put right. {why}", FAILED)
    show({**counts, "waiting": waiting}, f"{said}, {counts['versions']} versions appended")


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
