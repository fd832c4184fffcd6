"""Traces: where the code says what takes time. Without a tracer (the default) a span costs next to nothing.

A span carries a name of the code's own and values of the code's own: a route's pattern, a status, a job's or a
connection's name. Never an address, a person or a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Value = str | int | float | bool


class Span(Protocol):
    """What is under way."""

    def note(self, **values: Value) -> None:
        """Add values that are known only now (method, route, status have the names of OpenTelemetry), or a new name."""


class Tracer(Protocol):
    """Gives spans; ``ascertain.connectors.traces_out`` has the one over OpenTelemetry."""

    def span(self, name: str, kind: str, values: Mapping[str, Value]) -> AbstractContextManager[Span]: ...


class _Nothing:
    def note(self, **values: Value) -> None:
        """Nobody listens."""


_tracer: Tracer | None = None
_NOTHING = _Nothing()


def use(tracer: Tracer | None) -> None:
    """Give spans of this process to ``tracer``."""
    global _tracer
    _tracer = tracer


@contextmanager
def span(name: str, kind: str = "internal", **values: Value) -> Iterator[Span]:
    """Time what is inside.

    Args:
        kind: server, client, consumer or internal.
        values: as ``Span.note``.
    """
    if _tracer is None:
        yield _NOTHING
        return
    with _tracer.span(name, kind, values) as found:
        yield found
