"""Read models of onboarding: a plan as the manager sees it, as the new hire sees it, and how it goes in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.onboarding import (
    PHASES,
    Comment,
    Milestone,
    MilestoneKind,
    OnboardingPlan,
    PlanState,
    Version,
    progress,
)
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.sentences import Figure, Sentence, tell
from ascertain.pipeline.cases import may_help
from ascertain.pipeline.views import label

Json = dict[str, Any]

GONE = "a colleague who is no longer there"


def shown(
    uow: UnitOfWork, plan: OnboardingPlan, learner: Learner, taxonomy: Taxonomy, today: date, *, own: bool
) -> Json:
    """A plan. ``own``: the reader is the new hire, who sees nothing of it before it is approved, and never what the
    reviewing agent would have the manager look at."""
    role = uow.roles.get(plan.role_id)
    open_to_reader = not own or plan.state is PlanState.APPROVED
    accepted = {a.skill_id: a for a in uow.assertions.of(learner.id) if a.state is AssertionState.ACCEPTED}
    remarks = {} if own else {r.milestone_id: r for r in plan.remarks}
    rows = [_milestone(uow, plan, m, accepted, taxonomy, today) for m in plan.milestones] if open_to_reader else []
    for row in rows:
        r = remarks.get(row["id"])
        row["remark"] = {"flag": r.flag, "note": r.note} if r else None
    return head(plan, learner, today) | {
        "role": plan.role_id,
        "role_title": role.title if role else plan.role_id,
        "ends_on": (plan.starts_on + timedelta(days=PHASES[-1])).isoformat(),
        "hours_per_week": plan.hours_per_week,
        "given": _given(uow, plan, taxonomy) if not own else None,
        "summary": plan.summary if not own else "",
        "left_out": list(plan.left_out) if open_to_reader else [],
        "made_with": dict(plan.made_with),
        "problem": plan.problem if not own else "",
        "decided_by": plan.decided_by,
        "reason": plan.reason,
        "decided_at": plan.decided_at.isoformat() if plan.decided_at else None,
        "milestones": rows,
        "progress": _progress(plan, today) if open_to_reader else [],
        "versions": [version(v) for v in uow.onboardings.versions(plan.id)] if open_to_reader else [],
        "comments": [comment(c) for c in uow.onboardings.comments(plan.id)],
        "goals": {"total": sum(_is_goal(r) for r in rows), "reached": sum(_is_goal(r) and r["reached"] for r in rows)},
    }


def head(plan: OnboardingPlan, learner: Learner, today: date) -> Json:
    """A plan as lists show it."""
    phases = progress(plan, today)
    return {
        "id": plan.id,
        "learner": plan.learner_id,
        "name": learner.name,
        "state": plan.state.value,
        "version": plan.version,
        "starts_on": plan.starts_on.isoformat(),
        "asked_by": plan.asked_by,
        "asked_at": plan.asked_at.isoformat(),
        "done": sum(p.done for p in phases) if plan.state is PlanState.APPROVED else 0,
        "total": sum(p.total for p in phases),
        "overdue": sum(p.overdue for p in phases) if plan.state is PlanState.APPROVED else 0,
    }


def version(v: Version) -> Json:
    """A version: who, when, why and what differs from the one before."""
    return {
        "version": v.number,
        "by": v.by,
        "at": v.at.isoformat(),
        "reason": v.reason,
        "changes": list(v.changes),
        "milestones": len(v.milestones),
    }


def comment(c: Comment) -> Json:
    """What somebody said."""
    return {"id": c.id, "milestone": c.milestone_id, "by": c.by, "at": c.at.isoformat(), "words": c.words}


def people_in(data: Json) -> set[str]:
    """Whom a plan names: the new hire, and colleagues of whom it says that they have a skill."""
    return {data["learner"], *(m["colleague"] for m in data["milestones"] if m["colleague"] and m["skill"])}


def sentences(data: Json) -> list[Sentence]:
    """How it goes, each figure with the address of the row it rests on."""
    if data["state"] != PlanState.APPROVED.value or not data["total"]:
        return []
    total = {
        "done": Figure(data["done"], "#milestones"),
        "total": Figure(data["total"], "#milestones"),
        "overdue": Figure(data["overdue"], "#milestones"),
    }
    told = [tell("{done} of {total} milestones are done.", total)]
    if data["overdue"]:
        words = "{overdue} is past its day." if data["overdue"] == 1 else "{overdue} are past their day."
        told.append(tell(words, total))
    if data["goals"]["total"]:
        goals = {k: Figure(data["goals"][k], "#goals") for k in ("reached", "total")}
        told.append(tell("Of {total} skills to show, {reached} are confirmed by an accepted assertion.", goals))
    upcoming = next((m for m in data["milestones"] if m["state"] == "open" and not m["overdue"]), None)
    if upcoming:
        where = f"#{upcoming['id']}"
        figures = {"title": Figure(upcoming["title"], where), "day": Figure(upcoming["due_on"], where)}
        told.append(tell("Next comes {title}, by {day}.", figures))
    return told


def _is_goal(row: Json) -> bool:
    return bool(row["kind"] == MilestoneKind.GOAL.value)


def _progress(plan: OnboardingPlan, today: date) -> list[Json]:
    return [
        {
            "phase": p.phase,
            "total": p.total,
            "done": p.done,
            "skipped": p.skipped,
            "overdue": p.overdue,
            "hours": round(p.hours, 2),
            "hours_done": round(p.hours_done, 2),
        }
        for p in progress(plan, today)
    ]


def _milestone(
    uow: UnitOfWork,
    plan: OnboardingPlan,
    m: Milestone,
    accepted: dict[str, StoredAssertion],
    taxonomy: Taxonomy,
    today: date,
) -> Json:
    found = accepted.get(m.goal.skill_id) if m.goal else None
    level = int(found.level) if found and found.level else None
    whom, name = _colleague(uow, m)
    return {
        "id": m.id,
        "kind": m.kind.value,
        "title": m.title,
        "phase": plan.phase_of(m),
        "day": (m.due_on - plan.starts_on).days,
        "due_on": m.due_on.isoformat(),
        "owner": m.owner.value,
        "evidence": m.evidence,
        "skill": m.goal.skill_id if m.goal else None,
        "label": label(taxonomy, m.goal.skill_id) if m.goal else None,
        "level": int(m.goal.level) if m.goal else None,
        "shown_level": level,
        "reached": bool(m.goal and level is not None and level >= int(m.goal.level)),
        "assertion": found.id if found else None,
        "content_id": m.content_id or None,
        "colleague": whom,
        "colleague_name": name,
        "hours": round(m.hours, 2),
        "reason": m.reason,
        "by": m.by,
        "state": m.state.value,
        "overdue": plan.state is PlanState.APPROVED and m.overdue(today),
        "note": m.note,
        "done_on": m.done_on.isoformat() if m.done_on else None,
        "done_by": m.done_by,
    }


def _colleague(uow: UnitOfWork, m: Milestone) -> tuple[str | None, str]:
    """Looked up now, without whoever left, is restricted, or does not want to be named as somebody who can help."""
    if m.kind is not MilestoneKind.MEET:
        return None, ""
    person = uow.people.get(m.colleague) if m.colleague else None
    if person is None or not person.active or person.restricted or (m.goal and not may_help(person)):
        return None, GONE
    return person.id, person.name


def _given(uow: UnitOfWork, plan: OnboardingPlan, taxonomy: Taxonomy) -> Json:
    g = plan.given
    buddy = uow.people.get(g.buddy) if g.buddy else None
    return {
        "priorities": [{"skill": s, "label": label(taxonomy, s)} for s in g.priorities],
        "systems": [{"name": s.name, "by": s.by, "contact": s.contact} for s in g.systems],
        "first_project": {"title": g.project.title, "outcome": g.project.outcome, "by": g.project.by}
        if g.project
        else None,
        "buddy": buddy.name if buddy else "",
        "hours_per_week": g.hours_per_week,
    }


def in_lists(uow: UnitOfWork, plans: Sequence[OnboardingPlan], today: date) -> list[Json]:
    """Heads of plans whose people are there and not restricted; what waits for the manager first, then by start."""
    people = {p.id: p for p in uow.people.all()}
    order = (PlanState.DRAFT, PlanState.ASKED, PlanState.APPROVED, PlanState.WITHDRAWN)
    kept = [p for p in plans if p.learner_id in people and not people[p.learner_id].restricted]
    kept.sort(key=lambda p: (order.index(p.state), p.starts_on, p.id))
    return [head(p, people[p.learner_id], today) for p in kept]
