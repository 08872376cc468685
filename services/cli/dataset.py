"""`bramble dataset`: publish, list, download, verify."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from services.cli.jobs import follow
from services.cli.output import client, fail, guarded, show, table

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

app = typer.Typer(help="Publish, list, download and verify datasets.", no_args_is_help=True)


@app.command("publish")
@guarded
def publish(
    project_id: str,
    name: Annotated[
        str, typer.Option(help="The dataset's name; new content under it is the next version.")
    ] = "dataset",
    include: Annotated[
        str, typer.Option(help="Some of real,consensus,synthetic.")
    ] = "real,consensus,synthetic",
    split: Annotated[
        str, typer.Option(help="Shares of train,val,test; default: the project's, or 0.7,0.1,0.2.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the split, unless a generator has fixed it.")] = 0,
    formats: Annotated[
        str, typer.Option(help="Besides png: some of coco,nifti,nnunet,huggingface, or all.")
    ] = "coco",
    licence: Annotated[str, typer.Option(help="Licence that the card states.")] = "",
    consent: Annotated[str, typer.Option(help="What the datasheet says on consent and ethical review.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the end and show progress.")
    ] = True,
) -> None:
    """Build a dataset of real, consensus and synthetic images, split by group."""
    wanted = ["coco", "nifti", "nnunet", "huggingface"] if formats == "all" else _words(formats)
    body: dict[str, object] = {
        "name": name,
        "include": _words(include),
        "seed": seed,
        "formats": list(dict.fromkeys(["png", *wanted])),
        "licence": licence,
        "consent": consent,
    }
    if split:
        body["split"] = _shares(split)
    with client() as api:
        job = api.post(f"/projects/{project_id}/datasets", body)
        if wait:
            job = follow(api, job)
    result = job.get("result") or {}
    text = f"Job {job['id']} is {job['status']}."
    if result:
        counts = result["counts"]
        parts = ", ".join(f"{counts[o]} {o}" for o in ("real", "consensus", "synthetic"))
        state = "unchanged" if result["unchanged"] else "published"
        text = f"{name} version {result['version']} {state}: {parts}. bramble dataset download {result['dataset_id']}"
    show(job, text)


@app.command("list")
@guarded
def list_(project_id: str) -> None:
    """List a project's datasets."""
    with client() as api:
        rows = [
            {**row, **{o: row["counts"].get(o) for o in ("real", "consensus", "synthetic")}}
            for row in api.pages(f"/projects/{project_id}/datasets")
        ]
    columns = {
        "id": "Dataset",
        "name": "Name",
        "version": "Version",
        "real": "Real",
        "consensus": "Consensus",
    }
    table(rows, {**columns, "synthetic": "Synthetic", "created_at": "Published"})


@app.command("download")
@guarded
def download(
    dataset_id: str,
    target: Annotated[Path, typer.Argument(help="File to write; default: <name>-v<version>.zip.")] = Path(),
) -> None:
    """Download a dataset's ZIP."""
    with client() as api:
        found = api.get(f"/datasets/{dataset_id}")
        path = (
            target if target != Path() else Path(f"{found['name'].replace('/', '-')}-v{found['version']}.zip")
        )
        api.download(f"/datasets/{dataset_id}/download", path)
    show({"path": str(path), "sha256": found["sha256"]}, f"Saved to {path}.")


@app.command("verify")
@guarded
def verify(
    target: Annotated[str, typer.Argument(help="Folder or ZIP of a dataset, or a published dataset's id.")],
) -> None:
    """Check files, masks and splits of a folder or ZIP; or build a published dataset again from its events and compare every byte.

    Exit code 1 when something is wrong."""
    from services.synthesis.verify import verify as check

    path = Path(target)
    if not path.exists():
        if not _ID.fullmatch(target):
            raise fail(f"{target} is neither a file nor a dataset's id.")
        _rebuild(target)
        return
    found = check(path)
    counts = ", ".join(f"{n} {origin}" for origin, n in found["counts"].items())
    lines = [f"- {problem}" for problem in found["problems"]]
    head = (
        f"{path} is whole: {counts}. SHA-256 {found['sha256']}"
        if found["ok"]
        else f"{path} has {len(lines)} problems:"
    )
    show(found, "\n".join([head, *lines]))
    if not found["ok"]:
        raise typer.Exit(1)


def _rebuild(dataset_id: str) -> None:
    with client() as api:
        job = follow(api, api.post(f"/datasets/{dataset_id}/verify", {}))
    found = job.get("result") or {}
    lines = [f"- {name} differs" for name in found.get("differences", [])]
    if not found.get("stored_whole", True):
        lines.append("- the stored archive isn't the one that was published")
    if found.get("problem"):
        lines.append(f"- {found['problem']}")
    ok = found.get("same") and found.get("stored_whole")
    archive = "the same archive" if found.get("same_archive") else "the same files in another archive"
    head = f"Version {found.get('version')} built again from its events: "
    show(
        job, "\n".join([head + (f"{archive}. SHA-256 {found['sha256']}" if ok else "not the same."), *lines])
    )
    if not ok:
        raise typer.Exit(1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _shares(text: str) -> dict[str, float]:
    try:
        train, val, test = (float(word) for word in text.split(","))
    except ValueError:
        raise fail("--split takes three shares, like 0.7,0.1,0.2.") from None
    return {"train": train, "val": val, "test": test}
