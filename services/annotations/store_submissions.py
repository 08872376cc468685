"""One transaction for many submissions: the heart of intake.

`commit_batch` takes what several raters sent at about the same time and writes it with one set of statements. Each submission is
judged alone: a refusal is an outcome of that one, and the others go through.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client import Counter
from sqlalchemy import Connection, bindparam, insert, literal_column, select, update

from services.annotations import tables as t
from services.annotations.domain import gold as gold_rules
from services.annotations.domain import leases as lease_rules
from services.annotations.domain import quorum as quorum_rules
from services.annotations.domain import stats
from services.annotations.domain.answers import MaskOf, check_fits
from services.annotations.domain.leases import Action, State
from services.annotations.receipts import Outcome, Receipt, Submission
from services.annotations.records import AnyRow, masks_from_text, masks_to_text, parse_labels
from services.annotations.store import SERVICE, bump, retired_row
from services.annotations.store_leases import mark_lapsed, save_draft
from services.annotations.store_notes import note_row
from services.annotations.submission_rows import submission_row, submitted_row
from shared.db.outbox import emit_rows
from shared.db.rows import insert_rows, run_for_pairs
from shared.db.session import after_commit
from shared.errors import BrambleError, Conflict, NotFound
from shared.telemetry import use_context

OVERSHOOT = Counter(
    "bramble_annotations_overshoot_total",
    "Submissions beyond their task's quorum; only a lab that lowers it causes any.",
)

_s, _l, _k, _p, _r = t.submissions.c, t.leases.c, t.tasks.c, t.projects.c, t.raters.c
_SEEN = select(
    _s.rater_id, _s.client_key, _s.id, _s.lease_id, _s.task_id, _s.feedback, _s.next_available
).where(_s.client_key.in_(bindparam("keys", expanding=True)))
_FOUND = (
    select(
        _l.id.label("lease_id"), _l.rater_id, _l.state, _l.expires_at, _l.project_id, _l.task_id,
        _k.image_id, _k.height, _k.width, _k.image, _k.is_gold, _k.status, _k.quorum, _k.submissions,
        _p.labels, _p.gold_feedback, _p.accept_agreement,
    )
    .join(t.tasks, _k.id == _l.task_id)
    .join(t.projects, _p.id == _l.project_id)
    .where(_l.id.in_(bindparam("ids", expanding=True)))
    .order_by(_k.id)
)  # fmt: skip
_FOUND_LOCKED = _FOUND.with_for_update(of=(t.tasks, t.leases))
_GOLD = select(t.gold.c.task_id, t.gold.c.masks).where(t.gold.c.task_id.in_(bindparam("ids", expanding=True)))
_LAST = select(_s.id, _s.gold_dice, _s.consensus_seen_at).where(
    _s.task_id == bindparam("t"), _s.rater_id == bindparam("r"), _s.superseded_by.is_(None)
)
_OPEN = select(_k.project_id).where(_k.project_id == bindparam("p"), _k.need > literal_column("0")).limit(1)
_CLOSE = (
    update(t.leases)
    .where(_l.id.in_(bindparam("b_leases", expanding=True)))
    .values(state=literal_column(str(int(State.SUBMITTED))), closed_at=bindparam("b_now"))
)
_TASKS = (
    update(t.tasks)
    .where(_k.id.in_(bindparam("b_tasks", expanding=True)))
    .values(
        submissions=_k.submissions + bindparam("b_n"),
        leases=_k.leases - bindparam("b_n"),
        status=bindparam("b_status"),
    )
)
_PAIR = ("rater_id", "task_id")
_DONE = f"UPDATE {t.rater_tasks.name} SET state = {t.DONE}"
_UNDRAFT = f"DELETE FROM {t.drafts.name}"
_SUPERSEDE = update(t.submissions).where(_s.id == bindparam("b_id")).values(superseded_by=bindparam("b_by"))
_RATERS = select(t.raters).where(
    _r.project_id.in_(bindparam("projects", expanding=True)),
    _r.rater_id.in_(bindparam("raters", expanding=True)),
)
_RATERS_ORDERED = _RATERS.order_by(_r.project_id, _r.rater_id).with_for_update()
_RATER_FIELDS = ("submissions", "gold_seen", "gold_total", "gold_squares", "last_day", "today", "streak")


@dataclass
class _Task:
    """A task's counts while the batch is worked through; two submissions of one batch may concern one task."""

    row: AnyRow
    submissions: int
    status: str


