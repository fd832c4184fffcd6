"""Alembic's environment: runs on the connection that ``ascertain.store.migrate`` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from ascertain.store import schema_exchange, schema_fairness, schema_ingest, schema_rights  # noqa: F401  (tables of the metadata)
from ascertain.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite too: the engine begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
