"""Run by Alembic: applies revisions on the connection that `newswire.store.schema` hands over, inside its transaction."""

from alembic import context

from newswire.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a column by copying its table
    transactional_ddl=True,  # SQLite too: its driver is told to leave transactions to us
)
with context.begin_transaction():
    context.run_migrations()
