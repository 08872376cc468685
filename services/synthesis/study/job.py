"""A study as a job of a project: gold is the expert, consensus the crowd. Resumes from the job's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from services.synthesis.domain import labelmaps
from services.synthesis.domain.params import StudyParams
from services.synthesis.events import decode_masks, read_ref
from services.synthesis.study import analysis, report, runner
from services.synthesis.study.data import StudySet, assemble, check
from services.synthesis.study.ledger import MemoryLedger, Pairs
from shared.errors import InvalidInput
from shared.imaging import codecs

if TYPE_CHECKING:
    from services.synthesis.work import Context


class _StateLedger(MemoryLedger):
    """Runs in the job's state, so that a worker that takes over does only what is missing."""

    def __init__(self, context: Context) -> None:
        super().__init__(dict(context.state.get("runs", {})))
        self._context = context

    def put(self, key: str, value: dict[str, Any], pairs: Pairs | None = None) -> None:
        super().put(key, value, pairs)
        self._context.state = {**self._context.state, "runs": self.runs}
        self._context.queue.beat(self._context.job.id, self._context.worker, state=self._context.state)


def run_for_project(context: Context, params: StudyParams) -> dict[str, Any]:
    """Do the study; the job's result: comparisons, means, notes, and the key of the report's blob."""
    data = _load(context, params)
    check(data, params.folds, params.base_images)
    context.report(0.0, "starting", "loading torch")
    runs = list(runner.run_all(data, params, _StateLedger(context), context.report))
    outcome = analysis.analyse(data, params, runs, runner.plan(data, params)[1])
    key = f"synthesis/studies/{context.job.id}/report.html"
    context.blobs.put(key, report.render(outcome).encode(), media_type="text/html; charset=utf-8")
    return {**outcome.result(), "report_key": key}


def _load(context: Context, params: StudyParams) -> StudySet:
    project_id = context.job.project_id
    label_ids = [int(label["id"]) for label in context.store.labels(project_id)]
    pictures, maps, rows = [], [], []
    for item in context.store.items(project_id):
        pixels = codecs.decode_png(read_ref(context.blobs, item.frame))
        masks = decode_masks(item.masks, pixels.shape[0], pixels.shape[1])
        pictures.append(np.asarray(pixels))
        maps.append(labelmaps.from_masks(masks, label_ids, (pixels.shape[0], pixels.shape[1])))
        origin = "real" if item.gold is not None else "consensus"
        raters = (item.consensus or {}).get("raters", [])
        rows.append({"id": item.image_id, "group": item.group_name, "origin": origin, "raters": raters})
    if not rows:
        raise InvalidInput(
            "This project has no labelled image yet; a study needs at least gold masks for some images."
        )
    project = context.store.project(project_id)
    return assemble(pictures, maps, rows, params.size, project.name if project is not None else project_id)
