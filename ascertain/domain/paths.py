"""Learning paths: what a path is worth, whether it is feasible, and when it runs. The search is a port."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ascertain.domain.casefile import CaseFile, CatalogueItem
from ascertain.domain.gaps import Gap
from ascertain.domain.rules import PathRules
from ascertain.domain.skills import ContentTag


class PlanStatus(StrEnum):
    """What the solver can prove."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    NOTHING_TO_DO = "nothing to do"


@dataclass(frozen=True, slots=True)
class PathOption:
    """A catalogue item that the solver may take; ``closes`` maps skill id to the expected drop of the weighted gap."""

    item: CatalogueItem
    closes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PathProblem:
    """One learner's choice: ``gaps`` maps skill id to the weighted gap (the most that can be closed)."""

    options: tuple[PathOption, ...]
    gaps: Mapping[str, float]
    hours_per_week: float
    weeks: int
    completed: frozenset[str] = frozenset()
    max_items: int = 8

    @property
    def budget_hours(self) -> float:
        """Study hours until the horizon."""
        return self.hours_per_week * self.weeks


@dataclass(frozen=True, slots=True)
class PathStep:
    """One item of a plan with its place in time (weeks from the start, fractions allowed)."""

    content_id: str
    title: str
    hours: float
    start_week: float
    end_week: float
    closes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathPlan:
    """A feasible path.

    ``closure`` is the expected drop of the summed weighted gap, ``bound`` the solver's proof of the best possible;
    equal for an optimal plan. ``binding`` names what limits it.
    """

    id: str
    label: str
    steps: tuple[PathStep, ...]
    hours: float
    closure: float
    bound: float
    status: PlanStatus
    binding: str
    open_skills: tuple[str, ...] = field(default=())


def build_problem(case: CaseFile, gaps: Sequence[Gap], rules: PathRules) -> PathProblem:
    """Offer only what closes a gap worth closing, with the prerequisites that it needs."""
    worth = {g.skill_id: g for g in gaps if g.weighted >= rules.min_gap}
    by_id = {c.content_id: c for c in case.catalogue}
    values: dict[str, dict[str, float]] = {}
    for item in case.catalogue:
        if item.content_id in case.completed or item.language not in (case.language, "en"):
            continue
        closes = {
            t.skill_id: _value(t, worth[t.skill_id], rules)
            for t in case.tags.get(item.content_id, ())
            if t.skill_id in worth
        }
        if closes or item.mandatory:
            values[item.content_id] = closes
    needed = list(values)
    while needed:
        for p in by_id[needed.pop()].prerequisites:
            if p in by_id and p not in case.completed and p not in values:
                values[p] = {}
                needed.append(p)
    return PathProblem(
        options=tuple(PathOption(by_id[c], values[c]) for c in sorted(values)),
        gaps={s: g.weighted for s, g in sorted(worth.items())},
        hours_per_week=case.hours_per_week * rules.share_of_week,
        weeks=rules.horizon_weeks,
        completed=case.completed,
        max_items=rules.max_items,
    )


def _value(tag: ContentTag, gap: Gap, rules: PathRules) -> float:
    """importance × P(below) × P(teaches it) × P(learns it) × fit of the item's level to the required one."""
    short = int(gap.required) - int(tag.level)
    fit = 1.0 if short <= 0 else rules.one_level_short if short == 1 else rules.two_levels_short
    ahead = int(tag.level) - int(gap.current or 0)
    if ahead > 2:
        fit *= rules.too_hard
    return gap.weighted * tag.probability * rules.learn_probability * fit


def closure_of(problem: PathProblem, chosen: Sequence[str]) -> float:
    """Σ over skills of min(gap, Σ of what the chosen items close)."""
    picked = set(chosen)
    total = 0.0
    for skill, gap in problem.gaps.items():
        total += min(gap, sum(o.closes.get(skill, 0.0) for o in problem.options if o.item.content_id in picked))
    return total


def violations(problem: PathProblem, chosen: Sequence[str]) -> tuple[str, ...]:
    """Everything that makes a choice infeasible, in words; empty means feasible. Order matters."""
    by_id = {o.item.content_id: o.item for o in problem.options}
    found: list[str] = []
    if len(set(chosen)) != len(chosen):
        found.append("an item stands twice")
    seen: set[str] = set(problem.completed)
    for c in chosen:
        item = by_id.get(c)
        if item is None:
            found.append(f"{c} is not offered")
            continue
        found.extend(
            f"{c} comes before its prerequisite {p}" for p in item.prerequisites if p in by_id and p not in seen
        )
        seen.add(c)
    hours = sum(by_id[c].hours for c in set(chosen) if c in by_id)
    if hours > problem.budget_hours + 1e-6:
        found.append(f"{hours:.1f} h exceed the {problem.budget_hours:.1f} h until the horizon")
    if len(chosen) > problem.max_items:
        found.append(f"{len(chosen)} items exceed {problem.max_items}")
    return tuple(found)


def ordered(problem: PathProblem, chosen: Sequence[str]) -> tuple[str, ...]:
    """Mandatory first, then largest closure an hour, prerequisites always before what needs them."""
    by_id = {o.item.content_id: o for o in problem.options}
    left = set(chosen)
    out: list[str] = []
    while left:
        ready = [c for c in left if not any(p in left for p in by_id[c].item.prerequisites)]
        if not ready:  # a cycle in the catalogue's prerequisites: keep a fixed order rather than hang
            ready = sorted(left)
        best = min(ready, key=lambda c: (not by_id[c].item.mandatory, -_pull(problem, by_id, left, c), c))
        out.append(best)
        left.remove(best)
    return tuple(out)


def _pull(problem: PathProblem, by_id: Mapping[str, PathOption], left: set[str], c: str) -> float:
    """Closure an hour of an item and of what it unlocks among those still to place."""
    own = sum(by_id[c].closes.values()) / max(by_id[c].item.hours, 0.25)
    unlocked = [
        sum(by_id[d].closes.values()) / max(by_id[d].item.hours + by_id[c].item.hours, 0.25)
        for d in left
        if c in by_id[d].item.prerequisites
    ]
    return max([own, *unlocked])


def timeline(problem: PathProblem, chosen: Sequence[str]) -> tuple[PathStep, ...]:
    """One item after the other at ``hours_per_week``."""
    by_id = {o.item.content_id: o for o in problem.options}
    steps: list[PathStep] = []
    clock = 0.0
    for c in chosen:
        o = by_id[c]
        end = clock + o.item.hours / max(problem.hours_per_week, 1e-9)
        closes = tuple(sorted(s for s, v in o.closes.items() if v > 0))
        steps.append(PathStep(c, o.item.title, o.item.hours, round(clock, 4), round(end, 4), closes))
        clock = end
    return tuple(steps)


def weeks_needed(hours: float, hours_per_week: float) -> int:
    """Whole weeks for ``hours`` of study."""
    return math.ceil(hours / hours_per_week - 1e-9) if hours_per_week > 0 else 0
