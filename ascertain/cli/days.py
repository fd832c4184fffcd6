"""Days as they are given on the command line."""

from __future__ import annotations

from datetime import date

from ascertain.errors import InputError


def day_of(text: str | None, field: str) -> date | None:
    """The day, ``None`` if none was given.

    Raises:
        InputError: it is no day.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is not a day", field=field, remedy="write it as 2026-12-31") from None
