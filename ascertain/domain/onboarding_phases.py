"""Which course in which phase: what a placement is worth and when it is feasible. The search is a port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding import PHASES
from ascertain.domain.onboarding_case import Need, OnboardingCase, wanted_phases
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.paths import PlanStatus
from ascertain.domain.rules import PathRules
from ascertain.domain.skills import ContentTag

SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class PhaseOption:
    """A course that may be placed; ``closes`` maps skill id to how much of its weight it is expected to close."""

    item: CatalogueItem
    closes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PhaseProblem:
    """``weights`` by skill is the most that can be closed, ``wanted`` the index of the phase by whose end a skill is
    wanted; ``hours`` of study that fit in each phase; ``late_factor`` as in the rules."""

    options: tuple[PhaseOption, ...]
    weights: Mapping[str, float]
    wanted: Mapping[str, int]
    hours: tuple[float, ...]
    completed: frozenset[str] = frozenset()
    late_factor: float = 0.8

    def worth(self, option: PhaseOption, phase: int) -> dict[str, float]:
        """By skill, what a course closes when it is taken in that phase."""
        return {s: v * self.late_factor ** max(0, phase - self.wanted.get(s, phase)) for s, v in option.closes.items()}


@dataclass(frozen=True, slots=True)
class Placement:
    """Content ids by phase, in the order in which they are taken. ``closure`` is what they are worth, ``bound`` the
    solver's proof of the most; ``left`` are mandatory courses that fit nowhere."""

    phases: tuple[tuple[str, ...], ...]
    closure: float
    bound: float
    status: PlanStatus
    left: tuple[str, ...] = ()


class PhaseSolver(Protocol):
    """Finds the best placement (``ascertain.planning.phases``)."""

    def place(self, problem: PhaseProblem) -> Placement: ...


def problem_of(case: OnboardingCase, needs: Sequence[Need], rules: OnboardingRules, path: PathRules) -> PhaseProblem:
    """Offer what teaches one of ``needs`` (in the order in which they matter), mandatory courses, and what they need
    first. Hours of a phase are its weeks times the weekly hours."""
    steps = max(1, len(needs) - 1)
    weights = {n.skill_id: n.weight(rules) * (1.0 - (1.0 - rules.last_factor) * i / steps) for i, n in enumerate(needs)}
    wanted = {n.skill_id: n for n in needs}
    by_id = {c.content_id: c for c in case.catalogue}
    closes: dict[str, dict[str, float]] = {}
    for item in case.catalogue:
        if item.content_id in case.completed or item.language not in (case.language, "en"):
            continue
        tags = [t for t in case.tags.get(item.content_id, ()) if t.skill_id in wanted]
        worth = {t.skill_id: weights[t.skill_id] * _share(t, wanted[t.skill_id], path) for t in tags}
        if worth or item.mandatory:
            closes[item.content_id] = worth
    todo = list(closes)
    while todo:
        for p in by_id[todo.pop()].prerequisites:
            if p in by_id and p not in case.completed and p not in closes:
                closes[p] = {}
                todo.append(p)
    weeks = [(end - start) / 7 for start, end in zip((0, *PHASES), PHASES, strict=False)]
    return PhaseProblem(
        tuple(PhaseOption(by_id[c], closes[c]) for c in sorted(closes)),
        weights,
        wanted_phases(needs),
        tuple(w * case.hours_per_week for w in weeks),
        case.completed,
        rules.late_factor,
    )


def _share(tag: ContentTag, need: Need, path: PathRules) -> float:
    """P(teaches it) × P(learns it) × fit of the course's level, as learning paths reckon."""
    short = int(need.required) - int(tag.level)
    fit = 1.0 if short <= 0 else path.one_level_short if short == 1 else path.two_levels_short
    if int(tag.level) - int(need.shown or 0) > 2:
        fit *= path.too_hard
    return tag.probability * path.learn_probability * fit


def worth_of(problem: PhaseProblem, phases: Sequence[Sequence[str]]) -> float:
    """Σ over skills of min(weight, Σ of what the placed courses close where they stand)."""
    by_id = {o.item.content_id: o for o in problem.options}
    total = dict.fromkeys(problem.weights, 0.0)
    for i, placed in enumerate(phases):
        for c in placed:
            for s, v in problem.worth(by_id[c], i).items():
                total[s] += v
    return sum(min(problem.weights[s], v) for s, v in total.items())


def violations(problem: PhaseProblem, phases: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Everything that makes a placement infeasible, in words; empty means feasible."""
    by_id = {o.item.content_id: o.item for o in problem.options}
    found: list[str] = []
    done: set[str] = set(problem.completed)
    for i, placed in enumerate(phases):
        hours = 0.0
        for c in placed:
            if c not in by_id:
                found.append(f"{c} is not offered")
                continue
            if c in done:
                found.append(f"{c} stands twice, or was completed")
            first = [p for p in by_id[c].prerequisites if p in by_id and p not in done]
            found.extend(f"{c} comes before its prerequisite {p}" for p in first)
            done.add(c)
            hours += by_id[c].hours
        if hours > problem.hours[i] + SLACK:
            found.append(f"{hours:.1f} h exceed the {problem.hours[i]:.1f} h of phase {PHASES[i]}")
    return tuple(found)
