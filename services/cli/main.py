"""`bramble`: the whole loop from a terminal. `bramble COMMAND --help` explains each."""

from __future__ import annotations

import importlib
import importlib.util
import time
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output import State, guarded

app = typer.Typer(
    name="bramble",
    help="Turns unlabelled medical images into an enhanced training dataset.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    url: Annotated[str, typer.Option(envvar="BRAMBLE_URL", help="Address of the platform.")] = "",
    key: Annotated[
        str, typer.Option(envvar="BRAMBLE_API_KEY", help="API key (brk_…).", show_envvar=True)
    ] = "",
) -> None:
    State.as_json, State.url, State.key = json, url, key


@app.command()
@guarded
def up(
    port: Annotated[int | None, typer.Option(help="Port (BRAMBLE_PORT, default 8080).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data folder (BRAMBLE_DATA_DIR, default ./data).")
    ] = None,
    demo: Annotated[bool, typer.Option(help="Load the demo project and accounts.")] = False,
) -> None:
    """Start the whole platform in one process, on the embedded default."""
    started = time.perf_counter()
    from services.allinone import up as allinone
    from shared.settings import Settings

    given = {"port": port, "host": host, "data_dir": data_dir, "demo": demo or None}
    settings = Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    raise typer.Exit(allinone.run(settings, on_ready=lambda platform: allinone.announce(platform, started)))


@app.command()
@guarded
def serve(
    service: Annotated[
        str, typer.Argument(help="gateway, images, annotations, inference, consensus or synthesis.")
    ],
    port: Annotated[int | None, typer.Option(help="Port (BRAMBLE_PORT).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
) -> None:
    """Start one service as a process of its own (the distributed form). Migrate first: `bramble admin migrate`."""
    from services.allinone import up as allinone
    from shared.errors import InvalidInput
    from shared.settings import SERVICES, Settings

    if service not in SERVICES:
        raise InvalidInput(f"{service!r} is not a service; the services are {', '.join(SERVICES)}.")
    given = {"port": port, "host": host}
    settings = Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    raise typer.Exit(allinone.run(settings, [service], auto_migrate=False))


@app.command()
@guarded
def worker() -> None:
    """Work on heavy jobs (training, sampling, datasets, studies) until stopped. Needs the extra [train] for training."""
    module = importlib.import_module("services.synthesis.worker")
    raise typer.Exit(module.main([]))


# Sub-commands live in modules that import nothing heavy; what a command needs, it imports itself.
for _name in ("project", "images", "gold", "crowd", "synth", "dataset", "export", "admin", "demo", "model"):
    if importlib.util.find_spec(f"services.cli.{_name}") is not None:
        app.add_typer(importlib.import_module(f"services.cli.{_name}").app, name=_name)
for _name in ("consensus", "study"):
    if importlib.util.find_spec(f"services.cli.{_name}") is not None:
        app.command(_name)(getattr(importlib.import_module(f"services.cli.{_name}"), _name))


def run() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    run()
