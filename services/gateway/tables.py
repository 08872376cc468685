"""The gateway's tables. Times are integer microseconds UTC; secrets are stored as SHA-256 or argon2id only."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from shared.db.session import metadata

accounts = Table(
    "gateway_accounts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), unique=True),  # lower case; null for guests
    Column("password_hash", String(200)),
    Column("display_name", String(80), nullable=False),
    Column("role", Integer, nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("consent_version", String(32), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    # Whether the name may stand on leaderboards. Here, because services know no names, and so that erasure takes it along.
    Column("leaderboard", Boolean, nullable=False, server_default=text("false")),
)

consents = Table(
    "gateway_consents",
    metadata,
    Column("account_id", String(36), ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("given_at_us", BigInteger, nullable=False),
)

sessions = Table(
    "gateway_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column(
        "account_id", String(36), ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created_at_us", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False, index=True),
)

api_keys = Table(
    "gateway_api_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column(
        "account_id", String(36), ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("name", String(80), nullable=False),
    Column("prefix", String(8), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("scopes", String(64), nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("last_used_at_us", BigInteger),
    Column("revoked_at_us", BigInteger),
)

memberships = Table(
    "gateway_memberships",
    metadata,
    Column("project_id", String(36), primary_key=True),
    Column("account_id", String(36), ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("role", Integer, nullable=False),
    Column("added_at_us", BigInteger, nullable=False),
    Index("ix_gateway_memberships_account_id", "account_id"),
)

# Who did what to what and when. Ids only: the log outlives accounts and is shown to labs.
audit = Table(
    "gateway_audit",
    metadata,
    Column("id", String(36), primary_key=True),  # UUIDv7: sorts by time
    Column("at_us", BigInteger, nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("key_id", String(36), nullable=False, server_default=""),
    Column("action", String(64), nullable=False),
    Column("project_id", String(36), nullable=False, server_default=""),
    Column("target", String(200), nullable=False, server_default=""),
    Column("status", Integer, nullable=False),
    Column("request_id", String(64), nullable=False, server_default=""),
    Index("ix_gateway_audit_project_id_id", "project_id", "id"),
)

webhooks = Table(
    "gateway_webhooks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36), nullable=False, index=True),
    Column("account_id", String(36), ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("secret", String(64), nullable=False),  # signs deliveries, so it can't be a hash
    Column("types", Text, nullable=False),  # event names by comma; empty: all
    Column("created_at_us", BigInteger, nullable=False),
)

deliveries = Table(
    "gateway_webhook_deliveries",
    metadata,
    Column("webhook_id", String(36), ForeignKey(webhooks.c.id, ondelete="CASCADE"), primary_key=True),
    Column("event_id", String(36), primary_key=True),  # the pair makes a redelivered event harmless
    Column("type", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("status", String(12), nullable=False),  # pending, delivered, failed
    Column("tries", Integer, nullable=False),
    Column("next_at_us", BigInteger, nullable=False),
    Column("error", String(200), nullable=False, server_default=""),
    Column("created_at_us", BigInteger, nullable=False),
    Index("ix_gateway_webhook_deliveries_status_next_at_us", "status", "next_at_us"),
)
