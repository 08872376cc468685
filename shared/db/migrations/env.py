"""Alembic's entry: runs on the connection that `services.allinone.migrate` hands over."""

from alembic import context

from shared.db.session import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=False,
)
# The caller holds the transaction: all of the chain, or nothing.
context.run_migrations()
