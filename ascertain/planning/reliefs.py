"""What loosening one limit of a plan would bring: the same problem solved again with that limit loosened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from ascertain.domain.paths import PathProblem, Relief, closed_on, cost_of, day_of, ordered
from ascertain.domain.rules import PathRules
from ascertain.planning.choices import HOUR_SLACK, Offer, gain, remaining
from ascertain.planning.model import Solution, solve

LEAST_GAIN = 0.005
"""Weighted gap below which loosening a limit is not worth a word."""

MOST_SECONDS = 1.0
"""CP-SAT's deterministic time for each: a gain that is found is real, also where a larger one was not proven."""

MOST_CLOSED = 3
"""So many skills are named."""


def reliefs_of(
    problem: PathProblem, offer: Offer, found: Solution, rules: PathRules, label: Callable[[str], str]
) -> tuple[Relief, ...]:
    """Each limit that binds, with what loosening it brings, the largest gain first. Only a gain that a feasible plan
    reaches is told."""
    before = closed_on(problem, ordered(problem, sorted(found.chosen)), rules.min_gap)
    made = []
    for limit, more, loose in _loosened(problem, offer, found, rules):
        again = solve(loose, offer, deterministic_seconds=min(MOST_SECONDS, rules.solver_seconds))
        worth = again.closure - found.closure
        if worth < LEAST_GAIN:
            continue
        weeks = closed_on(loose, ordered(loose, sorted(again.chosen)), rules.min_gap)
        closes = tuple((s, day_of(loose.starts, w)) for s, w in sorted(weeks.items()) if s not in before)
        made.append(Relief(limit, more, worth, closes, _words(limit, more, problem, worth, closes, label)))
    return tuple(sorted(made, key=lambda r: (-r.gain, r.limit)))


def _loosened(
    problem: PathProblem, offer: Offer, found: Solution, rules: PathRules
) -> Iterator[tuple[str, float, PathProblem]]:
    """The limits that keep something out which would still close something; each alone, loosened."""
    left = remaining(problem, offer, found.chosen)
    hours, items, cost = offer.hours(found.chosen), len(found.chosen), cost_of(problem, found.chosen)
    tight = set()
    for c in offer.options:
        added = offer.bundle(c, found.chosen)
        if c in found.chosen or sum(gain(offer, left, added).values()) < LEAST_GAIN:
            continue
        if hours + offer.hours(added) > problem.budget_hours + HOUR_SLACK / 2:
            tight.add("hours")
        if items + len(added) > problem.max_items:
            tight.add("items")
        if problem.max_cost is not None and cost + cost_of(problem, added) > problem.max_cost:
            tight.add("cost")
        if problem.mix:
            tight.add("mix")
    if "hours" in tight or found.mandatory_left:
        more = rules.relief_hours
        yield "hours", more, replace(problem, hours_per_week=problem.hours_per_week + more)
        yield "weeks", rules.relief_weeks, replace(problem, weeks=problem.weeks + rules.relief_weeks)
    if "items" in tight:
        yield "items", 2, replace(problem, max_items=problem.max_items + 2)
    if "cost" in tight and problem.max_cost is not None:
        more = max(1.0, round(problem.max_cost * rules.relief_share))
        yield "cost", more, replace(problem, max_cost=problem.max_cost + more)
    if "mix" in tight:
        yield "mix", 0, replace(problem, mix={})


def _words(
    limit: str,
    more: float,
    problem: PathProblem,
    worth: float,
    closes: tuple[tuple[str, date | None], ...],
    label: Callable[[str], str],
) -> str:
    what = {
        "hours": f"{more:g} more hour{'' if more == 1 else 's'} a week",
        "weeks": f"{more:g} more week{'' if more == 1 else 's'}",
        "items": f"{more:g} more items",
        "cost": f"{more:g} {problem.currency} more",
        "mix": "any mix of modalities",
    }[limit]
    verb = "closes" if limit == "mix" or more == 1 else "close"
    named = [f"{label(s)}{f' by {day.isoformat()}' if day else ''}" for s, day in closes[:MOST_CLOSED]]
    if len(closes) > MOST_CLOSED:
        named.append(f"{len(closes) - MOST_CLOSED} others")
    if not named:
        return f"{what} {verb} {worth:.2f} more of the weighted gap"
    joined = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{what} {verb} {joined} ({worth:.2f} more of the weighted gap)"
