"""What assessments would take where no run is known to go by: the crew walks a few of the cases without asking a
model, and counts what it would have sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ascertain.domain.spending import Usage, added
from ascertain.pipeline.assess import Assessor

SAMPLE = 5
"""Cases that are walked, at most: spread over all, so that they are not the first ones by name."""


def walked(assessor: Assessor, learner_ids: Sequence[str]) -> dict[str, Any]:
    """The mean of a few cases: ``calls``, ``tokens``, ``usd`` (``None`` where a price is not known), and of how many
    (``walked``; 0: none of them can be assessed, or the brain asks nobody)."""
    step = max(1, len(learner_ids) // SAMPLE)
    totals: list[Usage] = []
    for learner_id in learner_ids[::step][:SAMPLE]:
        case = assessor.present(learner_id).case
        if case is not None and (used := assessor.crew.expected(case, assessor.services)):
            totals.append(added(used))
    if not totals:
        return {"walked": 0, "calls": None, "tokens": None, "usd": None}
    n = len(totals)
    priced = not any(t.unpriced for t in totals)
    return {
        "walked": n,
        "calls": sum(t.calls for t in totals) / n,
        "tokens": sum(t.tokens for t in totals) / n,
        "usd": sum(t.usd for t in totals) / n if priced else None,
    }
