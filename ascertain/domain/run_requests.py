"""Assessments that somebody asked for, of one learner or of a cohort, and what has become of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.runs import RunState


class MemberState(StrEnum):
    """What was done about one learner of a request. How a queued run goes on, the run and the queue say."""

    WAITING = "waiting"
    QUEUED = "queued"
    UNCHANGED = "unchanged"
    BLOCKED_NO_NOTICE = "blocked_no_notice"
    BLOCKED_NO_CONSENT = "blocked_no_consent"
    BLOCKED_RESTRICTED = "blocked_restricted"
    CANCELLED = "cancelled"


class RequestState(StrEnum):
    """Every request ends in one of the last four."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self not in (RequestState.QUEUED, RequestState.RUNNING)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Somebody asked for it. ``cohort`` is empty for one learner; ``force``: also who has not changed."""

    id: str
    cohort: str
    asked_by: str
    asked_at: datetime
    force: bool = False
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A learner of a request; ``run_id`` once it is known which run assesses their case."""

    learner_id: str
    state: MemberState
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class MemberProgress:
    """How it stands about one learner: a state of a run, of the queue (``queued``, ``running``, ``retrying``,
    ``lost``) or of the request."""

    learner_id: str
    state: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How a request stands. ``counts`` by state of its members; ``done`` of ``total`` have come to an end."""

    request: RunRequest
    state: RequestState
    total: int
    done: int
    counts: Mapping[str, int]
    members: tuple[MemberProgress, ...]


OPEN = frozenset({"waiting", "queued", "running", "retrying"})
"""States of a member about whom something is still to come."""
WELL = frozenset({RunState.DONE.value, MemberState.UNCHANGED.value})


def standing(request: RunRequest, members: Sequence[MemberProgress]) -> Progress:
    """Put together how a request stands.

    What was cancelled is ``cancelled`` as a whole, though runs that had ended before stay as they are. A person who may
    not be assessed (``blocked_…``) counts as not done.
    """
    counts: dict[str, int] = {}
    for m in members:
        counts[m.state] = counts.get(m.state, 0) + 1
    still, well = sum(counts.get(s, 0) for s in OPEN), sum(counts.get(s, 0) for s in WELL)
    total = len(members)
    if still:
        began = still < total or "running" in counts or "retrying" in counts
        state = RequestState.RUNNING if began else RequestState.QUEUED
    elif request.cancelled_at is not None or "cancelled" in counts:
        state = RequestState.CANCELLED
    elif well == total:
        state = RequestState.DONE
    else:
        state = RequestState.PARTLY_FAILED if well else RequestState.FAILED
    return Progress(request, state, total, total - still, dict(sorted(counts.items())), tuple(members))


class RunRequests(Protocol):
    """``ascertain.store.run_requests``."""

    def get(self, request_id: str) -> RunRequest | None: ...
    def add(self, request: RunRequest, members: Sequence[Member]) -> None: ...
    def members(self, request_id: str) -> list[Member]:
        """By learner id."""

    def newest(self, *, since: datetime, limit: int) -> list[RunRequest]:
        """The newest first."""

    def members_of(self, request_ids: Collection[str]) -> dict[str, list[Member]]:
        """By request id, by learner id."""

    def set_members(self, request_id: str, members: Sequence[Member]) -> None: ...
    def cancel(self, request_id: str, at: datetime) -> None: ...
    def cancelled(self, run_ids: Collection[str]) -> dict[str, datetime]:
        """Of these runs, those that a request cancelled, and when last."""

    def uncancel(self, run_id: str) -> None:
        """Somebody asks for that very run again."""

    def run_states(self, request_id: str) -> dict[str, RunState]:
        """By run id, the states of the runs of a request that were begun."""
