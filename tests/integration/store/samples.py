"""Records that the store's tests share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.casefile import CatalogueItem, Versions
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.ports import Content
from ascertain.domain.runs import ReviewItem, Run, RunState, StoredAssertion
from ascertain.domain.skills import Level

START = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
VERSIONS = Versions("policy-1", "starter-1", "embedded-1", "prompts-1")

LEARNERS = (
    Learner(
        "l-1", "Ana Ärmel", "Ana.Aermel@Example.org", "Öffentlichkeit", "Clerk", "role-a", "l-3", date(2020, 2, 29)
    ),
    Learner("l-2", "Bo", "bo@example.org", "Sales", "Rep", "role-b", "l-3", hours_per_week=22.5),
    Learner("l-3", "Cy", "cy@example.org", "Sales", "Head of sales"),
    Learner("l-4", "Di", "di@example.org", "Sales", "Rep", "role-b", "l-3", active=False),
)


class Ticking:
    """A clock that moves one second a look."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def pseudonym(learner_id: str) -> str:
    return f"person-{sum(map(ord, learner_id)):x}"


def evidence(id: str = "e-1", learner_id: str = "l-1", **changes: Any) -> Evidence:
    values: dict[str, Any] = {
        "kind": EvidenceKind.ASSESSMENT,
        "system": "lms",
        "source_ref": f"lms:enrolment:{id}",
        "origin": f"course-{id}",
        "title": "Python for analysts",
        "text": "Grüße 🐍 – passed",
        "content_id": "c-1",
        "occurred_on": date(2025, 11, 30),
        "score": 0.1 + 0.2,
        "passed": True,
        "level": Level.PRACTITIONER,
    }
    return Evidence(id, learner_id, **(values | changes))


def content(id: str = "c-1", content_hash: str = "h-1", **changes: Any) -> Content:
    item = CatalogueItem(id, "Python", "Basics", Level.FOUNDATION, 7.5, prerequisites=("c-0",), mandatory=True)
    values: dict[str, Any] = {
        "system": "lms",
        "source_ref": f"lms:course:{id}",
        "code": "PY1",
        "description": "Learn Python",
        "category": "IT",
    }
    return Content(item=item, content_hash=content_hash, **(values | changes))


def run(id: str = "r-1", learner_id: str = "l-1", fingerprint: str = "f-1", **changes: Any) -> Run:
    values: dict[str, Any] = {
        "state": RunState.DONE,
        "as_of": date(2026, 3, 1),
        "versions": VERSIONS,
        "trigger": "cli",
        "started_at": START,
        "finished_at": START + timedelta(minutes=1),
        "stamp": f"stamp-{id}",
        "outcome": {"accepted": 2, "share": 1 / 3},
    }
    return Run(id, learner_id, fingerprint, **(values | changes))


def assertion(
    id: str, run_id: str = "r-1", skill_id: str = "s-1", learner_id: str = "l-1", **changes: Any
) -> StoredAssertion:
    values: dict[str, Any] = {
        "skill_label": "Python",
        "level": Level.ADVANCED,
        "confidence": 0.1 + 0.7,
        "low": 0.123456789012345,
        "high": 0.99,
        "amount": 3.25,
        "state": AssertionState.IN_REVIEW,
        "reasons": ("confidence 0.80 is under 0.95", "critical skill"),
        "versions": VERSIONS,
        "as_of": date(2026, 3, 1),
        "result": '{"b":1,"a":0.80}',
        "inputs": "[ ]",
        "created_at": START,
    }
    return StoredAssertion(id, run_id, learner_id, skill_id, **(values | changes))


def review(id: str, assertion_id: str, learner_id: str = "l-1", **changes: Any) -> ReviewItem:
    values: dict[str, Any] = {
        "skill_id": "s-1",
        "reasons": ("critical skill",),
        "priority": 2,
        "assignee": "l-3",
        "due_on": date(2026, 3, 15),
        "created_at": START,
    }
    return ReviewItem(id, assertion_id, learner_id, **(values | changes))
