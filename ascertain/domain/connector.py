"""What a system outside looks like from here: the port every connector implements.

``pull`` is a generator of pages so that the runner owns the transactions: it stores a page and the page's checkpoint
together, and only then asks for the next one. A cursor is opaque JSON, owned by its connector and versioned by it.
Abilities that only some systems have (webhooks, write-back) belong in Protocols of their own beside this one, so that a
connector need not pretend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from ascertain.domain.records import Entity, Record, Rejected, SourceRef

Cursor = Mapping[str, Any]
"""Opaque, JSON-able; ``None`` in its place means from the beginning."""


class Incremental(StrEnum):
    """How a system tells what changed."""

    UPDATED_SINCE = "updated_since"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connection offers. ``incremental`` has a key for each entity that can be pulled; ``sees_deletes`` names
    entities whose deletions show without a full pull."""

    incremental: Mapping[Entity, Incremental]
    sees_deletes: frozenset[Entity] = frozenset()

    @property
    def entities(self) -> frozenset[Entity]:
        """What can be pulled."""
        return frozenset(self.incremental)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a connection works; without ``ok`` there is a ``problem``. ``skew`` is our clock minus theirs."""

    ok: bool
    detail: str
    problem: str = ""
    remedy: str = ""
    skew: timedelta | None = None


@dataclass(frozen=True, slots=True)
class TenantProfile:
    """What a customer's tenant has that a mapping may name: field key → caption, by entity; ``unmapped`` lists keys
    that are there and nowhere used."""

    fields: Mapping[Entity, Mapping[str, str]]
    unmapped: Mapping[Entity, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a pull.

    Attributes:
        records: what could be read.
        rejected: what could not, each with its reason.
        checkpoint: where a later pull goes on once this page is durably stored.
        approx_total: number of records of the whole pull where the system says.
        warnings: what an operator should know (a restarted crawl, a column that is missing).
        gone: what the source says it no longer has; what it showed is removed.
    """

    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...]
    checkpoint: Cursor
    approx_total: int | None = None
    warnings: tuple[str, ...] = ()
    gone: tuple[SourceRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that did not work: HTTP status (``None`` if no answer came), body's beginning, ``Retry-After`` seconds."""

    status: int | None
    body: str = ""
    retry_after: float | None = None


class Verdict(StrEnum):
    """What to do about a failure."""

    RETRY = "retry"
    REAUTHENTICATE = "reauthenticate"
    CURSOR_EXPIRED = "cursor_expired"
    NOT_FOUND = "not_found"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class QuotaPolicy:
    """A call budget: ``calls`` per ``window``, shared by everything that has the same ``scope`` (token, tenant, ip).
    ``calls`` is ``None`` where the vendor names none. ``exclusive``: a new token ends the old one, so only one process
    at a time may use the connection."""

    scope: str
    calls: int | None = None
    window: timedelta = timedelta(hours=1)
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """Of a call budget: calls taken in the window that began then, and until when nobody calls."""

    used: int
    window_began: datetime
    blocked_until: datetime | None


class Budget(Protocol):
    """Call budgets shared by every process of an installation (``ascertain.store``)."""

    def take(self, key: str, policy: QuotaPolicy) -> float:
        """Take one call. Seconds to wait first: 0 when there is room; when the window is used up or the system asked
        to wait, the time until there is room again, and nothing is taken."""

    def block(self, key: str, seconds: float) -> None:
        """The system said that nobody shall call for a while."""

    def lease(self, name: str, owner: str, seconds: float) -> bool:
        """Take or prolong the only lease of that name; ``False`` while somebody else holds it."""

    def holder(self, name: str) -> str | None:
        """Who holds a lease that has not run out."""

    def give_back(self, name: str, owner: str) -> None:
        """End a lease early; that of another owner is left alone."""

    def spent(self, key: str) -> Spent | None:
        """How a budget stands; ``None`` where nobody has called yet."""


class Connector(Protocol):
    """One connection to one system. ``name`` is the connection's and unique; ``system`` is the kind (``docebo``).

    References of records carry the connection's name as their system, so two tenants of one vendor never mix.
    Calls raise ``RetryableConnectorError`` once their own few tries are spent, ``PermanentConnectorError`` for
    what no try will mend.
    """

    @property
    def name(self) -> str: ...
    @property
    def system(self) -> str: ...
    def capabilities(self) -> Capabilities: ...
    def check(self) -> Health:
        """One cheap authorised read. Never raises for a connection that does not work."""

    def probe(self) -> TenantProfile:
        """What this tenant has that the field map could name."""

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        """Pages from ``cursor`` on; without one, everything. The last page's checkpoint starts the next increment."""

    def fetch(self, ref: SourceRef) -> Record | None:
        """One record as it stands now; ``None`` if it is gone or the system cannot give single ones."""

    def quota(self) -> QuotaPolicy: ...
    def classify(self, failure: Failure) -> Verdict: ...
    def close(self) -> None: ...


@runtime_checkable
class CarriesMessages(Protocol):
    """A connector of a system where people write to each other."""

    @property
    def messages_opt_in(self) -> bool:
        """The organisation has said, in the connection's options, that messages may be looked at."""
