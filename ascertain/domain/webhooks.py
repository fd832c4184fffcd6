"""What a system tells of its own accord: the port of connectors that receive.

An event is a hint: it names what changed, and the record is fetched again before anything is stored. ``receive`` needs
the raw bytes (a proof of origin covers them, not what a parser made of them) and may answer with content, because some
systems ask for it (a challenge echoed, a secret sent back).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from ascertain.domain.records import Entity, SourceRef


class Proof(StrEnum):
    """How a system proves that a call is its own."""

    BASIC = "basic"
    HMAC = "hmac"
    HMAC_REQUEST = "hmac_request"
    HANDSHAKE = "handshake"
    CLIENT_STATE = "client_state"


class Heard(StrEnum):
    """What a call turned out to be."""

    EVENTS = "events"
    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A call as it arrived. ``headers`` keeps order and repetitions; names are lower case. ``url`` is the whole
    address as the caller wrote it, query included; ``body`` is before any decompression."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name, empty if there is none."""
        wanted = name.lower()
        return next((v for k, v in self.headers if k == wanted), "")


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int = 200
    body: str = ""
    media_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that changed.

    Attributes:
        key: what makes the event the same event when it is delivered again; unique within the connection.
        type: in the system's own words.
        refs: the records to fetch, by the connection's own references. One that is shorter than a record's full
            reference (course and user without the attempt) stands for the present record, and for all that go on
            after it with a hyphen when they are deleted.
        pull: entities to pull incrementally, where the event does not say which record changed.
        deleted: the records are gone.
        occurred_at: aware, where the system says.
    """

    key: str
    type: str
    refs: tuple[SourceRef, ...] = ()
    pull: tuple[Entity, ...] = ()
    deleted: bool = False
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What to do with a call. ``remember`` is kept, encrypted, and handed to later calls as ``kept`` (the secret of a
    handshake). ``reason`` says why a call was rejected, without repeating what it carried."""

    kind: Heard
    reply: Reply
    events: tuple[Event, ...] = ()
    remember: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def rejected(status: int, reason: str) -> Received:
    """A refusal: 401 for a wrong or missing proof, 400 for what cannot be read, 413 for what is too large."""
    return Received(Heard.REJECTED, Reply(status, reason), reason=reason)


@runtime_checkable
class Receives(Protocol):
    """A connector that takes webhooks."""

    @property
    def proof(self) -> Proof: ...
    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """Check the proof of origin first, then read. Calls nobody and stores nothing; never raises for what a
        stranger sent."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A promise of a system to call. ``state`` is made, renewed or kept; ``expires_at`` is ``None`` where it lasts."""

    id: str
    what: str
    state: str
    expires_at: datetime | None = None


@runtime_checkable
class Subscribes(Protocol):
    """A connector whose system is asked through its API to call."""

    def subscribe(self, url: str, *, now: datetime) -> Sequence[Subscription]:
        """Let the system call ``url``: make what is missing, prolong what runs out soon, keep the rest. The address
        must already answer, because the system tries it at once."""
