"""The tables that annotations owns. Times are UTC microseconds; ids are UUIDv7 text; masks are COCO RLE.

Two orders carry the hot paths:

- `annotations_tasks.stamp` is drawn from the project's counter row under its lock and never repeats. A task gets a new stamp
  whenever its `need` changes, so within one (project, need) it is a queue in which newcomers are always behind. A rater's
  `annotations_cursors` row says up to which stamp everything is done, skipped or held by that rater; later requests start
  behind it, so a rater who did thousands scans none of them (docs/annotations.md).
- `annotations_counters` is updated in the transaction of each change; nothing ever counts rows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from shared.db.partial import partial_index
from shared.db.session import metadata

ID = String(36)
NAME = String(64)  # a rater: an account id, or the name of a service


def _n(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0, server_default=text("0"))


def _us(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


projects = Table(
    "annotations_projects",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("summary", Text, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("labels", Text, nullable=False),  # JSON list of domain.project.Label
    Column("quorum", Integer, nullable=False),
    Column("gold_share", Float, nullable=False),
    Column("gold_feedback", Boolean, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("accept_agreement", Float, nullable=False),
    Column("lease_seconds", Integer, nullable=False),
    Column("show_proposals", Boolean, nullable=False),
    Column("task_order", String(8), nullable=False),
    Column("status", String(8), nullable=False),
    Column("owner_id", NAME, nullable=False, index=True),
    # How a volunteer comes to real work: so many practice images with at least this Dice; 0 asks for none.
    Column("practice_required", Integer, nullable=False, default=0, server_default=text("0")),
    Column("practice_dice", Float, nullable=False, default=0.7, server_default=text("0.7")),
    # Markdown: what came of the labels (papers, models), for those who drew them.
    Column("outcomes", Text, nullable=False, default="", server_default=text("''")),
    # Dynamic overlap: labels an image at least and at most (0: `quorum` is all there is), and the Dice that is aimed at.
    _n("overlap_least"),
    _n("overlap_most"),
    Column("overlap_dice", Float, nullable=False, default=0.9, server_default=text("0.9")),
    # More gold for newcomers and for raters whose work is in doubt; `gold_share` is what it comes down to.
    Column("gold_adaptive", Boolean, nullable=False, default=False, server_default=text("false")),
    # Share of the answers that are asked for without a proposal, so that its pull can be measured.
    Column("proposal_control", Float, nullable=False, default=0.0, server_default=text("0")),
    _us("created_at"),
    _us("updated_at"),
)

counters = Table(
    "annotations_counters",
    metadata,
    Column("project_id", ID, primary_key=True),
    Column("seq", BigInteger, nullable=False, default=0, server_default=text("0")),
    *[
        _n(name)
        for name in (
            "images",
            "gold",
            "practice",
            "open",
            "retired",
            "submissions",
            "raters",
            "leases",
            "overshoot",
        )
    ],
)

tasks = Table(
    "annotations_tasks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("image_id", ID, nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("image", LargeBinary, nullable=False),  # bramble.common.v1.ImageRef, for events
    Column("image_json", Text, nullable=False),  # the public ImageRef, for `next`
    Column("status", String(8), nullable=False),
    Column("is_gold", Boolean, nullable=False),
    # Gold that shows its reference to whoever asks, so it measures nobody and is never handed out as work.
    Column("is_practice", Boolean, nullable=False, default=False, server_default=text("false")),
    Column("has_proposal", Boolean, nullable=False, default=False, server_default=text("false")),
    Column("quorum", Integer, nullable=False),
    _n("submissions"),
    _n("leases"),
    _n("need"),
    Column("stamp", BigInteger, nullable=False),
    _us("created_at"),
    UniqueConstraint("project_id", "image_id"),
    Index("ix_annotations_tasks_list", "project_id", "status", "id"),
)
# Not partial (`need > 0`): SQLite's planner then prefers that range to the equality that each query has.
Index("ix_annotations_tasks_queue", tasks.c.project_id, tasks.c.need, tasks.c.stamp)
# SQLite knows no booleans: SQLAlchemy asks it for `is_gold = 1`, and a partial index serves only the very same words.
partial_index(
    "ix_annotations_tasks_gold", tasks.c.project_id, tasks.c.stamp, where="is_gold", sqlite="is_gold = 1"
)

gold = Table(
    "annotations_gold",
    metadata,
    Column("task_id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("image_id", ID, nullable=False),
    Column("masks", Text, nullable=False),  # JSON list of {"label_id", "rle"}; [] is the truth "nothing here"
    _us("created_at"),
    UniqueConstraint("project_id", "image_id"),
)

leases = Table(
    "annotations_leases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("task_id", ID, nullable=False),
    Column("rater_id", NAME, nullable=False),
    Column("state", Integer, nullable=False),  # domain.leases.State
    _us("created_at"),
    _us("expires_at"),
    _us("closed_at", nullable=True),
    Column("reason", String(500)),
    # Which of the rater's places in the project a live lease takes, from 0: bounds how many a rater holds, and makes two requests at
    # the same moment collide instead of taking one more each.
    _n("slot"),
)
_LIVE = "state = 0"
partial_index(
    "uq_annotations_leases_live",
    leases.c.project_id,
    leases.c.rater_id,
    leases.c.slot,
    unique=True,
    where=_LIVE,
)
partial_index(
    "uq_annotations_leases_live_task",
    leases.c.task_id,
    leases.c.rater_id,
    unique=True,
    where=_LIVE,
)
partial_index("ix_annotations_leases_expiry", leases.c.expires_at, where=_LIVE)

#: What a rater has to do with a task: HELD, DONE and SKIPPED tasks aren't offered; LAPSED ones (with a draft) come first.
rater_tasks = Table(
    "annotations_rater_tasks",
    metadata,
    Column("rater_id", NAME, primary_key=True),
    Column("task_id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("state", Integer, nullable=False),
)
HELD, DONE, SKIPPED, LAPSED = 1, 2, 3, 4
partial_index(
    "ix_annotations_rater_tasks_lapsed",
    rater_tasks.c.project_id,
    rater_tasks.c.rater_id,
    where="state = 4",
)

drafts = Table(
    "annotations_drafts",
    metadata,
    Column("rater_id", NAME, primary_key=True),
    Column("task_id", ID, primary_key=True),
    Column("masks", Text, nullable=False),
    _us("updated_at"),
)

cursors = Table(
    "annotations_cursors",
    metadata,
    Column("project_id", ID, primary_key=True),
    Column("rater_id", NAME, primary_key=True),
    Column("need", Integer, primary_key=True, autoincrement=False),
    Column("stamp", BigInteger, nullable=False),
)

raters = Table(
    "annotations_raters",
    metadata,
    Column("project_id", ID, primary_key=True),
    Column("rater_id", NAME, primary_key=True, index=True),
    _n("turns"),
    _n("submissions"),
    _n("gold_seen"),
    Column("gold_total", Float, nullable=False, default=0.0, server_default=text("0")),
    Column("gold_squares", Float, nullable=False, default=0.0, server_default=text("0")),
    Column("gold_stamp", BigInteger),  # where on the round of gold the rater is; NULL: not begun
    Column("gold_wrapped", Boolean, nullable=False, default=False, server_default=text("false")),
    _n("last_day"),
    _n("today"),
    _n("streak"),
    Column(
        "quarantined", Text, nullable=False, default="", server_default=text("''")
    ),  # ids of labels, comma-separated
)

submissions = Table(
    "annotations_submissions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("task_id", ID, nullable=False),
    Column("image_id", ID, nullable=False),
    Column("rater_id", NAME, nullable=False),
    Column("lease_id", ID, nullable=False),
    Column("client_key", String(128), nullable=False),
    Column("pack", String(200), nullable=False),  # blob that holds the masks; "" for none
    Column(
        "masks", Text, nullable=False
    ),  # JSON list of [label_id, height, width, area, offset, length, sha256]
    # JSON list of the labels that were asked for; NULL: stored before this was kept. An empty mask leaves no other trace.
    Column("label_ids", Text),
    Column("nothing_here", Boolean, nullable=False),
    Column("is_gold", Boolean, nullable=False),
    Column("gold_dice", Text),  # JSON {label_id: dice} of the rater's first answer
    Column("feedback", Text),  # JSON as it was answered, so that a repeated request is answered alike
    Column("next_available", Boolean, nullable=False),
    Column("supersedes", ID),
    Column("superseded_by", ID),
    Column("duration_ms", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("proposal_shown", Boolean, nullable=False),
    Column("unsure", Boolean, nullable=False),
    Column("comment", Text, nullable=False),
    # When its rater was shown the consensus beside it; from then on the answer stands, because a new one would be a copy.
    _us("consensus_seen_at", nullable=True),
    _us("created_at"),
    UniqueConstraint(
        "client_key", "rater_id"
    ),  # in this order: SQLite looks a list of keys up, but scans for a list of pairs
    Index("ix_annotations_submissions_list", "project_id", "id"),
    Index("ix_annotations_submissions_task", "task_id", "rater_id"),
    Index("ix_annotations_submissions_rater", "rater_id", "id"),  # a rater's own work, newest first
)

#: How a rater did on practice images. `best` and `last` are Dice 0..1, the mean over the labels that are there or were drawn.
practice = Table(
    "annotations_practice",
    metadata,
    Column("rater_id", NAME, primary_key=True),
    Column("task_id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    _n("attempts"),
    Column("best", Float, nullable=False),
    Column("last", Float, nullable=False),
    _us("updated_at"),
    Index("ix_annotations_practice_rater", "project_id", "rater_id"),
)

#: A rater in quarantine who practises again: on `task_ids`, whose reference they hadn't seen; only the first attempt counts.
appeals = Table(
    "annotations_appeals",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("rater_id", NAME, nullable=False),
    Column("label_ids", Text, nullable=False),  # JSON list: what they were in quarantine for
    Column("task_ids", Text, nullable=False),  # JSON list
    Column("dices", Text, nullable=False),  # JSON list of [task id, Dice], in order of time
    Column("needed", Integer, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("state", String(8), nullable=False),  # domain.appeal: open, passed, failed, void
    _us("created_at"),
    _us("closed_at", nullable=True),
    Index("ix_annotations_appeals_rater", "project_id", "rater_id"),
)
# One at a time.
partial_index(
    "uq_annotations_appeals_open",
    appeals.c.project_id,
    appeals.c.rater_id,
    unique=True,
    where="state = 'open'",
)

#: What raters are told about their own outlines; `seen_at`: when they had read it. A kind stays once it is there, so it is told once.
advice = Table(
    "annotations_advice",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("rater_id", NAME, nullable=False),
    Column("label_id", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("direction", String(16), nullable=False),
    Column("px", Float, nullable=False),
    Column("share", Float, nullable=False),
    Column("answers", Integer, nullable=False),
    _us("created_at"),
    _us("seen_at", nullable=True),
    UniqueConstraint("project_id", "rater_id", "label_id", "kind"),
)

#: What raters tell the lab about an image: a comment, doubt, "this looks wrong", the reason of a skip.
notes = Table(
    "annotations_notes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("image_id", ID, nullable=False),
    Column("rater_id", NAME, nullable=False),
    Column("submission_id", ID),
    Column("kind", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", Text, nullable=False, default="", server_default=text("''")),
    _us("created_at"),
    _us("resolved_at", nullable=True),
    Column("resolved_by", NAME),
    Index("ix_annotations_notes_list", "project_id", "id"),
    Index("ix_annotations_notes_rater", "rater_id", "id"),
)

#: Badges stay once they were earned, also where the figure behind them falls again.
badges = Table(
    "annotations_badges",
    metadata,
    Column("rater_id", NAME, primary_key=True),
    Column("code", String(24), primary_key=True),
    _us("earned_at"),
)
