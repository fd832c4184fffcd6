"""How much libraries may log: never what they send or receive."""

from __future__ import annotations

import logging

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


def keep_libraries_quiet() -> None:
    """Let these loggers tell of trouble only, whatever ASCERTAIN_LOG_LEVEL says: it is about the product's own log."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
