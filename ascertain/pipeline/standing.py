"""What stands of a learner's earlier assessments: human decisions, and runs whose case has come back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import DecisionKind, ReviewItem, Run, StoredAssertion
from ascertain.domain.skills import Level

STATE_AFTER: Mapping[DecisionKind, AssertionState] = {
    DecisionKind.ACCEPT: AssertionState.ACCEPTED,
    DecisionKind.ADJUST: AssertionState.ACCEPTED,
    DecisionKind.REJECT: AssertionState.REJECTED,
    DecisionKind.MORE_EVIDENCE: AssertionState.INSUFFICIENT,
}
"""The state of an assertion after a human's decision about it."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The newest human decision about each of a learner's skills, with the assertion it was made on."""

    by_skill: Mapping[str, tuple[ReviewItem, StoredAssertion]]

    @classmethod
    def of(cls, uow: UnitOfWork, learner_id: str) -> Decisions:
        """Read them."""
        newest = {item.skill_id: item for item in uow.reviews.decided(learner_id)}
        found = {s: (item, uow.assertions.get(item.assertion_id)) for s, item in newest.items()}
        return cls({s: (item, row) for s, (item, row) in found.items() if row is not None})

    def apply(self, row: StoredAssertion) -> StoredAssertion:
        """``row`` under the decision, if it still says what was decided on: same evidence, same computed level.

        Ids of claims, recency and the words of agents may differ: they change with the calendar and with other
        evidence, and the human did not judge those.
        """
        item, before = self.by_skill.get(row.skill_id, (None, None))
        if item is None or before is None or item.decision is None or _basis(before) != _basis(row):
            return row
        return replace(
            row,
            state=STATE_AFTER[item.decision],
            level=item.decided_level if item.decision is DecisionKind.ADJUST else row.level,
            human_reviewed=True,
            reasons=(f"decided by {item.decided_by} on unchanged evidence", *row.reasons),
        )


def _basis(row: StoredAssertion) -> tuple[Any, ...]:
    return json.loads(row.inputs).get("evidence"), json.loads(row.result)["level"]


def reinstate(uow: UnitOfWork, run: Run) -> list[StoredAssertion]:
    """Make a finished run the learner's present one again, for instance after consent was given back.

    Its assertions return to the state that code or a human gave them; decisions made meanwhile on the same evidence
    count. The caller stores the run with a new time of finishing, and commits.

    Returns:
        the run's assertions as they are now.
    """
    decisions = Decisions.of(uow, run.learner_id)
    uow.assertions.supersede(run.learner_id, keep_run=run.id)
    uow.reviews.close_for(run.learner_id, keep_run=run.id)
    rows = []
    for row in uow.assertions.of(run.learner_id, current_only=False):
        if row.run_id != run.id:
            continue
        result = json.loads(row.result)
        computed = replace(
            row,
            state=AssertionState(result["state"]),
            level=Level(result["level"]) if result["level"] else None,
        )
        now = decisions.apply(computed)
        uow.assertions.set_state(row.id, now.state, level=now.level, human_reviewed=now.human_reviewed)
        rows.append(now)
    uow.reviews.reopen(waiting(rows))
    return rows


def waiting(rows: Iterable[StoredAssertion]) -> list[str]:
    """Ids of the assertions that wait for a human."""
    return [r.id for r in rows if r.state is AssertionState.IN_REVIEW]
