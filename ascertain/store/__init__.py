"""The store: SQLAlchemy Core over typed tables, on SQLite or PostgreSQL. Queries live here and nowhere else."""

from ascertain.store.store import Store, open_store
from ascertain.store.unit import SqlUnitOfWork

__all__ = ["SqlUnitOfWork", "Store", "open_store"]
