"""Messages to calls: what annotations does on the events of other services."""

from __future__ import annotations

from sqlalchemy import Connection

from services.annotations import store, store_advice
from services.annotations.store_deletion import delete_task
from shared.bus.runner import Handler
from shared.contracts.bramble.common.v1.common_pb2 import Envelope
from shared.contracts.bramble.consensus.v1.events_pb2 import ConsensusUpdated, RaterScored
from shared.contracts.bramble.images.v1.events_pb2 import ImageDeleted, ImageStored
from shared.contracts.bramble.inference.v1.events_pb2 import ProposalReady
from shared.errors import NotFound
from shared.ids import new_id


def on_image_stored(conn: Connection, envelope: Envelope, message: ImageStored) -> None:
    """A stored image becomes a task; an image that has one keeps it. An unknown project is a dead letter."""
    store.add_task(conn, new_id(), message.image, envelope.occurred_at_us)


def on_image_deleted(conn: Connection, envelope: Envelope, message: ImageDeleted) -> None:
    """A deleted image's task is never handed out again, and who draws on it just now is told."""
    delete_task(conn, new_id(), message.project_id, message.image_id, envelope.occurred_at_us)


def on_proposal_ready(conn: Connection, _envelope: Envelope, message: ProposalReady) -> None:
    """The editor may offer the base annotation, or no longer: a later model may find none good enough."""
    store.mark_proposal(conn, message.project_id, message.image_id, bool(message.masks))


def _asks_for_something(message: ConsensusUpdated) -> bool:
    return message.enough or message.escalated or message.needs_more


def on_consensus_updated(conn: Connection, envelope: Envelope, message: ConsensusUpdated) -> None:
    """One more rater where the consensus isn't sure. Where it is, or when more raters wouldn't help and an expert looks, no more."""
    where = (conn, message.project_id, message.image_id, len(message.submission_ids))
    try:
        if message.enough or message.escalated:
            store.stop_early(*where, envelope.occurred_at_us)
        elif message.needs_more:
            store.raise_quorum(*where)
    except NotFound:
        return  # a consensus of an image that was imported beside the tasks


def on_rater_scored(conn: Connection, envelope: Envelope, message: RaterScored) -> None:
    """Quarantine, and its end; and what the rater is to be told, once."""
    who = (message.project_id, message.rater_id, message.label_id)
    store.set_quarantine(conn, *who, message.quarantined)
    store_advice.keep(conn, *who, message.advice, envelope.occurred_at_us)


#: These only add rows, so many may share a transaction.
ARRIVALS = (Handler(ImageStored, on_image_stored),)
#: These lock a task and then the counter row. Two of them in one transaction would wait for a second task while they hold the counter
#: row, in a ring with a submission to it, so each has a transaction of its own (as each lease has, `store_assign`). Most versions of a
#: consensus ask for nothing, and are only noted: those share one.
CHANGES = (
    Handler(ImageDeleted, on_image_deleted, alone=lambda _: True),
    Handler(ProposalReady, on_proposal_ready, alone=lambda _: True),
    Handler(ConsensusUpdated, on_consensus_updated, alone=_asks_for_something),
    Handler(RaterScored, on_rater_scored, alone=lambda _: True),
)
