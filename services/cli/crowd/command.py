"""The doors of `bramble crowd`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.output import State, client, fail, guarded, show, table

app = typer.Typer(help="Simulated volunteers for demos, load tests and planning.", no_args_is_help=True)


def parse_mix(text: str) -> dict[str, float] | None:
    """`careful=0.7,spammer-blank=0.3` → shares; "" → None (the default mix)."""
    if not text:
        return None
    shares = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            shares[name.strip()] = float(value)
        except ValueError:
            raise fail(f"{part!r} in --mix isn't KIND=SHARE.") from None
    return shares


@app.command("run")
@guarded
def run(
    project_id: str,
    truth: Annotated[
        Path, typer.Option(help="Folder of true masks, as for `bramble gold add`.", exists=True)
    ],
    raters: Annotated[int, typer.Option(help="How many volunteers.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the crowd and of every mask.")] = 1,
    mix: Annotated[str, typer.Option(help="KIND=SHARE,… (default: a mixed crowd with 12 % spammers).")] = "",
    parallel: Annotated[int, typer.Option(help="How many work at once.")] = 4,
    limit: Annotated[int | None, typer.Option(help="Stop after that many submissions.")] = None,
) -> None:
    """Let simulated volunteers work on a project through the public API."""
    from services.cli.crowd.drive import Crowd

    known: dict[str, dict[int, Any]]
    with client() as api:
        url = api.url
        known = _read_truth(api, project_id, truth)
    try:
        crowd = Crowd(url, project_id, known.get, raters=raters, seed=seed, mix=parse_mix(mix))
    except ValueError as error:
        raise fail(f"{error}.") from error
    outcome = crowd.run(parallel=parallel, limit=limit)
    summary = {
        "submissions": outcome.submissions,
        "seconds": round(outcome.seconds, 2),
        "refused": dict(outcome.refused),
        "raters": outcome.raters,
    }
    show(summary, f"{outcome.submissions} submissions by {raters} volunteers in {outcome.seconds:.1f} s")


def _read_truth(api: Any, project_id: str, folder: Path) -> dict[str, dict[int, Any]]:
    import numpy as np
    from PIL import Image

    labels = {label["name"]: label["id"] for label in api.get(f"/projects/{project_id}")["labels"]}
    truth: dict[str, dict[int, Any]] = {}
    for image in api.pages(f"/projects/{project_id}/images"):
        for name in (image["id"], Path(image["name"]).stem):
            single, many = folder / f"{name}.png", folder / name
            if single.is_file():
                first = next(iter(labels.values()))
                truth[image["id"]] = {first: np.asarray(Image.open(single).convert("L")) > 0}
            elif many.is_dir():
                masks = {}
                for title, label_id in labels.items():
                    path = many / f"{title}.png"
                    shape = (image["height"], image["width"])
                    masks[label_id] = (
                        np.asarray(Image.open(path).convert("L")) > 0
                        if path.is_file()
                        else np.zeros(shape, bool)
                    )
                truth[image["id"]] = masks
    if not truth:
        raise fail(f"{folder} holds no mask named after an image of the project.")
    return truth


@app.command("plan")
@guarded
def plan(
    images: Annotated[int, typer.Option(help="Images of the campaign.")] = 1000,
    raters: Annotated[int, typer.Option(help="Volunteers who are expected to come.")] = 40,
    quorum: Annotated[str, typer.Option(help="Labels an image to compare.")] = "1,3,5,7,9",
    minutes: Annotated[float, typer.Option(help="Minutes that a label takes.")] = 1.0,
    mix: Annotated[str, typer.Option(help="KIND=SHARE,…")] = "",
    seed: Annotated[int, typer.Option(help="Seed.")] = 1,
) -> None:
    """Estimate the quality that a quorum buys, by simulation on phantoms with plain majority, and what it costs in volunteer hours.

    A lower bound: the platform's weighted consensus does better with the same labels.
    """
    from services.cli.crowd.plan import simulate

    try:
        sizes = sorted({int(q) for q in quorum.split(",")})
        rows = simulate(sizes, raters=raters, mix=parse_mix(mix), seed=seed)
    except ValueError as error:
        raise fail(f"{error}.") from error
    out: list[dict[str, Any]] = []
    for row in rows:
        labels = images * row["quorum"]
        out.append({**row, "labels": labels, "hours": round(labels * minutes / 60, 1)})
    columns = {
        "quorum": "labels an image",
        "dice": "mean Dice",
        "low": "worst 10 %",
        "labels": "labels",
        "hours": "volunteer hours",
    }
    table(out, columns)
    if not State.as_json:
        show(
            None, "Simulated phantoms, majority; your images may be easier or harder: gold images will tell."
        )
