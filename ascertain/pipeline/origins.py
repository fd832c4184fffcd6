"""What really happened behind several traces of it.

A course that was completed leaves its enrolment, perhaps a badge, perhaps a sentence in a review. They are one
origin and count once. A second attempt is an event of its own, and so is everything that names no course. The result
of a test is an event of its own too, unless an enrolment in the same course reports that very result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.records import Entity

_GRADED = frozenset({EvidenceKind.ASSESSMENT, EvidenceKind.CERTIFICATION})
_SAME_SCORE = 0.005
"""Systems round to whole percents in one place and not in the other."""


def is_attempt(evidence: Evidence) -> bool:
    """True for an enrolment: the event itself. What else has a ``content_id`` only tells of it."""
    return is_from(evidence, Entity.ENROLMENT)


def is_from(evidence: Evidence, entity: Entity) -> bool:
    """Whether it was made of such a record."""
    return evidence.source_ref.split(":", 2)[1:2] == [entity.value]


def is_result(evidence: Evidence) -> bool:
    """True for the result of a test in a course."""
    return evidence.content_id is not None and is_from(evidence, Entity.ASSESSMENT)


def is_mention(evidence: Evidence) -> bool:
    """True for a badge, a text or the use of content: it tells of a course."""
    return evidence.content_id is not None and not is_attempt(evidence) and not is_result(evidence)


def settle(evidence: Iterable[Evidence]) -> list[Evidence]:
    """One learner's evidence with every mention given the origin of the attempt it tells of.

    A result belongs to the first attempt that was graded with the same score no earlier than the test was taken: that
    is how systems repeat a test's result in the enrolment. A mention belongs to the latest successful attempt up to
    its day, else the first successful one, else likewise among the failed ones; without any attempt the mentions of a
    course share an origin of their own. Order-free and idempotent. The result is in the order given.
    """
    rows = list(evidence)
    attempts: dict[str, list[Evidence]] = defaultdict(list)
    for row in rows:
        if row.content_id is not None and is_attempt(row):
            attempts[row.content_id].append(row)
    return [_settled(r, attempts[r.content_id or ""]) for r in rows]


def _settled(row: Evidence, attempts: list[Evidence]) -> Evidence:
    if is_result(row):
        return replace(row, origin=_reported(row, attempts))
    return replace(row, origin=_origin(row, attempts)) if is_mention(row) else row


def _reported(result: Evidence, attempts: list[Evidence]) -> str:
    graded = [a for a in attempts if a.kind in _GRADED and a.score is not None and result.score is not None]
    same = [
        a
        for a in graded
        if abs((a.score or 0.0) - (result.score or 0.0)) <= _SAME_SCORE
        and (a.occurred_on is None or result.occurred_on is None or a.occurred_on >= result.occurred_on)
    ]
    return min(same, key=lambda a: (a.occurred_on or date.max, a.id)).origin if same else result.source_ref


def _origin(mention: Evidence, attempts: list[Evidence]) -> str:
    if not attempts:
        return f"course:{mention.content_id}:{mention.learner_id}"
    chosen = [a for a in attempts if a.passed is not False] or attempts
    ordered = sorted(chosen, key=lambda a: (a.occurred_on or date.min, a.id))
    before = [a for a in ordered if mention.occurred_on and a.occurred_on and a.occurred_on <= mention.occurred_on]
    return (before[-1] if before else ordered[0]).origin
