"""Cost, mix and promises in the solver, and what loosening a limit is said to bring."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.path_wishes import Modality, Share
from ascertain.domain.paths import PathPlan, PathProblem, PlanStatus, closure_of, cost_of, violations
from ascertain.planning import CpSatSolver
from tests.unit.planning.problems import RULES, option, random_problem

SOLVER = CpSatSolver(RULES)


def _chosen(plan: PathPlan) -> list[str]:
    return [s.content_id for s in plan.steps]


def test_the_budget_keeps_out_what_it_cannot_pay_and_says_what_more_would_bring() -> None:
    rows = (option("dear", {"s": 0.6}, cost=300), option("cheap", {"t": 0.3}, cost=80), option("free", {"u": 0.2}))
    problem = PathProblem(rows, {"s": 0.6, "t": 0.3, "u": 0.2}, 2.0, 26, max_cost=200)
    best = SOLVER.plans(problem)[0]
    assert sorted(_chosen(best)) == ["cheap", "free"]
    assert best.cost == 80
    assert best.binding == "the budget of 200 EUR binds: 180 EUR more would also close s"
    (relief,) = best.reliefs
    assert (relief.limit, relief.more) == ("cost", 100)
    assert relief.gain == pytest.approx(0.3)  # 300 EUR pay the dear one alone
    assert relief.words == "100 EUR more close s (0.30 more of the weighted gap)"


def test_mandatory_items_are_not_paid_from_the_budget_and_count_in_no_mix() -> None:
    rows = (
        option("law", {}, 10, mandatory=True, cost=500, kind=Modality.EXTERNAL),
        option("a", {"s": 0.5}, 4, cost=100),
        option("x", {"t": 0.4}, 4, kind=Modality.EXTERNAL),
    )
    problem = PathProblem(rows, {"s": 0.5, "t": 0.4}, 2.0, 26, max_cost=100, mix={Modality.EXTERNAL: Share(most=0.5)})
    assert _chosen(SOLVER.plans(problem)[0])[0] == "law"
    assert sorted(_chosen(SOLVER.plans(problem)[0])) == ["a", "law", "x"]
    less = replace(problem, mix={Modality.EXTERNAL: Share(most=0.4)})
    assert sorted(_chosen(SOLVER.plans(less)[0])) == ["a", "law"]


def test_a_mix_is_kept_and_named_where_it_binds() -> None:
    rows = (option("a", {"s": 0.5}, 4), option("x", {"t": 0.4}, 4, kind=Modality.EXTERNAL))
    problem = PathProblem(rows, {"s": 0.5, "t": 0.4}, 2.0, 26, mix={Modality.EXTERNAL: Share(most=0.3)})
    best = SOLVER.plans(problem)[0]
    assert _chosen(best) == ["a"]
    assert best.binding == "the mix binds: t could be worked on, but external takes 4.0 of 8.0 h, more than 30%"
    assert [r.limit for r in best.reliefs] == ["mix"]


def test_a_least_share_pulls_in_a_project() -> None:
    rows = (
        option("a", {"s": 0.5}, 4),
        option("b", {"t": 0.5}, 4),
        option("p", {"s": 0.1}, 4, kind=Modality.PROJECT),
    )
    problem = PathProblem(rows, {"s": 0.5, "t": 0.5}, 1.0, 8)
    assert sorted(_chosen(SOLVER.plans(problem)[0])) == ["a", "b"]
    mixed = replace(problem, mix={Modality.PROJECT: Share(least=0.4)})
    best = SOLVER.plans(mixed)[0]
    assert "p" in _chosen(best)
    assert violations(mixed, _chosen(best)) == ()


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.01, 0.05, 0.3]))
def test_what_was_promised_goes_only_for_more_than_its_price(seed: int, price: float) -> None:
    rng = random.Random(seed)
    problem = random_problem(rng, 16, 5)
    free = SOLVER.plans(problem)[0]
    promised = tuple(rng.sample(sorted(o.item.content_id for o in problem.options), 5))
    steady = CpSatSolver(RULES).plans(replace(problem, promised=promised, change_price=price))[0]
    assert steady.closure <= free.closure + 1e-5
    assert steady.bound >= steady.closure - 1e-9
    assert price == 0 or steady.bound == pytest.approx(max(free.closure, steady.closure), abs=1e-5)
    kept = [len(set(promised) & set(_chosen(p))) for p in (free, steady)]
    assert free.closure - steady.closure <= price * (kept[1] - kept[0]) + 1e-5
    assert violations(problem, _chosen(steady)) == ()


def test_a_promise_is_kept_in_its_order_and_what_it_costs_is_said() -> None:
    rows = (option("old", {"s": 0.48}, 4), option("new", {"s": 0.5}, 4), option("next", {"t": 0.2}, 4))
    problem = PathProblem(rows, {"s": 0.5, "t": 0.2}, 1.0, 8, promised=("next", "old"), change_price=0.05)
    best = CpSatSolver(RULES).plans(problem)[0]
    assert _chosen(best) == ["next", "old"]
    assert best.status is PlanStatus.FEASIBLE
    assert best.binding.endswith("keeps 2 of 2 promised items, for at most 0.02 of the weighted gap")
    cheap = CpSatSolver(RULES).plans(replace(problem, change_price=0.001))[0]
    assert sorted(_chosen(cheap)) == ["new", "next"]


@given(st.integers(0, 10_000))
def test_a_relief_is_what_solving_again_gives(seed: int) -> None:
    rng = random.Random(seed)
    problem = replace(random_problem(rng, 14, 4), hours_per_week=0.4, max_cost=150.0, starts=date(2026, 11, 1))
    priced = tuple(
        replace(o, item=replace(o.item, cost=rng.choice([None, 50.0, 120.0, 400.0]))) for o in problem.options
    )
    problem = replace(problem, options=priced)
    best = CpSatSolver(RULES).plans(problem)[0]
    for relief in best.reliefs:
        loose = {
            "hours": lambda r: replace(problem, hours_per_week=problem.hours_per_week + r.more),
            "weeks": lambda r: replace(problem, weeks=problem.weeks + int(r.more)),
            "cost": lambda r: replace(problem, max_cost=150.0 + r.more),
            "items": lambda r: replace(problem, max_items=problem.max_items + int(r.more)),
        }[relief.limit](relief)
        again = CpSatSolver(RULES).plans(loose)[0]
        assert again.closure - best.closure == pytest.approx(relief.gain, abs=2e-5)
        days = {s.content_id: s.end_week for s in again.steps}
        assert all(day is not None and day > date(2026, 11, 1) for _, day in relief.closes)
        assert len(relief.closes) == 0 or days


def test_more_hours_name_the_skill_and_the_day() -> None:
    rows = (option("a", {"py": 0.5}, 10), option("b", {"sql": 0.3}, 12))
    problem = PathProblem(rows, {"py": 0.5, "sql": 0.3}, 1.0, 10, starts=date(2026, 11, 2))
    best = CpSatSolver(RULES, label=str.upper).plans(problem)[0]
    words = {r.limit: r.words for r in best.reliefs}
    # 22 h at 3 h a week end in week 7.33, day 52; sql comes second, as it closes less an hour
    assert words["hours"] == "2 more hours a week close SQL by 2026-12-24 (0.30 more of the weighted gap)"
    assert "weeks" not in words  # 18 weeks hold 18 h, and both take 22


def test_closure_and_cost_are_those_of_the_plan() -> None:
    rows = (option("a", {"s": 0.5}, cost=19.95), option("b", {"t": 0.5}, cost=None))
    problem = PathProblem(rows, {"s": 0.5, "t": 0.5}, 2.0, 26, max_cost=19.95)
    best = SOLVER.plans(problem)[0]
    assert best.cost == cost_of(problem, _chosen(best)) == 19.95
    assert best.closure == closure_of(problem, _chosen(best))
