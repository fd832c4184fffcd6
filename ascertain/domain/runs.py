"""Runs, stored assertions, review items and decisions, as the store keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.casefile import Versions
from ascertain.domain.skills import Level


class RunState(StrEnum):
    """Every run ends in a named state."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    BRAIN_FAILED = "brain_failed"
    BUDGET_EXHAUSTED = "budget_exhausted"
    BLOCKED_UNMASKED = "blocked_unmasked"
    BLOCKED_RESTRICTED = "blocked_restricted"
    BLOCKED_NO_NOTICE = "blocked_no_notice"
    BLOCKED_NO_CONSENT = "blocked_no_consent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Run:
    """One assessment of one learner; (learner, fingerprint) is unique.

    ``stamp`` is a cheap digest of everything the case was built from: equal stamps need no new case file.
    """

    id: str
    learner_id: str
    fingerprint: str
    state: RunState
    as_of: date
    versions: Versions
    trigger: str
    started_at: datetime
    finished_at: datetime | None = None
    stamp: str = ""
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredAssertion:
    """An assertion as stored. ``result`` is the canonical JSON that replay must reproduce byte for byte;
    ``inputs`` the canonical JSON of its observations. ``raw`` is the posterior before calibration, ``None``
    where none was applied."""

    id: str
    run_id: str
    learner_id: str
    skill_id: str
    skill_label: str
    level: Level | None
    confidence: float | None
    low: float
    high: float
    amount: float
    state: AssertionState
    reasons: tuple[str, ...]
    versions: Versions
    as_of: date
    result: str
    inputs: str
    created_at: datetime
    human_reviewed: bool = False
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An assertion as it was when it was made; ``result`` as in :class:`StoredAssertion`."""

    id: str
    learner_id: str
    created_at: datetime
    result: str


class DecisionKind(StrEnum):
    """What a human may say."""

    ACCEPT = "accept"
    ADJUST = "adjust"
    REJECT = "reject"
    MORE_EVIDENCE = "more_evidence"


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An assertion that waits for a human. ``decision`` is ``None`` while open.

    Attributes:
        own_level: what the reviewer thought before they saw the suggestion: 1 to 5, 0 for none; ``None`` from before
            that was asked.
        shown_at: when the reviewer was shown the evidence; ``None`` where many were decided at once.
        needs: what evidence is asked for, where more is needed.
    """

    id: str
    assertion_id: str
    learner_id: str
    skill_id: str
    reasons: tuple[str, ...]
    priority: int
    assignee: str
    due_on: date
    created_at: datetime
    decision: DecisionKind | None = None
    decided_level: Level | None = None
    decided_by: str = ""
    decision_reason: str = ""
    decided_at: datetime | None = None
    own_level: int | None = None
    shown_at: datetime | None = None
    needs: str = ""


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """A record from outside that could not be used."""

    id: str
    connector: str
    ref: str
    reason: str
    field: str
    raw: Mapping[str, object]
    seen_at: datetime
