"""What really happened behind several traces of it.

A course that was completed leaves its enrolment, perhaps a badge, perhaps a sentence in a review. They are one
origin and count once. A second attempt is an event of its own, and so is everything that names no course.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from ascertain.domain.evidence import Evidence
from ascertain.domain.records import Entity


def is_attempt(evidence: Evidence) -> bool:
    """True for an enrolment: the event itself. What else has a ``content_id`` only tells of it."""
    return evidence.source_ref.split(":", 2)[1:2] == [Entity.ENROLMENT.value]


def is_mention(evidence: Evidence) -> bool:
    """True for a badge or a text about a course."""
    return evidence.content_id is not None and not is_attempt(evidence)


def settle(evidence: Iterable[Evidence]) -> list[Evidence]:
    """One learner's evidence with every mention given the origin of the attempt it tells of.

    That is the latest successful attempt up to the mention's day, else the first successful one, else likewise among
    the failed ones; without any attempt the mentions of a course share an origin of their own. Order-free and
    idempotent. The result is in the order given.
    """
    rows = list(evidence)
    attempts: dict[str, list[Evidence]] = defaultdict(list)
    for row in rows:
        if row.content_id is not None and is_attempt(row):
            attempts[row.content_id].append(row)
    return [replace(r, origin=_origin(r, attempts[r.content_id or ""])) if is_mention(r) else r for r in rows]


def _origin(mention: Evidence, attempts: list[Evidence]) -> str:
    if not attempts:
        return f"course:{mention.content_id}:{mention.learner_id}"
    chosen = [a for a in attempts if a.passed is not False] or attempts
    ordered = sorted(chosen, key=lambda a: (a.occurred_on or date.min, a.id))
    before = [a for a in ordered if mention.occurred_on and a.occurred_on and a.occurred_on <= mention.occurred_on]
    return (before[-1] if before else ordered[0]).origin
