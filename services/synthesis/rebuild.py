"""Builds a published dataset again from the facts that it was built of, and compares: the same bytes, or what differs.

The content's address says whether the files are the same; the archive's SHA-256 whether the ZIP is, too (it depends on zlib's version).
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from services.synthesis import builder, folds
from services.synthesis.domain.params import DatasetParams, parse
from services.synthesis.domain.splits import Fractions
from services.synthesis.store import Store
from services.synthesis.training.progress import Report, part
from shared.blobs import BlobStore
from shared.errors import InvalidInput, NotFound

_SHOWN = 20


def rebuild(store: Store, blobs: BlobStore, dataset_id: str, report: Report) -> dict[str, Any]:
    """``{same, same_archive, stored_whole, sha256, archive_sha256, differences, problem}``; ``differences`` names at most 20 files.

    ``problem`` says why it couldn't be built again: an image was deleted since. Raises InvalidInput for datasets from before facts were
    kept, NotFound for none.
    """
    row = store.dataset(dataset_id)
    if row.basis is None:
        raise InvalidInput(
            "This dataset was published before the platform kept the facts that a rebuild needs; publish it again."
        )
    params = parse(DatasetParams, row.params)
    like = folds.Folds(
        {},
        {},
        int(row.basis["seed"]),
        Fractions(**row.basis["shares"]),
        "synthetic" in params.include,
        (int(row.basis["images"]), int(row.basis["splits"])),
    )
    with tempfile.TemporaryDirectory(prefix="bramble-rebuild-") as name:
        stored = Path(name) / "stored.zip"
        whole = _fetch(blobs, row.archive_key, stored) == row.archive_sha256
        report(0.05, "splitting", "as it was")
        found = folds.again(store, row.project_id, like)
        answer = {
            "dataset_id": row.id,
            "version": row.version,
            "sha256": row.sha256,
            "archive_sha256": row.archive_sha256,
            "stored_whole": whole,
        }
        try:
            with builder.build(store, blobs, row.project_id, params, found, part(report, 0.1, 0.95)) as built:
                same = built.sha256 == row.sha256
                return {
                    **answer,
                    "same": same,
                    "same_archive": built.archive_sha256 == row.archive_sha256,
                    "rebuilt_sha256": built.sha256,
                    "rebuilt_archive_sha256": built.archive_sha256,
                    "differences": [] if same else _differences(stored, built.path),
                    "problem": None,
                }
        except NotFound as error:
            problem = f"It can't be built again: {error.detail} An image was deleted since; the published archive still holds it."
            return {**answer, "same": False, "same_archive": False, "differences": [], "problem": problem}


def _fetch(blobs: BlobStore, key: str, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as out:
        for piece in blobs.iter(key, 1 << 20):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()


def _differences(left: Path, right: Path) -> list[str]:
    """Names of files that differ or are in one archive only."""
    a, b = _sums(left), _sums(right)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))[:_SHOWN]


def _sums(path: Path) -> dict[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/checksums.sha256"))
            lines = archive.read(name).decode().splitlines()
    except (zipfile.BadZipFile, StopIteration):
        return {}
    return {line[66:]: line[:64] for line in lines}