class _Batch:
    """The rows that the batch reads and will write."""

    def __init__(self, conn: Connection, pack: str, now: int) -> None:
        self.conn, self.pack, self.now = conn, pack, now
        self.seen: dict[tuple[str, str], AnyRow | Submission] = {}
        self.found: dict[str, AnyRow] = {}
        self.lease_states: dict[str, State] = {}
        self.tasks: dict[str, _Task] = {}
        self.gold: dict[str, str] = {}
        self.places: dict[str, bool] = {}
        self.raters: dict[tuple[str, str], dict[str, Any]] = {}
        self.last: dict[tuple[str, str], tuple[str, str | None]] = {}
        self.rows: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.closed: list[AnyRow] = []
        self.superseded: list[dict[str, Any]] = []
        self.outbox: list[dict[str, object]] = []
        self.deltas: dict[str, dict[str, int]] = {}

    def read(self, batch: Sequence[Submission]) -> None:
        conn = self.conn
        sqlite = conn.dialect.name == "sqlite"
        found = conn.execute(
            _FOUND if sqlite else _FOUND_LOCKED, {"ids": sorted({s.lease_id for s in batch})}
        ).all()
        for row in found:
            self.found[row.lease_id] = row
            self.lease_states[row.lease_id] = lease_rules.effective(
                State(row.state), row.expires_at, self.now
            )
            self.tasks[row.task_id] = _Task(row, row.submissions, row.status)
        # After the lock: whoever held it may have stored the very same answer.
        keys = sorted({s.answer.client_key for s in batch})
        for seen in conn.execute(_SEEN, {"keys": keys}):
            self.seen[seen.rater_id, seen.client_key] = seen
        golden = [row.task_id for row in found if row.is_gold]
        if golden:
            self.gold = {row.task_id: row.masks for row in conn.execute(_GOLD, {"ids": golden})}
        who = {
            "projects": sorted({row.project_id for row in found}),
            "raters": sorted({row.rater_id for row in found}),
        }
        if found:
            for rater in conn.execute(_RATERS if sqlite else _RATERS_ORDERED, who):
                self.raters[rater.project_id, rater.rater_id] = dict(rater._mapping)

    def delta(self, project_id: str, name: str, by: int) -> None:
        counts = self.deltas.setdefault(project_id, {})
        counts[name] = counts.get(name, 0) + by

    def has_places(self, project_id: str) -> bool:
        if project_id not in self.places:
            self.places[project_id] = self.conn.execute(_OPEN, {"p": project_id}).first() is not None
        return self.places[project_id]

    def write(self) -> None:
        conn = self.conn
        if not self.rows:
            return
        insert_rows(conn, t.submissions, self.rows)
        if self.notes:
            conn.execute(insert(t.notes), self.notes)
        if self.superseded:
            conn.execute(_SUPERSEDE, self.superseded)
        if self.closed:
            conn.execute(_CLOSE, {"b_leases": [lease.lease_id for lease in self.closed], "b_now": self.now})
            self._write_tasks()
            pairs = [(lease.rater_id, lease.task_id) for lease in self.closed]
            run_for_pairs(conn, _DONE, _PAIR, pairs)
            run_for_pairs(conn, _UNDRAFT, _PAIR, pairs)
        changed = sorted({(row["project_id"], row["rater_id"]) for row in self.rows})
        # Each row is there: the lease made it, and it was read under this transaction's lock.
        insert_rows(conn, t.raters, [self.raters[key] for key in changed], update=_RATER_FIELDS)
        for project_id in sorted(self.deltas):
            bump(conn, project_id, **self.deltas[project_id])
        overshoot = sum(deltas.get("overshoot", 0) for deltas in self.deltas.values())
        if overshoot:
            after_commit(conn, lambda: OVERSHOOT.inc(overshoot))
        emit_rows(conn, SERVICE, self.outbox)

    def _write_tasks(self) -> None:
        """The tasks' counts; those that change alike by one statement."""
        answers = collections.Counter(lease.task_id for lease in self.closed)
        alike: dict[tuple[int, str], list[str]] = {}
        for task_id, n in sorted(answers.items()):
            alike.setdefault((n, self.tasks[task_id].status), []).append(task_id)
        for (n, status), ids in alike.items():
            self.conn.execute(_TASKS, {"b_tasks": ids, "b_n": n, "b_status": status})


def commit_batch(conn: Connection, pack: str, batch: Sequence[Submission], now: int) -> list[Outcome]:
    """Judge and store `batch` in the transaction of `conn`; the masks lie in the blob `pack` already.

    Answers one outcome a submission, in order: a `Receipt`, or the error to tell. An expired lease's masks become its draft.
    """
    work = _Batch(conn, pack, now)
    work.read(batch)
    outcomes: list[Outcome] = []
    receipts: dict[str, Receipt] = {}
    for submission in batch:
        try:
            receipt = _replay(work, submission, receipts) or _accept(work, submission)
            receipts[submission.id] = receipt
            outcomes.append(receipt)
        except BrambleError as error:
            outcomes.append(error)
    work.write()
    return outcomes


def _replay(work: _Batch, submission: Submission, receipts: Mapping[str, Receipt]) -> Receipt | None:
    """The receipt of an answer that was stored before, in the database or earlier in this batch."""
    key = (submission.rater_id, submission.answer.client_key)
    seen = work.seen.get(key)
    if seen is None:
        return None
    if seen.lease_id != submission.lease_id:
        raise Conflict(
            "This client_key was used for another image; make a new one for each answer.",
            code="client-key-reused",
        )
    if isinstance(seen, Submission):
        first = receipts[seen.id]
        return Receipt(
            first.submission_id, first.task_id, first.feedback, first.next_available, created=False
        )
    return Receipt(seen.id, seen.task_id, seen.feedback, bool(seen.next_available), created=False)


