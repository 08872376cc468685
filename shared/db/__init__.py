"""SQL for all services: one transaction a request or message, outbox and inbox beside the effect."""

from shared.db.inbox import inbox_table
from shared.db.outbox import OutboxRelay, emit, outbox_table
from shared.db.session import Database, metadata

__all__ = ["Database", "OutboxRelay", "emit", "inbox_table", "metadata", "outbox_table"]
