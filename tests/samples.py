"""A generator with its samples, and a finished study, as a worker would have left them: real ones need torch and minutes or hours."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import insert

from services.synthesis.domain.params import StudyParams
from services.synthesis.store import Store
from services.synthesis.study import analysis, report
from services.synthesis.tables import jobs
from shared.blobs import BlobStore
from shared.clock import SystemClock
from shared.db.session import Database
from shared.ids import new_id
from shared.imaging import codecs


def add_samples(
    db: Database,
    blobs: BlobStore,
    project_id: str,
    trained_on: Sequence[str],
    *,
    kept: int = 12,
    rejected: int = 2,
    size: int = 32,
    channels: int = 1,
    seed: int = 0,
    parents: Sequence[str] = (),
) -> tuple[str, list[str]]:
    """The generator's id, and the ids of its kept samples: discs of random place and size on noise, ``size`` pixels a side."""
    store, rng = Store(db, SystemClock()), np.random.default_rng(seed)
    generator_id, job_id = new_id(), new_id()
    rows: list[dict[str, Any]] = []
    y, x = np.mgrid[:size, :size] / size
    for position in range(kept + rejected):
        centre, radius = rng.uniform(0.3, 0.7, 2), rng.uniform(0.12, 0.25)
        mask = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius**2).astype(np.uint8)
        pixels = np.clip(60 + 120 * mask + rng.normal(0, 14, (size, size)), 0, 255).astype(np.uint8)
        image = codecs.encode_png(pixels if channels == 1 else np.repeat(pixels[..., None], 3, axis=2))
        key = f"synthesis/images/{job_id}/1-{position:06d}"
        blobs.put(f"{key}.png", image)
        blobs.put(f"{key}.mask.png", codecs.encode_png(mask))
        rows.append(
            {
                "id": new_id(),
                "project_id": project_id,
                "generator_id": generator_id,
                "job_id": job_id,
                "position": position,
                "seed": seed,
                "size": size,
                "channels": channels,
                "kind": "given",
                "parents": list(parents),
                "groups": [],
                "image_key": f"{key}.png",
                "image_sha256": hashlib.sha256(image).hexdigest(),
                "mask_key": f"{key}.mask.png",
                "accepted": position < kept,
                "reason": "" if position < kept else "noisy",
                "dice": 0.9,
            }
        )
    generator = {
        "id": generator_id,
        "project_id": project_id,
        "job_id": job_id,
        "weights_key": f"synthesis/generators/{generator_id}.safetensors",
        "weights_sha256": hashlib.sha256(b"").hexdigest(),
        "weights_size": 0,
        "steps": 1,
        "seed": seed,
        "label_ids": [1],
        "image_ids": list(trained_on),
        "card": {"size": size, "channels": channels},
    }
    blobs.put(generator["weights_key"], b"")
    with db.begin() as conn:
        store.add_generator(conn, generator)
        store.add_synthetic(conn, rows)
    return generator_id, [row["id"] for row in rows if row["accepted"]]


def add_study(
    db: Database, blobs: BlobStore, project_id: str, name: str = "Phantoms", **params: Any
) -> tuple[str, str]:
    """The id of a succeeded study job, and its report: the analysis of made-up scores in which the crowd helps and swapped masks hurt."""
    from tests.unit.synthesis.test_study import fake_runs, study_set

    data = dataclasses.replace(study_set(30, 10), name=name)
    wanted = StudyParams(**{"base_images": (8,), "minutes_per_label": 1.5, **params})
    gain = {
        "fewer_steps": -0.05, "crowd@0.25": 0.02, "crowd@0.5": 0.06, "crowd": 0.1, "crowd_synthetic": 0.1, "crowd_shuffled": -0.1,
        "enhanced": 0.15,
    }  # fmt: skip
    outcome = analysis.analyse(data, wanted, fake_runs(data, wanted, gain), {})
    job_id, page, now = new_id(), report.render(outcome), SystemClock().now_us()
    key = f"synthesis/studies/{job_id}/report.html"
    blobs.put(key, page.encode(), media_type="text/html; charset=utf-8")
    row = {
        "id": job_id, "project_id": project_id, "kind": "study", "params": params, "status": "succeeded", "progress": 1.0,
        "stage": "done", "detail": "", "created_by": "u", "created_at_us": now, "started_at_us": now, "finished_at_us": now,
        "worker": "", "attempts": 1, "checkpoint_key": "", "checkpoint_step": 0, "state": {},
        "result": {**outcome.result(), "report_key": key},
    }  # fmt: skip
    with db.begin() as conn:
        conn.execute(insert(jobs).values(row))
    return job_id, page
