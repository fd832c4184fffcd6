"""The demonstration's invented reviewers at the real desk: training, looks, judgements and decisions are rows and audit
records like anybody's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from ascertain.domain.permission import EVERYBODY, Action, Grant, Role
from ascertain.domain.runs import DecisionKind

if TYPE_CHECKING:
    from ascertain.domain.permission import Principal
    from ascertain.domain.ports import UnitOfWork
    from ascertain.domain.runs import ReviewItem
    from ascertain.runtime import App
    from ascertain.sandbox.managers import Managers, Reviewer

MARK = "demonstration"
"""The operator under whose name the demonstration sets itself up."""


_WORDS = {
    DecisionKind.ACCEPT: "accepted",
    DecisionKind.ADJUST: "adjusted",
    DecisionKind.REJECT: "rejected",
    DecisionKind.MORE_EVIDENCE: "asked for more evidence",
}


@dataclass(slots=True)
class DeskClock:
    """Wall time, less what a reading is invented to have taken: nobody sits there meanwhile."""

    app: App
    behind: timedelta = timedelta(0)

    def now(self) -> datetime:
        """That much before the wall's."""
        return self.app.clock.now() - self.behind

    def today(self) -> date:
        """Its day."""
        return self.now().date()


def decide_reviews(app: App) -> int:
    """Let the company's managers, and one for learning and development, decide what they find the time for; how many
    items that was. What they have decided before stays, so the second time it is none."""
    from ascertain.sandbox.managers import managers

    plan, total = managers(), 0
    with app.units() as uow:
        _appoint(app, uow, plan)
        uow.commit()
    while True:  # A decision may bring a second opinion, which lies on somebody else's desk.
        before = total
        for who in plan.reviewers:
            with app.units() as uow:
                total += _sit(app, uow, plan, who)
                uow.commit()
        if total == before:
            return total


def summary(app: App) -> str:
    """What the invented reviewers have decided so far, in words."""
    from ascertain.pipeline.review_queue import waiting

    with app.units(write=False) as uow:
        made, waits = uow.reviews.every_decision(), len(waiting(uow))
    kinds = Counter(i.decision for i in made)
    words = ", ".join(f"{kinds[k]} {text}" for k, text in _WORDS.items() if kinds[k])
    who = len({i.decided_by for i in made})
    return f"{len(made)} decisions by the demonstration's {who} invented managers: {words}; {waits} go on waiting"


def alarms(app: App) -> list[str]:
    """What the watch over reviewers says, a line for each reviewer with an alarm; put on the audit chain, each once."""
    from ascertain.pipeline.review_watch import note_alarms, qualities

    with app.units() as uow:
        found = qualities(uow, app.policy, app.clock)
        note_alarms(uow, found, app.clock)
        uow.commit()
        names = {q.reviewer: p.name for q in found if (p := uow.people.find(q.reviewer)) is not None}
    said = [(names.get(q.reviewer, q.reviewer), "; ".join(q.alarms)) for q in found if q.alarms]
    return [f"the watch on reviewers has found {name} (`review quality`): {why}" for name, why in said]


def _appoint(app: App, uow: UnitOfWork, plan: Managers) -> None:
    from ascertain.pipeline.grants import grant_role, record_training
    from ascertain.pipeline.permit import operator

    by = operator(MARK, today=app.clock.today())
    for who in plan.reviewers:
        name = address_of(uow, who.id)
        if uow.grants.trained_on([name]) is None:
            record_training(uow, by, name, who.trained_on, clock=app.clock)
        if who.learning_and_development:
            grant_role(uow, by, name, Grant(Role.L_AND_D, frozenset({EVERYBODY})), clock=app.clock)
    partner = address_of(uow, plan.hr_partner)
    grant_role(uow, by, partner, Grant(Role.HRBP, frozenset({EVERYBODY})), clock=app.clock)


def _sit(app: App, uow: UnitOfWork, plan: Managers, who: Reviewer) -> int:
    """One reviewer's sitting: everything that waits for them and that they take up. How many items that was."""
    from ascertain.pipeline.permit import may_each
    from ascertain.pipeline.review_queue import names_of, waiting

    me = principal(app, uow, who.id)
    clock = DeskClock(app)
    desk = app.review_desk(uow, me, clock=clock, dice=Random(f"{MARK}:{who.id}"))
    items = waiting(uow, assignees=names_of(uow, me, app.policy.review))
    items = sorted(
        (i for i in items if plan.comes_to(i.learner_id, i.skill_id)), key=lambda i: (i.learner_id, i.skill_id, i.id)
    )
    allowed = may_each(uow, me, Action.REVIEW_DECIDE, [(i.learner_id, i.skill_id) for i in items])
    count = 0
    for item in (i for i, yes in zip(items, allowed, strict=True) if yes):
        about = item.learner_id, item.skill_id
        clock.behind = timedelta(seconds=plan.seconds(who, *about, _words(uow, item)))
        question = desk.show(item.id)
        clock.behind /= 4
        own = plan.judge(who, *about, question.evidence)
        suggestion = desk.judge(item.id, own)
        said = plan.decide(who, *about, own, suggestion.level)
        clock.behind = timedelta(0)
        desk.decide(item.id, said.decision, reason=said.reason, level=said.level, needs=said.needs)
        count += 1
    return count


def _words(uow: UnitOfWork, item: ReviewItem) -> int:
    from ascertain.pipeline.review_watch import words_of

    row = uow.assertions.get(item.assertion_id)
    return words_of(uow, row) if row else 0


def address_of(uow: UnitOfWork, person_id: str) -> str:
    """The name that somebody goes by when they do something.

    Raises:
        NotFoundError: nobody has that id.
    """
    from ascertain.pipeline.cases import learner_or_raise

    person = learner_or_raise(uow, person_id)
    return person.email or person.id


def principal(app: App, uow: UnitOfWork, person_id: str) -> Principal:
    """Somebody of the company, with what follows from the people table and from grants.

    Raises:
        NotFoundError: nobody has that id.
    """
    from ascertain.pipeline.permit import principal_of

    name = address_of(uow, person_id)
    return principal_of(uow, name, today=app.clock.today(), sees_tree=app.policy.permission.manager_sees_tree)
