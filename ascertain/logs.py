"""The log: one line or one JSON object an event, never what a person is called, what they wrote or what a caller sent.

Names may come in by an exception's message (a database's quotes its rows, a system's answer its people), so a traceback
is logged with its places and the exceptions' types alone; and libraries may tell of trouble only.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Literal

Form = Literal["text", "json"]

TALKATIVE = (
    "httpx",
    "httpcore",
    "h11",
    "urllib3",
    "openai",
    "anthropic",
    "langchain",
    "langsmith",
    "sqlalchemy",
    "psycopg",
    "asyncio",
)
"""At DEBUG or INFO these write addresses with their query, headers, whole prompts, and rows of the database."""

_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r"\s+(File \".*\", line \d+|\[Previous line repeated)")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?=:|$)")
_JOINS = ("During handling of the above exception", "The above exception was the direct cause")
_FIELDS = {"job_id": "job", "queue": "queue"}
"""What RQ says beside a message and may be told: ids. Its arguments stay out."""


def keep_libraries_quiet() -> None:
    """Let these loggers tell of trouble only, whatever ASCERTAIN_LOG_LEVEL says: it is about the product's own log."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _StandardError(logging.StreamHandler[IO[str]]):
    """Writes to what standard error is when something is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def set_up(level: str, form: Form) -> None:
    """Log to standard error in this form; again, to change level and form. Where somebody else has set up logging,
    theirs stays as it is.

    Args:
        level: of the product's loggers and of the root.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_StandardError())
    for own in (h for h in root.handlers if isinstance(h, _StandardError)):
        own.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
        root.setLevel(level)
    logging.getLogger("ascertain").setLevel(level)
    keep_libraries_quiet()


class PlainFormatter(logging.Formatter):
    """``LEVEL logger: message``, for people."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The places and the type."""
        return _where(ei[2]) + (ei[0].__name__ if ei[0] else "")

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback in the message loses its messages too."""
        return without_messages(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``, ``process``, and where
    there are any ``error`` (a type), ``trace`` (places in the code), ``job`` and ``queue``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_messages(record.getMessage()),
            "process": record.process,
        }
        said |= {name: str(record.__dict__[key]) for key, name in _FIELDS.items() if key in record.__dict__}
        if record.exc_info and record.exc_info[0] is not None:
            said["error"] = record.exc_info[0].__name__
            said["trace"] = _where(record.exc_info[2])
        return json.dumps(said, ensure_ascii=True)


def without_messages(text: str) -> str:
    """A text whose tracebacks keep their places and types, and lose what the exceptions say."""
    if _TRACEBACK not in text:
        return text
    kept: list[str] = []
    inside = raised = False
    for line in text.splitlines():
        if line.endswith(_TRACEBACK):
            inside, raised = True, False
            kept.append(line)
        elif not inside or line.startswith(_JOINS) or (_FRAME.match(line) and not raised):
            kept.append(line)
        elif line and not line[0].isspace() and not raised and (found := _RAISED.match(line)):
            raised = True  # whatever follows is the rest of its message
            kept.append(found[0])
    return "\n".join(kept)


def _where(trace: TracebackType | None) -> str:
    return "".join(traceback.format_tb(trace))
