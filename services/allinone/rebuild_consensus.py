"""The consensus computed again from the acknowledged submissions, compared with what is stored, and where that is wrong put right.

What annotations acknowledged is the truth. From it follow the votes that consensus keeps, from the votes what is believed of the raters,
and from both every image's newest version, which its list and its blobs repeat. Nothing of the history goes: a version that was wrong is
superseded by a further one, which is announced like any other. Gold itself is taken as consensus keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, func, select

from services.allinone.migrate import load_tables
from services.annotations import acknowledged, store_appeal
from services.annotations.domain.project import labels_from_json
from services.consensus import store, store_history, store_votes
from services.consensus import tables as t
from services.consensus.domain.hierarchical import RaterModel, RaterParams
from services.consensus.domain.votes import ImageVotes
from services.consensus.estimator import Beliefs, fit, keep
from services.consensus.evidence import Evidence, Stored, Submitted, compare
from services.consensus.recompute import Finding, Image, examine, repair
from shared.blobs import BlobStore, create_blobs
from shared.clock import Clock, SystemClock
from shared.contracts.bramble.common.v1.common_pb2 import ImageRef
from shared.db.outbox import outbox_table
from shared.db.session import Database
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an image, or with `image_id` "" of what all images of the project share.

    `wrong`: in words, [] where all was as it must be. `version`: the one that was appended, or None. `left`: something is still wrong,
    because it was only checked, or because nothing here can put it right.
    """

    project_id: str
    image_id: str
    wrong: list[str]
    version: int | None
    left: bool


class Rebuild:
    """One installation's databases and blobs. Use as a context manager; safe to run again, and beside the services."""

    def __init__(self, settings: Settings, *, check: bool = False, drop: bool = False) -> None:
        """`check`: write nothing. `drop`: take votes away that no submission stands behind."""
        load_tables()
        self._check, self._drop = check, drop
        self._clock: Clock = SystemClock()
        self._stack = ExitStack()
        self._annotations = self._stack.enter_context(
            closing(Database(settings.database_url_for("annotations")))
        )
        self._consensus = self._stack.enter_context(closing(Database(settings.database_url_for("consensus"))))
        self._blobs: BlobStore = self._stack.enter_context(
            closing(create_blobs(settings.blob_url, settings.data_dir))
        )

    def __enter__(self) -> Rebuild:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def project_ids(self) -> list[str]:
        """All projects."""
        with self._annotations.read() as conn:
            return acknowledged.project_ids(conn)

    def waiting(self) -> bool:
        """Whether consensus hasn't caught up: events wait to be published, votes to be merged, or raters to be estimated. What lies on the
        bus can't be seen from here."""
        with self._annotations.read() as conn:
            mine = outbox_table.c.service == "annotations"
            unsent = conn.execute(select(func.count()).select_from(outbox_table).where(mine)).scalar_one()
        with self._consensus.read() as conn:
            unmerged, _ = store_votes.dirty_state(conn)
            p = t.projects.c
            stale = conn.execute(
                select(func.count()).select_from(t.projects).where(p.arrived > p.counted)
            ).scalar_one()
        return bool(unsent or unmerged or stale)

    def project(self, project_id: str) -> Iterator[Outcome]:
        """Compare a project and, unless it is only checked, put it right: an outcome for what its images share, then one for each image
        with votes. Raises NotFound; Unavailable where a database or the object store doesn't answer."""
        # Votes first: each of them follows a submission, so that none which arrives meanwhile looks like nobody's.
        with self._consensus.read() as conn:
            stored = store_votes.votes_in(conn, project_id)
        with self._annotations.read() as conn:
            about = acknowledged.project(conn, project_id)
            tasks = acknowledged.tasks(conn, project_id)
            answers = acknowledged.answers(conn, self._blobs, project_id)
            submitted = [_submitted(project_id, a, tasks, stored) for a in answers]
        labels = labels_from_json(json.loads(about.labels))
        evidence = compare(stored, submitted, [label.id for label in labels], drop=self._drop)
        wrong: list[str] = []
        with self._consensus.read() as conn:
            unknown = _unknown(conn, project_id, evidence, tasks)
            if submitted and not _is_known(conn, project_id):
                wrong.append("consensus doesn't know the project")
        if not self._check:
            with self._consensus.begin() as conn:
                if wrong:
                    names = json.dumps([{"id": label.id, "name": label.name} for label in labels])
                    figures = {"quorum": about.quorum, "accept_agreement": about.accept_agreement}
                    store.put_project(conn, project_id, labels=names, **figures)
                store_votes.put_images(conn, [_news(tasks[i], about) for i in sorted(unknown)])
                store_votes.put_back(conn, [v for votes in evidence.back.values() for v in votes])
                store_votes.drop(conn, [k for keys in evidence.gone.values() for k in keys])
        beliefs = self._beliefs(project_id, evidence, wrong)
        yield Outcome(project_id, "", wrong, None, self._check and bool(wrong))
        with self._consensus.read() as conn:
            project = store.project(conn, project_id) if _is_known(conn, project_id) else None
            images = set(store.merged_images(conn, project_id))
        for image_id in sorted(images | unknown | set(evidence.wrong)):
            if image_id in images and project is not None:
                yield self._image(project, image_id, evidence, beliefs)
                continue
            more = ["consensus doesn't know it"] if image_id in unknown else []
            said = [*evidence.wrong.get(image_id, []), *more]
            left = image_id in evidence.left or (self._check and bool(said))
            yield Outcome(project_id, image_id, said, None, left)

    def _beliefs(self, project_id: str, evidence: Evidence, wrong: list[str]) -> Beliefs:
        """What follows of the raters; kept where it isn't what is stored, and said in `wrong`."""
        votes = evidence.of_labels()
        with self._consensus.read() as conn:
            gold = {i: store.gold_of(conn, project_id, i) for i in votes}
            stored = {
                (r.label_id, r.rater_id): (r.params, r.since, r.earlier)
                for r in store.rater_rows(conn, project_id)
            }
            choices = store.project(conn, project_id).choices if _is_known(conn, project_id) else ""
        beliefs = fit(votes, gold, {i: evidence.given(i) for i in votes}, self._terms(project_id, wrong))
        must = {
            (i, b.rater): tuple(store.kept_of(b).values())
            for i, found in beliefs.raters.items()
            for b in found
        }
        changed = {k[1] for k in {*must, *stored} if must.get(k) != stored.get(k)}
        if changed:
            wrong.append(f"{len(changed)} raters are believed to be other than their answers say")
        if votes and choices != beliefs.chosen():
            wrong.append("the method of merging is other than the answers say")
        if wrong and votes and not self._check:
            with self._consensus.begin() as conn:
                keep(conn, project_id, beliefs, self._clock)
        return beliefs

    def _terms(self, project_id: str, wrong: list[str]) -> dict[int, dict[str, list[int]]]:
        """When raters passed practice again, as annotations know it; put back where consensus doesn't."""
        with self._annotations.read() as conn:
            appeals = store_appeal.passed(conn, project_id)
        must: dict[int, dict[str, list[int]]] = {}
        for row in appeals:
            for label in json.loads(row.label_ids):
                must.setdefault(label, {}).setdefault(row.rater_id, []).append(row.closed_at)
        with self._consensus.read() as conn:
            have = store_history.terms_of(conn, project_id)
        if have != must:
            wrong.append("appeals that raters passed are missing")
            if not self._check:
                with self._consensus.begin() as conn:
                    for row in appeals:
                        dices = [dice for _, dice in json.loads(row.dices)]
                        store_history.add_appeal(conn, store_appeal.to_event(row, row.closed_at, dices))
        return must

    def _image(self, project: Row[Any], image_id: str, evidence: Evidence, beliefs: Beliefs) -> Outcome:
        votes, submissions = evidence.of_image(image_id)
        said = evidence.wrong.get(image_id, [])
        basis = {i: _basis(project, i, v, beliefs, evidence) for i, v in votes.items()}

        def look(conn: Connection) -> tuple[Image, Finding] | None:
            row = store.find_image(conn, image_id)
            if row is None or row.is_gold:
                return None  # since a moment
            image = Image(row, project, votes, submissions, basis)
            return image, examine(conn, self._blobs, image)

        version = None
        with self._consensus.read() as conn:
            seen = look(conn)
        if seen is not None and seen[1].wrong and not self._check:
            with self._consensus.begin() as conn:
                seen = look(conn)
                if seen is not None:
                    version = repair(conn, self._blobs, self._clock, *seen)
        found = seen[1] if seen is not None else Finding()
        wrong = [*said, *found.wrong]
        left = image_id in evidence.left or found.lost or (self._check and bool(wrong))
        return Outcome(project.project_id, image_id, wrong, version, left)


