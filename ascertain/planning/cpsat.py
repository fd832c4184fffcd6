"""Feasible learning paths by OR-Tools CP-SAT: up to three different ones, each with its proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ascertain.domain.paths import (
    PathOption,
    PathPlan,
    PathProblem,
    PlanStatus,
    closure_of,
    cost_of,
    ordered,
    timeline,
)
from ascertain.domain.rules import PathRules
from ascertain.planning.binding import binding_words
from ascertain.planning.choices import TOLERANCE, Offer, offer_of, skills_worked_on, thinned
from ascertain.planning.model import Solution, solve
from ascertain.planning.reliefs import reliefs_of

LIGHT_KEEPS = 0.6
"""A lighter plan keeps at least this share of the best closure …"""

LIGHT_HOURS = 0.8
"""… and takes at most this share of the hours."""


class CpSatSolver:
    """Implements ``domain.ports.PathSolver``.

    Deterministic: equal problems give equal plans on every machine (one worker, fixed seed, a limit in CP-SAT's
    deterministic time instead of the clock's).

    Args:
        rules: ``solver_seconds`` limits each search, ``min_gap`` says when a gap counts as closed.
        label: turns a skill id into the word used in ``binding``; ids are used as they are without it.
    """

    def __init__(self, rules: PathRules, *, label: Callable[[str], str] = str) -> None:
        self._rules = rules
        self._label = label
        self._last: tuple[PathProblem, tuple[PathPlan, ...]] | None = None

    def plans(self, problem: PathProblem) -> tuple[PathPlan, ...]:
        """Feasible and mutually different plans, the best first; never empty.

        ``best``
            the largest closure within the horizon.
        ``quick``
            the largest closure within the first half of the horizon.
        ``light``
            the best plan without its least effective steps (its ``bound`` is the best closure), or else the largest
            closure without the modality that the best plan uses most.

        Where no gap is open and nothing is mandatory, one plan without steps says ``NOTHING_TO_DO``.

        The last answer is kept: within one assessment an agent's tool and the code after it ask the same.
        """
        last = self._last
        if last is None or last[0] != problem:
            last = self._last = (problem, self._search(problem))
        return last[1]

    def _search(self, problem: PathProblem) -> tuple[PathPlan, ...]:
        offer = offer_of(problem)
        if not problem.gaps and not offer.options:
            binding = "nothing binds: no gap is open"
            return (PathPlan("best", "Nothing to do", (), 0.0, 0.0, 0.0, PlanStatus.NOTHING_TO_DO, binding),)
        found = self._solve(problem, offer)
        best = self._plan("best", f"The most within {problem.weeks} weeks", problem, offer, found)
        best = replace(best, reliefs=reliefs_of(problem, offer, found, self._rules, self._label))
        if not best.steps:
            return (best,)
        plans = [best]
        if quick := self._quick(problem, offer, best):
            plans.append(quick)
        if light := self._light(problem, offer, found, plans):
            plans.append(light)
        return tuple(plans)

    def _quick(self, problem: PathProblem, offer: Offer, best: PathPlan) -> PathPlan | None:
        half = replace(problem, weeks=problem.weeks // 2)
        if half.weeks < 1 or best.hours <= half.budget_hours:
            return None  # the best plan is that quick already
        found = self._solve(half, offer)
        plan = self._plan("quick", f"Quick start: the most within {half.weeks} weeks", half, offer, found)
        return plan if plan.closure > 0 and found.chosen != _ids(best) else None

    def _light(self, problem: PathProblem, offer: Offer, best: Solution, others: list[PathPlan]) -> PathPlan | None:
        taken = [_ids(p) for p in others]
        hours = others[0].hours
        few = thinned(problem, offer, best.chosen, keep=LIGHT_KEEPS)
        if few not in taken and 0 < offer.hours(few) <= LIGHT_HOURS * hours:
            closure = closure_of(problem, sorted(few))
            share = closure / best.closure if best.closure > 0 else 0.0
            label = f"Lighter: {share:.0%} of the effect in {offer.hours(few) / hours:.0%} of the hours"
            found = Solution(few, closure, best.bound, PlanStatus.FEASIBLE)
            return self._plan("light", label, problem, offer, found, by_choice="fewer hours")
        usual = _usual_modality(offer, best)
        other = replace(problem, options=_without(offer, usual))
        found = self._solve(other, offer_of(other))
        if found.chosen in taken or found.closure < max(LIGHT_KEEPS * best.closure, TOLERANCE):
            return None
        found = replace(found, bound=max(best.bound, found.closure), status=PlanStatus.FEASIBLE)
        return self._plan("light", f"Without {usual}", problem, offer, found, by_choice=f"no {usual}")

    def _solve(self, problem: PathProblem, offer: Offer) -> Solution:
        return solve(problem, offer, deterministic_seconds=self._rules.solver_seconds)

    def _plan(
        self, plan_id: str, label: str, problem: PathProblem, offer: Offer, found: Solution, *, by_choice: str = ""
    ) -> PathPlan:
        binding = f"limited by choice: {by_choice}" if by_choice else self._binding(problem, offer, found)
        worked_on = skills_worked_on(problem, offer, sorted(found.chosen))
        return PathPlan(
            id=plan_id,
            label=label,
            steps=timeline(problem, ordered(problem, sorted(found.chosen))),
            hours=offer.hours(found.chosen),
            closure=found.closure,
            bound=found.bound,
            status=found.status,
            binding=binding,
            open_skills=tuple(s for s in problem.gaps if s not in worked_on),
            cost=cost_of(problem, found.chosen),
        )

    def _binding(self, problem: PathProblem, offer: Offer, found: Solution) -> str:
        words = binding_words(
            problem,
            offer,
            found.chosen,
            mandatory_left=found.mandatory_left,
            min_gap=self._rules.min_gap,
            label=self._label,
        )
        given_up = found.bound - found.closure
        if found.status is PlanStatus.FEASIBLE and problem.promised and given_up > TOLERANCE:
            kept = sum(c in found.chosen for c in problem.promised)
            words += (
                f"; keeps {kept} of {len(problem.promised)} promised items, "
                f"for at most {given_up:.2f} of the weighted gap"
            )
        return words


def _ids(plan: PathPlan) -> frozenset[str]:
    return frozenset(s.content_id for s in plan.steps)


def _usual_modality(offer: Offer, best: Solution) -> str:
    counts = Counter(offer.options[c].item.modality for c in sorted(best.chosen))
    return min(counts, key=lambda m: (-counts[m], m))


def _without(offer: Offer, modality: str) -> tuple[PathOption, ...]:
    """The options that need no item of that modality, and the mandatory ones with all they need."""
    duties = {c for c, o in offer.options.items() if o.item.mandatory}
    kept = duties.union(*(offer.needs[c] for c in duties))
    unwanted = {c for c, o in offer.options.items() if o.item.modality == modality}
    kept |= {c for c in offer.options if not ((offer.needs[c] | {c}) & unwanted)}
    return tuple(o for c, o in offer.options.items() if c in kept)
