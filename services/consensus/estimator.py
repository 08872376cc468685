"""Estimates all raters of a project anew once its votes have settled, and merges again what that changes."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, update

from services.consensus import metrics, store, store_history, store_votes
from services.consensus import tables as t
from services.consensus.domain.advice import Advice, advise
from services.consensus.domain.auto import Choice, choose
from services.consensus.domain.bias import by_rater, seen_in, summarise
from services.consensus.domain.hierarchical import Trail, estimate
from services.consensus.domain.reliability import Given, RaterReport, report
from services.consensus.domain.terms import Belief, Terms, fold, name_of, split, with_newcomers
from services.consensus.domain.votes import ImageVotes
from services.consensus.refresh import SERVICE, refresh
from shared.clock import Clock
from shared.contracts.bramble.consensus.v1.events_pb2 import RaterAdvice, RaterScored
from shared.db import emit
from shared.deps import Deps
from shared.imaging.rle import RLE
from shared.pace import LONGEST_S, PACE

log = logging.getLogger(__name__)

QUIET_S = 2.0
# Under steady load fitting a project takes at most this share of a core: the intake shares the machine. Its own CPU time counts and not the
# clock's: on a machine that others keep busy it waits while it fits, and would then wait twenty times as long again.
SHARE = 0.05


class Estimator(threading.Thread):
    """One a replica. Two that come to the same project do the same work and reach the same beliefs."""

    def __init__(self, deps: Deps, quiet_s: float = QUIET_S) -> None:
        super().__init__(name="consensus-estimator", daemon=True)
        self._deps, self._quiet_s = deps, quiet_s
        self._halt = threading.Event()
        self._not_before: dict[str, float] = {}

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
        now = self._deps.clock.now_us()
        with self._deps.db.read() as conn:
            projects = store.stale_projects(conn, now - int(self._quiet_s * 1e6), now)
        for project_id in projects:
            if self._halt.is_set():
                break
            if time.perf_counter() < self._not_before.get(project_id, 0.0):
                continue
            PACE.step_back(self._halt, LONGEST_S)
            started, worked = time.perf_counter(), time.thread_time()
            self.estimate_project(project_id)
            self._not_before[project_id] = started + (time.thread_time() - worked) / SHARE
            metrics.ESTIMATE.observe(time.perf_counter() - started)
        return len(projects)

    def estimate_project(self, project_id: str) -> int:
        """Fit the raters of every label to all votes, keep the result, and refresh the images one transaction each; answers how many
        images changed."""
        deps = self._deps
        with deps.db.read() as conn:
            arrived = store.project(conn, project_id).arrived
            answers = {i: store_votes.answers(conn, project_id, i) for i in store.label_ids(conn, project_id)}
            gold = {i: store.gold_of(conn, project_id, i) for i in answers}
            terms = store_history.terms_of(conn, project_id)
            images = store.merged_images(conn, project_id)
        # The fit takes seconds on a large project: outside of any transaction.
        votes = {i: votes for i, (votes, _) in answers.items()}
        beliefs = fit(votes, gold, {i: given for i, (_, given) in answers.items()}, terms)
        with deps.db.begin() as conn:
            keep(conn, project_id, beliefs, deps.clock)
        count = 0
        for image_id in images:
            if self._halt.is_set():
                return count
            began = time.perf_counter()
            with deps.db.begin() as conn:
                count += refresh(conn, deps.blobs, deps.clock, image_id, cause="raters")
            PACE.step_back(self._halt, time.perf_counter() - began)
        # Last: a process that dies before has left the project marked, and the images that it didn't reach are merged by the next.
        with deps.db.begin() as conn:
            p = t.projects.c
            mine = (p.project_id == project_id) & (p.counted < arrived)
            conn.execute(update(t.projects).where(mine).values(counted=arrived))
        return count


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What all votes of a project say of its raters and of the method, by label. `powers`: of the inverse variance."""

    raters: Mapping[int, list[Belief]]
    powers: Mapping[int, float]
    choices: Mapping[int, Choice]
    advice: Mapping[int, Mapping[str, list[Advice]]]  # by label and rater

    def chosen(self) -> str:
        """As kept in `consensus_projects.choices`."""
        return json.dumps(
            {i: {"method": c.method, "why": c.why, "power": self.powers[i]} for i, c in self.choices.items()}
        )


