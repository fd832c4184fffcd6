"""How the last pull of each kind of record from each connection went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far a connection has told one kind of record: ``value`` is the connector's own."""

    connector: str
    entity: str
    value: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class SyncAttempt:
    """One kind of record of one connection.

    Attributes:
        ok_at: when it last came to its end; ``None`` if it never did.
        failures: tries in a row that did not; 0 when the last one did.
        error, remedy: of the last try; empty when it came to its end.
        retry_at: before then the system need not be asked, if it said so.
        figures: counts of the last try (``EntityReport.figures``).
        totals: the same, of all tries.
    """

    connector: str
    entity: str
    tried_at: datetime
    ok_at: datetime | None = None
    failures: int = 0
    error: str = ""
    remedy: str = ""
    retry_at: datetime | None = None
    seconds: float = 0.0
    figures: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
