"""From what was chosen and placed to milestones with days, owners and the evidence that is expected. Code alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ascertain.domain.onboarding import PHASES, Goal, Milestone, MilestoneKind, Owner, in_order, workday
from ascertain.domain.onboarding_case import Choice, Need, OnboardingCase, ordered_needs, wanted_phases
from ascertain.domain.onboarding_phases import PhaseProblem, PhaseSolver, Placement, problem_of
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.rules import PathRules

FIRST_DAYS = 3
"""By then the buddy has been met."""
LEVEL_WORDS = ("", "awareness", "foundation", "practitioner", "advanced", "expert")


@dataclass(frozen=True, slots=True)
class Built:
    """The milestones, what was left out in words, and the placement with its proof."""

    milestones: tuple[Milestone, ...]
    left_out: tuple[str, ...]
    problem: PhaseProblem
    placement: Placement


def build(
    case: OnboardingCase,
    choice: Choice,
    solver: PhaseSolver,
    rules: OnboardingRules,
    path: PathRules,
    label: Callable[[str], str],
) -> Built:
    """Draft a plan. ``label`` turns a skill id into its word; colleagues stay pseudonyms."""
    needs = ordered_needs(case, choice, rules.most_goals)
    problem = problem_of(case, needs, rules, path)
    placement = solver.place(problem)
    makes = _Makes(case, choice, label)
    rows = [*makes.check_ins(rules), *makes.systems(), *makes.buddy(), *makes.project()]
    rows += makes.courses(problem, placement)
    phase_of = _phases(needs, problem, placement)
    meets = makes.meets(needs, phase_of, rules)
    rows += [*meets, *makes.goals(needs, phase_of)]
    met = {m.goal.skill_id for m in meets if m.goal}
    numbered = tuple(replace(m, id=f"m{i:02}") for i, m in enumerate(in_order(rows), start=1))
    return Built(numbered, _left_out(case, needs, met, problem, placement, label), problem, placement)


def _phases(needs: Sequence[Need], problem: PhaseProblem, placement: Placement) -> dict[str, int]:
    """By skill the phase in which its goal is due: where the last course for it stands, not before it is wanted."""
    closes = {o.item.content_id: o.closes for o in problem.options}
    found = wanted_phases(needs)
    for i, placed in enumerate(placement.phases):
        for c in placed:
            for s in closes[c]:
                found[s] = max(found[s], i)
    return found


@dataclass(frozen=True, slots=True)
class _Makes:
    case: OnboardingCase
    choice: Choice
    label: Callable[[str], str]

    def check_ins(self, rules: OnboardingRules) -> list[Milestone]:
        return [
            self._row(
                MilestoneKind.CHECK_IN,
                "First-week check-in" if day <= 7 else f"{day}-day check-in",
                self._day(day),
                Owner.MANAGER,
                "what was agreed, written down as a comment",
                "How it goes, what is in the way, and what comes next.",
            )
            for day in rules.check_in_days
        ]

    def systems(self) -> list[Milestone]:
        return [
            self._row(
                MilestoneKind.TASK,
                f"Get to know {s.name}",
                self._day(s.by),
                Owner.NEW_HIRE,
                "access works, and a first task was done in it",
                f"The manager gave it as a system to know.{f' Access: {s.contact}.' if s.contact else ''}",
            )
            for s in self.case.given.systems
        ]

    def buddy(self) -> list[Milestone]:
        if not self.case.given.buddy:
            return []
        words = "The manager chose this colleague as the buddy of the first weeks."
        row = self._row(
            MilestoneKind.MEET, "Meet your buddy", self._day(FIRST_DAYS), Owner.BUDDY, "you have met", words
        )
        return [replace(row, colleague=self.case.given.buddy)]

    def project(self) -> list[Milestone]:
        p = self.case.given.project
        if p is None:
            return []
        why = "The first piece of work of one's own, as the manager gave it."
        return [self._row(MilestoneKind.TASK, p.title, self._day(p.by), Owner.NEW_HIRE, p.outcome, why)]

    def courses(self, problem: PhaseProblem, placement: Placement) -> list[Milestone]:
        """One after the other within a phase; each is due when its hours have passed, at the end of a week."""
        by_id = {o.item.content_id: o for o in problem.options}
        rows = []
        for i, placed in enumerate(placement.phases):
            start, end = (0, *PHASES)[i], PHASES[i]
            spent = 0.0
            for c in placed:
                item = by_id[c].item
                spent += item.hours
                weeks = math.ceil(spent / max(self.case.hours_per_week, 0.1) - 1e-9)
                row = self._row(
                    MilestoneKind.COURSE,
                    item.title,
                    self._day(min(end, start + 7 * max(1, weeks))),
                    Owner.NEW_HIRE,
                    "the course is finished",
                    self._why(by_id[c].closes, mandatory=item.mandatory, external=item.external),
                )
                rows.append(replace(row, content_id=c, hours=item.hours))
        return rows

    def meets(self, needs: Sequence[Need], phase_of: Mapping[str, int], rules: OnboardingRules) -> list[Milestone]:
        """A talk for each need for which a colleague was chosen, so many with one colleague at most."""
        asked: Counter[str] = Counter()
        rows = []
        for n in needs:
            whom = self.choice.helpers.get(n.skill_id, "")
            if not whom or asked[whom] >= rules.meets_each:
                continue
            asked[whom] += 1
            row = self._row(
                MilestoneKind.MEET,
                f"Talk about {self.label(n.skill_id)}",
                self._day((0, *PHASES)[phase_of[n.skill_id]] + 14),
                Owner.NEW_HIRE,
                "you have seen how it is done here",
                f"Has {self.label(n.skill_id)} confirmed at the level that the role asks for.",
            )
            rows.append(replace(row, colleague=whom, goal=Goal(n.skill_id, n.required)))
        return rows

    def goals(self, needs: Sequence[Need], phase_of: Mapping[str, int]) -> list[Milestone]:
        return [
            replace(
                self._row(
                    MilestoneKind.GOAL,
                    f"Show {self.label(n.skill_id)} at level {int(n.required)} ({LEVEL_WORDS[n.required]})",
                    self._day(PHASES[phase_of[n.skill_id]]),
                    Owner.NEW_HIRE,
                    "a test at that level, or your manager's review"
                    if n.critical or n.compliance
                    else "a project, ticket or test at that level",
                    self.choice.reasons.get(n.skill_id, "") or n.why,
                ),
                goal=Goal(n.skill_id, n.required),
            )
            for n in needs
        ]

    def _why(self, closes: Mapping[str, float], *, mandatory: bool, external: bool) -> str:
        taught = ", ".join(self.label(s) for s in sorted(closes, key=lambda s: (-closes[s], s)))
        words = f"Teaches {taught}." if taught else "Mandatory." if mandatory else "Needed before a later course."
        if mandatory and taught:
            words = f"{words} Mandatory."
        return f"{words} External resource." if external else words

    def _row(self, kind: MilestoneKind, title: str, due: date, owner: Owner, evidence: str, reason: str) -> Milestone:
        return Milestone("", kind, title, due, owner, evidence, reason=reason)

    def _day(self, number: int) -> date:
        return workday(self.case.starts_on + timedelta(days=number), self.case.starts_on)


def _left_out(
    case: OnboardingCase,
    needs: Sequence[Need],
    met: set[str],
    problem: PhaseProblem,
    placement: Placement,
    label: Callable[[str], str],
) -> tuple[str, ...]:
    """What the plan could not place, one sentence each."""
    titles = {o.item.content_id: o.item.title for o in problem.options}
    there = {c for placed in placement.phases for c in placed}
    taught = {s for o in problem.options if o.item.content_id in there for s in o.closes}
    words = [f"{titles[c]} is mandatory and does not fit in the hours." for c in placement.left]
    bare = [label(n.skill_id) for n in needs if n.skill_id not in taught | met]
    if bare:
        words.append(f"No course fits and no colleague was found for: {', '.join(bare)}.")
    later = [label(n.skill_id) for n in case.needs if n not in needs]
    if later:
        words.append(f"After the first months: {', '.join(later)}.")
    return tuple(words)
