"""Puts items whose answer is known, and second opinions, into the queue that a decision came from.

They show a real person's evidence, to somebody who may see it, and decide nothing: assertions, write-back and
thresholds never read them. Whoever decides one is told so right after.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from ascertain.domain.assertion import AssertionState
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.reviewing import NO_LEVEL, CheckKind, ReviewCheck, check_id
from ascertain.domain.runs import DecisionKind, ReviewItem, StoredAssertion
from ascertain.domain.skills import Level

CLEAR = 0.9
"""From this confidence on, evidence that points one way is called clear-cut."""
ALTERED = 2
"""An altered suggestion is this many levels above what the evidence shows."""
REASON = "confidence is under the line from which code accepts"
PRIORITY = 3
_USABLE = frozenset({AssertionState.ACCEPTED, AssertionState.REJECTED})


@dataclass(frozen=True, slots=True)
class Planter:
    """Draws the checks. ``dice`` is cryptographic outside tests: nobody can tell what comes next."""

    rules: ReviewRules
    clock: Clock
    dice: random.Random

    def after(self, uow: UnitOfWork, item: ReviewItem) -> list[ReviewCheck]:
        """What follows on a decision that has just been made; the caller commits."""
        watch, found = self.rules.watch, []
        if self.dice.random() < watch.check_share and (known := self._known(uow, item)) is not None:
            found.append(known)
        if self.dice.random() < watch.second_share and (second := self._second(uow, item)) is not None:
            found.append(second)
        planted = [c for c in found if uow.checks.add(c)]
        for c in planted:
            header = {"item": c.id, "kind": c.kind.value}
            uow.audit.append("review.check_planted", actor="system", learner_id=c.learner_id, header=header)
        return planted

    def _known(self, uow: UnitOfWork, item: ReviewItem) -> ReviewCheck | None:
        near = {i.learner_id for i in uow.reviews.open(assignee=item.assignee)} | {item.learner_id}
        near |= {p.id for p in uow.people.reports_of(item.assignee)}
        near -= {p for p in near if (who := uow.people.get(p)) is None or who.restricted or p == item.assignee}
        options = sorted(_known_answers(uow, near, item.assignee), key=lambda o: o[0].id)
        if not options:
            return None
        row, truth = self.dice.choice(options)
        level = Level(truth)
        altered = self.dice.random() < 0.5 and level + ALTERED <= max(Level)
        return self._check(
            item,
            row,
            CheckKind.KNOWN,
            suggested=Level(level + ALTERED) if altered else level,
            # What a suggestion in the queue typically has; it is no estimate of anything.
            confidence=round(self.dice.uniform(0.7, 0.94), 3),
            truth=truth,
            altered=altered,
            assignee=item.assignee,
        )

    def _second(self, uow: UnitOfWork, item: ReviewItem) -> ReviewCheck | None:
        """The same question to somebody else whom the rules could have named."""
        row, learner = uow.assertions.get(item.assertion_id), uow.people.get(item.learner_id)
        computed = json.loads(row.result)["level"] if row else None
        if row is None or learner is None or not computed or item.decision is DecisionKind.MORE_EVIDENCE:
            return None
        other = learner.manager_id if item.assignee == self.rules.l_and_d else self.rules.l_and_d
        if not other or other == item.decided_by:
            return None
        truth = NO_LEVEL if item.decision is DecisionKind.REJECT else int(item.decided_level or computed)
        return self._check(
            item,
            row,
            CheckKind.SECOND,
            suggested=Level(computed),
            confidence=row.confidence or 0.0,
            truth=truth,
            altered=False,
            assignee=other,
        )

    def _check(
        self,
        item: ReviewItem,
        row: StoredAssertion,
        kind: CheckKind,
        *,
        suggested: Level,
        confidence: float,
        truth: int,
        altered: bool,
        assignee: str,
    ) -> ReviewCheck:
        now = self.clock.now()
        return ReviewCheck(
            id=check_id(item.id, kind),
            assertion_id=row.id,
            learner_id=row.learner_id,
            skill_id=row.skill_id,
            kind=kind,
            suggested=suggested,
            confidence=confidence,
            truth=truth,
            altered=altered,
            reasons=(REASON,),
            priority=PRIORITY,
            assignee=assignee,
            due_on=now.date() + timedelta(days=self.rules.due_days[PRIORITY]),
            created_at=now,
        )


def _known_answers(
    uow: UnitOfWork, learner_ids: Collection[str], assignee: str
) -> Iterator[tuple[StoredAssertion, int]]:
    """Assertions of these people whose level is known, with that level: two reviewers have agreed on it, or the
    evidence is clear-cut. Never one that waits for a decision, nor one that this queue has had as a check."""
    checks = uow.checks.about(learner_ids)
    used = {(c.learner_id, c.skill_id) for c in checks if c.assignee == assignee}
    agreed = {c.assertion_id: c.truth for c in checks if c.kind is CheckKind.SECOND and _agreed(c)}
    for learner_id in sorted(learner_ids):
        for row in uow.assertions.of(learner_id):
            if (row.learner_id, row.skill_id) in used or row.state not in _USABLE or row.level is None:
                continue
            if (truth := agreed.get(row.id)) is not None and truth != NO_LEVEL:
                yield row, truth
            elif row.state is AssertionState.ACCEPTED and not row.human_reviewed and _clear(row):
                yield row, int(row.level)


def _agreed(c: ReviewCheck) -> bool:
    """The second reviewer found, before any number, what the first had decided."""
    return c.decision is not None and c.own_level == c.truth


def _clear(row: StoredAssertion) -> bool:
    """All evidence supports the level, none speaks of a higher one, and none is an opinion."""
    seen = json.loads(row.inputs)["observations"]
    one_way = all(o["supports"] and o["outcome"] >= 0.6 and not o["sensitive"] for o in seen)
    return one_way and (row.confidence or 0.0) >= CLEAR and max(o["level"] for o in seen) <= (row.level or 0)


def fair_dice() -> random.Random:
    """Randomness that nobody can foresee."""
    return random.SystemRandom()
