"""Tools of the onboarding crew: what the role asks and the manager gave, who could help, and the drafted plan."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ascertain.domain.onboarding import PHASES, Milestone
from ascertain.domain.onboarding_case import Need
from ascertain.domain.text import clean_text
from tools.base import DeskTool
from tools.desk import rounded_percent
from tools.onboarding_desk import OnboardingDesk

PLANNER = "onboarding_planner"
REVIEWER = "onboarding_reviewer"
HELPERS_SHOWN = 3


class OnboardingNeeds(DeskTool):
    """What the role asks and the new hire has not shown yet."""

    name: str = "onboarding_needs"
    description: str = (
        "The role, the skills that it asks for and that are not shown yet, and what the manager gave: priorities, "
        "systems to know, the first project. Takes no arguments."
    )
    stage: str = PLANNER

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role``, ``needs`` (see :func:`need_row`), ``already_shown`` and ``given``."""
        desk: OnboardingDesk = self._desk
        given = desk.case.given
        return {
            "role": clean_text(desk.case.role.title),
            "summary": clean_text(desk.case.role.summary),
            "learning_hours_per_week": round(desk.case.hours_per_week, 2),
            "needs": [need_row(desk, n) for n in desk.case.needs],
            "already_shown": [desk.label(s) for s in desk.case.met],
            "given": {
                "systems": [{"name": clean_text(s.name), "by_day": s.by} for s in given.systems],
                "first_project": {
                    "title": clean_text(given.project.title),
                    "outcome": clean_text(given.project.outcome),
                    "by_day": given.project.by,
                }
                if given.project
                else None,
                "buddy": bool(given.buddy),
            },
        }


class TeamHelpers(DeskTool):
    """Colleagues in the team, under pseudonyms, who could show a skill."""

    name: str = "team_helpers"
    description: str = (
        "By skill, the colleagues in the team, under pseudonyms, whose accepted level meets what the role asks and who "
        "agreed to be named. There are no others to choose from. Takes no arguments."
    )
    stage: str = PLANNER

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``helpers``: skill_id, colleague and level, a few a skill."""
        desk: OnboardingDesk = self._desk
        return {
            "helpers": [
                {"skill_id": h.skill_id, "colleague": h.pseudonym, "level": int(h.level)}
                for n in desk.case.needs
                for h in desk.case.helpers_for(n.skill_id)[:HELPERS_SHOWN]
            ]
        }


class DraftedPlan(DeskTool):
    """The plan as code drafted it from the planner's choice."""

    name: str = "drafted_plan"
    description: str = (
        "The drafted plan: every milestone with its id, day, what shows that it is done, and study hours; the hours of "
        "study that each phase takes and has. Takes no arguments."
    )
    stage: str = REVIEWER

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role``, ``milestones`` (see :func:`milestone_row`), ``phases`` and ``left_out``."""
        desk: OnboardingDesk = self._desk
        built = desk.built()
        hours = {o.item.content_id: o.item.hours for o in built.problem.options}
        closes = {o.item.content_id: o.closes for o in built.problem.options}
        return {
            "role": clean_text(desk.case.role.title),
            "milestones": [milestone_row(desk, m, closes.get(m.content_id, ())) for m in built.milestones],
            "phases": [
                {
                    "last_day": PHASES[i],
                    "study_hours": round(sum(hours[c] for c in placed), 2),
                    "hours_there_are": round(built.problem.hours[i], 2),
                }
                for i, placed in enumerate(built.placement.phases)
            ],
            "left_out": list(built.left_out),
        }


def need_row(desk: OnboardingDesk, need: Need) -> dict[str, Any]:
    """A need as the planner sees it."""
    return {
        "skill_id": need.skill_id,
        "label": desk.label(need.skill_id),
        "required_level": int(need.required),
        "shown_level": int(need.shown) if need.shown else None,
        "importance_percent": rounded_percent(need.importance),
        "essential": need.essential,
        "critical": need.critical or need.compliance,
        "manager_named_it": need.named,
        "colleagues_in_the_team": need.holders,
        "why": clean_text(need.why),
    }


def milestone_row(desk: OnboardingDesk, m: Milestone, teaches: Collection[str] = ()) -> dict[str, Any]:
    """A milestone as the reviewer sees it; days are counted from the first day of work."""
    return {
        "milestone_id": m.id,
        "kind": m.kind,
        "title": clean_text(m.title),
        "day": (m.due_on - desk.case.starts_on).days,
        "owner": m.owner,
        "evidence": clean_text(m.evidence),
        "hours": round(m.hours, 2),
        "skill": desk.label(m.goal.skill_id) if m.goal else None,
        "teaches": [desk.label(s) for s in sorted(teaches)],
    }
