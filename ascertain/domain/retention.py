"""How long what is held: kinds, their limits, what was deleted under them, and what must not be deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ascertain.domain.answers import KEEP_DAYS

MIN_AUDIT_DAYS = 183
"""Logs of such a system are kept at least six months (Regulation (EU) 2024/1689, Art. 26(6))."""


class Kind(StrEnum):
    """What is held for a time of its own. The policy says the days, ``docs/retention.md`` what counts as its age."""

    EVIDENCE_TEXT = "evidence_text"
    EVIDENCE = "evidence"
    RUN_DOCUMENTS = "run_documents"
    SUPERSEDED = "superseded_assertions"
    REVIEWS = "decided_reviews"
    ACCESSES = "access_log"
    INBOX = "webhook_inbox"
    QUARANTINE = "quarantine"
    OUTBOX = "writeback_outbox"
    NOTIFICATIONS = "notifications"
    API_REQUESTS = "api_requests"
    RUN_REQUESTS = "run_requests"
    ONBOARDING = "onboarding_plans"
    KEPT_ANSWERS = "kept_answers"
    READINESS = "readiness_snapshots"
    MENTORSHIPS = "mentorships"


LEFT = "people_who_left"
AUDIT = "audit_records"

SINCE_THEN: Mapping[Kind, int] = {
    Kind.API_REQUESTS: 3,
    Kind.RUN_REQUESTS: 90,
    Kind.ONBOARDING: 365,
    Kind.KEPT_ANSWERS: KEEP_DAYS,
    Kind.READINESS: 1095,
    Kind.MENTORSHIPS: 365,
}
"""Days of kinds that policies from before there were any do not name."""

UNOWNED = frozenset({Kind.INBOX, Kind.QUARANTINE})
"""Kinds whose rows name nobody in a column: while any legal hold stands they wait."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Days by kind; ``None`` keeps something while the person is active.

    Attributes:
        audit_days: at least :data:`MIN_AUDIT_DAYS`.
        left_days: after so many days everything about somebody who left is erased; ``None`` keeps it.
        left_tombstone: whether such an erasure keeps the person away, as one on request does.
    """

    days: Mapping[Kind, int | None]
    audit_days: int
    left_days: int | None
    left_tombstone: bool


NOTHING_GOES = RetentionRules(dict.fromkeys(Kind), 3650, None, left_tombstone=False)
"""Of a policy from before there was retention."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What went at once. Names nobody: ``digest`` is the SHA-256 of the sorted ids, one a line."""

    id: str
    at: datetime
    kind: str
    rows: int
    before: datetime
    policy: str
    digest: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold on a person or a cohort (department, job profile id or ``all``): nothing of theirs is deleted."""

    id: str
    learner_id: str | None
    cohort: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_by: str = ""
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The chain up to and with record ``through`` was deleted; ``hash`` is what the next record points back to."""

    through: int
    hash: str
    until: datetime
    records: int


def limit(now: datetime, days: int) -> datetime:
    """What is older than this has been kept for ``days`` days."""
    return now - timedelta(days=days)


class Retention(Protocol):
    """``ascertain.store.retention``."""

    def count(self, kind: Kind, before: datetime, held: Collection[str]) -> int:
        """How many rows of a kind are older than ``before`` and of nobody in ``held``."""

    def purge(self, kind: Kind, before: datetime, held: Collection[str], batch: int) -> list[str]:
        """Delete at most ``batch`` of them; their ids."""

    def note_departures(self) -> None:
        """Remember since when somebody is no longer active."""

    def left(self, before: datetime) -> list[str]:
        """Ids of people who left before then."""

    def cuttable(self, before: datetime) -> Cut | None:
        """The oldest part of the audit chain in which every record is older."""

    def cut(self, cut: Cut, seal: Callable[[Cut], object]) -> None:
        """Seal that it goes, then delete it."""

    def record(self, deletion: Deletion, ids: Collection[str] = ()) -> None:
        """Keep a deletion; of ``ids`` only keyed hashes, so that a replay can name the cause."""

    def deletions(self, limit: int = 100) -> Sequence[Deletion]:
        """Newest first."""

    def cause(self, kind: Kind, ids: Collection[str]) -> dict[str, Deletion]:
        """By id, the deletion that took it."""

    def hold(self, hold: Hold) -> None: ...
    def holds(self, *, standing: bool = True) -> list[Hold]: ...
    def lift(self, hold_id: str, by: str) -> bool:
        """False when no such hold stands."""
