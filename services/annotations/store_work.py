"""A rater's own work, badges and rank in the tables. Every function works in the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, update

from services.annotations import tables as t
from services.annotations.domain import badges as rules
from services.annotations.domain import stats
from services.annotations.domain.quorum import DELETED, RETIRED
from services.annotations.records import AnyRow
from shared.db.upsert import upsert
from shared.errors import NotFound

#: Gold answers from which a rater has a rank: below, the interval says nothing.
RANKED_FROM = 3
MOST_RANKED = 1000

_s, _k, _r = t.submissions.c, t.tasks.c, t.raters.c
_WORK = (
    select(
        _s.id, _s.project_id, _s.image_id, _s.created_at, _s.nothing_here, _s.pack, _s.masks, _s.task_id,
        _k.image_json, ((_k.status == RETIRED) & _k.is_gold.is_(False)).label("finished"),
    )
    .join(t.tasks, _k.id == _s.task_id)
    .where(_s.superseded_by.is_(None), _k.status != DELETED)
)  # fmt: skip


def of_rater(
    conn: Connection, rater_id: str, *, project_id: str | None, before: str, limit: int
) -> list[AnyRow]:
    """The rater's standing answers, newest first, on images that are still there. Gold looks like unfinished work."""
    query = _WORK.where(_s.rater_id == rater_id).order_by(_s.id.desc()).limit(limit)
    if project_id:
        query = query.where(_s.project_id == project_id)
    return list(conn.execute(query.where(_s.id < before) if before else query))


def find(conn: Connection, rater_id: str, submission_id: str) -> AnyRow:
    """The rater's own standing answer; NotFound for anybody else's."""
    row = conn.execute(_WORK.where(_s.id == submission_id, _s.rater_id == rater_id)).first()
    if row is None:
        raise NotFound("You have no such answer.")
    return row


def mark_seen(conn: Connection, submission_id: str, now: int) -> None:
    """Note that the rater is shown the consensus, before it is shown: from now on the answer stands."""
    unseen = (_s.id == submission_id) & _s.consensus_seen_at.is_(None)
    conn.execute(update(t.submissions).where(unseen).values(consensus_seen_at=now))


def facts(conn: Connection, rater_id: str, rows: list[Any]) -> rules.Facts:
    """What badges are given for; `rows` are the rater's rows of all projects."""
    seen = sum(row.gold_seen for row in rows)
    interval = stats.gold_interval(
        seen, sum(row.gold_total for row in rows), sum(row.gold_squares for row in rows)
    )
    p, n = t.practice.c, t.notes.c
    passed = (
        select(func.count())
        .select_from(t.practice.join(t.projects, t.projects.c.id == p.project_id))
        .where(p.rater_id == rater_id, p.best >= t.projects.c.practice_dice)
    )
    resolved = select(func.count()).where(
        n.rater_id == rater_id, n.resolved_at.is_not(None), n.kind != "skip"
    )
    looked = select(func.count()).where(_s.rater_id == rater_id, _s.consensus_seen_at.is_not(None))
    return rules.Facts(
        submissions=sum(row.submissions for row in rows),
        gold_seen=seen,
        gold_low=interval["low"] if interval else None,
        practised=int(conn.execute(passed).scalar_one()),
        notes_resolved=int(conn.execute(resolved).scalar_one()),
        consensus_seen=int(conn.execute(looked).scalar_one()),
    )


def badges_of(conn: Connection, rater_id: str) -> dict[str, int]:
    """Badge → when it was earned (µs)."""
    b = t.badges.c
    query = select(b.code, b.earned_at).where(b.rater_id == rater_id)
    return {row.code: row.earned_at for row in conn.execute(query)}


def give_badges(conn: Connection, rater_id: str, codes: list[str], now: int) -> None:
    """Keep newly earned badges."""
    for code in codes:
        row = {"rater_id": rater_id, "code": code, "earned_at": now}
        conn.execute(upsert(conn.dialect.name, t.badges).values(row).on_conflict_do_nothing())


def ranking(conn: Connection, project_id: str) -> list[dict[str, Any]]:
    """Raters by the lower end of their interval of Dice on gold: quality that is sure, however much they did."""
    query = select(_r.rater_id, _r.submissions, _r.gold_seen, _r.gold_total, _r.gold_squares)
    query = query.where(_r.project_id == project_id, _r.gold_seen >= RANKED_FROM)
    found = [
        {
            "rater_id": row.rater_id,
            "submissions": row.submissions,
            "gold_seen": row.gold_seen,
            "gold_dice": stats.gold_interval(row.gold_seen, row.gold_total, row.gold_squares),
        }
        for row in conn.execute(query)
    ]
    found.sort(key=lambda row: (-row["gold_dice"]["low"], -row["gold_dice"]["mean"], row["rater_id"]))
    return found[:MOST_RANKED]
