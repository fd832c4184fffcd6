"""Plans a person's path anew between runs: after a skip, a wish, a failed or overdue item. No agent takes part.

The gaps are those of the person's latest run; a skill that somebody contests is left out. What was approved is
promised: it changes only where another path closes more than ``change_price`` an item, and whatever is added or moved
waits for another yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.assignments import Assignment, AssignmentState
from ascertain.domain.canonical import plain
from ascertain.domain.gaps import Gap, GapStatus
from ascertain.domain.path_choices import PathSkip
from ascertain.domain.path_offer import LONGEST_WEEKS, build_problem
from ascertain.domain.path_wishes import PathWishes
from ascertain.domain.paths import PathPlan, day_of
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, PathSolver, UnitOfWork
from ascertain.domain.rules import Policy
from ascertain.domain.skills import JobProfile, Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.assignments import propose, settled
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.permit import demand
from ascertain.pipeline.stop import must_go_on

REASON_CHARS = 400


@dataclass(frozen=True, slots=True)
class Replanned:
    """What planning anew came to: ``proposed`` is a new proposal, ``moved`` what was put later in a path that stands,
    in words. With neither the path is as it was."""

    plan: PathPlan
    proposed: Assignment | None = None
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PathPlanner:
    """The use case with its collaborators."""

    builder: CaseBuilder
    solver: PathSolver
    policy: Policy
    clock: Clock
    gate: Gate

    def replan(self, uow: UnitOfWork, learner: Learner, because: Sequence[str] = ()) -> Replanned:
        """Plan anew from today. The caller commits. Repeated without news it changes nothing.

        Raises:
            Stopped: everything is stopped.
            ConflictError: nothing may be planned: a restriction, no notice, no consent, no run or no role.
        """
        must_go_on(uow)
        plan = self._plan(uow, learner)
        run = uow.runs.latest(learner.id)
        if run is None:
            raise ConflictError("has not been assessed yet", remedy=f"`ascertain assess {learner.id}` first")
        made = propose(
            uow,
            learner,
            run.id,
            plain(plan),
            self.clock.now(),
            self.policy.review.l_and_d,
            because,
        )
        moved = () if made else self._move(uow, learner, plan)
        return Replanned(plan, made, moved)

    def towards(self, uow: UnitOfWork, learner: Learner, role: JobProfile, gaps: Sequence[Gap]) -> PathPlan:
        """What the catalogue closes of these gaps to another role by the policy's horizon, under the limits that hold
        for the person's path. Nothing is proposed and nothing is stored.

        Raises:
            ConflictError: nothing may be planned: a restriction, no notice or no consent.
        """
        self._may_plan(uow, learner)
        case = self.builder.build(uow, learner, role, self.builder.landscape(uow))
        return self.solver.plans(build_problem(case, gaps, self.policy.path, starts=self.clock.today()))[0]

    def _may_plan(self, uow: UnitOfWork, learner: Learner) -> None:
        if uow.restrictions.on(learner.id) is not None:
            raise ConflictError("processing of this person is restricted", remedy="`ascertain person unrestrict` first")
        if (obstacle := self.gate.obstacle(uow, learner, self.clock.today())) is not None:
            raise ConflictError(obstacle.message, remedy=obstacle.remedy or "")

    def _plan(self, uow: UnitOfWork, learner: Learner) -> PathPlan:
        self._may_plan(uow, learner)
        run = uow.runs.latest(learner.id)
        rows = uow.runs.document(run.id, "gaps") if run else None
        if not rows:
            raise ConflictError(
                f"{learner.id} has no gaps to plan for", remedy=f"`ascertain assess {learner.id}`; a role is needed"
            )
        contested = {a.skill_id for a in uow.assertions.of(learner.id) if a.state is AssertionState.CONTESTED}
        gaps = [_gap(r) for r in rows if r["skill_id"] not in contested]
        case = self.builder.build(uow, learner, self.builder.role_of(uow, learner), self.builder.landscape(uow))
        problem = build_problem(case, gaps, self.policy.path, starts=self.clock.today())
        return self.solver.plans(problem)[0]

    def _move(self, uow: UnitOfWork, learner: Learner, plan: PathPlan) -> tuple[str, ...]:
        """Give what is overdue on an approved path new dates, from today; nothing else about it changes."""
        standing, today = uow.assignments.current(learner.id), self.clock.today()
        if standing is None or standing.state is not AssignmentState.APPROVED or not standing.plan.get("starts"):
            return ()
        starts = date.fromisoformat(standing.plan["starts"])
        over = settled(uow, learner)
        steps = standing.plan["steps"]
        if not any(_due(starts, s) < today for s in steps if s["content_id"] not in over):
            return ()
        weeks = {s.content_id: s for s in plan.steps}
        moved, words = [], []
        for s in steps:
            new = weeks.get(s["content_id"])
            if s["content_id"] in over or new is None:
                moved.append(s | {"start_week": 0.0, "end_week": 0.0} if s["content_id"] in over else s)
                continue
            moved.append(s | {"start_week": new.start_week, "end_week": new.end_week})
            words.append(f"by {_due(today, moved[-1])} instead of {_due(starts, s)}: {s['title']}")
        changed = dict(standing.plan) | {"steps": moved, "starts": today.isoformat()}
        uow.assignments.put(replace(standing, plan=changed, changes=tuple(words)))
        header = {"assignment": standing.id, "items": len(words)}
        uow.audit.append("assignment.moved", actor="system", learner_id=learner.id, header=header)
        return tuple(words)

    def skip(self, uow: UnitOfWork, principal: Principal, learner: Learner, content_id: str, reason: str) -> Replanned:
        """Leave an item of the path that stands out, for a reason, and plan anew. The caller commits.

        Raises:
            ForbiddenError: not the person, and not who looks after their learning.
            InputError: there is no reason.
            NotFoundError: the item is not on the path.
            ConflictError: it is mandatory, or finished.
        """
        demand(uow, principal, Action.PATH_PLAN, learner)
        why = _reason(reason, "a skip")
        steps = self._steps(uow, learner)
        step = next((s for s in steps if s["content_id"] == content_id), None)
        if step is None:
            raise NotFoundError(f"{content_id!r} is not on the path", remedy="`ascertain path show` lists its items")
        if step.get("mandatory"):
            raise ConflictError(f"{step['title']} is mandatory", remedy="whoever made it mandatory can lift that")
        if settled(uow, learner).get(content_id, "").startswith("finished"):
            raise ConflictError(f"{step['title']} is finished", remedy="nothing is left to skip")
        row = PathSkip(learner.id, content_id, step["title"], why, principal.name, self.clock.now())
        uow.paths.skip(row)
        sealed = {"by": principal.name, "reason": why}
        header = {"content": content_id}
        uow.audit.append("path.skipped", actor=principal.kind, learner_id=learner.id, header=header, payload=sealed)
        return self.replan(uow, learner)

    def take_back(self, uow: UnitOfWork, principal: Principal, learner: Learner, content_id: str) -> Replanned:
        """Let a skipped item be planned again. The caller commits.

        Raises:
            ForbiddenError: as for ``skip``.
            NotFoundError: it was not skipped.
        """
        demand(uow, principal, Action.PATH_PLAN, learner)
        if not uow.paths.take_back(learner.id, content_id):
            raise NotFoundError(f"{content_id!r} is not skipped", remedy="`ascertain path show` says what is")
        sealed, header = {"by": principal.name}, {"content": content_id}
        uow.audit.append("path.unskipped", actor=principal.kind, learner_id=learner.id, header=header, payload=sealed)
        return self.replan(uow, learner)

    def wish(
        self, uow: UnitOfWork, principal: Principal, learner: Learner, wishes: PathWishes, reason: str
    ) -> Replanned:
        """Say what the path has to keep to, and plan anew. The caller commits.

        Raises:
            ForbiddenError: as for ``skip``.
            InputError: a figure that cannot be kept to, or no reason.
        """
        demand(uow, principal, Action.PATH_PLAN, learner)
        why = _reason(reason, "another limit")
        check_wishes(wishes, self.clock.today())
        uow.paths.put_wishes(learner.id, wishes, principal.name, why)
        said = {k: v for k, v in plain(wishes).items() if k != "skipped" and v not in (None, [], {})}
        sealed = {"by": principal.name, "wishes": said, "reason": why}
        header = {"limits": sorted(said)}
        uow.audit.append("path.wished", actor=principal.kind, learner_id=learner.id, header=header, payload=sealed)
        return self.replan(uow, learner, [f"asked for: {why}"])

    def _steps(self, uow: UnitOfWork, learner: Learner) -> Sequence[Mapping[str, Any]]:
        standing = uow.assignments.current(learner.id)
        if standing is not None and standing.plan:
            return list(standing.plan["steps"])
        run = uow.runs.latest(learner.id)
        found = uow.runs.document(run.id, "path") if run else None
        return list(found["steps"]) if found else []


def behind(uow: UnitOfWork, today: date) -> list[Learner]:
    """People whose approved path has something failed or overdue; who left or is restricted is left out."""
    found = []
    here = {p.id: p for p in uow.people.all()}
    for row in uow.assignments.listed(AssignmentState.APPROVED):
        learner = here.get(row.learner_id)
        if learner is None or learner.restricted or not row.plan:
            continue
        over = settled(uow, learner)
        starts = date.fromisoformat(row.plan["starts"]) if row.plan.get("starts") else row.proposed_at.date()
        failed = {e.content_id for e in uow.evidence.of(learner.id) if e.passed is False and learner.allows(e)}
        if any(
            s["content_id"] in failed or _due(starts, s) < today
            for s in row.plan["steps"]
            if s["content_id"] not in over
        ):
            found.append(learner)
    return found


def check_wishes(wishes: PathWishes, today: date) -> None:
    """
    Raises:
        InputError: naming the figure that cannot be kept to.
    """
    hours, cost = wishes.hours_per_week, wishes.max_cost
    if hours is not None and not 0 < hours <= 60:
        raise InputError("must be more than 0 and at most 60", field="hours", remedy="hours of learning a week, as 2")
    if cost is not None and not 0 <= cost <= 1_000_000:
        raise InputError("must be from 0 to 1000000", field="cost", remedy="0 plans only what costs nothing")
    if wishes.by is not None and not today < wishes.by <= today + timedelta(weeks=LONGEST_WEEKS):
        raise InputError(
            f"must be after {today} and within {LONGEST_WEEKS} weeks", field="by", remedy="a day as 2027-03-01"
        )
    for modality, share in wishes.mix.items():
        if not 0 <= share.least <= share.most <= 1:
            raise InputError(f"{modality}: least and most must be 0..1, in this order", field="mix", remedy="0-30")
    if sum(s.least for s in wishes.mix.values()) > 1:
        raise InputError("the least shares come to more than the whole", field="mix", remedy="lower one of them")


def _reason(text: str, what: str) -> str:
    why = " ".join(text.split())
    if not why:
        raise InputError(f"{what} needs a reason", field="reason", remedy="whoever approves the path reads it")
    return why[:REASON_CHARS]


def _gap(row: Mapping[str, Any]) -> Gap:
    return Gap(
        row["skill_id"],
        Level(row["required"]),
        Level(row["current"]) if row["current"] else None,
        row["importance"],
        row["essential"],
        row["p_below"],
        row["low"],
        row["high"],
        GapStatus(row["status"]),
    )


def _due(starts: date, step: Mapping[str, Any]) -> date:
    return day_of(starts, step["end_week"]) or starts
