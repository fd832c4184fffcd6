"""One path problem as a CP-SAT model: integers only, one worker, the same answer every time.

Let x_c say that item c is taken and y_s how much of skill s's gap is closed:

    maximise   Σ_s y_s,   y_s ≤ gap_s,   y_s ≤ Σ_c closes_cs·x_c
    subject to Σ_c hours_c·x_c ≤ budget,   Σ_c x_c ≤ max_items,   x_c ≤ x_p for every prerequisite p of c

               Σ_c cost_c·x_c ≤ budget of cost,   least_m·H ≤ Σ_{c of modality m} hours_c·x_c ≤ most_m·H

with H the hours of all items that are not mandatory; cost does not count those either. Each promised item that is kept
adds ``change_price`` to the objective. Among equally good choices the one with the fewest hours wins. Mandatory items
come before everything: all of them where they fit, else as many as fit. Solver: Perron & Didier, *CP-SAT*, OR-Tools.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ascertain.domain.paths import PathProblem, PlanStatus, closure_of
from ascertain.planning.choices import HOUR_SLACK, TOLERANCE, Offer, fits, greedy

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

GAP_UNITS = 1_000_000
"""Integer units of one weighted gap; closure is optimal to this resolution."""

_HOUR_UNITS = 100_000_000
_COST_UNITS = 100
_THOUSAND = 1000
"""Shares are kept to the thousandth."""
_HALF = 1e-6
_SMALL = 80
"""Up to this many options neither presolve nor a first guess pays for itself (40 options: 8.5 against 10.4 ms)."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A feasible choice, its closure, the proven bound of the closure, and whether the two meet."""

    chosen: frozenset[str]
    closure: float
    bound: float
    status: PlanStatus
    mandatory_left: tuple[str, ...] = ()


def solve(problem: PathProblem, offer: Offer, *, deterministic_seconds: float) -> Solution:
    """The best choice within a deterministic time limit (CP-SAT's own unit, about a second of one core).

    With promised items the bound is that of the same problem without them: what keeping them costs can be seen.
    """
    if problem.promised and problem.change_price > 0:
        free = solve(replace(problem, promised=()), offer, deterministic_seconds=deterministic_seconds)
        kept = _solve(problem, offer, deterministic_seconds)
        bound = max(free.bound, kept.closure)
        proven = kept.status is PlanStatus.OPTIMAL and bound - kept.closure <= TOLERANCE
        return replace(kept, bound=bound, status=PlanStatus.OPTIMAL if proven else PlanStatus.FEASIBLE)
    return _solve(problem, offer, deterministic_seconds)


def _solve(problem: PathProblem, offer: Offer, deterministic_seconds: float) -> Solution:
    mandatory = [c for c, o in offer.options.items() if o.item.mandatory]
    required = frozenset(mandatory).union(*(offer.needs[c] for c in mandatory))
    forced = required if fits(problem, offer, required) else frozenset()
    usable = [c for c in offer.options if c in forced or fits(problem, offer, offer.bundle(c, ()) | forced)]
    if not usable:
        return _solution(problem, offer, frozenset(), 0.0, proven=True)
    return _search(problem, offer, usable, forced, deterministic_seconds)


