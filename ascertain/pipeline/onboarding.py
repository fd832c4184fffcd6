"""Onboarding plans: ask for one, change it, approve or withdraw it, tick off, comment. The caller commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from ascertain.domain.canonical import digest
from ascertain.domain.onboarding import (
    Comment,
    Given,
    MilestoneState,
    OnboardingPlan,
    PlanState,
    Version,
    plan_id,
)
from ascertain.domain.onboarding_edit import Change, changed, differences, ticked
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.text import clean_plain
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.permit import demand, demand_about_anybody

MOST_WORDS = 2_000
MOST_COMMENTS = 500


def ask(
    uow: UnitOfWork, learner: Learner, given: Given, *, starts_on: date | None, by: str, kind: str, clock: Clock
) -> OnboardingPlan:
    """Ask for a plan. One that was asked for and not drafted yet takes the new input; a draft or an approved plan has
    to be withdrawn first.

    Raises:
        ConflictError: the person has left or is restricted, has no role, or has a plan.
    """
    _may_go_on(learner)
    if learner.job_profile_id is None:
        raise ConflictError(
            f"{learner.id} has no job profile, so there is nothing to prepare for",
            remedy="give them one in the HR system, or `ascertain roles accept` a job of it",
        )
    first = starts_on or learner.hired_on or clock.today()
    known = uow.onboardings.of(learner.id)
    newest = known[-1] if known else None
    if newest is not None and newest.state in (PlanState.DRAFT, PlanState.APPROVED):
        raise ConflictError(
            f"{learner.id} has the plan {newest.id}, which is {newest.state.value}",
            remedy="change that one, or withdraw it first",
        )
    if newest is not None and newest.state is PlanState.ASKED:
        plan = replace(newest, given=given, starts_on=first, role_id=learner.job_profile_id, problem="")
        if plan == newest:
            return newest
        uow.onboardings.put(plan)
    else:
        ident = plan_id(learner.id, newest.id if newest else "")
        plan = OnboardingPlan(ident, learner.id, learner.job_profile_id, first, given, by, clock.now())
        uow.onboardings.add(plan)
    header = {"plan": plan.id, "starts": first.isoformat()}
    uow.audit.append("onboarding.asked", actor=kind, learner_id=learner.id, header=header, payload={"by": by})
    return plan


def change(
    uow: UnitOfWork,
    plan: OnboardingPlan,
    changes: Sequence[Change],
    *,
    reason: str,
    expected: int | None = None,
    principal: Principal,
    clock: Clock,
) -> OnboardingPlan:
    """Change milestones: a new version, with who, why and what is different. Nothing different, no version.

    Args:
        expected: the version that whoever changes it has seen.

    Raises:
        InputError: naming the change and the field, or there is no reason.
        ConflictError: it has changed meanwhile, or is not there to be changed.
    """
    if not reason.strip():
        raise InputError("a change needs a reason", where=plan.id, field="reason", remedy="the new hire reads it")
    if expected is not None and expected != plan.version:
        raise ConflictError(
            f"{plan.id} is at version {plan.version}, and you saw version {expected}", remedy="look at it again"
        )
    done = changed(plan, changes, by=principal.name)
    if done is plan:
        return plan
    words = differences(plan.milestones, done.milestones)
    uow.onboardings.put(done)
    why = clean_plain(reason)
    uow.onboardings.keep(
        Version(done.id, done.learner_id, done.version, principal.name, clock.now(), why, words, done.milestones)
    )
    header = {"plan": done.id, "version": done.version, "changes": len(changes)}
    payload = {"by": principal.name, "reason": why, "changes": list(words)}
    uow.audit.append(
        "onboarding.changed", actor=principal.kind, learner_id=done.learner_id, header=header, payload=payload
    )
    return done


def decide(
    uow: UnitOfWork,
    plan: OnboardingPlan,
    *,
    approve: bool,
    reason: str = "",
    expected: int | None = None,
    principal: Principal,
    clock: Clock,
) -> OnboardingPlan:
    """Approve a draft, or withdraw a plan. The same again changes nothing.

    Raises:
        InputError: it is withdrawn without a reason.
        ConflictError: it is not drafted yet, was withdrawn, or has changed since it was seen.
    """
    state = PlanState.APPROVED if approve else PlanState.WITHDRAWN
    if plan.state is state:
        return plan
    if not approve and not reason.strip():
        raise InputError("say why", where=plan.id, field="reason", remedy="it stays on record")
    if plan.state is PlanState.WITHDRAWN:
        raise ConflictError(f"{plan.id} was withdrawn", remedy="ask for another plan")
    if approve and plan.state is not PlanState.DRAFT:
        raise ConflictError(f"{plan.id} is {plan.state.value}", remedy="wait until it is drafted")
    if expected is not None and expected != plan.version:
        raise ConflictError(
            f"{plan.id} is at version {plan.version}, and you saw version {expected}", remedy="look at it again"
        )
    why = clean_plain(reason)
    done = replace(plan, state=state, decided_by=principal.name, reason=why, decided_at=clock.now())
    uow.onboardings.put(done)
    header = {"plan": done.id, "state": done.state.value, "version": done.version}
    payload = {"by": principal.name, "reason": why}
    uow.audit.append(
        "onboarding.decided", actor=principal.kind, learner_id=done.learner_id, header=header, payload=payload
    )
    return done


def not_approved(uow: UnitOfWork, learner_id: str, plan_ids: Collection[str]) -> str:
    """Why a plan's courses may not be assigned outside; empty when they may: it is the person's present plan, and a
    human has approved that."""
    present = uow.onboardings.current(learner_id)
    if present is None or list(plan_ids) != [present.id]:
        return "it does not rest on the person's present onboarding plan"
    if present.state is not PlanState.APPROVED:
        return f"the onboarding plan {present.id} is {present.state.value}, not approved"
    return ""


def tick(
    uow: UnitOfWork,
    plan: OnboardingPlan,
    milestone: str,
    state: MilestoneState,
    *,
    note: str = "",
    principal: Principal,
    clock: Clock,
) -> OnboardingPlan:
    """Say that a milestone is done, skipped or open again.

    Raises:
        NotFoundError: there is no such milestone.
        InputError: it is skipped without a note.
        ConflictError: the plan is not approved.
    """
    done = ticked(plan, milestone, state, note=clean_plain(note), by=principal.name, today=clock.today())
    if done == plan:
        return plan
    uow.onboardings.put(done)
    header = {"plan": plan.id, "milestone": milestone, "state": state.value}
    payload = {"by": principal.name, "note": clean_plain(note)}
    uow.audit.append(
        "onboarding.ticked", actor=principal.kind, learner_id=plan.learner_id, header=header, payload=payload
    )
    return done


def comment(
    uow: UnitOfWork, plan: OnboardingPlan, words: str, *, milestone: str = "", principal: Principal, clock: Clock
) -> Comment:
    """Say something about the plan, or about one milestone. The same words twice are one comment.

    Raises:
        InputError: there are no words, or too many.
        NotFoundError: there is no such milestone.
        ConflictError: so many were made already.
    """
    said = clean_plain(words)
    if not said or len(said) > MOST_WORDS:
        what = f"{len(said)} characters" if said else "say something"
        raise InputError(what, where=plan.id, field="words", remedy=f"1 to {MOST_WORDS} characters")
    if milestone and plan.milestone(milestone) is None:
        raise NotFoundError(f"there is no milestone {milestone!r} in {plan.id}", remedy="`ascertain onboard show`")
    known = uow.onboardings.comments(plan.id)
    if len(known) >= MOST_COMMENTS:
        raise ConflictError(f"{plan.id} has {len(known)} comments", remedy="talk to each other")
    ident = "c" + digest([plan.id, principal.name, milestone, said], length=15)
    if same := next((c for c in known if c.id == ident), None):
        return same
    made = Comment(ident, plan.id, plan.learner_id, milestone, principal.name, clock.now(), said)
    uow.onboardings.comment(made)
    header = {"plan": plan.id, "milestone": milestone}
    payload = {"by": principal.name, "words": said}
    uow.audit.append(
        "onboarding.commented", actor=principal.kind, learner_id=plan.learner_id, header=header, payload=payload
    )
    return made


def permitted_plan(uow: UnitOfWork, principal: Principal, action: Action, text: str) -> tuple[OnboardingPlan, Learner]:
    """The plan of that id with its person, if ``principal`` may do ``action`` about them.

    Raises:
        ForbiddenError: they may not, or there is none: whoever may not know gets the same answer.
        NotFoundError: there is none, told to those who may do it about anybody.
        ConflictError: something is to be done, and the person is restricted.
    """
    try:
        found = uow.onboardings.get(text)
    except ConflictError:  # the beginning of several ids
        demand_about_anybody(principal, action)
        raise
    learner = uow.people.get(found.learner_id) if found else None
    if found is not None and learner is not None:
        demand(uow, principal, action, learner)
        if action is not Action.ONBOARDING_READ:
            _may_go_on(learner)
        return found, learner
    demand_about_anybody(principal, action)
    raise NotFoundError(f"there is no onboarding plan {text!r}", remedy="`ascertain onboard list` shows them")


def _may_go_on(learner: Learner) -> None:
    if learner.restricted:
        raise ConflictError("processing of this person is restricted", remedy="`ascertain person unrestrict` first")
    if not learner.active:
        raise ConflictError(f"{learner.id} has left", remedy="nothing is left to do")
