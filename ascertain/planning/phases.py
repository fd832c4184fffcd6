"""Courses into the phases of onboarding as a CP-SAT model: integers only, one worker, the same answer every time.

Let x_cp say that course c is taken in phase p and y_s how much of skill s's weight is closed:

    maximise   Σ_s y_s,   y_s ≤ weight_s,   y_s ≤ Σ_cp worth_csp·x_cp
    subject to Σ_c hours_c·x_cp ≤ hours_p for every p,   Σ_p x_cp ≤ 1,
               x_cp ≤ Σ_{q≤p} x_fq for every prerequisite f of c that is offered

Mandatory courses come before everything, the earlier the better; among equally good placements the one with the fewest
hours wins. Solver: Perron & Didier, *CP-SAT*, OR-Tools.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ortools.sat.python import cp_model

from ascertain.domain.onboarding_phases import PhaseOption, PhaseProblem, Placement, worth_of
from ascertain.domain.paths import PlanStatus

UNITS = 1_000_000
"""Integer units of one weight; closure is optimal to this resolution."""
_MINUTES = 60
_LEAST = 0.25
"""Hours that a course without any is taken to need."""


class CpSatPhases:
    """Implements ``domain.onboarding_phases.PhaseSolver``.

    Args:
        seconds: limit of a search in CP-SAT's deterministic time, so that every machine gives the same answer.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def place(self, problem: PhaseProblem) -> Placement:
        """The best placement; ``optimal`` where the solver has proven it."""
        if not problem.options:
            return Placement(tuple(() for _ in problem.hours), 0.0, 0.0, PlanStatus.NOTHING_TO_DO)
        model = cp_model.CpModel()
        phases = range(len(problem.hours))
        x = {(o.item.content_id, p): model.new_bool_var("") for o in problem.options for p in phases}
        self._limits(model, problem, x)
        gain, ceiling = self._gain(model, problem, x)
        minutes = {o.item.content_id: _minutes(o.item.hours) for o in problem.options}
        unit = sum(minutes.values()) + 1  # all minutes together weigh less than one unit of closure
        duty = unit * (ceiling + 1) * len(problem.hours)
        # A mandatory course: one duty for being there, and less than that for being early.
        early = {p: duty + duty // (2 * (p + 1) * len(problem.options)) for p in phases}
        mandatory = {o.item.content_id for o in problem.options if o.item.mandatory}
        cost = [(early[p] if c in mandatory else 0) - minutes[c] for c, p in x]
        weighted = cp_model.LinearExpr.weighted_sum
        model.maximize(weighted(list(x.values()), cost) + unit * cp_model.LinearExpr.sum(gain))
        solver = cp_model.CpSolver()
        settings = solver.parameters
        settings.num_workers, settings.random_seed = 1, 1
        settings.max_deterministic_time = self._seconds
        settings.catch_sigint_signal = False  # interrupting is the worker's business
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            left = tuple(sorted(mandatory))
            return Placement(tuple(() for _ in phases), 0.0, ceiling / UNITS, PlanStatus.FEASIBLE, left)
        placed = [[o for o in problem.options if solver.boolean_value(x[o.item.content_id, p])] for p in phases]
        ordered = tuple(_ordered(problem, rows, p) for p, rows in enumerate(placed))
        found = worth_of(problem, ordered)
        there = {c for rows in ordered for c in rows}
        proven = status == cp_model.OPTIMAL
        return Placement(
            ordered,
            found,
            found if proven else max(found, ceiling / UNITS),
            PlanStatus.OPTIMAL if proven else PlanStatus.FEASIBLE,
            tuple(sorted(mandatory - there)),
        )

    def _limits(
        self, model: cp_model.CpModel, problem: PhaseProblem, x: Mapping[tuple[str, int], cp_model.IntVar]
    ) -> None:
        phases = range(len(problem.hours))
        total = cp_model.LinearExpr.weighted_sum
        offered = {o.item.content_id for o in problem.options}
        for p, hours in enumerate(problem.hours):
            rows = [(x[o.item.content_id, p], _minutes(o.item.hours)) for o in problem.options]
            model.add(total([v for v, _ in rows], [m for _, m in rows]) <= math.floor(hours * _MINUTES + 1e-6))
        for o in problem.options:
            c = o.item.content_id
            model.add(cp_model.LinearExpr.sum([x[c, p] for p in phases]) <= 1)
            for first in o.item.prerequisites:
                if first not in offered:
                    continue
                for p in phases:
                    model.add(x[c, p] <= cp_model.LinearExpr.sum([x[first, q] for q in range(p + 1)]))

    def _gain(
        self, model: cp_model.CpModel, problem: PhaseProblem, x: Mapping[tuple[str, int], cp_model.IntVar]
    ) -> tuple[list[cp_model.IntVar], int]:
        """How much of each skill is closed, and the most that all of them can come to."""
        found: list[cp_model.IntVar] = []
        ceiling = 0
        for skill, weight in problem.weights.items():
            rows = [
                (x[o.item.content_id, p], round(UNITS * problem.worth(o, p)[skill]))
                for o in problem.options
                if skill in o.closes
                for p in range(len(problem.hours))
            ]
            if not rows:
                continue
            cap = round(weight * UNITS)
            y = model.new_int_var(0, cap, "")
            model.add(y <= cp_model.LinearExpr.weighted_sum([v for v, _ in rows], [w for _, w in rows]))
            found.append(y)
            ceiling += cap
        return found, ceiling


def _minutes(hours: float) -> int:
    """Rounded up, so that what the model finds feasible is."""
    return math.ceil(max(hours, _LEAST) * _MINUTES - 1e-6)


def _ordered(problem: PhaseProblem, rows: list[PhaseOption], phase: int) -> tuple[str, ...]:
    """Mandatory first, then the largest worth an hour; prerequisites before what needs them."""
    left = {o.item.content_id: o for o in rows}
    out: list[str] = []
    while left:
        ready = [c for c, o in left.items() if not any(p in left for p in o.item.prerequisites)] or list(left)

        def key(c: str) -> tuple[bool, float, str]:
            o = left[c]
            return not o.item.mandatory, -sum(problem.worth(o, phase).values()) / max(o.item.hours, _LEAST), c

        best = min(ready, key=key)
        out.append(best)
        del left[best]
    return tuple(out)
