"""Estimates all raters of a project anew once its votes have settled, and merges again what that changes."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import Connection, update

from services.consensus import metrics, store
from services.consensus import tables as t
from services.consensus.domain.hierarchical import RaterModel, RaterParams, estimate
from services.consensus.refresh import SERVICE, refresh
from shared.contracts.bramble.consensus.v1.events_pb2 import RaterScored
from shared.db import emit
from shared.deps import Deps

log = logging.getLogger(__name__)

QUIET_S = 2.0
# Down-weighted from here on; the submissions stay.
QUARANTINE_IMAGES, QUARANTINE_HONESTY = 6, 0.25
QUARANTINE_GOLD, QUARANTINE_GOLD_DICE = 3, 0.3


class Estimator(threading.Thread):
    """One a replica; PostgreSQL's row lock on the project keeps two from doing the same work."""

    def __init__(self, deps: Deps, quiet_s: float = QUIET_S) -> None:
        super().__init__(name="consensus-estimator", daemon=True)
        self._deps, self._quiet_s = deps, quiet_s
        self._halt = threading.Event()

    def stop(self) -> None:
        """Stop after the project at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(10)

    def run(self) -> None:
        while not self._halt.wait(self._quiet_s / 4):
            try:
                self.work()
            except Exception:
                # Nothing is lost: the project stays marked, and the next round tries again.
                log.warning("estimating raters failed", exc_info=True)
                self._halt.wait(2.0)

    def work(self) -> int:
        """Catch up with every project that has settled; answers how many there were."""
        before = self._deps.clock.now_us() - int(self._quiet_s * 1e6)
        with self._deps.db.read() as conn:
            projects = store.stale_projects(conn, before)
        for project_id in projects:
            if self._halt.is_set():
                break
            started = time.perf_counter()
            self.estimate_project(project_id)
            metrics.ESTIMATE.observe(time.perf_counter() - started)
        return len(projects)

    def estimate_project(self, project_id: str) -> int:
        """Fit the raters of every label to all votes, keep the result, and refresh the images one transaction each; answers how many
        images changed."""
        deps = self._deps
        with deps.db.read() as conn:
            dirty = store.project(conn, project_id).dirty
            fitted = {}
            for label_id in store.label_ids(conn, project_id):
                fitted[label_id] = (
                    store.all_votes(conn, project_id, label_id),
                    store.gold_of(conn, project_id, label_id),
                )
            scores = store.gold_scores(conn, project_id)
            images = store.merged_images(conn, project_id)
        # The fit takes seconds on a large project: outside of any transaction.
        models = {label_id: estimate(votes, gold) for label_id, (votes, gold) in fitted.items()}
        now = deps.clock.now_us()
        with deps.db.begin() as conn:
            for label_id, model in models.items():
                quarantined = {r for r, p in model.raters.items() if suspicious(p, scores.get(r, []))}
                for rater in store.put_model(conn, project_id, label_id, model, quarantined, now):
                    self._announce(conn, project_id, label_id, rater, model, rater in quarantined)
            p = t.projects.c
            conn.execute(
                update(t.projects)
                .where(p.project_id == project_id)
                .values(dirty=p.dirty - dirty, fitted_at=now)
            )
        changed = 0
        for image_id in images:
            if self._halt.is_set():
                break
            with deps.db.begin() as conn:
                changed += refresh(conn, deps.blobs, deps.clock, image_id, cause="raters")
        return changed

    def _announce(
        self,
        conn: Connection,
        project_id: str,
        label_id: int,
        rater: str,
        model: RaterModel,
        quarantined: bool,
    ) -> None:
        params = model.of(rater)
        low, high = interval(params)
        emit(
            conn,
            SERVICE,
            project_id,
            RaterScored(
                project_id=project_id,
                rater_id=rater,
                label_id=label_id,
                reliability=reliability(params),
                low=low,
                high=high,
                images=params.images,
                quarantined=quarantined,
            ),
            clock=self._deps.clock,
        )


def reliability(params: RaterParams) -> float:
    """Mean Dice of the rater with the consensus of the others (or gold), in [0, 1]."""
    return float(min(1.0, max(0.0, params.agreement)))


def interval(params: RaterParams) -> tuple[float, float]:
    """A 95 % interval of the reliability; [0, 1] for a rater seen once, wide for one seen little."""
    if params.images < 2:
        return 0.0, 1.0
    # The spread is shrunk towards 0.25, so that two equal answers don't look certain.
    spread = (params.agreement_sd * params.images + 0.25 * 2) / (params.images + 2)
    half = 1.96 * spread / params.images**0.5
    return max(0.0, params.agreement - half), min(1.0, params.agreement + half)


def suspicious(params: RaterParams, gold: list[float]) -> bool:
    """Whether the rater's masks should hardly count: nearly never honest over several images, or far off on gold."""
    if len(gold) >= QUARANTINE_GOLD and sum(gold) / len(gold) < QUARANTINE_GOLD_DICE:
        return True
    return params.images >= QUARANTINE_IMAGES and params.honesty < QUARANTINE_HONESTY