def _submitted(
    project_id: str, answer: acknowledged.Answer, tasks: Mapping[str, Row[Any]], stored: Stored
) -> Submitted:
    masks, damaged = {}, set()
    for drawn in answer.drawn:
        _, vote = stored.get((answer.submission_id, drawn.label_id), ("", None))
        if drawn.mask is not None:
            masks[drawn.label_id] = drawn.mask
        elif vote is not None and sha256(vote.mask.counts).hexdigest() == drawn.sha256:
            masks[drawn.label_id] = vote.mask  # consensus has it still, to the bit
        else:
            damaged.add(drawn.label_id)
    task = tasks[answer.image_id]
    return Submitted(
        submission_id=answer.submission_id,
        project_id=project_id,
        image_id=answer.image_id,
        rater_id=answer.rater_id,
        masks=masks,
        damaged=frozenset(damaged),
        size=(task.height, task.width),
        label_ids=answer.label_ids,
        gold_dice=answer.gold_dice,
        duration_ms=answer.duration_ms,
        created_at=answer.created_at,
    )


def _is_known(conn: Connection, project_id: str) -> bool:
    query = select(t.projects.c.project_id).where(t.projects.c.project_id == project_id)
    return conn.execute(query).first() is not None


def _unknown(
    conn: Connection, project_id: str, evidence: Evidence, tasks: Mapping[str, Row[Any]]
) -> set[str]:
    """Images with votes that have no row."""
    known = set(
        conn.execute(select(t.images.c.image_id).where(t.images.c.project_id == project_id)).scalars()
    )
    return {v.image_id for v in evidence.votes if v.image_id in tasks} - known


def _news(task: Row[Any], about: Row[Any]) -> store_votes.ImageNews:
    ref = ImageRef.FromString(task.image)
    return store_votes.ImageNews(ref, task.quorum, about.accept_agreement, bool(task.is_gold), 0)


def _basis(
    project: Row[Any], label: int, votes: ImageVotes, beliefs: Beliefs, evidence: Evidence
) -> tuple[str, RaterModel]:
    """Method and model of one image's label, as `store.method_of` and `store.model` read them back."""
    method = beliefs.choices[label].method if project.method == "auto" else str(project.method)
    known = {b.rater: b for b in beliefs.raters[label] if b.rater in votes.raters}
    given = evidence.given(label) if any(b.since for b in known.values()) else {}
    raters = {r: known[r].params if r in known else RaterParams() for r in votes.raters}
    raters |= {r: b.at(given[votes.image, r].at) for r, b in known.items() if b.since}
    return method, RaterModel(raters, power=beliefs.powers[label])
