"""What stands of a learner's earlier assessments: human decisions, disputes, and runs whose case has come back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.disputes import DECIDED, Dispute, DisputeState, standing_after
from ascertain.domain.overlays import Moves
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.routing import Before, Earlier
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
    """The newest human decision about each of a learner's skills, with the assertion it was made on; the same for
    decided disputes; and which skills are contested, with the id of the dispute."""

    by_skill: Mapping[str, tuple[ReviewItem, StoredAssertion]]
    disputed: Mapping[str, tuple[Dispute, StoredAssertion | None]] = field(default_factory=dict)
    contested: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, uow: UnitOfWork, learner_id: str) -> Decisions:
        """Read them."""
        moves = uow.stewardship.moves()
        newest = {s: item for item in uow.reviews.decided(learner_id) for s in _led(item.skill_id, moves)}
        found = {s: (item, uow.assertions.get(item.assertion_id)) for s, item in newest.items()}
        about = uow.disputes.about(learner_id)
        decided = {s: d for d in about if d.state in DECIDED for s in _led(d.skill_id, moves)}
        return cls(
            {s: (item, row) for s, (item, row) in found.items() if row is not None},
            {s: (d, uow.assertions.get(d.assertion_id)) for s, d in decided.items()},
            {s: d.id for d in about if d.open for s in _led(d.skill_id, moves)},
        )

    def before(self) -> dict[str, Before]:
        """By skill, what the newest decision comes to for an assertion on other evidence."""
        return {s: _before(item, row) for s, (item, row) in self.by_skill.items() if item.decision is not None}

    def apply(self, row: StoredAssertion) -> StoredAssertion:
        """``row`` under the decision, if it still says what was decided on: same evidence, same computed level.

        Ids of claims, recency and the words of agents may differ: they change with the calendar and with other
        evidence, and the human did not judge those. What a dispute has changed comes back to a human when there is
        other evidence: code alone does not overrule it.
        """
        item, _ = self.by_skill.get(row.skill_id, (None, None))
        dispute, before = self.disputed.get(row.skill_id, (None, None))
        reviewed = self._reviewed(row)
        if dispute is None or _later(item, dispute):
            return reviewed
        if before is None or _basis(before) != _basis(row):
            if dispute.state is DisputeState.UPHELD or reviewed.state is not AssertionState.ACCEPTED:
                return reviewed
            why = f"{dispute.id} changed this skill: a human looks at other evidence"
            return replace(reviewed, state=AssertionState.IN_REVIEW, reasons=(why, *reviewed.reasons))
        state, level = standing_after(dispute, reviewed.state, reviewed.level)
        return replace(
            reviewed,
            state=state,
            level=level,
            human_reviewed=reviewed.human_reviewed or state is not AssertionState.IN_REVIEW,
            reasons=(f"{dispute.state.value} by {dispute.decided_by} in {dispute.id}", *reviewed.reasons),
        )

    def contest(self, row: StoredAssertion) -> StoredAssertion:
        """``row`` as it is shown and used while somebody contests it."""
        if row.skill_id not in self.contested:
            return row
        why = f"contested in {self.contested[row.skill_id]}"
        return replace(row, state=AssertionState.CONTESTED, reasons=(why, *row.reasons))

    def _reviewed(self, row: StoredAssertion) -> StoredAssertion:
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


def _led(skill_id: str, moves: Moves) -> tuple[str, ...]:
    """What was said of a skill that a change of the taxonomy led elsewhere counts there."""
    return moves.get(skill_id, (skill_id,))


def _before(item: ReviewItem, row: StoredAssertion) -> Before:
    if item.decision is DecisionKind.MORE_EVIDENCE:
        return Before(Earlier.ASKED_FOR_MORE)
    if item.decision is DecisionKind.REJECT:
        return Before(Earlier.REFUSED)
    computed: int | None = json.loads(row.result)["level"]
    level = item.decided_level or (Level(computed) if computed else None)
    lowered = level is not None and computed is not None and int(level) < computed
    return Before(Earlier.LOWERED if lowered else Earlier.CONFIRMED, level)


def _later(item: ReviewItem | None, dispute: Dispute) -> bool:
    """Whether a reviewer decided after the dispute was closed."""
    if item is None or item.decided_at is None or dispute.decided_at is None:
        return False
    return item.decided_at > dispute.decided_at


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
        rows.append(decisions.apply(computed))
    # Those that waited, and those drawn of what code had accepted: the others never had an item.
    uow.reviews.reopen([r.id for r in rows if not r.human_reviewed])
    rows = [decisions.contest(now) for now in rows]
    for now in rows:
        uow.assertions.set_state(now.id, now.state, level=now.level, human_reviewed=now.human_reviewed)
    return rows


def restore(uow: UnitOfWork, row: StoredAssertion) -> StoredAssertion:
    """A present assertion under what stands now, after a dispute about it was closed. The caller commits."""
    result = json.loads(row.result)
    level = Level(result["level"]) if result["level"] else None
    computed = replace(row, state=AssertionState(result["state"]), level=level, human_reviewed=False)
    decisions = Decisions.of(uow, row.learner_id)
    now = decisions.contest(decisions.apply(computed))
    uow.assertions.set_state(row.id, now.state, level=now.level, human_reviewed=now.human_reviewed)
    return now


def waiting(rows: Iterable[StoredAssertion]) -> list[str]:
    """Ids of the assertions that wait for a human."""
    return [r.id for r in rows if r.state is AssertionState.IN_REVIEW]
