"""Plans of the first 90 days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, select, update

from ascertain.domain.onboarding import (
    Comment,
    FirstProject,
    Given,
    Goal,
    Milestone,
    MilestoneKind,
    MilestoneState,
    OnboardingPlan,
    Owner,
    PlanState,
    Remark,
    System,
    Version,
)
from ascertain.domain.skills import Level
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_onboarding import OnboardingCommentRow, OnboardingPlanRow, OnboardingVersionRow
from ascertain.store.statements import Tx, by_prefix, insert_new

_PLANS, _VERSIONS = table(OnboardingPlanRow), table(OnboardingVersionRow)
_COMMENTS = table(OnboardingCommentRow)
Json = dict[str, Any]


class SqlOnboardings:
    """``ascertain.domain.onboarding.Onboardings``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, plan_id: str) -> OnboardingPlan | None:
        """By full id or prefix. A unit of work that may write keeps it from others until it ends.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _PLANS, plan_id, "onboarding plan", lock=self._tx.write)
        return None if row is None else _plan(row)

    def current(self, learner_id: str) -> OnboardingPlan | None:
        standing = [p for p in self.of(learner_id) if p.state is not PlanState.WITHDRAWN]
        return standing[-1] if standing else None

    def of(self, learner_id: str) -> list[OnboardingPlan]:
        found = select(_PLANS).where(_PLANS.c.learner_id == learner_id)
        return self._read(found.order_by(_PLANS.c.asked_at, _PLANS.c.id))

    def listed(self, states: Iterable[PlanState] = ()) -> list[OnboardingPlan]:
        found, wanted = select(_PLANS), [s.value for s in states]
        if wanted:
            found = found.where(_PLANS.c.state.in_(wanted))
        return self._read(found.order_by(_PLANS.c.starts_on, _PLANS.c.id))

    def add(self, plan: OnboardingPlan) -> None:
        fixed = {
            "id": plan.id,
            "learner_id": plan.learner_id,
            "asked_by": plan.asked_by,
            "asked_at": plan.asked_at,
        }
        insert_new(self._tx, _PLANS, fixed | _changing(plan))

    def put(self, plan: OnboardingPlan) -> None:
        """
        Raises:
            NotFoundError: when there is no such plan.
        """
        statement = update(_PLANS).where(_PLANS.c.id == plan.id).values(_changing(plan))
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no onboarding plan {plan.id!r}")

    def keep(self, version: Version) -> None:
        row = {
            "plan_id": version.plan_id,
            "number": version.number,
            "learner_id": version.learner_id,
            "by": version.by,
            "at": version.at,
            "reason": version.reason,
            "changes": list(version.changes),
            "milestones": [_out(m) for m in version.milestones],
        }
        insert_new(self._tx, _VERSIONS, row)

    def versions(self, plan_id: str) -> list[Version]:
        rows = select(_VERSIONS).where(_VERSIONS.c.plan_id == plan_id).order_by(_VERSIONS.c.number)
        return [
            Version(
                r.plan_id,
                r.learner_id,
                r.number,
                r.by,
                r.at,
                r.reason,
                tuple(r.changes),
                tuple(_in(m) for m in r.milestones),
            )
            for r in self._tx.connection.execute(rows)
        ]

    def comment(self, comment: Comment) -> None:
        row = {
            "id": comment.id,
            "plan_id": comment.plan_id,
            "learner_id": comment.learner_id,
            "milestone_id": comment.milestone_id,
            "by": comment.by,
            "at": comment.at,
            "words": comment.words,
        }
        insert_new(self._tx, _COMMENTS, row)

    def comments(self, plan_id: str) -> list[Comment]:
        rows = select(_COMMENTS).where(_COMMENTS.c.plan_id == plan_id).order_by(_COMMENTS.c.at, _COMMENTS.c.id)
        return [
            Comment(r.id, r.plan_id, r.learner_id, r.milestone_id, r.by, r.at, r.words)
            for r in self._tx.connection.execute(rows)
        ]

    def _read(self, query: Select[Any]) -> list[OnboardingPlan]:
        return [_plan(r) for r in self._tx.connection.execute(query)]


def _changing(p: OnboardingPlan) -> Json:
    return {
        "role_id": p.role_id,
        "starts_on": p.starts_on,
        "given": _given_out(p.given),
        "state": p.state.value,
        "version": p.version,
        "hours_per_week": p.hours_per_week,
        "milestones": [_out(m) for m in p.milestones],
        "summary": p.summary,
        "remarks": [[r.milestone_id, r.flag, r.note] for r in p.remarks],
        "left_out": list(p.left_out),
        "made_with": dict(p.made_with),
        "problem": p.problem,
        "decided_by": p.decided_by,
        "reason": p.reason,
        "decided_at": p.decided_at,
    }


def _plan(r: Row[Any]) -> OnboardingPlan:
    return OnboardingPlan(
        id=r.id,
        learner_id=r.learner_id,
        role_id=r.role_id,
        starts_on=r.starts_on,
        given=_given_in(r.given),
        asked_by=r.asked_by,
        asked_at=r.asked_at,
        state=PlanState(r.state),
        version=r.version,
        hours_per_week=r.hours_per_week,
        milestones=tuple(_in(m) for m in r.milestones),
        summary=r.summary,
        remarks=tuple(Remark(*x) for x in r.remarks),
        left_out=tuple(r.left_out),
        made_with=dict(r.made_with),
        problem=r.problem,
        decided_by=r.decided_by,
        reason=r.reason,
        decided_at=r.decided_at,
    )


def _given_out(g: Given) -> Json:
    return {
        "priorities": list(g.priorities),
        "systems": [[s.name, s.by, s.contact] for s in g.systems],
        "project": [g.project.title, g.project.outcome, g.project.by] if g.project else None,
        "buddy": g.buddy,
        "hours_per_week": g.hours_per_week,
    }


def _given_in(data: Mapping[str, Any]) -> Given:
    return Given(
        tuple(data["priorities"]),
        tuple(System(*s) for s in data["systems"]),
        FirstProject(*data["project"]) if data["project"] else None,
        data["buddy"],
        data["hours_per_week"],
    )


def _out(m: Milestone) -> Json:
    return {
        "id": m.id,
        "kind": m.kind.value,
        "title": m.title,
        "due_on": m.due_on.isoformat(),
        "owner": m.owner.value,
        "evidence": m.evidence,
        "goal": [m.goal.skill_id, int(m.goal.level)] if m.goal else None,
        "content_id": m.content_id,
        "colleague": m.colleague,
        "hours": m.hours,
        "reason": m.reason,
        "by": m.by,
        "state": m.state.value,
        "note": m.note,
        "done_on": m.done_on.isoformat() if m.done_on else None,
        "done_by": m.done_by,
    }


def _in(data: Mapping[str, Any]) -> Milestone:
    goal = data["goal"]
    return Milestone(
        id=data["id"],
        kind=MilestoneKind(data["kind"]),
        title=data["title"],
        due_on=date.fromisoformat(data["due_on"]),
        owner=Owner(data["owner"]),
        evidence=data["evidence"],
        goal=Goal(goal[0], Level(goal[1])) if goal else None,
        content_id=data["content_id"],
        colleague=data["colleague"],
        hours=data["hours"],
        reason=data["reason"],
        by=data["by"],
        state=MilestoneState(data["state"]),
        note=data["note"],
        done_on=date.fromisoformat(data["done_on"]) if data["done_on"] else None,
        done_by=data["done_by"],
    )
