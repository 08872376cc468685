"""Publishing a large dataset: CPU time an image, and how the memory of the process that builds it grows with the number of images.

    python benchmarks/export.py --items 1000 10000 100000

The project is told of its images by the same facts as by events, on SQLite and files. Each size is built by a process of its own, which
does what a job's worker does: reads every picture for copies, makes the split, writes the archive in every format. The aim is memory that
doesn't grow with the images, but for what a split must know of each (its id, its group, its hashes).
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import figure

from services.synthesis import builder
from services.synthesis.domain.params import FORMATS, DatasetParams
from services.synthesis.domain.splits import Fractions
from services.synthesis.folds import decide
from services.synthesis.store import Store
from services.synthesis.training.progress import silent
from shared.blobs import create_blobs
from shared.clock import SystemClock
from shared.db.session import Database
from shared.imaging import codecs, rle
from shared.settings import Settings

PROJECT, SIDE, PACK = "p", 48, 500
GROUP = 10
"""Images a patient."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build(args.build, args.items[0])
        return
    for items in args.items:
        with tempfile.TemporaryDirectory(prefix="bramble-export-") as folder:
            fill(Path(folder), items)
            command = [sys.executable, __file__, "--build", folder, "--items", str(items)]
            subprocess.run(command, check=True)


def stores(folder: Path) -> tuple[Store, Database]:
    settings = Settings(data_dir=folder)
    db = Database(settings.database_url_for("synthesis"))
    return Store(db, SystemClock()), db


def fill(folder: Path, items: int) -> None:
    """A project of ``items`` distinct images, each with an accepted consensus of two labels."""
    store, db = stores(folder)
    db.create_all(("synthesis_",))
    blobs = create_blobs("", folder)
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:SIDE, :SIDE]
    with db.begin() as conn:
        labels = [{"id": n, "name": f"label {n}", "color": ""} for n in (1, 2)]
        store.put_project(conn, PROJECT, "many", labels)
    for start in range(0, items, PACK):
        pack, refs = bytearray(), []
        for _ in range(min(PACK, items - start)):
            data = codecs.encode_png(rng.integers(0, 256, (SIDE, SIDE), np.uint8))
            refs.append((len(pack), len(data), hashlib.sha256(data).hexdigest()))
            pack += data
        key = f"images/pack-{start}"
        blobs.put(key, bytes(pack))
        with db.begin() as conn:
            for number, (offset, length, digest) in enumerate(refs, start):
                cy, cx, r = rng.integers(10, SIDE - 10, 3) * (1, 1, 0) + (0, 0, rng.integers(3, 9))
                disc = (y - cy) ** 2 + (x - cx) ** 2 < r**2
                masks = [
                    {"label_id": n, "rle": rle.to_json(rle.encode(disc & (x % 2 == n - 1)))} for n in (1, 2)
                ]
                told = {
                    "group_name": f"patient-{number // GROUP:06d}",
                    "name": f"{number:06d}.png",
                    "source_id": "",
                    "height": SIDE,
                    "width": SIDE,
                    "channels": 1,
                    "frame": {
                        "key": key,
                        "sha256": digest,
                        "size": length,
                        "offset": offset,
                        "length": length,
                    },
                    "geometry": {},
                }
                consensus = {
                    "masks": masks,
                    "version": 1,
                    "method": "auto",
                    "submissions": [f"{number}-{k}" for k in range(5)],
                    "raters": [f"rater-{k}" for k in range(5)],
                    "by_expert": False,
                    "agreement": {"1": 0.9, "2": 0.9},
                }
                store.tell(conn, PROJECT, "consensus", f"{number:036d}", {**told, "consensus": consensus})
    db.close()
    blobs.close()


def build(folder: Path, items: int) -> None:
    """Build the archive and print what it took."""
    store, db = stores(folder)
    blobs = create_blobs("", folder)
    before, started, spent = peak_mb(), time.perf_counter(), time.process_time()
    params = DatasetParams(name="many", formats=FORMATS)
    folds = decide(store, blobs, PROJECT, 1, Fractions(), record=False)
    split_mb = peak_mb()
    with builder.build(store, blobs, PROJECT, params, folds, silent) as made:
        counts, size = made.counts, made.size
    figure(
        "export_peak_mb",
        peak_mb(),
        "MB",
        items=items,
        exported=counts["consensus"],
        at_start_mb=round(before, 1),
        after_split_mb=round(split_mb, 1),
        cpu_ms_an_image=round(1000 * (time.process_time() - spent) / items, 2),
        seconds=round(time.perf_counter() - started, 1),
        archive_mb=round(size / 1e6, 1),
        formats=list(FORMATS),
    )
    db.close()
    blobs.close()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
