"""Alembic's environment: runs on the connection that ``ascertain.store.migrate`` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from ascertain.store import (  # the tables of the metadata
    schema_answers,  # noqa: F401
    schema_api,  # noqa: F401
    schema_calibration,  # noqa: F401
    schema_consent,  # noqa: F401
    schema_disputes,  # noqa: F401
    schema_exchange,  # noqa: F401
    schema_fairness,  # noqa: F401
    schema_ingest,  # noqa: F401
    schema_library,  # noqa: F401
    schema_mentoring,  # noqa: F401
    schema_onboarding,  # noqa: F401
    schema_operations,  # noqa: F401
    schema_paths,  # noqa: F401
    schema_permission,  # noqa: F401
    schema_retention,  # noqa: F401
    schema_review,  # noqa: F401
    schema_rights,  # noqa: F401
    schema_rollout,  # noqa: F401
    schema_stewardship,  # noqa: F401
    schema_sweeps,  # noqa: F401
)
from ascertain.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,  # SQLite too: the engine begins its transactions itself
)
with context.begin_transaction():
    context.run_migrations()
