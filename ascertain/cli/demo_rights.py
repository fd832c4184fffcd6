"""What the demonstration's invented people do with their rights: one takes consent back, one contests a result, a path
is approved, and the fairness auditor's group labels come in. Each once, by the same use cases as for everybody."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ascertain.cli.demo_people import MARK, address_of, principal
from ascertain.domain.permission import Grant, Role
from ascertain.domain.runs import DecisionKind

if TYPE_CHECKING:
    from ascertain.domain.permission import Principal
    from ascertain.domain.ports import UnitOfWork
    from ascertain.runtime import App


def withdraw_consent(app: App) -> str:
    """Before anybody is assessed, one takes back consent for a source. In words what that was."""
    from ascertain.domain.consent import Origin
    from ascertain.pipeline.consent import say, topics
    from ascertain.sandbox.managers import managers

    plan = managers().withdrawn
    with app.units(write=False) as uow:
        name, by = _name(uow, plan["person"]), address_of(uow, plan["person"])
    say(
        app.units,
        app.clock,
        plan["person"],
        topics([plan["source"]], "source"),
        given=False,
        origin=Origin.PERSON,
        actor=by,
        reason=plan["reason"],
        on=date.fromisoformat(plan["on"]),
    )
    return f"{name} has withdrawn consent for {plan['source']}: what rested on them is gone (`consent show {by}`)"


def open_dispute(app: App) -> str:
    """One contests a level that a manager has set lower than was suggested. In words what that was; empty when there is
    no such level."""
    from ascertain.pipeline.disputes import contest
    from ascertain.sandbox.managers import managers

    plan, masker = managers().disputed, app.masker()
    with app.units() as uow:
        found = uow.disputes.about(plan["person"])
        rows = {r.id: r for r in uow.assertions.of(plan["person"])}
        lowered = [i for i in uow.reviews.decided(plan["person"]) if i.decision is DecisionKind.ADJUST]
        lowered = sorted((i for i in lowered if i.assertion_id in rows), key=lambda i: i.skill_id)
        if not found and lowered:
            contest(
                uow,
                lowered[0].assertion_id,
                reason=plan["reason"],
                actor=address_of(uow, plan["person"]),
                clock=app.clock,
                due_days=app.policy.routing.dispute_due_days,
                masker=masker,
            )
            uow.commit()
            found = uow.disputes.about(plan["person"])
        if not found:
            return ""
        row, name = rows.get(found[0].assertion_id), _name(uow, plan["person"])
    label = row.skill_label if row else found[0].skill_id
    return f"{name} contests {label}: nothing uses it until somebody else decides (`dispute show {found[0].id}`)"


def ask_for_correction(app: App) -> str:
    """One asks for a correction, which waits for the HR partner. In words what that was."""
    from ascertain.domain.rights_requests import RequestKind
    from ascertain.pipeline.rights_requests import ask
    from ascertain.sandbox.managers import managers

    plan = managers().asked
    with app.units() as uow:
        learner = uow.people.get(plan["person"])
        if learner is None:
            return ""
        found = uow.rights_requests.about(learner.id)
        if not found:
            given = {k: plan[k] for k in ("field", "value", "words")}
            by = address_of(uow, learner.id)
            found = [ask(uow, learner, RequestKind.RECTIFICATION, actor=by, clock=app.clock, **given)]
            uow.commit()
        partner = _name(uow, managers().hr_partner)
    return (
        f"{learner.name} asks for a correction, due by {found[0].due_on}, and {partner} may answer (`person requests`)"
    )


def approve_path(app: App) -> str:
    """One manager approves the path of one of their people. In words what that was; empty when there is none."""
    from ascertain.domain.assignments import AssignmentState
    from ascertain.pipeline.assignments import decide
    from ascertain.sandbox.managers import managers

    plan = managers().approved
    with app.units() as uow:
        row = uow.assignments.current(plan["person"])
        if row is None:
            return ""
        if row.state is AssignmentState.PROPOSED:
            by = principal(app, uow, row.approver)
            row = decide(uow, row.id, approve=True, reason=plan["reason"], principal=by, clock=app.clock)
            uow.commit()
        name, approver = _name(uow, plan["person"]), _name(uow, row.approver)
    return f"{approver} has approved the path of {name}; every other path waits (`assignment list`)"


def import_labels(app: App) -> str:
    """The invented fairness auditor brings in group labels, once. In words what that was."""
    from ascertain.cli.fairness import labels_for
    from ascertain.paths import CONFIG_DIR
    from ascertain.pipeline.fairness_labels import import_labels as take_in
    from ascertain.pipeline.grants import grant_role
    from ascertain.pipeline.permit import operator
    from ascertain.sandbox.managers import managers

    who = managers().fairness_auditor
    with app.units() as uow:
        by: Principal = operator(MARK, today=app.clock.today())
        grant_role(uow, by, who, Grant(Role.FAIRNESS_AUDITOR), clock=app.clock)
        uow.commit()
    with labels_for(app, who) as (store, auditor):
        if not store.counts(auditor):
            file, purpose = CONFIG_DIR / "demo" / "demographics.csv", "the yearly fairness audit"
            take_in(file, app.units, store, auditor, source="the demonstration", purpose=purpose, clock=app.clock)
        counts = store.counts(auditor)
    people = max(counts.values(), default=0)
    return (
        f"group labels of {people} people lie in a store of their own, for the fairness auditor alone "
        f"(`fairness audit --as {who}`)"
    )


def _name(uow: UnitOfWork, person_id: str) -> str:
    person = uow.people.get(person_id)
    return person.name if person else person_id