def fit(
    votes: Mapping[int, list[ImageVotes]],
    gold: Mapping[int, Mapping[str, RLE]],
    given: Mapping[int, Mapping[tuple[str, str], Given]],
    terms: Mapping[int, Terms],
) -> Beliefs:
    """Estimate from nothing but these: by label, each image's votes, the truth of gold images, when each answer was given, and when raters
    began to be judged anew."""
    choices = {i: choose(v, gold[i]) for i, v in votes.items()}
    raters, powers, advice = {}, {}, {}
    for i, v in votes.items():
        trail: Trail = {}
        anew = terms.get(i, {})
        apart, times = split(v, given[i], anew)
        model = with_newcomers(estimate(apart, gold[i], trail=trail), anew)
        seen = seen_in(apart, model, gold[i])
        told_by_name = advise(seen)
        bias = {rater: summarise(answers) for rater, answers in by_rater(seen).items()}
        raters[i] = fold(model, report(model, apart, gold[i], times, trail, bias), anew)
        # Of the newest term: what somebody did before they practised again was told then.
        advice[i] = {
            b.rater: told
            for b in raters[i]
            if (told := told_by_name.get(name_of(b.rater, len(anew.get(b.rater, ())))))
        }
        powers[i] = model.power
    return Beliefs(raters, powers, choices, advice)


def keep(conn: Connection, project_id: str, beliefs: Beliefs, clock: Clock) -> None:
    """Replace what was believed, tell of those raters of whom it changed, and note who came into quarantine or out of it, and why."""
    now = clock.now_us()
    before = store.quarantined(conn, project_id)
    for label_id, found in beliefs.raters.items():
        for changed in store.put_model(conn, project_id, label_id, found, now):
            told = beliefs.advice[label_id].get(changed.rater, [])
            _announce(conn, project_id, label_id, changed.report, told, clock)
        for one in found:
            if one.report.quarantined != ((label_id, one.rater) in before):
                decision = "quarantine" if one.report.quarantined else "lifted"
                where = (conn, project_id, one.rater, label_id)
                store_history.add_rater_decision(*where, decision, why(one), now)
    p = t.projects.c
    values = {"fitted_at": now, "choices": beliefs.chosen()}
    conn.execute(update(t.projects).where(p.project_id == project_id).values(**values))


def why(belief: Belief) -> str:
    """The evidence behind a quarantine or its end, in a sentence."""
    about = belief.report
    seen = f"{about.images} answers ({about.gold_images} on gold)"
    if about.quarantined:
        return f"Surely fewer than half of {seen} are honest ones of this object; mean Dice {belief.params.agreement:.2f}."
    if belief.since:
        return f"Judged anew since practice was passed again: {seen} since then."
    return f"It isn't sure any more that fewer than half of {seen} are honest; mean Dice {belief.params.agreement:.2f}."


def _announce(
    conn: Connection, project_id: str, label_id: int, about: RaterReport, told: Sequence[Advice], clock: Clock
) -> None:
    scored = RaterScored(
        project_id=project_id,
        rater_id=about.rater,
        label_id=label_id,
        reliability=about.reliability,
        low=about.low,
        high=about.high,
        images=about.images,
        quarantined=about.quarantined,
        # Who is in quarantine is told that, and how to get out of it.
        advice=[] if about.quarantined else [RaterAdvice(**asdict(one)) for one in told],
    )
    emit(conn, SERVICE, project_id, scored, clock=clock)
