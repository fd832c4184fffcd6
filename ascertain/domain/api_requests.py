"""Writes that callers may safely repeat: which request was answered how, under the key that its caller chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

ABANDONED = timedelta(minutes=5)
"""After so long a request that never came to an answer may be tried anew: its process is gone. What it did stands, and
doing the same again changes nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answered. ``learner_id`` is whom it is about: it goes with them."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    learner_id: str | None = None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request under an idempotency key.

    Attributes:
        caller: keyed hash of whoever calls: a key means something to them alone.
        digest: SHA-256 of method, address and body.
        answer: ``None`` while it is being worked on.
    """

    caller: str
    key: str
    digest: str
    began_at: datetime
    answer: Answer | None = None


class ApiRequests(Protocol):
    """``ascertain.store.api_requests``."""

    def get(self, caller: str, key: str) -> ApiRequest | None: ...
    def begin(self, request: ApiRequest) -> bool:
        """False when there is one of that caller and key already."""

    def begin_again(self, request: ApiRequest, abandoned_before: datetime) -> bool:
        """Take over one that was begun before then and has no answer; False when there is none."""

    def finish(self, caller: str, key: str, answer: Answer) -> None: ...
    def forget(self, caller: str, key: str) -> None: ...
