"""Runs revisions on the connection that `store.migrate` holds, inside its transaction."""

from __future__ import annotations

from alembic import context

from mailbridge.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can; without this Alembic would not believe it and leave half a schema behind
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
