"""A study by several processes: each does whole folds of one size of the base set, since these share a generator."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from services.synthesis.domain.params import StudyParams
from services.synthesis.study import runner
from services.synthesis.study.data import StudySet
from services.synthesis.study.ledger import FileLedger
from services.synthesis.training.progress import Report, silent


def run(data: StudySet, params: StudyParams, folder: Path, workers: int, report: Report = silent) -> None:
    """Do what the ledger in ``folder`` lacks, with ``workers`` processes of one thread each; `runner.run_all` finds it done.

    Results are those of one process with one thread. The first error ends it; what was finished is kept.
    """
    parts = list(dict.fromkeys((run.base, run.fold) for run in runner.plan(data, params)[0]))
    # Spawned, not forked: a fork of a process whose torch has threads hangs.
    with ProcessPoolExecutor(min(workers, len(parts)), get_context("spawn"), _quiet) as pool:
        waiting = [pool.submit(_one, data, params, folder, part) for part in parts]
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                report(done / len(parts), "study", f"{done} of {len(parts)} folds")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _quiet() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"


def _one(data: StudySet, params: StudyParams, folder: Path, part: tuple[int, int]) -> None:
    import torch

    torch.set_num_threads(1)
    for _ in runner.run_all(data, params, FileLedger(folder), only=part):
        pass