def _accept(work: _Batch, submission: Submission) -> Receipt:
    row = work.found.get(submission.lease_id)
    if row is None:
        raise NotFound("There is no such lease; ask for the next task.")
    answer, rater_id, labels = submission.answer, submission.rater_id, parse_labels(row.labels)
    label_ids = [label.id for label in labels]
    state = work.lease_states[row.lease_id]
    owner = row.rater_id == rater_id
    if owner:
        # Before the lease, so that only what fits is kept as the draft of an expired one.
        if row.status == quorum_rules.DELETED:
            raise lease_rules.image_deleted()
        check_fits(answer.masks, height=row.height, width=row.width, label_ids=label_ids)
        if state is State.EXPIRED:
            _keep_draft(work, row, answer.masks)
    lease_rules.check(state, Action.SUBMIT, owner=owner)

    task = work.tasks[row.task_id]
    supersedes, dice, feedback, retired = "", None, None, False
    rater = work.raters[row.project_id, rater_id]
    if state is State.SUBMITTED:
        supersedes, dice = _previous(work, row)
        work.superseded.append({"b_id": supersedes, "b_by": submission.id})
    else:
        retired = _count(work, row, task, rater)
    if row.is_gold and row.task_id in work.gold:
        scores = gold_rules.score(label_ids, answer.masks, masks_from_text(work.gold[row.task_id]))
        if (
            not supersedes
        ):  # after the feedback anybody can draw the reference: only the first answer measures
            dice = orjson.dumps({str(s.label_id): round(s.dice, 6) for s in scores}).decode()
            mean = gold_rules.mean_dice(scores)
            rater["gold_seen"] += 1
            rater["gold_total"] += mean
            rater["gold_squares"] += mean * mean
        if row.gold_feedback:
            reference = orjson.Fragment(work.gold[row.task_id])
            feedback = orjson.dumps(
                {"labels": [s.to_json() for s in scores], "reference": reference}
            ).decode()

    receipt = Receipt(submission.id, row.task_id, feedback, work.has_places(row.project_id))
    work.seen[rater_id, answer.client_key] = submission
    work.last[row.task_id, rater_id] = (submission.id, dice)
    work.rows.append(
        submission_row(work.pack, work.now, submission, row, receipt, label_ids, supersedes, dice)
    )
    if answer.unsure or answer.comment:
        work.notes.append(
            note_row(
                project_id=row.project_id,
                image_id=row.image_id,
                rater_id=rater_id,
                kind="unsure" if answer.unsure else "comment",
                text=answer.comment,
                now=work.now,
                submission_id=submission.id,
            )
        )
    with use_context(submission.context.correlation_id, submission.context.traceparent):
        work.outbox.append(submitted_row(work.pack, work.now, submission, row, label_ids, supersedes, dice))
        if retired:
            work.outbox.append(
                retired_row(row.task_id, row.project_id, row.image_id, task.submissions, work.now)
            )
    return receipt


def _count(work: _Batch, row: AnyRow, task: _Task, rater: dict[str, Any]) -> bool:
    """The lease's place becomes an answer: the sum of both, and with it `need`, stays. True: the task retires by it."""
    project_id = row.project_id
    work.lease_states[row.lease_id] = State.SUBMITTED
    work.closed.append(row)
    task.submissions += 1
    if rater["submissions"] == 0:
        work.delta(project_id, "raters", 1)
    rater["submissions"] += 1
    day = stats.day_of(work.now)
    days = stats.advance_days(rater["last_day"], rater["today"], rater["streak"], day)
    rater["last_day"], rater["today"], rater["streak"] = days
    work.delta(project_id, "submissions", 1)
    work.delta(project_id, "leases", -1)
    if quorum_rules.overshoots(quorum=row.quorum, submissions=task.submissions, is_gold=row.is_gold):
        work.delta(project_id, "overshoot", 1)
    done = quorum_rules.is_done(quorum=row.quorum, submissions=task.submissions, is_gold=row.is_gold)
    if not done or task.status != quorum_rules.OPEN:
        return False
    task.status = quorum_rules.RETIRED
    work.delta(project_id, "open", -1)
    work.delta(project_id, "retired", 1)
    return True


def _previous(work: _Batch, row: AnyRow) -> tuple[str, str | None]:
    """The rater's standing answer to the task (id, gold_dice), which the new one supersedes."""
    key = (row.task_id, row.rater_id)
    if key not in work.last:
        last = work.conn.execute(_LAST, {"t": row.task_id, "r": row.rater_id}).one()
        if last.consensus_seen_at is not None:
            raise Conflict(
                "You have been shown what others drew on this image, so your answer to it can't change any more.",
                code="consensus-seen",
            )
        work.last[key] = (last.id, last.gold_dice)
    return work.last[key]


def _keep_draft(work: _Batch, row: AnyRow, masks: Sequence[MaskOf]) -> None:
    save_draft(work.conn, row.rater_id, row.task_id, masks_to_text(masks), work.now)
    mark_lapsed(work.conn, row.rater_id, row.task_id, row.project_id)