def _search(
    problem: PathProblem,
    offer: Offer,
    usable: list[str],
    forced: frozenset[str],
    deterministic_seconds: float,
) -> Solution:
    from ortools.sat.python import cp_model  # 0.7 s of CPU: only who plans pays for it

    large = len(usable) > _SMALL
    start = greedy(problem, offer) if large else None
    model = cp_model.CpModel()
    x = {c: model.new_bool_var("") for c in usable}
    hours, budget = _hours(problem, offer, usable)
    weighted = cp_model.LinearExpr.weighted_sum
    model.add(weighted(list(x.values()), hours) <= budget)
    model.add(cp_model.LinearExpr.sum(list(x.values())) <= problem.max_items)
    for c in usable:
        for p in offer.options[c].item.prerequisites:
            if p in x:
                model.add_implication(x[c], x[p])
        if c in forced:
            model.add(x[c] == 1)
        if start is not None:
            model.add_hint(x[c], c in start)
    _spend(problem, offer, model, x, hours)

    worth = dict.fromkeys(usable, 0)
    parts: list[cp_model.IntVar] = []
    ceiling = 0
    for s, rows in _teaching(problem, offer, usable).items():
        cap, total = round(problem.gaps[s] * GAP_UNITS), sum(v for _, v in rows)
        ceiling += min(cap, total)
        if total <= cap:  # cannot overshoot: no variable needed
            for c, v in rows:
                worth[c] += v
        else:
            y = model.new_int_var(0, cap, "")
            model.add(y <= weighted([x[c] for c, _ in rows], [v for _, v in rows]))
            parts.append(y)
            if start is not None:
                model.add_hint(y, min(cap, sum(v for c, v in rows if c in start)))

    effort = {c: max(1, math.ceil(offer.options[c].item.hours * 4)) for c in usable}
    most = sum(sorted(effort.values())[-problem.max_items :])
    unit = most + 1
    duty = unit * (ceiling + 1)
    short = [c for c in usable if offer.options[c].item.mandatory and c not in forced]
    promise = round(problem.change_price * GAP_UNITS) if problem.promised else 0
    promised = frozenset(problem.promised)
    duty += unit * promise * len(promised)
    coefficients = [
        unit * (worth[c] + (promise if c in promised else 0)) - effort[c] + (duty if c in short else 0) for c in usable
    ]
    model.maximize(weighted([*x.values(), *parts], [*coefficients, *([unit] * len(parts))]))

    solver = cp_model.CpSolver()
    settings = solver.parameters
    settings.num_workers, settings.random_seed = 1, 1
    settings.max_deterministic_time = deterministic_seconds
    settings.cut_level, settings.symmetry_level = 0, 0
    settings.cp_model_presolve = large
    settings.catch_sigint_signal = False  # interrupting is the worker's business
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return _solution(problem, offer, start or greedy(problem, offer), ceiling / GAP_UNITS, proven=False)
    chosen = frozenset(c for c in usable if solver.boolean_value(x[c]))
    duties = sum(1 for c in chosen if c in short)
    bound = min(float(ceiling), (solver.best_objective_bound - duty * duties + most) / unit)
    return _solution(problem, offer, chosen, bound / GAP_UNITS, proven=status == cp_model.OPTIMAL)


def _solution(problem: PathProblem, offer: Offer, chosen: frozenset[str], bound: float, *, proven: bool) -> Solution:
    closure = closure_of(problem, sorted(chosen))
    left = tuple(c for c, o in offer.options.items() if o.item.mandatory and c not in chosen)
    if proven:
        return Solution(chosen, closure, closure, PlanStatus.OPTIMAL, left)
    return Solution(chosen, closure, max(bound, closure), PlanStatus.FEASIBLE, left)


def _teaching(problem: PathProblem, offer: Offer, usable: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Per skill, the usable items that close something of its gap, and how much (in ``GAP_UNITS``)."""
    rows: dict[str, list[tuple[str, int]]] = {s: [] for s in problem.gaps}
    for c in usable:
        for s, value in offer.options[c].closes.items():
            units = round(min(value, problem.gaps.get(s, 0.0)) * GAP_UNITS)
            if units > 0:
                rows[s].append((c, units))
    return rows


def _spend(
    problem: PathProblem,
    offer: Offer,
    model: cp_model.CpModel,
    x: Mapping[str, cp_model.IntVar],
    hours: Sequence[int],
) -> None:
    """What the items that are not mandatory may cost, and how their hours may be spread over modalities."""
    if problem.max_cost is None and not problem.mix:
        return
    duties = problem.duties()
    free = [(c, v, h) for (c, v), h in zip(x.items(), hours, strict=True) if c not in duties]
    if problem.max_cost is not None:
        costs = [round((offer.options[c].item.cost or 0.0) * _COST_UNITS) for c, _, _ in free]
        budget = math.floor(problem.max_cost * _COST_UNITS + _HALF)
        model.add(sum(k * v for k, (_, v, _) in zip(costs, free, strict=True)) <= budget)
    for modality, share in problem.mix.items():
        mine = {c for c, _, _ in free if offer.options[c].modality is modality}
        most, least = round(share.most * _THOUSAND), round(share.least * _THOUSAND)
        if most < _THOUSAND:
            model.add(sum(h * ((_THOUSAND if c in mine else 0) - most) * v for c, v, h in free) <= 0)
        if least > 0:
            model.add(sum(h * ((_THOUSAND if c in mine else 0) - least) * v for c, v, h in free) >= 0)


def _hours(problem: PathProblem, offer: Offer, usable: list[str]) -> tuple[list[int], int]:
    """Hours as small integers: exact to 1e-8 h, divided by what they have in common (half hours become 1, 2, 3 …)."""
    exact = [round(offer.options[c].item.hours * _HOUR_UNITS) for c in usable]
    budget = math.floor((problem.budget_hours + HOUR_SLACK / 2) * _HOUR_UNITS)
    common = math.gcd(*exact) or 1
    return [h // common for h in exact], budget // common
