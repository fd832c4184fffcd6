"""What a database complains about, in the product's own words."""

from __future__ import annotations

from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext

from ascertain.errors import AscertainError, ConfigError, ConflictError, DatabaseAway, InputError, IntegrityError

APPEND_ONLY = "audit_records is append-only"
"""Text of the triggers that guard the chain."""

_NO_TABLE, _READ_ONLY = "42P01", "25006"
_TRY_AGAIN = {"40P01", "40001", "55P03"}  # deadlock, serialisation failure, lock not available


def translate(context: ExceptionContext) -> BaseException | None:
    """``handle_error`` listener: the error to raise instead, or ``None`` to keep SQLAlchemy's own."""
    if context.is_pre_ping:
        return None
    raised, cause = context.sqlalchemy_exception, context.original_exception
    error = _translated(raised, cause, connecting=context.connection is None)
    if error is not None:
        error.__cause__ = cause
    return error


def _translated(raised: BaseException | None, cause: BaseException, *, connecting: bool) -> AscertainError | None:
    text, state = str(cause), getattr(cause, "sqlstate", None) or ""
    if APPEND_ONLY in text:
        return IntegrityError(f"{APPEND_ONLY}: records are neither changed nor deleted")
    if isinstance(raised, exc.IntegrityError):
        return ConflictError(f"the database refused a record: {_constraint(cause)}")
    if isinstance(raised, exc.DataError):
        # Only psycopg's own sentence: the server's would quote the value.
        why = text if "NUL" in text else "a value does not fit its column"
        return InputError(f"the database cannot keep a record: {why}", remedy="clean the text when it is read in")
    if state == _NO_TABLE or "no such table" in text:
        return ConfigError(
            f"the database lacks a table ({text.splitlines()[0]})",
            remedy="migrate it: any `ascertain` command that opens the database does so at start",
        )
    if state == _READ_ONLY or "readonly database" in text:
        return AscertainError(
            "the database cannot be written here",
            remedy="open the unit of work with write=True, and check that this user may write the database",
        )
    if state in _TRY_AGAIN or "database is locked" in text:
        return ConflictError("another process was writing the same records", remedy="try again; nothing was stored")
    if connecting and isinstance(raised, exc.OperationalError):
        return DatabaseAway(
            f"the database cannot be reached: {text.splitlines()[0]}",
            remedy="check ASCERTAIN_DATABASE_URL and that the server is running",
        )
    return None


def _constraint(cause: BaseException) -> str:
    """The constraint's name (PostgreSQL) or SQLite's sentence; never the values, which may be personal."""
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return f"constraint {name}" if name else str(cause).splitlines()[0]
